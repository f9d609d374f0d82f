/* The front's parsers for libFuzzer, one target chosen by FRONT_FUZZ_TARGET (see fuzz_front.py). The sources are included, so
 * that their static functions are in reach; what they read comes from memory, what they write goes nowhere. */
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file that is read next, by the end of its name. */
static const uint8_t *given[2];
static size_t given_size[2];
static const char *const given_suffix[2] = {".hit", ".entry"};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool ends_with(const char *text, const char *with)
{
    size_t length = strlen(text), size = strlen(with);
    return length >= size && strcmp(text + length - size, with) == 0;
}

static int fuzz_directory(const char *path)
{
    check(strlen(path) < LONGEST_PATH);
    return 1000000;
}

static int fuzz_read_private(int directory, const char *name, char *into, size_t largest, size_t *size)
{
    (void)directory;
    size_t which = ends_with(name, given_suffix[0]) || ends_with(name, NAMES_SUFFIX) ? 0 : 1;
    if (given[which] == NULL || given_size[which] > largest)
        return -1;
    memcpy(into, given[which], given_size[which]);
    *size = given_size[which];
    into[*size] = '\0';
    return 0;
}

static bool fuzz_write_all(int descriptor, const char *data, size_t size, size_t *written)
{
    volatile char last = 0;
    for (size_t i = 0; i < size; i++)
        last = data[i];
    (void)last;
    (void)descriptor;
    *written = size;
    return true;
}

/* What a condition names is no file of this machine. */
static int fuzz_open(const char *path, int flags)
{
    (void)flags;
    check(path[strlen(path)] == '\0');
    errno = ENOENT;
    return -1;
}

static ssize_t fuzz_pread(int file, void *into, size_t most, off_t at)
{
    (void)file;
    (void)at;
    size_t size = given_size[0] < most ? given_size[0] : most;
    memcpy(into, given[0], size);
    return (ssize_t)size;
}

#include "../text.c"
#include "../caller.c"
#define write_all fuzz_write_all
#include "../seal.c"
#include "../files.c"
#include "../python_path.c"
#include "../request.c"
#define open fuzz_open
#include "../conditions.c"
#undef open
#define read_private fuzz_read_private
#define open_private_directory fuzz_directory
#include "../answer.c"
#include "../tab.c"
#undef open_private_directory
#undef read_private
#include "../hand_out.c"
#include "../exec.c"
#include "../hand_on.c"
#include "../tries.c"
#define pread fuzz_pread
#define lseek(file, at, from) ((file) == -1 ? 0 : 0)
#define ftruncate(file, size) ((size) < 0 ? -1 : 0)
#include "../refresh.c"
#undef ftruncate
#undef lseek
#undef pread
#include "../gate.c"
#include "../tables.c"

static char sealed[2][LARGEST_NAMES + 256];

/* Seals `size` bytes behind `before` as the file of that number. */
static void give(size_t which, const char *before, size_t before_size, const uint8_t *data, size_t size)
{
    char digits[PRINT_DIGITS + 1], *at = sealed[which];
    const size_t line = strlen(SEAL) + PRINT_DIGITS + 1;
    memcpy(at, SEAL, strlen(SEAL));
    memcpy(at + line, before, before_size);
    memcpy(at + line + before_size, data, size);
    fingerprint(at + line, before_size + size, digits);
    memcpy(at + strlen(SEAL), digits, PRINT_DIGITS);
    at[line - 1] = '\n';
    given[which] = (const uint8_t *)at;
    given_size[which] = line + before_size + size;
}

static struct request a_request(enum command command)
{
    static char *program[] = {(char *)(uintptr_t)"true", NULL};
    struct request asked = {command, "dev", {NULL}, 0, program, find_syntax("sh")};
    return asked;
}

static void give_hit(const uint8_t *data, size_t size, struct stamp *stamp, const struct request *asked)
{
    static char before[LARGEST_FILE + 1];
    check(make_stamp(asked, stamp));
    memcpy(before, stamp->data, stamp->size);
    before[stamp->size] = '\n';
    give(0, before, stamp->size + 1, data, size);
}

static void look_up(const struct stamp *stamp)
{
    static struct answer found;
    static struct environment made;
    if (find_answer(stamp, 2000000000, &found) != HIT)
        return;
    check(found.document[found.document_size - 1] == '\n');
    check(memchr(found.document, '\0', found.document_size) == NULL);
    check(strlen(found.key) <= KEY_DIGITS);
    struct request env = a_request(COMMAND_ENV), exec = a_request(COMMAND_EXEC);
    for (env.syntax = SYNTAX; env.syntax->shell != NULL; env.syntax++)
        print_variables(&env, &found);
    memset(&made, 0, sizeof made);
    if (make_environment(&made, &exec, &found))
        for (char **entry = made.entries; *entry != NULL; entry++)
            check(strchr(*entry, '=') != NULL);
}

