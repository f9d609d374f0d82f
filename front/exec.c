/* A cached session leaves in the environment of a program, which this process becomes. On POSIX: Windows has no exec. */
#ifndef _WIN32
#include "front.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static bool is_in(const char *const *names, const char *name, size_t length)
{
    for (; *names != NULL; names++)
        if (strlen(*names) == length && strncmp(*names, name, length) == 0)
            return true;
    return false;
}

/* The environment of a program: what is there, without any other identity, with what is given. */
struct environment {
    char *entries[MOST_VARIABLES + 1];
    size_t count;
    char *given[MOST_FACTS];
    size_t given_count;
    bool is_used[MOST_FACTS];
};

static bool give_lines(struct environment *made, char *lines)
{
    while (*lines != '\0') {
        char *end = strchr(lines, '\n'), *equals = strchr(lines, '=');
        if (end == NULL || equals == NULL || equals > end || made->given_count == MOST_FACTS)
            return false;
        *end = '\0';
        made->given[made->given_count++] = lines;
        lines = end + 1;
    }
    return true;
}

static bool is_first(char **entry, size_t length)
{
    for (char **before = environ; before != entry; before++)
        if (strncmp(*before, *entry, length + 1) == 0)
            return false;
    return true;
}

struct names {
    const char *at[MOST_FACTS];
    size_t count;
};

static void note_name(void *into, const char *name)
{
    struct names *names = into;
    if (names->count + 1 < MOST_FACTS)
        names->at[names->count++] = name;
}

static bool make_environment(struct environment *made, const struct request *asked, const struct answer *found)
{
    static char inside[LARGEST_FILE], for_prompts[LARGEST_FILE];
    struct text text = {inside, sizeof inside, 0, false};
    struct text prompts_text = {for_prompts, sizeof for_prompts, 0, false};
    struct names left_over = {{NULL}, 0};
    each_left_over(note_name, &left_over);
    note_name(&left_over, BY_ENV);
    add(&text, INSIDE "=");
    add(&text, asked->profile);
    add(&prompts_text, FOR_PROMPTS "=");
    add(&prompts_text, asked->profile);
    if (text.is_full || prompts_text.is_full || !give_lines(made, found->variables) || !give_lines(made, found->given) ||
        made->given_count + 2 > MOST_FACTS)
        return false;
    made->given[made->given_count++] = inside;
    made->given[made->given_count++] = for_prompts;
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (equals == NULL)
            continue;
        size_t length = (size_t)(equals - *entry);
        if (length == 0 || is_in(STALE, *entry, length) || is_in(left_over.at, *entry, length) ||
            !is_first(entry, length))
            continue;
        char *kept = *entry;
        for (size_t i = 0; i < made->given_count; i++)
            if (strncmp(made->given[i], kept, length + 1) == 0) {
                kept = made->given[i];
                made->is_used[i] = true;
            }
        if (made->count == MOST_VARIABLES)
            return false;
        made->entries[made->count++] = kept;
    }
    for (size_t i = 0; i < made->given_count; i++)
        if (!made->is_used[i]) {
            if (made->count == MOST_VARIABLES)
                return false;
            made->entries[made->count++] = made->given[i];
        }
    made->entries[made->count] = NULL;
    return true;
}

/* Becomes a program: searched for as os.execvpe does. It returns where that cannot be: Python says why. */
static void become(char **program, char **entries)
{
    const char *search = "/bin:/usr/bin", *end;
    char path[LONGEST_PATH];
    struct sigaction usual, pipe_before, size_before;
    memset(&usual, 0, sizeof usual);
    usual.sa_handler = SIG_DFL;
    for (char **entry = entries; *entry != NULL; entry++)
        if (begins_with(*entry, "PATH="))
            search = *entry + strlen("PATH=");
    sigaction(SIGPIPE, &usual, &pipe_before);
    sigaction(SIGXFSZ, &usual, &size_before);
    if (strchr(program[0], '/') != NULL)
        execve(program[0], program, entries);
    else
        for (;; search = end + 1) {
            struct text text = {path, sizeof path, 0, false};
            end = strchr(search, ':');
            add_bytes(&text, search, end != NULL ? (size_t)(end - search) : strlen(search));
            if (text.used > 0 && path[text.used - 1] != '/')
                add(&text, "/");
            add(&text, program[0]);
            if (!text.is_full)
                execve(path, program, entries);
            if (end == NULL)
                break;
        }
    sigaction(SIGPIPE, &pipe_before, NULL);
    sigaction(SIGXFSZ, &size_before, NULL);
}

/* Becomes the program of `exec`; it returns where the Python program is to say why that cannot be. */
enum outcome execute(const struct request *asked, const struct answer *found, time_t started)
{
    static struct environment made;
    if (asked->program[0][0] == '\0' || !make_environment(&made, asked, found))
        return UNSURE;
    refresh_ahead(asked, found, started);
    become(asked->program, made.entries);
    return UNSURE;
}
#endif
