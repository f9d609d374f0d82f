/* The command line and the environment as Python reads them on Windows, and how a command line is written. */
#ifdef _WIN32
#include "on_windows.h"

#include <stdlib.h>
#include <string.h>

#define NOT_ASCII '\x80' /* in place of each character beyond ASCII: what holds one is handed on */

char **own_environ;

void add_wide(struct wide *text, const wchar_t *part)
{
    size_t length = wcslen(part);
    if (text->is_full || length >= text->size - text->used) {
        text->is_full = true;
        return;
    }
    memcpy(text->at + text->used, part, (length + 1) * sizeof *part);
    text->used += length;
}

void add_ascii(struct wide *text, const char *part)
{
    wchar_t one[2] = {L'\0', L'\0'};
    for (; *part != '\0'; part++) {
        one[0] = (wchar_t)(unsigned char)*part;
        add_wide(text, one);
    }
}

/* A blank and a word in quotes, as the C runtime's parser reads it: backslashes before a quote are doubled. */
void add_quoted(struct wide *text, const char *word)
{
    size_t backslashes = 0;
    add_ascii(text, " \"");
    for (;; word++) {
        if (*word == '\\') {
            backslashes++;
            continue;
        }
        for (size_t left = *word == '"' || *word == '\0' ? 2 * backslashes : backslashes; left > 0; left--)
            add_ascii(text, "\\");
        backslashes = 0;
        if (*word == '\0')
            break;
        char one[3] = {'\\', *word, '\0'};
        add_ascii(text, *word == '"' ? one : one + 1);
    }
    add_ascii(text, "\"");
}

static char narrow(wchar_t c)
{
    return c < 128 ? (char)c : NOT_ASCII;
}

/* Copies the environment. False where a name is there twice (in other letters): which one counts is Python's to say. */
bool read_environment(void)
{
    wchar_t *block = GetEnvironmentStringsW();
    size_t size = 0, count = 0, at = 0;
    if (block == NULL)
        return false;
    for (; block[size] != L'\0'; size += wcslen(block + size) + 1)
        count++;
    char *text = malloc(size + 1);
    own_environ = calloc(count + 1, sizeof *own_environ);
    if (text == NULL || own_environ == NULL)
        return false;
    count = 0;
    while (at < size) {
        if (block[at] != L'=') /* such an entry is the working directory of a drive */
            own_environ[count++] = text + at;
        do
            text[at] = narrow(block[at]);
        while (block[at++] != L'\0');
    }
    FreeEnvironmentStringsW(block);
    for (char **each = own_environ; *each != NULL; each++) {
        const char *equals = strchr(*each, '=');
        if (equals == NULL)
            return false;
        for (char **other = each + 1; *other != NULL; other++)
            if (is_same_name(*other, *each, (size_t)(equals - *each) + 1))
                return false;
    }
    return true;
}

/* What stands behind the program's own name on the command line: as it was written, quotes and all. */
const wchar_t *behind_program(const wchar_t *line)
{
    bool is_quoted = false;
    for (; *line != L'\0' && (is_quoted || (*line != L' ' && *line != L'\t')); line++)
        if (*line == L'"')
            is_quoted = !is_quoted;
    return line;
}

/* The words of a command line, by the rules of Microsoft's C runtime, which Python has. False for more than `most`, and
 * for two quotes in a row within quotes, which versions of it read in different ways. */
bool split(const wchar_t *line, char **words, int most, int *count)
{
    char *text = malloc(wcslen(line) + 2);
    *count = 0;
    if (text == NULL)
        return false;
    for (;;) {
        bool is_quoted = false;
        line += wcsspn(line, L" \t");
        if (*line == L'\0')
            return true;
        if (*count == most)
            return false;
        words[(*count)++] = text;
        while (*line != L'\0' && (is_quoted || (*line != L' ' && *line != L'\t'))) {
            size_t backslashes = wcsspn(line, L"\\");
            bool is_quote = line[backslashes] == L'"';
            line += backslashes;
            for (size_t left = is_quote ? backslashes / 2 : backslashes; left > 0; left--)
                *text++ = '\\';
            if (is_quote && backslashes % 2 == 0) {
                if (is_quoted && line[1] == L'"')
                    return false;
                is_quoted = !is_quoted;
                line++;
            } else if (is_quote || (backslashes == 0 && *line != L'\0')) {
                *text++ = narrow(*line++);
            }
        }
        *text++ = '\0';
    }
}
#endif