static const char A_KEY[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void fuzz_hit(const uint8_t *data, size_t size)
{
    static const char entry[] = "1 4000000000 4000000000\n{\"Version\":1}\nAWS_ACCESS_KEY_ID=x\n\n{}";
    static struct stamp stamp;
    struct request asked = a_request(COMMAND_GET);
    give_hit(data, size, &stamp, &asked);
    give(1, "", 0, (const uint8_t *)entry, sizeof entry - 1);
    look_up(&stamp);
    asked.command = COMMAND_ENV;
    int code = replay_failure(&asked, &stamp, 0);
    check(code >= 0 && code < 256);
}

static void fuzz_entry(const uint8_t *data, size_t size)
{
    static struct stamp stamp;
    static char hit[256];
    struct request asked = a_request(COMMAND_GET);
    struct text text = {hit, sizeof hit, 0, false};
    add(&text, A_KEY);
    add_bytes(&text, "\0\0\0AWS_REGION=x\n\0quiet\0" "1", 24);
    give_hit((const uint8_t *)hit, text.used, &stamp, &asked);
    give(1, "", 0, data, size);
    look_up(&stamp);
}

static void fuzz_seal(const uint8_t *data, size_t size)
{
    static char content[LARGEST_FILE + 1];
    if (size > LARGEST_FILE)
        return;
    memcpy(content, data, size);
    size_t left = size;
    char *found = unsealed(content, &left);
    check(found == NULL || (found > content && found + left == content + size));
}

static size_t split(const uint8_t *data, size_t size, char *into, char **words, size_t most)
{
    size_t count = 0;
    memcpy(into, data, size);
    into[size] = '\0';
    for (char *at = into; at <= into + size && count < most; at += strlen(at) + 1)
        words[count++] = at;
    words[count] = NULL;
    return count;
}

static void fuzz_line(const uint8_t *data, size_t size)
{
    static struct request asked;
    static struct stamp stamp;
    static char line[8192], *words[257];
    if (size >= sizeof line)
        return;
    size_t count = split(data, size, line, words, 256);
    if (!parse_request((int)count, words, &asked))
        return;
    check(asked.profile != NULL && is_ascii(asked.profile) && *asked.profile != '\0');
    check(asked.word_count <= MOST_WORDS);
    for (size_t i = 0; i < asked.word_count; i++)
        check(is_ascii(asked.words[i]));
    check((asked.command == COMMAND_EXEC) == (asked.program != NULL));
    check(asked.program == NULL || *asked.program != NULL);
    if (make_stamp(&asked, &stamp))
        check(stamp.size <= LARGEST_FILE);
}

static void give_names(const uint8_t *data, size_t size)
{
    static char facts[4 * LONGEST_PATH];
    char config[LONGEST_PATH], credentials[LONGEST_PATH];
    struct text config_text = {config, sizeof config, 0, false};
    struct text credentials_text = {credentials, sizeof credentials, 0, false};
    struct text stamp = {facts, sizeof facts, 0, false};
    check(config_paths(&config_text, &credentials_text));
    add(&stamp, "names");
    add_bytes(&stamp, "", 1);
    add(&stamp, NAMES_FORMAT);
    add_bytes(&stamp, "", 1);
    add(&stamp, config);
    add_bytes(&stamp, "", 1);
    add(&stamp, credentials);
    add_bytes(&stamp, "", 1);
    add_state(&stamp, config);
    add_bytes(&stamp, "", 1);
    add_state(&stamp, credentials);
    add(&stamp, "\n");
    give(0, facts, stamp.used, data, size);
}

static void fuzz_names(const uint8_t *data, size_t size)
{
    static const char *const shells[] = {"bash", "zsh", "fish", "powershell"};
    const struct typed typed = {"", 0};
    for (size_t i = 0; i < 4; i++) {
        give_names(data, size);
        print_names(shells[i], &typed);
    }
}

static void fuzz_tab(const uint8_t *data, size_t size)
{
    static const char names[] = "a b\nacc:prod\nat@home\ndev\ndev-2\n";
    static char line[8192], *words[65];
    if (size >= sizeof line - 16)
        return;
    size_t count = split(data, size, line, words + 1, 63);
    words[0] = (char *)(uintptr_t)"completion";
    if (count > 1)
        words[2] = (char *)(uintptr_t)"--";
    give_names((const uint8_t *)names, sizeof names - 1);
    answer_at_once((int)count + 1, words);
}

static void fuzz_script(const uint8_t *data, size_t size)
{
    char lines[LONGEST_LINES + 1], path[LONGEST_PATH];
    struct text interpreter = {path, sizeof path, 0, false};
    path[0] = '\0';
    if (size > LONGEST_LINES)
        size = LONGEST_LINES;
    memcpy(lines, data, size);
    lines[size] = '\0';
    read_interpreter(lines, &interpreter);
    check(path[0] == '\0' || path[0] == '/');
    check(strlen(path) < LONGEST_PATH);
}

static void fuzz_tries(const uint8_t *data, size_t size)
{
    given[0] = data;
    given_size[0] = size;
    note_try(-1, A_KEY, 2000000000);
}

static void (*target)(const uint8_t *, size_t);

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *count, char ***words)
{
    static const struct { const char *name; void (*run)(const uint8_t *, size_t); } targets[] = {
        {"hit", fuzz_hit},     {"entry", fuzz_entry}, {"seal", fuzz_seal},     {"line", fuzz_line},
        {"names", fuzz_names}, {"tab", fuzz_tab},     {"script", fuzz_script}, {"tries", fuzz_tries},
    };
    (void)count;
    (void)words;
    const char *name = getenv("FRONT_FUZZ_TARGET");
    for (size_t i = 0; name != NULL && i < sizeof targets / sizeof *targets; i++)
        if (strcmp(targets[i].name, name) == 0)
            target = targets[i].run;
    check(target != NULL);
    clearenv();
    setenv("HOME", "/nonexistent", 1);
    setenv("PATH", "/nonexistent", 1);
    setenv("ASSUME_HELPER_CACHE_DIR", "/nonexistent/cache", 1);
    setenv("ASSUME_HELPER_REGION", "x", 1);
    setenv("AWS_REGION", "x", 1);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size <= LARGEST_FILE - 1024)
        target(data, size);
    return 0;
}
