/* A cached session leaves: as a document, or as the text of `env`. For `exec` see exec.c. */
#include "front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_OUTPUT (4 * LARGEST_FILE)

/* A template's text, with `{}` replaced in turn. */
static void add_template(struct text *text, const char *template, const char *name, size_t name_length,
                         const char *value, size_t value_length)
{
    const char *hole = strstr(template, "{}");
    add_bytes(text, template, (size_t)(hole - template));
    add_bytes(text, name, name_length);
    template = hole + 2;
    hole = strstr(template, "{}");
    if (hole != NULL) {
        add_bytes(text, template, (size_t)(hole - template));
        add_bytes(text, value, value_length);
        template = hole + 2;
    }
    add(text, template);
}

/* Standard output fails as a whole, or not at all: without a byte written the Python program is to try, and to say why
 * it cannot. After a part of the text this is the end. */
static enum outcome print(const struct request *asked, const char *data, size_t size)
{
    size_t written;
    if (write_all(1, data, size, &written))
        return HIT;
    const int reason = errno;
    if (written == 0)
        return UNSURE;
    say_unprintable(asked->profile, asked->command == COMMAND_GET ? "the credentials" : "the output", reason);
    _Exit(1);
}

/* The state of the text of `env`: names that it has so far are not cleared. */
struct script {
    struct text text;
    const struct syntax *syntax;
    const char *names[MOST_FACTS];
    size_t lengths[MOST_FACTS], count;
    bool is_begun, is_odd;
};

static bool is_new(struct script *script, const char *name, size_t length)
{
    for (size_t i = 0; i < script->count; i++)
        if (script->lengths[i] == length && strncmp(script->names[i], name, length) == 0)
            return false;
    if (script->count == MOST_FACTS) {
        script->is_odd = true;
        return false;
    }
    script->names[script->count] = name;
    script->lengths[script->count++] = length;
    return true;
}

static void begin_part(struct script *script)
{
    if (script->is_begun)
        add(&script->text, script->syntax->between);
    script->is_begun = true;
}

static void set(struct script *script, const char *name, size_t length, const char *value, size_t size)
{
    bool is_too_long = strcmp(script->syntax->shell, "cmd") == 0 && size > LONGEST_CMD_VALUE;
    if (!is_plain_value(value, size) || is_too_long || !is_new(script, name, length)) {
        script->is_odd = true;
        return;
    }
    begin_part(script);
    add_template(&script->text, script->syntax->setting, name, length, value, size);
}

static void clear(struct script *script, const char *name)
{
    size_t length = strlen(name);
    if (!is_new(script, name, length) || script->syntax->clearing == NULL)
        return;
    begin_part(script);
    add_template(&script->text, script->syntax->clearing, name, length, "", 0);
}

static void set_lines(struct script *script, const char *lines)
{
    while (*lines != '\0') {
        const char *end = strchr(lines, '\n'), *equals = strchr(lines, '=');
        if (end == NULL || equals == NULL || equals > end) {
            script->is_odd = true;
            return;
        }
        set(script, lines, (size_t)(equals - lines), equals + 1, (size_t)(end - equals) - 1);
        lines = end + 1;
    }
}

/* What a profile has handed on, and its marks: answers.left_over. What a person has set since is none. */
void each_left_over(void (*take)(void *, const char *), void *into)
{
    for (const struct handed_on *each = HANDED_ON; each->mark != NULL; each++) {
        const char *marked = variable(each->mark);
        if (marked == NULL)
            continue;
        for (size_t i = 0; i < 2 && each->names[i] != NULL; i++) {
            const char *value = variable(each->names[i]);
            if (value != NULL && strcmp(value, marked) == 0)
                take(into, each->names[i]);
        }
        take(into, each->mark);
    }
}

static void clear_one(void *script, const char *name)
{
    clear(script, name);
}

