/* A fresh answer straight from the cache: the stamp, the `.hit` file, the entry. As hit.answer. */
#include "front.h"

#include <stdlib.h>
#include <string.h>

/* The content of the files. Nothing in them decides how much memory is used. */
static char hit_content[LARGEST_FILE + 1], entry_content[LARGEST_FILE + 1];

/* What the answer depends on: facts with NUL between them. False where a fact is not ASCII, or too long. */
bool make_stamp(const struct request *asked, struct stamp *stamp)
{
    char config[LONGEST_PATH], credentials[LONGEST_PATH];
    struct text config_text = {config, sizeof config, 0, false};
    struct text credentials_text = {credentials, sizeof credentials, 0, false};
    struct text data = {stamp->data, sizeof stamp->data, 0, false};
    if (!config_paths(&config_text, &credentials_text))
        return false;
    add(&data, asked->profile);
    add_bytes(&data, "", 1);
    add(&data, STAMP_FORMAT);
    add_bytes(&data, "", 1);
    add(&data, config);
    add_bytes(&data, "", 1);
    add(&data, credentials);
    for (size_t i = 0; WATCHED[i] != NULL; i++) {
        const char *value = variable(WATCHED[i]);
        add_bytes(&data, "", 1);
        if (value != NULL) {
            if (!is_ascii(value))
                return false;
            add(&data, "=");
            add(&data, value);
        }
    }
    for (size_t i = 0; i < asked->word_count; i++) {
        add_bytes(&data, "", 1);
        add(&data, asked->words[i]);
    }
    if (data.is_full)
        return false;
    fingerprint(data.at, data.used, stamp->name);
    add_bytes(&data, "", 1);
    add_state(&data, config);
    add_bytes(&data, "", 1);
    add_state(&data, credentials);
    stamp->size = data.used;
    return !data.is_full;
}

/* What lies behind the stamp in the `.hit` file, and its end; NULL where there is no such file for this stamp. */
static char *read_hit(int directory, const struct stamp *stamp, char **end)
{
    char name[PRINT_DIGITS + 8];
    struct text text = {name, sizeof name, 0, false};
    size_t size;
    add(&text, stamp->name);
    add(&text, ".hit");
    if (read_private(directory, name, hit_content, LARGEST_FILE, &size) != 0)
        return NULL;
    char *content = unsealed(hit_content, &size);
    if (content == NULL || size <= stamp->size || memcmp(content, stamp->data, stamp->size) != 0 ||
        content[stamp->size] != '\n')
        return NULL;
    *end = content + size;
    return content + stamp->size + 1;
}

/* The next field, which a NUL ends; NULL where there is none any more. */
static char *next_field(char **at, const char *end)
{
    char *field = *at, *nul = memchr(field, '\0', (size_t)(end - field));
    if (nul == NULL)
        return NULL;
    *at = nul + 1;
    return field;
}

static bool is_key(const char *key)
{
    size_t length = strlen(key);
    if (length == 0 || length > KEY_DIGITS)
        return false;
    return strspn(key, "0123456789abcdef") == length;
}

/* A whole number, which ends at `end`. */
static bool read_number(const char **at, char end, long long *number)
{
    char *after;
    if ((**at < '0' || **at > '9') && **at != '-')
        return false;
    *number = strtoll(*at, &after, 10);
    if (*after != end)
        return false;
    *at = after + 1;
    return true;
}

/* The variables: lines up to an empty one. They end with NUL then. NULL where one holds a NUL, or is no variable. */
static char *lines_up_to_an_empty_one(char *at, const char *end)
{
    char *begin = at;
    while (at < end && *at != '\n') {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL || memchr(at, '\0', (size_t)(newline - at)) != NULL ||
            memchr(at, '=', (size_t)(newline - at)) == NULL)
            return NULL;
        at = newline + 1;
    }
    if (at >= end)
        return NULL;
    *at = '\0';
    return begin;
}

