/* The native front on Windows: the version, the completion scripts, and Python as a child for everything else. */
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#include "generated.h"

struct pair { const char *first, *second; };
#define WITH_SCRIPTS
#include "generated.h"

#define LONGEST_LINE 32767 /* of a command (CreateProcessW) */

static wchar_t path[LONGEST_LINE], line[LONGEST_LINE];

/* Prints what nothing but this program decides; false for everything else. */
static bool answer(int count, char **words)
{
    const char *text = NULL;
    if (count == 2 && strcmp(words[1], "--version") == 0)
        text = "assume-helper " VERSION "\n";
    if (count == 3 && strcmp(words[1], "completion") == 0)
        for (const struct pair *script = SCRIPTS; script->first != NULL; script++)
            if (strcmp(script->first, words[2]) == 0)
                text = script->second;
    return text != NULL && fputs(text, stdout) >= 0 && fflush(stdout) == 0;
}

/* What stands behind this program's own name on the command line: as it was written, quotes and all. */
static const wchar_t *arguments(void)
{
    const wchar_t *rest = GetCommandLineW();
    bool is_quoted = false;
    for (; *rest != L'\0' && (is_quoted || (*rest != L' ' && *rest != L'\t')); rest++)
        if (*rest == L'"')
            is_quoted = !is_quoted;
    return rest;
}

/* Ends with this process, however that ends; what the child detaches from itself may go on. */
static void tie(HANDLE child)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK;
    if (job != NULL && SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        AssignProcessToJobObject(job, child);
}

static BOOL WINAPI leave_to_the_child(DWORD event)
{
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

int main(int count, char **words)
{
    STARTUPINFOW start;
    PROCESS_INFORMATION child;
    DWORD code = 1;
    memset(&start, 0, sizeof start);
    start.cb = sizeof start;
    (void)_setmode(1, _O_BINARY);
    if (answer(count, words))
        return 0;
    DWORD length = GetModuleFileNameW(NULL, path, LONGEST_LINE - 32);
    while (length > 0 && path[length - 1] != L'\\')
        length--;
    wcscpy(path + length, L"assume-helper-python.exe");
    const wchar_t *rest = arguments();
    if (wcslen(path) + wcslen(rest) + 3 > LONGEST_LINE) {
        fputs("assume-helper: the command line is too long; shorten it\n", stderr);
        return 1;
    }
    wcscat(wcscat(wcscat(wcscpy(line, L"\""), path), L"\""), rest);
    SetConsoleCtrlHandler(leave_to_the_child, TRUE);
    if (!CreateProcessW(path, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &start, &child)) {
        fputs("assume-helper: assume-helper-python.exe cannot be started; install assume-helper again\n", stderr);
        return 1;
    }
    tie(child.hProcess);
    ResumeThread(child.hThread);
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &code);
    return (int)code;
}
#endif
