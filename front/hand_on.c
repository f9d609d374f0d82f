/* The Python program takes this process over: by the interpreter that the first line of its script names. */
#ifndef _WIN32
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

extern char **environ;

#define SCRIPT "assume-helper-python"
#define LONGEST_LINES 4096

/* The path of this program, links resolved, and its status: also where an upgrade has just put another in its place. */
static bool own_path(char *into, size_t size, struct stat *status)
{
#ifdef __APPLE__
    char given[LONGEST_PATH], real[PATH_MAX];
    uint32_t length = sizeof given;
    if (_NSGetExecutablePath(given, &length) != 0 || realpath(given, real) == NULL || strlen(real) >= size)
        return false;
    memcpy(into, real, strlen(real) + 1);
    return stat(into, status) == 0;
#else
    static const char gone[] = " (deleted)";
    struct stat there;
    ssize_t length = readlink("/proc/self/exe", into, size - 1);
    if (length <= 0 || (size_t)length == size - 1)
        return false;
    into[length] = '\0';
    char *end = into + length - strlen(gone);
    if (end > into && strcmp(end, gone) == 0 && lstat(into, &there) != 0)
        *end = '\0';
    return into[0] == '/' && stat("/proc/self/exe", status) == 0;
#endif
}

/* The word that `'''exec'` is given, as pip and uv write it: in quotes where it needs them. */
static bool word_of_exec(const char *line, struct text *word)
{
    static const char before[] = "'''exec' ";
    if (!begins_with(line, before))
        return false;
    line += strlen(before);
    char quote = *line == '"' || *line == '\'' ? *line : ' ';
    const char *begin = line + (quote != ' '), *end = strchr(begin, quote);
    if (end == NULL)
        return false;
    add_bytes(word, begin, (size_t)(end - begin));
    if (strpbrk(word->at, "\\$`\"'\n") != NULL)
        return false;
    end += quote != ' ';
    return begins_with(end, " \"$0\" \"$@\"\n");
}

/* The interpreter that the first lines of a script name; "" where they are of another form: the script starts itself. */
static void read_interpreter(char *lines, struct text *interpreter)
{
    char *newline = strchr(lines, '\n');
    if (newline == NULL || !begins_with(lines, "#!"))
        return;
    *newline = '\0';
    char *path = lines + 2;
    if (strcmp(path, "/bin/sh") == 0) {
        if (!word_of_exec(newline + 1, interpreter) || interpreter->at[0] != '/')
            interpreter->at[0] = '\0';
        return;
    }
    size_t length = strlen(path);
    if (length > 0 && path[length - 1] == '\r')
        path[--length] = '\0';
    char *blank = strpbrk(path, " \t"), *name = strrchr(path, '/');
    if (blank != NULL && blank[1] == '-' && name != NULL && name < blank) { /* a flag, which pipx has pip write */
        *blank = '\0';
        blank = begins_with(name, "/python") ? NULL : blank;
    }
    if (path[0] == '/' && blank == NULL)
        add(interpreter, path);
}

static bool fault(struct text *problem, const char *path, const char *what)
{
    add(problem, path);
    add(problem, what);
    add(problem, "; install assume-helper again");
    return false;
}

/* The Python program beside this one. It has the same owner, and is not writable for all. */
bool find_python(struct python *found, struct text *problem)
{
    struct text script = {found->script, sizeof found->script, 0, false};
    struct text interpreter = {found->interpreter, sizeof found->interpreter, 0, false};
    char lines[LONGEST_LINES + 1], own[LONGEST_PATH];
    struct stat status, of_own;
    found->interpreter[0] = '\0';
    if (!own_path(own, sizeof own, &of_own))
        return fault(problem, "this program", " cannot find itself: is /proc mounted");
    *(strrchr(own, '/') + 1) = '\0';
    add(&script, own);
    add(&script, SCRIPT);
    int file = script.is_full ? -1 : open(found->script, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return fault(problem, found->script, " is missing");
    bool is_trusted = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == of_own.st_uid &&
                      (status.st_mode & S_IWOTH) == 0;
    ssize_t size = is_trusted ? read(file, lines, LONGEST_LINES) : -1;
    close(file);
    if (size < 0)
        return fault(problem, found->script, " is not the owner's alone");
    lines[size] = '\0';
    read_interpreter(lines, &interpreter);
    return true;
}

static struct python python;
static bool is_found;

/* Whether the Python program can be told of a gate that this one has taken. */
bool can_hand_gate_on(void)
{
    char buffer[2 * LONGEST_PATH];
    struct text problem = {buffer, sizeof buffer, 0, false};
    is_found = find_python(&python, &problem);
    return is_found && python.interpreter[0] != '\0';
}

/* Nothing can be handed on: the gate's file goes with this process. */
static int failed(int count, char **words, const char *gate, const char *what)
{
    const char *path = strchr(gate, ':');
    if (path != NULL)
        unlink(path + 1);
    fail_as_typed(count - 1, words + 1, what);
    return 1;
}

/* Becomes the Python program, with the same arguments, environment, descriptors and signals. `started` is in seconds
 * since the epoch; `gate` is what it is to know of the herd gate, "" for nothing. An exit code where that cannot be. */
int hand_on(int count, char **words, double started, const char *gate)
{
    char buffer[2 * LONGEST_PATH], called[LONGEST_PATH + 64], since[64], held[LONGEST_PATH + 64];
    struct text problem = {buffer, sizeof buffer, 0, false};
    struct text called_by = {called, sizeof called, 0, false}, gate_text = {held, sizeof held, 0, false};
    static char isolated[] = "-E", safe[] = "-P", option[] = "-X";
    if (!is_found && !find_python(&python, &problem))
        return failed(count, words, gate, buffer);
    char **made = calloc((size_t)count + 16, sizeof *made);
    if (made == NULL)
        return failed(count, words, gate, "there is no memory; try again");
    size_t at = 0;
    const char *program = python.script;
    if (python.interpreter[0] != '\0') {
        program = python.interpreter;
        add(&called_by, "assume_helper_called=");
        add(&called_by, words[0]);
        snprintf(since, sizeof since, "assume_helper_started=%.6f", started);
        made[at++] = python.interpreter;
        if (!needs_python_path())
            made[at++] = isolated;
        made[at++] = safe;
        made[at++] = option;
        made[at++] = called;
        made[at++] = option;
        made[at++] = since;
        if (*gate != '\0') {
            add(&gate_text, "assume_helper_gate=");
            add(&gate_text, gate);
            made[at++] = option;
            made[at++] = held;
        }
        if (called_by.is_full || gate_text.is_full)
            return failed(count, words, gate, "its own path is too long; call it by a shorter one");
    }
    made[at++] = python.script;
    for (int i = 1; i < count; i++)
        made[at++] = words[i];
    execve(program, made, environ);
    add(&problem, program);
    add(&problem, " cannot be started (");
    add(&problem, strerror(errno));
    add(&problem, "); install assume-helper again");
    return failed(count, words, gate, buffer);
}
#endif
