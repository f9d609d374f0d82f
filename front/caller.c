/* Who called, and what the caller gave: on POSIX. */
#ifndef _WIN32
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

bool is_same_name(const char *entry, const char *name, size_t length)
{
    return strncmp(entry, name, length) == 0;
}

/* The shell that started this process, by its first argument; NULL where it is none that is known. */
const struct syntax *parent_shell(void)
{
    char path[64], called[LONGEST_PATH];
    struct text name = {path, sizeof path, 0, false};
    add(&name, "/proc/");
    add_number(&name, getppid());
    add(&name, "/cmdline");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    ssize_t size = read(file, called, sizeof called - 1);
    close(file);
    if (size <= 0)
        return NULL;
    called[size] = '\0';
    const char *shell = called, *given = variable("SHELL");
    if (called[0] == '-')
        shell = given != NULL && *given != '\0' ? given : called + 1;
    const char *last = strrchr(shell, '/');
    char lower[16];
    size_t length = 0;
    for (last = last != NULL ? last + 1 : shell; *last != '\0'; last++) {
        if (length + 1 == sizeof lower || *last < ' ' || *last > '~')
            return NULL;
        lower[length++] = (char)(*last >= 'A' && *last <= 'Z' ? *last - 'A' + 'a' : *last);
    }
    lower[length] = '\0';
    for (const struct pair *known = KNOWN_AS; known->first != NULL; known++)
        if (strcmp(known->first, lower) == 0)
            return find_syntax(known->second);
    return NULL;
}

/* Whether HOME belongs to another user: cache and log are then elsewhere, and a person is told. */
bool is_home_foreign(void)
{
    struct stat status;
    const char *home = variable("HOME");
    if (home == NULL || *home == '\0')
        return false;
    if (stat(home, &status) != 0)
        return errno != ENOENT; /* one that is not there is nobody's */
    return status.st_uid != geteuid();
}

bool is_terminal(void)
{
    return isatty(1) != 0;
}

bool working_directory(char *into, size_t size)
{
    return getcwd(into, size) != NULL;
}

/* Writes all of it; `written` says how much was, errno what stood in the way. As in Python no signal ends this process
 * for it: not where nobody reads (SIGPIPE), not where a file may become no larger (SIGXFSZ). */
bool write_all(int descriptor, const char *data, size_t size, size_t *written)
{
    struct sigaction ignored, pipe_before, size_before;
    memset(&ignored, 0, sizeof ignored);
    ignored.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignored, &pipe_before);
    sigaction(SIGXFSZ, &ignored, &size_before);
    int reason = 0;
    *written = 0;
    while (*written < size && reason == 0) {
        ssize_t count = write(descriptor, data + *written, size - *written);
        if (count >= 0)
            *written += (size_t)count;
        else if (errno != EINTR)
            reason = errno;
    }
    sigaction(SIGPIPE, &pipe_before, NULL);
    sigaction(SIGXFSZ, &size_before, NULL);
    errno = reason;
    return reason == 0;
}
#endif
