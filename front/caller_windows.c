/* Who called, and what the caller gave: on Windows. */
#ifdef _WIN32
#include "on_windows.h"

#include <errno.h>
#include <string.h>
#include <tlhelp32.h>

bool is_same_name(const char *entry, const char *name, size_t length)
{
    return _strnicmp(entry, name, length) == 0;
}

/* A home there has no owner that Python would look at. */
bool is_home_foreign(void)
{
    return false;
}

/* Whether standard output may be a terminal: NUL is one for Python, too. */
bool is_terminal(void)
{
    return GetFileType(GetStdHandle(STD_OUTPUT_HANDLE)) == FILE_TYPE_CHAR;
}

bool working_directory(char *into, size_t size)
{
    wchar_t folder[LONGEST_PATH];
    DWORD length = GetCurrentDirectoryW(LONGEST_PATH, folder);
    if (length == 0 || length >= LONGEST_PATH || length >= size)
        return false;
    for (DWORD i = 0; i <= length; i++)
        into[i] = folder[i] < 128 ? (char)folder[i] : '\x80';
    return true;
}

/* The shell that started this process, by the name of its file; NULL where it is none that is known. */
const struct syntax *parent_shell(void)
{
    PROCESSENTRY32W each;
    DWORD own = GetCurrentProcessId(), parent = 0;
    char name[16] = "";
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    each.dwSize = sizeof each;
    if (all == INVALID_HANDLE_VALUE)
        return NULL;
    for (BOOL is_there = Process32FirstW(all, &each); is_there; is_there = Process32NextW(all, &each))
        if (each.th32ProcessID == own)
            parent = each.th32ParentProcessID;
    for (BOOL is_there = Process32FirstW(all, &each); is_there; is_there = Process32NextW(all, &each)) {
        size_t length = wcslen(each.szExeFile);
        if (parent == 0 || each.th32ProcessID != parent || length < 5 || length - 4 >= sizeof name ||
            _wcsicmp(each.szExeFile + length - 4, L".exe") != 0)
            continue;
        for (size_t i = 0; i < length - 4; i++) {
            wchar_t c = each.szExeFile[i];
            name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c < 128 ? c : '?');
        }
        name[length - 4] = '\0';
    }
    CloseHandle(all);
    for (const struct pair *known = KNOWN_AS; known->first != NULL; known++)
        if (strcmp(known->first, name) == 0)
            return find_syntax(known->second);
    return NULL;
}

/* Writes all of it; `written` says how much was, `errno` why no more. */
bool write_all(int descriptor, const char *data, size_t size, size_t *written)
{
    HANDLE to = GetStdHandle(descriptor == 1 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
    *written = 0;
    while (*written < size) {
        DWORD count = 0, part = size - *written > 32768 ? 32768 : (DWORD)(size - *written);
        if (!WriteFile(to, data + *written, part, &count, NULL)) {
            DWORD reason = GetLastError();
            errno = reason == ERROR_NO_DATA || reason == ERROR_BROKEN_PIPE ? EPIPE
                    : reason == ERROR_DISK_FULL                            ? ENOSPC
                                                                           : EIO;
            return false;
        }
        *written += count;
    }
    return true;
}
#endif
