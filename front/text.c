/* Text in fixed buffers, the environment as Python reads it, and what is written to a descriptor. */
#ifndef _WIN32
#include "front.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* Adds to a text that stays NUL-terminated; what does not fit marks it as full. */
void add_bytes(struct text *text, const char *part, size_t size)
{
    if (text->is_full || size >= text->size - text->used) {
        text->is_full = true;
        return;
    }
    memcpy(text->at + text->used, part, size);
    text->used += size;
    text->at[text->used] = '\0';
}

void add(struct text *text, const char *part)
{
    add_bytes(text, part, strlen(part));
}

void add_number(struct text *text, long long number)
{
    char digits[24];
    size_t at = sizeof digits;
    unsigned long long left = number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    add_bytes(text, digits + at, sizeof digits - at);
}

bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Printable ASCII: nothing else is the same in every locale, and may stand in a message. */
bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* Whether no shell's syntax touches the value (answers.PLAIN). */
bool is_plain_value(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_letter && (c == '\0' || strchr("+/=_.:@-", c) == NULL))
            return false;
    }
    return true;
}

/* A variable's value: of two entries of one name the first, as in Python. NULL where it is not set. */
const char *variable(const char *name)
{
    size_t length = strlen(name);
    for (char **entry = environ; *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

/* A path with `~/` replaced by HOME. False for any other `~`: the user database is not asked here. */
bool expand_home(const char *written, struct text *path)
{
    if (written[0] == '~') {
        const char *home = variable("HOME");
        if (written[1] != '/' || home == NULL || *home == '\0')
            return false;
        size_t length = strlen(home);
        while (length > 0 && home[length - 1] == '/')
            length--;
        add_bytes(path, home, length);
        written++;
    }
    add(path, written);
    return !path->is_full;
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

/* One line on standard error. */
void say(const char *subject, const char *what)
{
    char buffer[2 * LONGEST_PATH];
    struct text line = {buffer, sizeof buffer, 0, false};
    size_t written;
    add(&line, "assume-helper: ");
    if (*subject != '\0') {
        add(&line, subject);
        add(&line, ": ");
    }
    add(&line, what);
    add(&line, "\n");
    (void)write_all(2, buffer, line.used, &written);
}
#endif
