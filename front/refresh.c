/* The refresh in the background: one try for each back-off, noted before it starts. As sessions.refresh_ahead. */
#ifndef _WIN32
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define HELD 3       /* the descriptor that the new process finds the lock at */
#define MOST_DESCRIPTORS 4096

static int open_slot(int directory, const char *key, const char *suffix)
{
    char slot[3], name[32];
    struct text text = {name, sizeof name, 0, false};
    struct stat status;
    slot_of(key, slot);
    add(&text, slot);
    add(&text, suffix);
    add(&text, AHEAD_SUFFIX);
    int file = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (file < 0)
        return -1;
    bool is_usable = fstat(file, &status) == 0;
    if (is_usable && (status.st_mode & 0600) != 0600)
        is_usable = fchmod(file, 0600) == 0 && fstat(file, &status) == 0;
    if (is_usable && is_private(&status, false))
        return file;
    close(file);
    return -1;
}

/* Notes a try for the key; whether it is its turn. */
static bool note_try(int file, const char *key, double now)
{
    char read_in[LONGEST_TRIES + 1], noted[LONGEST_TRIES + 256];
    struct text text = {noted, sizeof noted, 0, false};
    size_t written;
    ssize_t size = pread(file, read_in, LONGEST_TRIES, 0);
    if (size < 0)
        return false;
    read_in[size] = '\0';
    if (!add_try(&text, read_in, key, now, (unsigned)getpid()) || lseek(file, 0, SEEK_SET) != 0 ||
        !write_all(file, noted, text.used, &written))
        return false;
    return ftruncate(file, (off_t)text.used) == 0;
}

/* A descriptor that holds the lock, with this try noted; -1 where another process holds it, or has just tried. */
static int claim(const struct answer *found, double now)
{
    int directory = open_private_directory(found->directory);
    if (directory < 0)
        return -1;
    int file = open_slot(directory, found->key, "");
    if (file < 0)
        file = open_slot(directory, found->key, "-2");
    close(directory);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 && note_try(file, found->key, now))
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

/* Closes what is open from a descriptor on. To try each that could be takes seconds at high limits. */
static void close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    if (most < 0 || most > MOST_DESCRIPTORS)
        most = MOST_DESCRIPTORS;
    for (int each = first; each < most; each++)
        close(each);
}

/* Becomes the refreshing process, in a session of its own, without a descriptor or a signal of the caller's. It is a
 * grandchild: the program of `exec` has no child that it did not start. */
static void become_the_refresh(char **words, int lock)
{
    struct sigaction ignored;
    memset(&ignored, 0, sizeof ignored);
    ignored.sa_handler = SIG_IGN;
    sigaction(SIGHUP, &ignored, NULL);
    if (fork() != 0)
        _exit(0);
    setsid();
    int null = open("/dev/null", O_RDWR);
    if (null < 0)
        _exit(127);
    for (int standard = 0; standard < 3; standard++)
        dup2(null, standard);
    if (lock != HELD)
        dup2(lock, HELD);
    else
        fcntl(HELD, F_SETFD, 0);
    close_from(HELD + 1);
    execve(words[0], words, environ);
    _exit(127);
}

/* Starts `get` once more, to refresh what was handed out. Failures are ignored: the caller has its answer. */
void refresh_ahead(const struct request *asked, const struct answer *found, time_t now)
{
    static struct python python;
    char *words[MOST_WORDS + 16], buffer[256], held[] = "3";
    struct text problem = {buffer, sizeof buffer, 0, false};
    size_t count = 0;
    static char isolated[] = "-E", safe[] = "-P", get[] = "get", option[] = REFRESH_OPTION;
    if (!found->is_due || strlen(found->key) != KEY_DIGITS || !find_python(&python, &problem))
        return;
    if (python.interpreter[0] != '\0') {
        words[count++] = python.interpreter;
        if (!needs_python_path())
            words[count++] = isolated;
        words[count++] = safe;
    }
    words[count++] = python.script;
    words[count++] = get;
    words[count++] = (char *)(uintptr_t)asked->profile;
    for (size_t i = 0; i < asked->word_count; i++)
        if (!begins_with(asked->words[i], FOLDER))
            words[count++] = (char *)(uintptr_t)asked->words[i];
    words[count++] = option;
    words[count++] = held;
    words[count] = NULL;
    int lock = claim(found, (double)now);
    if (lock < 0)
        return;
    pid_t child = fork();
    if (child == 0)
        become_the_refresh(words, lock);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(lock);
}
#endif
