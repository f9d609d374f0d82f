/* The herd gate on Windows: a lock on the first byte of a file. This process holds it for the Python program, which says
 * by an event when it is to be opened. As sessions.herd_gate. */
#ifdef _WIN32
#include "on_windows.h"

#include <string.h>

static HANDLE held = INVALID_HANDLE_VALUE, opened_by, interrupted;
static char held_name[PRINT_DIGITS + 16], held_folder[LONGEST_PATH];

/* The file of the gate; INVALID_HANDLE_VALUE where there is none. */
static HANDLE open_gate(const struct stamp *stamp)
{
    struct text name = {held_name, sizeof held_name, 0, false}, path = {held_folder, sizeof held_folder, 0, false};
    if (!cache_directory(&path))
        return INVALID_HANDLE_VALUE;
    int directory = open_private_directory(held_folder);
    if (directory < 0) /* Python makes it, with an access list of its own */
        return INVALID_HANDLE_VALUE;
    add(&name, stamp->name);
    add(&name, GATE_SUFFIX);
    HANDLE file = open_file(directory, held_name, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS);
    close_directory(directory);
    return file;
}

static bool lock(HANDLE file, DWORD how)
{
    OVERLAPPED first;
    memset(&first, 0, sizeof first);
    return LockFileEx(file, how | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &first);
}

static BOOL WINAPI interrupt(DWORD event)
{
    if (event != CTRL_C_EVENT)
        return FALSE;
    SetEvent(interrupted);
    return TRUE;
}

/* Waits until the gate is open, or for so many seconds. Ctrl-C ends this process in words. */
static void wait_for(HANDLE file, unsigned seconds, const struct request *asked)
{
    const DWORD each = POLL_MILLISECONDS + GetCurrentProcessId() / 4 % 32;
    const ULONGLONG until = GetTickCount64() + seconds * 1000ULL;
    interrupted = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (interrupted == NULL)
        return;
    SetConsoleCtrlHandler(interrupt, TRUE);
    while (!lock(file, 0) && GetTickCount64() < until)
        if (WaitForSingleObject(interrupted, each) == WAIT_OBJECT_0) {
            fail_ended(asked, "interrupted");
            ExitProcess(130);
        }
    SetConsoleCtrlHandler(interrupt, FALSE);
}

/* Takes the gate (`told` is then the number of the event by which Python has it opened), or waits while another process
 * holds it. */
enum gate take_or_wait(const struct request *asked, const struct stamp *stamp, double started, struct text *told)
{
    static struct answer stale;
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE file = open_gate(stamp);
    if (file == INVALID_HANDLE_VALUE)
        return GATE_NONE;
    if (lock(file, LOCKFILE_EXCLUSIVE_LOCK)) {
        opened_by = CreateEventW(&inherit, TRUE, FALSE, NULL);
        if (opened_by == NULL) {
            CloseHandle(file);
            return GATE_NONE;
        }
        held = file;
        add_number(told, (long long)(uintptr_t)opened_by);
        return GATE_LEADER;
    }
    bool has_stale = find_answer(stamp, (time_t)started - STALE_SECONDS, &stale) == HIT;
    wait_for(file, has_stale ? GATE_WITH_CACHE : GATE_WITHOUT_CACHE, asked);
    CloseHandle(file);
    return GATE_WAITED;
}

static void open_it(void)
{
    OVERLAPPED first;
    memset(&first, 0, sizeof first);
    UnlockFileEx(held, 0, 1, 0, &first);
    CloseHandle(held);
    held = INVALID_HANDLE_VALUE;
    int directory = open_private_directory(held_folder);
    if (directory < 0)
        return;
    /* Where somebody waits, or leads by now, this fails, and the file stays. */
    HANDLE file = open_file(directory, held_name, DELETE, OPEN_EXISTING);
    FILE_DISPOSITION_INFO removed = {TRUE};
    if (file != INVALID_HANDLE_VALUE) {
        SetFileInformationByHandle(file, FileDispositionInfo, &removed, sizeof removed);
        CloseHandle(file);
    }
    close_directory(directory);
}

/* Waits for the end of the Python program, and opens the gate when it says so, or has ended. */
void hold_gate_until(HANDLE child)
{
    HANDLE both[2] = {child, opened_by};
    if (held != INVALID_HANDLE_VALUE) {
        (void)WaitForMultipleObjects(2, both, FALSE, INFINITE);
        open_it();
    }
    WaitForSingleObject(child, INFINITE);
}
#endif
