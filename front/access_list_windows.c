/* Whether a file or directory is its user's alone, by its owner and its access list: on Windows. As
 * assume_helper/access_list.py has it. What cannot be read is not. */
#ifdef _WIN32
#include "on_windows.h"

#include <string.h>

/* Rights that show no content and change none: SYNCHRONIZE, READ_CONTROL, attributes (of both kinds) read, traverse. */
#define HARMLESS (SYNCHRONIZE | READ_CONTROL | FILE_READ_ATTRIBUTES | FILE_READ_EA | FILE_TRAVERSE)
#define LARGEST_LIST (64 * 1024 + 512)

static union { TOKEN_USER user; char bytes[256]; } own;
static union { SECURITY_DESCRIPTOR_RELATIVE head; char bytes[LARGEST_LIST]; } descriptor;

/* The user that this process runs as; NULL where that is not told. */
static PSID own_user(void)
{
    HANDLE token;
    DWORD size;
    if (own.user.User.Sid == NULL && OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        if (!GetTokenInformation(token, TokenUser, &own, sizeof own, &size))
            own.user.User.Sid = NULL;
        CloseHandle(token);
    }
    return own.user.User.Sid;
}

static bool is_own_or_system(PSID who)
{
    return EqualSid(who, own.user.User.Sid) || IsWellKnownSid(who, WinLocalSystemSid) ||
           IsWellKnownSid(who, WinBuiltinAdministratorsSid);
}

bool is_closed_to_others(HANDLE file)
{
    DWORD size;
    BOOL is_there, is_default;
    PSID owner;
    PACL list;
    if (own_user() == NULL ||
        !GetKernelObjectSecurity(file, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &descriptor,
                                 sizeof descriptor, &size) ||
        !GetSecurityDescriptorOwner(&descriptor, &owner, &is_default) || owner == NULL || !is_own_or_system(owner) ||
        !GetSecurityDescriptorDacl(&descriptor, &is_there, &list, &is_default) || !is_there || list == NULL)
        return false;
    for (DWORD at = 0; at < list->AceCount; at++) {
        ACCESS_ALLOWED_ACE *entry;
        if (!GetAce(list, at, (void **)&entry))
            return false;
        BYTE kind = entry->Header.AceType;
        if (kind == ACCESS_DENIED_ACE_TYPE || kind == ACCESS_DENIED_OBJECT_ACE_TYPE ||
            kind == ACCESS_DENIED_CALLBACK_ACE_TYPE || kind == ACCESS_DENIED_CALLBACK_OBJECT_ACE_TYPE)
            continue;
        if (kind != ACCESS_ALLOWED_ACE_TYPE && kind != ACCESS_ALLOWED_CALLBACK_ACE_TYPE)
            return false;
        PSID who = (PSID)&entry->SidStart;
        if ((entry->Mask & ~(DWORD)HARMLESS) != 0 && !is_own_or_system(who) &&
            !IsWellKnownSid(who, WinCreatorOwnerRightsSid) && !IsWellKnownSid(who, WinCreatorOwnerSid))
            return false;
    }
    return true;
}
#endif
