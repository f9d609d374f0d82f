/* The version, what `completion` and `init` print, and what TAB offers where a profile's name is wanted. As cli/tab.py. */
#include "front.h"

#include <errno.h>
#include <string.h>

#define LONGEST_INIT (32 * 1024) /* what `init` prints */

static char content[LARGEST_NAMES + 1];

struct typed { const char *current; size_t kept; };

static bool is_plain(char c, const char *more)
{
    return c != '\0' && (strchr(more, c) != NULL || strchr("_./:", c) != NULL || (c >= '0' && c <= '9') ||
                         (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

static bool takes_a_profile(const char *command, size_t length)
{
    for (size_t i = 0; TAB_COMMANDS[i] != NULL; i++)
        if (strlen(TAB_COMMANDS[i]) == length && strncmp(TAB_COMMANDS[i], command, length) == 0)
            return true;
    return false;
}

/* bash: the line up to the cursor, without quotes. Its second word is one of the commands, its third the last one. */
static bool typed_in_bash(const char *line, const char *breaks, struct typed *typed)
{
    const char *words[3], *at = line;
    size_t lengths[3], count = 0;
    for (const char *c = line; *c != '\0'; c++)
        if (*c != ' ' && !is_plain(*c, "@%+=,-"))
            return false;
    for (;;) {
        size_t length = strcspn(at, " ");
        bool is_last = at[length] == '\0';
        if (length > 0 || is_last) {
            if (count == 3)
                return false;
            words[count] = at;
            lengths[count++] = length;
        }
        if (is_last)
            break;
        at += length + 1;
    }
    if (count != 3 || !takes_a_profile(words[1], lengths[1]))
        return false;
    typed->current = words[2];
    for (size_t i = 0; i < lengths[2]; i++)
        if (strchr(breaks, words[2][i]) != NULL)
            typed->kept = i + 1 - (words[2][i] == '@');
    return true;
}

static bool find_typed(const char *shell, int count, char **words, struct typed *typed)
{
    typed->kept = 0;
    if (strcmp(shell, "bash") == 0) {
        if (!typed_in_bash(words[0], count > 1 ? words[1] : "", typed))
            return false;
    } else if (strcmp(shell, "powershell") == 0) {
        if (count != 2)
            return false;
        const char *command = words[0] + (words[0][0] == '.'), *current = words[1] + (words[1][0] == '.');
        if (!takes_a_profile(command, strlen(command)))
            return false;
        typed->current = current;
    } else if (strcmp(shell, "zsh") == 0 || strcmp(shell, "fish") == 0) {
        if (count != 2 || words[1][0] == '-' || !takes_a_profile(words[0], strlen(words[0])))
            return false;
        typed->current = ""; /* these shells compare with the current word themselves */
    } else {
        return false;
    }
    return typed->current[0] != '-' && is_ascii(typed->current);
}

/* The names that are cached for the config files as they are now; NULL where there are none. */
static char *read_names(char **end)
{
    char config[LONGEST_PATH], credentials[LONGEST_PATH], folder[LONGEST_PATH], facts[4 * LONGEST_PATH];
    char name[PRINT_DIGITS + 16], digits[PRINT_DIGITS + 1];
    struct text config_text = {config, sizeof config, 0, false}, path = {folder, sizeof folder, 0, false};
    struct text credentials_text = {credentials, sizeof credentials, 0, false};
    struct text stamp = {facts, sizeof facts, 0, false}, file = {name, sizeof name, 0, false};
    if (!config_paths(&config_text, &credentials_text) || !cache_directory(&path))
        return NULL;
    add(&stamp, "names");
    add_bytes(&stamp, "", 1);
    add(&stamp, NAMES_FORMAT);
    add_bytes(&stamp, "", 1);
    add(&stamp, config);
    add_bytes(&stamp, "", 1);
    add(&stamp, credentials);
    fingerprint(facts, stamp.used, digits);
    add_bytes(&stamp, "", 1);
    add_state(&stamp, config);
    add_bytes(&stamp, "", 1);
    add_state(&stamp, credentials);
    add(&file, digits);
    add(&file, NAMES_SUFFIX);
    int directory = open_private_directory(folder);
    if (directory < 0 || stamp.is_full)
        return NULL;
    size_t size;
    int result = read_private(directory, name, content, LARGEST_NAMES, &size);
    close_directory(directory);
    char *found = result == 0 ? unsealed(content, &size) : NULL;
    if (found == NULL || size <= stamp.used || memcmp(found, facts, stamp.used) != 0 || found[stamp.used] != '\n')
        return NULL;
    *end = found + size;
    return found + stamp.used + 1;
}

/* How many characters from here on the shell takes as they are; `plain` tells which. */
static size_t plain_run(const char *name, const bool plain[256])
{
    size_t length = 0;
    while (plain[(unsigned char)name[length]])
        length++;
    return length;
}

/* Adds a name that is not plain as the shell reads it. False where only the Python program can write it. */
static bool add_quoted(struct text *text, const char *shell, const char *name, const bool plain[256])
{
    if (!is_ascii(name) || strcmp(shell, "powershell") == 0)
        return false;
    for (; *name != '\0'; name++) {
        if (strcmp(shell, "bash") == 0 && !plain[(unsigned char)*name])
            add(text, "\\");
        add_bytes(text, name, 1);
    }
    add(text, "\n");
    return true;
}

/* Adds the name of each line that begins with what is typed. False where only the Python program can write one. */
static bool add_names(struct text *text, const char *shell, const struct typed *typed, char *name, const char *end)
{
    const bool is_powershell = strcmp(shell, "powershell") == 0;
    const size_t typed_length = strlen(typed->current);
    bool plain[256];
    for (int c = 0; c < 256; c++)
        plain[c] = c < 128 && is_plain((char)c, is_powershell ? "-" : "@%+=,-");
    while (name < end) {
        size_t length = plain_run(name, plain);
        const bool is_plain_name = name[length] == '\n';
        if (!is_plain_name) {
            char *newline = memchr(name, '\n', (size_t)(end - name));
            if (newline == NULL || memchr(name, '\0', (size_t)(newline - name)) != NULL)
                return false;
            *newline = '\0';
            length = (size_t)(newline - name);
        }
        if (length >= typed_length && memcmp(name, typed->current, typed_length) == 0) {
            if (!is_plain_name && !add_quoted(text, shell, name + typed->kept, plain))
                return false;
            if (is_plain_name && is_powershell) {
                if (name[0] == '-')
                    return false;
                add_bytes(text, name, length);
                add(text, "\t");
                add_bytes(text, name, length);
                add(text, "\t");
            }
            if (is_plain_name)
                add_bytes(text, name + typed->kept, length + 1 - typed->kept);
        }
        name += length + 1;
    }
    return !text->is_full;
}

/* MISS: a part is out, and the rest cannot be, which is said. */
static enum outcome print_text(const char *text, size_t size)
{
    size_t written;
    if (write_all(1, text, size, &written))
        return HIT;
    const int reason = errno;
    if (written > 0)
        say_unprintable("", "the output", reason);
    return written == 0 ? UNSURE : MISS;
}

static enum outcome print_names(const char *shell, const struct typed *typed)
{
    static char output[2 * LARGEST_NAMES];
    struct text text = {output, sizeof output, 0, false};
    char *end = NULL, *name = read_names(&end);
    if (name == NULL || !add_names(&text, shell, typed, name, end))
        return UNSURE;
    return print_text(output, text.used);
}

static const char *find_text(const struct pair *texts, const char *shell)
{
    for (; texts->first != NULL; texts++)
        if (strcmp(texts->first, shell) == 0)
            return texts->second;
    return NULL;
}

static bool is_function_name(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++)
        if (name[i] != '-' && (!is_plain(name[i], "") || strchr("./:", name[i]) != NULL))
            return false;
    for (size_t i = 0; NO_FUNCTIONS[i] != NULL; i++)
        if (strcmp(name, NO_FUNCTIONS[i]) == 0)
            return false;
    return length > 0 && length <= LONGEST_FUNCTION && name[0] != '-' && name[0] != '_' &&
           !(name[0] >= '0' && name[0] <= '9');
}

/* `init SHELL [--command NAME]`: the text, with the function's name in it. NULL where only Python can answer. */
static const char *init_text(int count, char **words)
{
    static char output[LONGEST_INIT];
    struct text text = {output, sizeof output, 0, false};
    const char *name = USUAL_FUNCTION, *from = find_text(FUNCTIONS, words[1]), *hole;
    if (count == 4 && strcmp(words[2], "--command") == 0 && is_function_name(words[3]))
        name = words[3];
    else if (count != 2)
        return NULL;
    if (from == NULL)
        return NULL;
    for (; (hole = strstr(from, FUNCTION)) != NULL; from = hole + strlen(FUNCTION)) {
        add_bytes(&text, from, (size_t)(hole - from));
        add(&text, name);
    }
    add(&text, from);
    return text.is_full ? NULL : output;
}

/* Prints what nothing but this program and the names' file decides. */
enum outcome answer_at_once(int count, char **words)
{
    struct typed typed;
    const char *text = NULL;
    if (count == 1 && strcmp(words[0], "--version") == 0)
        text = "assume-helper " VERSION "\n";
    if (count == 2 && strcmp(words[0], "completion") == 0)
        text = find_text(SCRIPTS, words[1]);
    if (count >= 2 && strcmp(words[0], "init") == 0)
        text = init_text(count, words);
    if (text != NULL)
        return print_text(text, strlen(text));
    if (count >= 4 && strcmp(words[0], "completion") == 0 && strcmp(words[2], "--") == 0 &&
        find_typed(words[1], count - 3, words + 3, &typed))
        return print_names(words[1], &typed);
    return UNSURE;
}
