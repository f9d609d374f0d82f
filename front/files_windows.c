/* Files that are ours alone, and where they are: on Windows. Their access list says so. A reparse point (a link, a
 * junction) is not followed to a directory or a file of ours. */
#ifdef _WIN32
#include "on_windows.h"

#include <string.h>

#define LONGEST_KNOWN 240 /* longer paths need a prefix, or a setting of the system's, which Python has */
#define MOST_DIRECTORIES 4

/* Directories that are open: nobody can rename or replace one meanwhile. */
static struct { HANDLE handle; char path[LONGEST_PATH]; } opened[MOST_DIRECTORIES];

static HANDLE open_path(const char *path, DWORD access, DWORD share, DWORD how, DWORD flags)
{
    wchar_t buffer[LONGEST_KNOWN];
    struct wide wide = {buffer, LONGEST_KNOWN, 0, false};
    add_ascii(&wide, path);
    SetLastError(ERROR_FILENAME_EXCED_RANGE);
    return wide.is_full || !is_ascii(path) ? INVALID_HANDLE_VALUE
                                           : CreateFileW(buffer, access, share, NULL, how, flags, NULL);
}

static bool is_own(HANDLE file, bool is_directory)
{
    BY_HANDLE_FILE_INFORMATION status;
    return GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, &status) &&
           (status.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0 &&
           ((status.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) == is_directory && is_closed_to_others(file);
}

int open_private_directory(const char *path)
{
    int free = 0;
    while (free < MOST_DIRECTORIES && opened[free].handle != NULL)
        free++;
    if (free == MOST_DIRECTORIES || strlen(path) >= LONGEST_KNOWN)
        return NO_DIRECTORY;
    HANDLE directory = open_path(path, FILE_READ_ATTRIBUTES | FILE_LIST_DIRECTORY | READ_CONTROL,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE,
                                 OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    if (directory == INVALID_HANDLE_VALUE)
        return NO_DIRECTORY;
    if (!is_own(directory, true)) {
        CloseHandle(directory);
        return NO_DIRECTORY;
    }
    opened[free].handle = directory;
    memcpy(opened[free].path, path, strlen(path) + 1);
    return free;
}

void close_directory(int directory)
{
    CloseHandle(opened[directory].handle);
    opened[directory].handle = NULL;
}

/* A file of ours in a directory that is open; INVALID_HANDLE_VALUE for any other. `how` as for CreateFileW. Who opens
 * it to write keeps others from deleting it. */
HANDLE open_file(int directory, const char *name, DWORD access, DWORD how)
{
    char buffer[LONGEST_PATH];
    struct text path = {buffer, sizeof buffer, 0, false};
    DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | (access & GENERIC_WRITE ? 0 : FILE_SHARE_DELETE);
    add(&path, opened[directory].path);
    add(&path, "\\");
    add(&path, name);
    DWORD flags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT;
    HANDLE file = open_path(buffer, access | READ_CONTROL, share, how, flags);
    if (file != INVALID_HANDLE_VALUE && !is_own(file, false)) {
        CloseHandle(file);
        return INVALID_HANDLE_VALUE;
    }
    return file;
}

/* Reads a file that is ours alone into a buffer of `largest` + 1 bytes: 0, or -1 for any other file. */
int read_private(int directory, const char *name, char *into, size_t largest, size_t *size)
{
    LARGE_INTEGER length;
    DWORD count = 0;
    HANDLE file = open_file(directory, name, GENERIC_READ, OPEN_EXISTING);
    if (file == INVALID_HANDLE_VALUE)
        return -1;
    bool is_read = GetFileSizeEx(file, &length) && length.QuadPart <= (LONGLONG)largest &&
                   ReadFile(file, into, (DWORD)length.QuadPart, &count, NULL);
    CloseHandle(file);
    if (!is_read)
        return -1;
    into[count] = '\0';
    *size = count;
    return 0;
}

/* The state of a file, as hit.state_of has it on Windows: what Python 3.11 to 3.14 say alike. `?` is no state: where it
 * cannot be told, nothing that was noted holds. */
void add_state(struct text *text, const char *path)
{
    const long long epoch = 116444736000000000; /* 1970, in units of 100 ns since 1601 */
    BY_HANDLE_FILE_INFORMATION status;
    FILE_ID_INFO identity;
    HANDLE file = open_path(path, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                            OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS);
    if (file == INVALID_HANDLE_VALUE) {
        DWORD reason = GetLastError();
        add(text, reason == ERROR_FILE_NOT_FOUND || reason == ERROR_PATH_NOT_FOUND ? ABSENT : "?");
        return;
    }
    bool is_known = GetFileType(file) == FILE_TYPE_DISK && GetFileInformationByHandle(file, &status);
    bool is_long = is_known && GetFileInformationByHandleEx(file, FileIdInfo, &identity, sizeof identity);
    CloseHandle(file);
    if (!is_known) {
        add(text, "?");
        return;
    }
    unsigned long long inode = (unsigned long long)status.nFileIndexHigh << 32 | status.nFileIndexLow;
    unsigned long device = status.dwVolumeSerialNumber;
    if (is_long) {
        memcpy(&inode, identity.FileId.Identifier, sizeof inode);
        device = (unsigned long)(identity.VolumeSerialNumber & 0xffffffff);
    }
    add_number(text, (long long)((unsigned long long)status.nFileSizeHigh << 32 | status.nFileSizeLow));
    add(text, " ");
    long long changed = (long long)((unsigned long long)status.ftLastWriteTime.dwHighDateTime << 32 |
                                    status.ftLastWriteTime.dwLowDateTime);
    add_number(text, (changed - epoch) * 100);
    add(text, " ");
    add_unsigned(text, inode);
    add(text, " ");
    add_number(text, (long long)device);
}

/* Whether a path has a drive, and is from its root. What else may be absolute depends on Python's version. */
bool is_absolute(const char *path)
{
    bool is_letter = (path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z');
    return is_letter && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
}

/* A path with `~` before a slash replaced by USERPROFILE, as os.path.expanduser does. False for any other `~`. */
bool expand_home(const char *written, struct text *path)
{
    if (written[0] == '~') {
        const char *home = variable("USERPROFILE");
        if ((written[1] != '/' && written[1] != '\\') || home == NULL || *home == '\0')
            return false;
        add(path, home);
        written++;
    }
    add(path, written);
    return !path->is_full;
}

/* Where the cache is; false where that takes more than the environment. */
bool cache_directory(struct text *path)
{
    const char *given = variable("ASSUME_HELPER_CACHE_DIR"), *local = variable("LOCALAPPDATA");
    if (given != NULL && *given != '\0') {
        if (!expand_home(given, path))
            return false;
        while (path->used > 0 && path->at[path->used - 1] == '\\')
            path->at[--path->used] = '\0';
    } else {
        if (local == NULL)
            return false;
        add(path, local);
        add(path, "\\assume-helper\\Cache");
    }
    return !path->is_full && is_absolute(path->at) && is_ascii(path->at);
}

/* Writes a path as os.path.abspath does. False where that takes more than other slashes. */
static bool config_path(const char *name, const char *otherwise, struct text *path)
{
    const char *given = variable(name);
    const char *written = given != NULL && *given != '\0' ? given : otherwise;
    wchar_t before[LONGEST_KNOWN], after[LONGEST_KNOWN];
    struct wide wide = {before, LONGEST_KNOWN, 0, false};
    if (strpbrk(written, "$%") != NULL || !expand_home(written, path) || !is_absolute(path->at) || !is_ascii(path->at))
        return false;
    for (char *c = path->at; *c != '\0'; c++)
        if (*c == '/')
            *c = '\\';
    add_ascii(&wide, path->at);
    DWORD length = wide.is_full ? 0 : GetFullPathNameW(before, LONGEST_KNOWN, after, NULL);
    return length > 0 && length < LONGEST_KNOWN && wcscmp(before, after) == 0;
}

bool config_paths(struct text *config, struct text *credentials)
{
    return config_path(WATCHED[0], "~/.aws/config", config) &&
           config_path(WATCHED[1], "~/.aws/credentials", credentials);
}
#endif