static enum outcome print_variables(const struct request *asked, const struct answer *found)
{
    static char output[LONGEST_OUTPUT];
    struct script script = {{output, sizeof output, 0, false}, asked->syntax, {NULL}, {0}, 0, false, false};
    add(&script.text, asked->syntax->before);
    set_lines(&script, found->variables);
    set_lines(&script, found->given);
    set(&script, INSIDE, strlen(INSIDE), asked->profile, strlen(asked->profile));
    set(&script, FOR_PROMPTS, strlen(FOR_PROMPTS), asked->profile, strlen(asked->profile));
    set(&script, BY_ENV, strlen(BY_ENV), "1", 1);
    for (size_t i = 0; ALWAYS_CLEARED[i] != NULL; i++)
        clear(&script, ALWAYS_CLEARED[i]);
    for (size_t i = 0; CREDENTIALS[i] != NULL; i++)
        clear(&script, CREDENTIALS[i]);
    for (size_t i = 0; IDENTITY[i] != NULL; i++)
        if (variable(IDENTITY[i]) != NULL)
            clear(&script, IDENTITY[i]);
    each_left_over(clear_one, &script);
    add(&script.text, asked->syntax->behind);
    if (script.is_odd || script.text.is_full)
        return UNSURE;
    return print(asked, output, script.text.used);
}

struct failing {
    struct text text;
    const struct syntax *syntax;
    const char *names[MOST_FACTS];
    size_t count;
};

static void fail_one(void *into, const char *name)
{
    struct failing *failing = into;
    for (size_t i = 0; i < failing->count; i++)
        if (strcmp(failing->names[i], name) == 0)
            return;
    if (failing->count == MOST_FACTS)
        return;
    if (failing->count > 0)
        add(&failing->text, failing->syntax->fail_between);
    failing->names[failing->count++] = name;
    add_template(&failing->text, failing->syntax->fail_each, name, strlen(name), "", 0);
}

/* For `env`: the text that clears the variables, and makes the shell fail that evaluates it. As answers.failing. */
void fail_in_shell(const struct request *asked)
{
    static char output[LARGEST_FILE];
    struct failing failing = {{output, sizeof output, 0, false}, asked->syntax, {NULL}, 0};
    const char *address = variable(CONTAINER[0]);
    size_t written;
    if (asked->command != COMMAND_ENV || asked->syntax == NULL || asked->syntax->fail_before == NULL)
        return;
    add(&failing.text, asked->syntax->fail_before);
    for (size_t i = 0; CREDENTIALS[i] != NULL; i++)
        fail_one(&failing, CREDENTIALS[i]);
    for (size_t i = 0; IDENTITY[i] != NULL; i++)
        fail_one(&failing, IDENTITY[i]);
    each_left_over(fail_one, &failing);
    if (is_set(INSIDE) && address != NULL && begins_with(address, "http://127.0.0.1:"))
        for (size_t i = 0; CONTAINER[i] != NULL; i++)
            fail_one(&failing, CONTAINER[i]);
    add(&failing.text, asked->syntax->fail_behind);
    (void)write_all(1, output, failing.text.used, &written);
}

/* Says that this process was ended `by` a signal, as cli/app.py does: the shell of `env` has lost its old credentials. */
void fail_ended(const struct request *asked, const char *by)
{
    char buffer[64];
    struct text what = {buffer, sizeof buffer, 0, false};
    fail_in_shell(asked);
    add(&what, by);
    add(&what, asked->command == COMMAND_ENV ? "; run it again" : "; nothing was changed, run it again");
    say(asked->profile, buffer);
}

/* Hands out what was found, and ends this process; or returns where the Python program is to do that. */
enum outcome hand_out(const struct request *asked, const struct answer *found, time_t started)
{
    if (asked->command != COMMAND_GET && !found->is_quiet)
        return UNSURE;
    if (asked->command == COMMAND_EXEC)
        return execute(asked, found, started);
    enum outcome outcome = asked->command == COMMAND_GET ? print(asked, found->document, found->document_size)
                                                         : print_variables(asked, found);
    if (outcome != HIT)
        return outcome;
    refresh_ahead(asked, found, started);
    _Exit(0);
}
