/* The Python program runs as a child: with the same arguments, environment, handles and console, and its exit code. */
#ifdef _WIN32
#include "on_windows.h"

#include <stdio.h>
#include <string.h>

static struct launched launched;
static wchar_t line[LONGEST_LINE], own[LONGEST_LINE];

/* Seconds since the epoch, by the clock that Python's time.time has; a later version has a finer one. */
double now_on_windows(void)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    unsigned long long units = (unsigned long long)now.dwHighDateTime << 32 | now.dwLowDateTime;
    return (double)(units - 116444736000000000ULL) / 1e7;
}

/* Ends with this process, however that ends. What the child starts does not, as under the launchers of pip: a program
 * of `exec` may leave another one behind. */
static void tie(HANDLE child)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    HANDLE job = CreateJobObjectW(NULL, NULL);
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_BREAKAWAY_OK |
                                              JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
    if (job != NULL && SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        AssignProcessToJobObject(job, child);
}

/* Ctrl-C and Ctrl-Break reach the child, too, and are its to answer. */
static BOOL WINAPI leave_to_the_child(DWORD event)
{
    return event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
}

/* A standard handle that the child inherits. */
static HANDLE inherited(DWORD which)
{
    HANDLE given = GetStdHandle(which), copy;
    HANDLE self = GetCurrentProcess();
    if (given == NULL || given == INVALID_HANDLE_VALUE ||
        !DuplicateHandle(self, given, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
        return given;
    return copy;
}

bool can_hand_gate_on(void)
{
    find_interpreter(&launched);
    return launched.interpreter[0] != L'\0';
}

static int failed(const wchar_t *arguments, const char *what)
{
    char *words[MOST_TYPED];
    int count = 0;
    fail_as_typed(split(arguments, words, MOST_TYPED, &count) ? count : 0, words, what);
    return 1;
}

/* Runs the Python program with `arguments`, as they were written, and returns its exit code. `started` is in seconds
 * since the epoch; `gate` is what it is to know of the herd gate, "" for nothing. */
int start_python(const wchar_t *arguments, double started, const char *gate)
{
    struct wide text = {line, LONGEST_LINE, 0, false};
    STARTUPINFOW start;
    PROCESS_INFORMATION child;
    DWORD code = 1;
    char since[64];
    find_interpreter(&launched);
    DWORD length = GetModuleFileNameW(NULL, own, LONGEST_LINE);
    if (launched.interpreter[0] != L'\0' && length > 0 && length < LONGEST_LINE) {
        add_wide(&text, L"\"");
        add_wide(&text, launched.interpreter);
        add_wide(&text, needs_python_path() ? L"\"" : L"\" -E");
        add_wide(&text, L" -P -X \"assume_helper_called=");
        add_wide(&text, own);
        snprintf(since, sizeof since, "\" -X assume_helper_started=%.6f", started);
        add_ascii(&text, since);
        if (*gate != '\0') {
            add_ascii(&text, " -X assume_helper_gate=");
            add_ascii(&text, gate);
        }
        add_wide(&text, L" ");
    }
    add_wide(&text, L"\"");
    add_wide(&text, launched.script);
    add_wide(&text, L"\"");
    add_wide(&text, arguments);
    if (text.is_full)
        return failed(arguments, "the command line is too long; shorten it");
    GetStartupInfoW(&start); /* also what the C runtime's descriptors are */
    start.dwFlags |= STARTF_USESTDHANDLES;
    start.hStdInput = inherited(STD_INPUT_HANDLE);
    start.hStdOutput = inherited(STD_OUTPUT_HANDLE);
    start.hStdError = inherited(STD_ERROR_HANDLE);
    start.lpReserved = start.lpDesktop = start.lpTitle = NULL;
    const wchar_t *program = launched.interpreter[0] != L'\0' ? launched.interpreter : launched.script;
    SetConsoleCtrlHandler(leave_to_the_child, TRUE);
    if (!CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &start, &child)) {
        char buffer[128];
        snprintf(buffer, sizeof buffer, "%s cannot be started (Windows error %lu); install assume-helper again",
                 program == launched.script ? "assume-helper-python.exe" : "the Python of assume-helper-python.exe",
                 (unsigned long)GetLastError());
        return failed(arguments, buffer);
    }
    tie(child.hProcess);
    ResumeThread(child.hThread);
    hold_gate_until(child.hProcess);
    GetExitCodeProcess(child.hProcess, &code);
    return (int)code;
}
#endif
