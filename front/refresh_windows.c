/* The refresh in the background on Windows: one try for each back-off, noted before it starts. The new process inherits
 * no lock: the key's own lock prevents a second refresh at once. As sessions.refresh_ahead and system.detached. */
#ifdef _WIN32
#include "on_windows.h"

#include <string.h>

static struct launched launched;
static wchar_t line[LONGEST_LINE];

static HANDLE open_slot(int directory, const char *name, const char *suffix)
{
    char buffer[32];
    struct text text = {buffer, sizeof buffer, 0, false};
    add(&text, name);
    add(&text, suffix);
    add(&text, AHEAD_SUFFIX);
    return open_file(directory, buffer, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS);
}

/* Notes this try; whether it is its turn. Nobody else notes one meanwhile. */
static bool claim(const struct answer *found, double now)
{
    char read_in[LONGEST_TRIES + 1], noted[LONGEST_TRIES + 256], name[3];
    struct text text = {noted, sizeof noted, 0, false};
    DWORD size = 0, written = 0;
    OVERLAPPED first;
    int directory = open_private_directory(found->directory);
    if (directory < 0)
        return false;
    slot_of(found->key, name);
    HANDLE file = open_slot(directory, name, "");
    if (file == INVALID_HANDLE_VALUE)
        file = open_slot(directory, name, "-2");
    close_directory(directory);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    memset(&first, 0, sizeof first);
    bool is_noted = LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &first) &&
                    ReadFile(file, read_in, LONGEST_TRIES, &size, NULL);
    if (is_noted) {
        read_in[size] = '\0';
        is_noted = add_try(&text, read_in, found->key, now, (unsigned)GetCurrentProcessId());
    }
    is_noted = is_noted && SetFilePointer(file, 0, NULL, FILE_BEGIN) == 0 &&
               WriteFile(file, noted, (DWORD)text.used, &written, NULL) && written == text.used && SetEndOfFile(file);
    CloseHandle(file);
    return is_noted;
}

/* Starts the process with a console that nobody sees, out of the caller's job where that allows it, and with no handle
 * but NUL: who reads the caller's output would wait for its end. */
static void start(HANDLE nul)
{
    STARTUPINFOEXW start;
    PROCESS_INFORMATION child;
    unsigned char list[256];
    SIZE_T size = sizeof list;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes = (LPPROC_THREAD_ATTRIBUTE_LIST)(void *)list;
    DWORD flags = CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP | EXTENDED_STARTUPINFO_PRESENT;
    memset(&start, 0, sizeof start);
    start.StartupInfo.cb = sizeof start;
    start.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    start.StartupInfo.hStdInput = start.StartupInfo.hStdOutput = start.StartupInfo.hStdError = nul;
    start.lpAttributeList = attributes;
    if (!InitializeProcThreadAttributeList(attributes, 1, 0, &size) ||
        !UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &nul, sizeof nul, NULL, NULL))
        return;
    const wchar_t *program = launched.interpreter[0] != L'\0' ? launched.interpreter : launched.script;
    BOOL is_started = CreateProcessW(program, line, NULL, NULL, TRUE, flags | CREATE_BREAKAWAY_FROM_JOB,
                                     NULL, NULL, &start.StartupInfo, &child);
    if (!is_started && GetLastError() == ERROR_ACCESS_DENIED)
        is_started = CreateProcessW(program, line, NULL, NULL, TRUE, flags, NULL, NULL, &start.StartupInfo, &child);
    DeleteProcThreadAttributeList(attributes);
    if (is_started) {
        CloseHandle(child.hThread);
        CloseHandle(child.hProcess);
    }
}

/* Starts `get` once more, to refresh what was handed out. Failures are ignored: the caller has its answer. */
void refresh_ahead(const struct request *asked, const struct answer *found, time_t now)
{
    struct wide text = {line, LONGEST_LINE, 0, false};
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    if (!found->is_due || strlen(found->key) != KEY_DIGITS)
        return;
    find_interpreter(&launched);
    add_wide(&text, L"\"");
    if (launched.interpreter[0] != L'\0') {
        add_wide(&text, launched.interpreter);
        add_wide(&text, needs_python_path() ? L"\" -P \"" : L"\" -E -P \"");
    }
    add_wide(&text, launched.script);
    add_wide(&text, L"\" get");
    add_quoted(&text, asked->profile);
    for (size_t i = 0; i < asked->word_count; i++)
        if (!begins_with(asked->words[i], FOLDER))
            add_quoted(&text, asked->words[i]);
    add_ascii(&text, " " REFRESH_OPTION " -1");
    if (text.is_full || !claim(found, (double)now))
        return;
    HANDLE nul = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit,
                             OPEN_EXISTING, 0, NULL);
    if (nul == INVALID_HANDLE_VALUE)
        return;
    start(nul);
    CloseHandle(nul);
}
#endif
