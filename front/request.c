/* The command line, as answers.request and answers.may_serve read it. */
#include "front.h"

#include <string.h>

static const struct option *known_option(const char *command, const char *word, size_t length)
{
    for (const struct option *option = OPTIONS; option->command != NULL; option++)
        if (strcmp(option->command, command) == 0 && strlen(option->name) == length &&
            strncmp(option->name, word, length) == 0)
            return option;
    return NULL;
}

const struct syntax *find_syntax(const char *shell)
{
    for (const struct syntax *syntax = SYNTAX; syntax->shell != NULL; syntax++)
        if (strcmp(syntax->shell, shell) == 0)
            return syntax;
    return NULL;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\n\r\v\f")] == '\0';
}

/* Adds the working directory where a file is named relative to it. */
static bool add_folder(struct request *found, const char *value)
{
    static char folder[LONGEST_PATH];
    const size_t before = strlen(FOLDER);
    if (is_absolute(value) || value[strspn(value, " \t\n\r\v\f")] == '{')
        return true;
    memcpy(folder, FOLDER, before);
    if (found->word_count == MOST_WORDS || !working_directory(folder + before, sizeof folder - before) ||
        !is_ascii(folder))
        return false;
    found->words[found->word_count++] = folder;
    return true;
}

static bool take_option(struct request *found, const char *command, char **words, int *at, int end)
{
    const char *word = words[*at], *joined = strchr(word, '='), *value = joined != NULL ? joined + 1 : NULL;
    size_t length = joined != NULL ? (size_t)(joined - word) : strlen(word);
    const struct option *option = known_option(command, word, length);
    bool is_shell = found->command == COMMAND_ENV && length == strlen(SHELL_OPTION) &&
                    strncmp(word, SHELL_OPTION, length) == 0;
    if (option == NULL && !is_shell)
        return false;
    bool is_flag = option != NULL && option->kind == OPTION_FLAG;
    if (is_flag && joined != NULL)
        return false;
    if (!is_flag && joined == NULL) {
        if (++*at >= end)
            return false;
        value = words[*at];
    }
    if (!is_flag && (is_blank(value) || value[0] == '-' || value[0] == '~' || !is_ascii(value)))
        return false;
    if (is_shell) {
        found->syntax = find_syntax(value);
        return found->syntax != NULL;
    }
    if (found->word_count + 3 > MOST_WORDS)
        return false;
    found->words[found->word_count++] = word;
    if (!is_flag && joined == NULL)
        found->words[found->word_count++] = value;
    return option->kind != OPTION_PATH || add_folder(found, value);
}

/* Whether these words (the program's name aside) are a command line that a cached session may answer. */
bool parse_request(int count, char **words, struct request *found)
{
    static const char *const names[] = {"get", "exec", "env"};
    int end = count;
    memset(found, 0, sizeof *found);
    if (count < 2)
        return false;
    size_t command = 0;
    while (command < 3 && strcmp(words[0], names[command]) != 0)
        command++;
    if (command == 3)
        return false;
    found->command = (enum command)command;
    if (found->command == COMMAND_EXEC) {
        for (end = 1; end < count && strcmp(words[end], "--") != 0; end++)
            continue;
        if (end + 1 >= count)
            return false;
        found->program = words + end + 1;
    }
    for (int at = 1; at < end; at++) {
        if (found->command == COMMAND_ENV && strcmp(words[at], NO_INPUT) == 0)
            continue;
        if (words[at][0] == '-') {
            if (!is_ascii(words[at]) || !take_option(found, words[0], words, &at, end))
                return false;
        } else {
            if (found->profile != NULL || words[at][0] == '\0' || begins_with(words[at], "arn:"))
                return false;
            found->profile = words[at];
        }
    }
    return found->profile != NULL && is_ascii(found->profile);
}

/* Whether nothing but the cache decides: nothing to ask, to log or to warn of, and a shell that is known. */
bool may_serve(struct request *asked)
{
    const char *logged = variable(LOG_HITS), *first = variable("AWS_PROFILE"), *second = variable("AWS_DEFAULT_PROFILE");
    if (variable(CALLERS) != NULL || (logged != NULL && strcmp(logged, "1") == 0) || is_home_foreign())
        return false;
    if (asked->command == COMMAND_GET)
        return true;
    if (first != NULL && second != NULL && strcmp(first, second) != 0)
        return false;
    if (asked->command == COMMAND_EXEC)
        return CAN_EXECUTE && (!is_set(INSIDE) || is_set(BY_ENV));
    if (is_terminal())
        return false;
    if (asked->syntax == NULL)
        asked->syntax = parent_shell();
    return asked->syntax != NULL;
}

/* Whether `env` is to write for a program that reads a file, and not for a shell. */
static bool is_for_a_file(int count, char **words)
{
    static const char with_value[] = SHELL_OPTION "=";
    for (int at = 1; at < count; at++) {
        const char *shell = NULL;
        if (strcmp(words[at], SHELL_OPTION) == 0 && at + 1 < count)
            shell = words[at + 1];
        else if (begins_with(words[at], with_value))
            shell = words[at] + strlen(with_value);
        const struct syntax *syntax = shell != NULL ? find_syntax(shell) : NULL;
        if (syntax != NULL && syntax->fail_before == NULL)
            return true;
    }
    return false;
}

/* Says why nothing can be done for these words (the program's name aside). A shell that evaluates the output of `env`
 * loses its credentials, and fails. */
void fail_as_typed(int count, char **words, const char *what)
{
    static struct request asked;
    size_t written;
    const bool is_known = parse_request(count, words, &asked);
    if (is_known && asked.command == COMMAND_ENV && asked.syntax == NULL)
        asked.syntax = parent_shell();
    if (is_known && asked.syntax != NULL)
        fail_in_shell(&asked);
    else if (count > 0 && strcmp(words[0], "env") == 0 && !is_for_a_file(count, words))
        (void)write_all(1, "false\n", 6, &written);
    say(is_known ? asked.profile : "", what);
}
