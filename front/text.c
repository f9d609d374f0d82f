/* Text in fixed buffers, and the environment as Python reads it. */
#include "front.h"

#include <errno.h>
#include <string.h>

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

void add_unsigned(struct text *text, unsigned long long number)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add_bytes(text, digits + at, sizeof digits - at);
}

void add_number(struct text *text, long long number)
{
    if (number < 0)
        add(text, "-");
    add_unsigned(text, number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number);
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
        if (is_same_name(*entry, name, length) && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

/* Whether a variable says anything: PowerShell keeps empty ones. */
bool is_set(const char *name)
{
    const char *value = variable(name);
    return value != NULL && *value != '\0';
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

/* The line for an output of which a part is out, and the rest cannot be. Nobody is told where nobody reads it. */
void say_unprintable(const char *subject, const char *what, int reason)
{
    char buffer[256];
    struct text line = {buffer, sizeof buffer, 0, false};
    if (reason == EPIPE)
        return;
    add(&line, what);
    add(&line, " cannot be printed (");
    add(&line, strerror(reason));
    add(&line, "); check where standard output goes");
    say(subject, buffer);
}
