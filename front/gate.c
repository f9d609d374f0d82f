/* The herd gate: of many processes that find nothing cached one leads, and the others wait here, without an interpreter.
 * As sessions.herd_gate. */
#ifndef _WIN32
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static volatile sig_atomic_t ended_by;

static void end(int number)
{
    ended_by = number;
}

/* Makes a directory and what is missing above it, 0700 each, whatever the umask. */
static bool make_directory(char *path)
{
    struct stat status;
    bool is_made = true;
    if (lstat(path, &status) == 0)
        return true;
    mode_t before = umask(077);
    for (char *slash = path + 1; is_made && slash != NULL; slash++) {
        slash = strchr(slash, '/');
        if (slash != NULL)
            *slash = '\0';
        is_made = lstat(path, &status) == 0 || mkdir(path, 0700) == 0 || errno == EEXIST;
        if (slash == NULL)
            break;
        *slash = '/';
    }
    umask(before);
    return is_made;
}

/* A descriptor of the gate, and its path; -1 where there is none. */
static int open_gate(const struct stamp *stamp, struct text *path)
{
    char name[PRINT_DIGITS + 16];
    struct text file = {name, sizeof name, 0, false};
    struct stat status;
    if (!cache_directory(path) || !make_directory(path->at))
        return -1;
    int directory = open_private_directory(path->at);
    if (directory < 0)
        return -1;
    add(&file, stamp->name);
    add(&file, GATE_SUFFIX);
    add(path, "/");
    add(path, name);
    int gate = openat(directory, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    close(directory);
    if (gate < 0)
        return -1;
    bool is_usable = !path->is_full && fstat(gate, &status) == 0;
    if (is_usable && (status.st_mode & 0600) != 0600) /* a umask may have taken the owner's rights */
        is_usable = fchmod(gate, 0600) == 0 && fstat(gate, &status) == 0;
    if (is_usable && is_private(&status, false))
        return gate;
    close(gate);
    return -1;
}

static double monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Waits until the gate is open, or for so many seconds. A signal that would end this process does so in words. */
static void wait_for(int gate, double seconds, const struct request *asked)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    struct sigaction before[4], ends;
    const long each = (POLL_MILLISECONDS + getpid() % 32) * 1000000L;
    const double until = monotonic() + seconds;
    memset(&ends, 0, sizeof ends);
    ends.sa_handler = end;
    for (size_t i = 0; i < 4; i++) {
        sigaction(ending[i], NULL, &before[i]);
        if (before[i].sa_handler == SIG_DFL)
            sigaction(ending[i], &ends, NULL);
    }
    while (ended_by == 0 && flock(gate, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK && monotonic() < until) {
        struct timespec pause = {0, each};
        nanosleep(&pause, NULL);
    }
    for (size_t i = 0; i < 4; i++)
        sigaction(ending[i], &before[i], NULL);
    if (ended_by != 0) {
        fail_ended(asked, ended_by == SIGINT ? "interrupted" : "terminated");
        _exit(128 + ended_by);
    }
}

/* Takes the gate, for the Python program to hold (`held` says which), or waits while another process holds it. */
enum gate take_or_wait(const struct request *asked, const struct stamp *stamp, double started, struct text *held)
{
    static struct answer stale;
    char buffer[LONGEST_PATH];
    struct text path = {buffer, sizeof buffer, 0, false};
    int gate = open_gate(stamp, &path);
    if (gate < 0)
        return GATE_NONE;
    if (flock(gate, LOCK_EX | LOCK_NB) == 0) {
        add_number(held, gate);
        add(held, ":");
        add(held, buffer);
        if (!held->is_full && fcntl(gate, F_SETFD, 0) == 0)
            return GATE_LEADER;
        close(gate);
        return GATE_NONE;
    }
    if (errno != EWOULDBLOCK) {
        close(gate);
        return GATE_NONE;
    }
    bool has_stale = find_answer(stamp, (time_t)started - STALE_SECONDS, &stale) == HIT;
    wait_for(gate, has_stale ? GATE_WITH_CACHE : GATE_WITHOUT_CACHE, asked);
    close(gate);
    return GATE_WAITED;
}
#endif
