/* What an answer depends on beside the stamp, looked up again. As lookups.observe. */
#include "front.h"

#include <string.h>

#ifndef _WIN32
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>
#endif

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif
#define LONGEST_TEXT 200

static enum outcome compared(const char *now, const char *value)
{
    return strcmp(now, value) == 0 ? HIT : MISS;
}

#ifdef _WIN32
/* Real paths, and how a program is found there, are Python's. */
static enum outcome found_by_system(const char *what, const char *value)
{
    const char *host = variable("COMPUTERNAME");
    return strcmp(what, "host") == 0 && host != NULL ? compared(host, value) : UNSURE;
}
#else
/* The real path of a file or a directory; "absent" where there is none. */
static enum outcome real_path(const char *path, const char *value)
{
    static char real[PATH_MAX + 1];
    struct stat status;
    if (stat(path, &status) != 0)
        return compared(ABSENT, value);
    if (realpath(path, real) == NULL || !is_ascii(real))
        return UNSURE;
    return compared(real, value);
}

static enum outcome program(const char *name, const char *value)
{
    const char *search = variable("PATH"), *end;
    char path[LONGEST_PATH];
    struct stat status;
    if (strchr(name, '/') != NULL)
        search = "";
    else if (search == NULL)
        return UNSURE;
    for (;; search = end + 1) {
        struct text text = {path, sizeof path, 0, false};
        end = strchr(search, ':');
        add_bytes(&text, search, end != NULL ? (size_t)(end - search) : strlen(search));
        if (text.used > 0 && path[text.used - 1] != '/')
            add(&text, "/");
        add(&text, name);
        if (text.is_full)
            return UNSURE;
        if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0)
            return real_path(path, value);
        if (end == NULL)
            return compared(ABSENT, value);
    }
}

/* The first line of a small file. */
static enum outcome first_line(const char *path, const char *value)
{
    char text[LONGEST_TEXT + 1];
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return MISS;
    ssize_t size = read(file, text, LONGEST_TEXT);
    close(file);
    if (size < 0)
        return MISS;
    text[size] = '\0';
    size_t length = strcspn(text, "\n");
    if (text[length] == '\0' && length < (size_t)size)
        return UNSURE;
    text[length] = '\0';
    return is_ascii(text) ? compared(text, value) : UNSURE;
}

static enum outcome found_by_system(const char *what, const char *value)
{
    char buffer[LONGEST_PATH];
    struct text text = {buffer, sizeof buffer, 0, false};
    struct utsname host;
    if (strcmp(what, "host") == 0)
        return uname(&host) == 0 ? compared(host.nodename, value) : UNSURE;
    if (begins_with(what, "text "))
        return first_line(what + 5, value);
    if (begins_with(what, "program "))
        return program(what + 8, value);
    if (begins_with(what, "path ") || begins_with(what, "folder ")) {
        const char *written = strchr(what, ' ') + 1;
        if (strchr(written, '$') != NULL || !expand_home(written, &text))
            return UNSURE;
        return real_path(buffer, value);
    }
    return UNSURE;
}
#endif

/* Whether the condition `what` still comes to `value`: HIT, MISS, or UNSURE where only Python can tell. */
enum outcome condition_holds(const char *what, const char *value)
{
    char buffer[LONGEST_PATH];
    struct text text = {buffer, sizeof buffer, 0, false};
    if (!is_ascii(what) || !is_ascii(value))
        return UNSURE;
    if (begins_with(what, "file ")) {
        char state[LONGEST_TEXT];
        struct text found = {state, sizeof state, 0, false};
        if (!expand_home(what + 5, &text))
            return UNSURE;
        add_state(&found, buffer);
        return compared(state, value);
    }
    if (begins_with(what, "env ")) {
        const char *now = variable(what + 4);
        if (now == NULL)
            return compared(ABSENT, value);
        return *value == '=' ? compared(now, value + 1) : MISS;
    }
    return found_by_system(what, value);
}
