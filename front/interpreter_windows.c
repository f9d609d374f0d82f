/* Which python.exe assume-helper-python.exe would start: what an installer has written into it. Where that is not known
 * for certain, assume-helper-python.exe starts itself.
 *
 * pip (distlib), pipx and pypa/installer: the launcher, a line `#!INTERPRETER`, a zip archive with the script.
 * uv since 0.8.6: the launcher with the resources UV_TRAMPOLINE_KIND (1: a script) and UV_PYTHON_PATH (UTF-8); before:
 * the launcher, the archive, the path, its length (32 bits, the least significant byte first), `UVSC`. */
#ifdef _WIN32
#include "on_windows.h"

#include <string.h>

#define SCRIPT L"assume-helper-python.exe"
#define LONGEST_END 70000 /* an archive's end is in the last 65,557 bytes */
#define END_OF_ARCHIVE 22

static unsigned char end_of_file[LONGEST_END];

static unsigned long number(const unsigned char *at)
{
    return at[0] | (unsigned long)at[1] << 8 | (unsigned long)at[2] << 16 | (unsigned long)at[3] << 24;
}

/* Takes a path of a Python that is absolute, as UTF-8. */
static void take_path(const char *path, size_t size, struct launched *found)
{
    static const char before[] = "\\python";
    char copy[LONGEST_PATH];
    if (size < 8 || size >= sizeof copy || memchr(path, '\0', size) != NULL)
        return;
    memcpy(copy, path, size);
    copy[size] = '\0';
    bool is_rooted = is_absolute(copy) || begins_with(copy, "\\\\");
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '"' || (*c >= 0 && *c < ' '))
            return;
        else if (*c == '/')
            *c = '\\';
    const char *name = strrchr(copy, '\\');
    if (!is_rooted || name == NULL || _strnicmp(name, before, strlen(before)) != 0 ||
        _stricmp(copy + size - 4, ".exe") != 0 || _stricmp(name, "\\pythonw.exe") == 0 ||
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, copy, -1, found->interpreter, LONGEST_PATH) == 0)
        found->interpreter[0] = L'\0';
}

/* `#!INTERPRETER`, in quotes where it needs them; behind it may be a flag, which pipx has pip write. */
static void take_line(const char *line, size_t size, struct launched *found)
{
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    const char *begin = line + 2, *end = line + size, *behind = end;
    if (*begin == '"') {
        begin++;
        end = memchr(begin, '"', (size_t)(end - begin));
        if (end == NULL)
            return;
        behind = end + 1 < behind ? end + 1 : behind;
    } else {
        for (const char *at = begin; at + 5 < end; at++)
            if (_strnicmp(at, ".exe ", 5) == 0) {
                end = behind = at + 4;
                break;
            }
    }
    if (behind < line + size && *behind != '"' && !(behind[0] == ' ' && behind + 1 < line + size && behind[1] == '-'))
        return;
    take_path(begin, (size_t)(end - begin), found);
}

/* The line right before the archive. */
static void before_archive(const unsigned char *data, size_t size, struct launched *found)
{
    size_t end = size < END_OF_ARCHIVE ? 0 : size - END_OF_ARCHIVE;
    while (end > 0 && (memcmp(data + end, "PK\5\6", 4) != 0 ||
                       end + END_OF_ARCHIVE + data[end + 20] + 256U * data[end + 21] != size))
        end--;
    unsigned long directory = number(data + end + 12), offset = number(data + end + 16);
    if (end == 0 || directory > end || offset > end - directory || end - directory - offset < 4)
        return;
    size_t archive = end - directory - offset, begin = archive - 1;
    if (memcmp(data + archive, "PK\3\4", 4) != 0 || data[begin] != '\n')
        return;
    while (begin > 0 && archive - begin < LONGEST_PATH && memcmp(data + begin, "#!", 2) != 0) {
        begin--;
        if (data[begin] == '\n' || data[begin] == '\0')
            return;
    }
    if (memcmp(data + begin, "#!", 2) == 0)
        take_line((const char *)data + begin, archive - begin, found);
}

static void from_resources(struct launched *found)
{
    HMODULE module = LoadLibraryExW(found->script, NULL, LOAD_LIBRARY_AS_DATAFILE);
    if (module == NULL)
        return;
    const wchar_t *data = (const wchar_t *)(uintptr_t)10; /* RT_RCDATA */
    HRSRC kind = FindResourceW(module, L"UV_TRAMPOLINE_KIND", data);
    HRSRC path = FindResourceW(module, L"UV_PYTHON_PATH", data);
    if (kind != NULL && path != NULL && SizeofResource(module, kind) == 1) {
        const unsigned char *number_of_kind = LockResource(LoadResource(module, kind));
        const char *text = LockResource(LoadResource(module, path));
        if (number_of_kind != NULL && *number_of_kind == 1 && text != NULL)
            take_path(text, SizeofResource(module, path), found);
    }
    FreeLibrary(module);
}

/* The script beside this program, and its interpreter: "" where that is not known. */
void find_interpreter(struct launched *found)
{
    LARGE_INTEGER length, from;
    DWORD at = GetModuleFileNameW(NULL, found->script, LONGEST_LINE - 32), size = 0;
    while (at > 0 && found->script[at - 1] != L'\\')
        at--;
    wcscpy(found->script + at, SCRIPT);
    found->interpreter[0] = L'\0';
    HANDLE file = CreateFileW(found->script, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                              FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    bool is_read = GetFileSizeEx(file, &length);
    from.QuadPart = is_read && length.QuadPart > LONGEST_END ? length.QuadPart - LONGEST_END : 0;
    is_read = is_read && SetFilePointerEx(file, from, NULL, FILE_BEGIN) &&
              ReadFile(file, end_of_file, LONGEST_END, &size, NULL);
    CloseHandle(file);
    if (!is_read || size < END_OF_ARCHIVE)
        return;
    if (memcmp(end_of_file + size - 4, "UVSC", 4) == 0) {
        unsigned long path = number(end_of_file + size - 8);
        if (path < LONGEST_PATH && path + 8 < size)
            take_path((const char *)end_of_file + size - 8 - path, path, found);
        return;
    }
    before_archive(end_of_file, size, found);
    if (found->interpreter[0] == L'\0')
        from_resources(found);
}
#endif