static enum outcome read_entry(int directory, time_t now, struct answer *found)
{
    char name[KEY_DIGITS + 8];
    struct text text = {name, sizeof name, 0, false};
    size_t size;
    long long not_before, served_until, refreshed_from;
    add(&text, found->key);
    add(&text, ".entry");
    if (read_private(directory, name, entry_content, LARGEST_FILE, &size) != 0)
        return MISS;
    char *content = unsealed(entry_content, &size);
    if (content == NULL)
        return MISS;
    const char *at = content, *end = content + size;
    if (!read_number(&at, ' ', &not_before) || !read_number(&at, ' ', &served_until) ||
        !read_number(&at, '\n', &refreshed_from))
        return UNSURE;
    char *document = content + (at - content);
    char *newline = memchr(document, '\n', (size_t)(end - document));
    if (newline == NULL || memchr(document, '\0', (size_t)(newline - document)) != NULL)
        return UNSURE;
    found->document = document;
    found->document_size = (size_t)(newline - document) + 1;
    found->variables = lines_up_to_an_empty_one(newline + 1, end);
    if (found->variables == NULL)
        return UNSURE;
    if (now < not_before || now >= served_until)
        return MISS;
    found->is_due = now >= refreshed_from;
    return HIT;
}

/* What is cached and fresh at `now` for the request that was stamped. `found` points into buffers that the next call uses again. */
enum outcome find_answer(const struct stamp *stamp, time_t now, struct answer *found)
{
    struct text path = {found->directory, sizeof found->directory, 0, false};
    if (!cache_directory(&path))
        return UNSURE;
    int directory = open_private_directory(path.at);
    if (directory < 0)
        return MISS;
    char *end, *at = read_hit(directory, stamp, &end);
    if (at == NULL || (end - at >= 2 && memcmp(at, "-\n", 2) == 0)) {
        close_directory(directory);
        return MISS;
    }
    char *key = next_field(&at, end), *elsewhere = key != NULL ? next_field(&at, end) : NULL;
    char *origin = elsewhere != NULL ? next_field(&at, end) : NULL;
    found->given = origin != NULL ? next_field(&at, end) : NULL;
    char *quiet = found->given != NULL ? next_field(&at, end) : NULL;
    enum outcome outcome = quiet != NULL && is_key(key) ? HIT : UNSURE;
    bool needs_python = false;
    char *what;
    while (outcome == HIT && (what = next_field(&at, end)) != NULL) {
        char *value = next_field(&at, end);
        if (value == NULL)
            outcome = UNSURE;
        else if (strcmp(what, FULL_WAY) == 0)
            needs_python = true;
        else
            outcome = condition_holds(what, value);
    }
    if (outcome == HIT && needs_python)
        outcome = ASK;
    if (outcome == HIT && *elsewhere != '\0') {
        path.used = 0;
        path.is_full = false;
        add(&path, elsewhere);
        close_directory(directory);
        directory = path.is_full || !is_absolute(elsewhere) ? -1 : open_private_directory(path.at);
        outcome = directory < 0 ? MISS : HIT;
    }
    if (outcome == HIT) {
        memcpy(found->key, key, strlen(key) + 1);
        found->is_quiet = strcmp(quiet, "quiet") == 0;
        outcome = read_entry(directory, now, found);
    }
    if (directory >= 0)
        close_directory(directory);
    return outcome;
}

/* Replays the leader's failure, if it is of `since` (seconds since the epoch) or later, and everybody's: its exit code.
 * 0 where there is none that is known to be this process's too. */
int replay_failure(const struct request *asked, const struct stamp *stamp, double since)
{
    char folder[LONGEST_PATH], *end;
    struct text path = {folder, sizeof folder, 0, false};
    size_t written;
    if (!cache_directory(&path))
        return 0;
    int directory = open_private_directory(folder);
    if (directory < 0)
        return 0;
    char *at = read_hit(directory, stamp, &end);
    close_directory(directory);
    if (at == NULL || end - at < 2 || memcmp(at, "-\n", 2) != 0)
        return 0;
    char *after;
    double when = strtod(at + 2, &after);
    const char *number = after + 1;
    long long code;
    if (*after != '\n' || !read_number(&number, '\n', &code) || code <= 0 || code > 255)
        return 0;
    char *line = at + (number - at);
    if (!(since <= when && when <= (double)time(NULL) + 2) || line >= end || *line != '\n' || line + 1 == end)
        return 0;
    fail_in_shell(asked);
    *end = '\n';
    (void)write_all(2, line + 1, (size_t)(end - line), &written);
    return (int)code;
}
