/* The native front: what the cache can answer, without an interpreter. docs/explanation/cache-format.md specifies it.
 *
 * It knows nothing of its own: names, syntax and times are generated from the Python package (generate.py). Whatever it
 * does not know for certain it hands on to the Python program (hand_on.c), which is always right to do. */
#ifndef FRONT_H
#define FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "generated.h"

#ifdef _WIN32
#define CAN_EXECUTE false
#define environ own_environ /* made by main_windows.c */
#else
#include <sys/stat.h>
#define CAN_EXECUTE true
#endif
extern char **environ;

#define MOST_WORDS 64        /* of a command line, before `--` */
#define MOST_FACTS 128       /* of a stamp */
#define LONGEST_PATH 4096
#define MOST_VARIABLES 4096  /* of an environment */
#define KEY_DIGITS 64
#define PRINT_DIGITS 32      /* of a fingerprint */

enum option_kind { OPTION_FLAG, OPTION_VALUE, OPTION_PATH };
struct option { const char *command, *name; enum option_kind kind; };
struct handed_on { const char *mark; const char *names[2]; };
struct syntax {
    const char *shell, *before, *between, *behind, *setting, *clearing;
    const char *fail_before, *fail_each, *fail_between, *fail_behind;
};
struct pair { const char *first, *second; };

extern const char *const WATCHED[], *const CREDENTIALS[], *const IDENTITY[], *const STALE[], *const ALWAYS_CLEARED[];
extern const char *const CONTAINER[], *const TAB_COMMANDS[], *const NO_FUNCTIONS[];
extern const struct option OPTIONS[];
extern const struct handed_on HANDED_ON[];
extern const struct syntax SYNTAX[];
extern const struct pair KNOWN_AS[], SCRIPTS[], FUNCTIONS[];

/* What a step came to. UNSURE: hand on as if nothing was tried. ASK: only the Python program can answer, and nobody is
 * to wait at the gate for it. MISS: nothing is cached. */
enum outcome { HIT, MISS, ASK, UNSURE };

enum command { COMMAND_GET, COMMAND_EXEC, COMMAND_ENV };

/* A command line that a cached session may answer. `words` are those of the options that shape the session. */
struct request {
    enum command command;
    const char *profile;
    const char *words[MOST_WORDS];
    size_t word_count;
    char **program;               /* of `exec`: it ends with NULL */
    const struct syntax *syntax;  /* of `env` */
};

/* What is cached for it: all of this lies in fixed buffers. `variables` and `given` are lines, NAME=VALUE each. */
struct answer {
    char *document;  /* with its line's end */
    size_t document_size;
    char *variables, *given;  /* each ends with NUL */
    bool is_quiet, is_due;
    char directory[LONGEST_PATH];
    char key[KEY_DIGITS + 1];
};

/* The stamp of a request: the name of its files, and what its `.hit` file has to begin with. */
struct stamp {
    char name[PRINT_DIGITS + 1];
    char data[LARGEST_FILE];
    size_t size;
};

/* text.c */
struct text {
    char *at;
    size_t size, used;
    bool is_full;
};
void add(struct text *text, const char *part);
void add_bytes(struct text *text, const char *part, size_t size);
void add_number(struct text *text, long long number);
void add_unsigned(struct text *text, unsigned long long number);
bool begins_with(const char *text, const char *with);
bool is_ascii(const char *text);
bool is_plain_value(const char *text, size_t size);
const char *variable(const char *name);
bool is_set(const char *name);
void say(const char *subject, const char *what);
void say_unprintable(const char *subject, const char *what, int reason);

/* seal.c */
char *unsealed(char *data, size_t *size);
void fingerprint(const char *data, size_t size, char digits[PRINT_DIGITS + 1]);

/* files.c, files_windows.c */
int open_private_directory(const char *path);
void close_directory(int directory);
int read_private(int directory, const char *name, char *into, size_t largest, size_t *size);
bool expand_home(const char *written, struct text *path);
bool is_absolute(const char *path);
void add_state(struct text *text, const char *path);
bool cache_directory(struct text *path);
bool config_paths(struct text *config, struct text *credentials);
bool needs_python_path(void);

#ifndef _WIN32
bool is_private(const struct stat *status, bool is_directory);
#endif

/* caller.c, caller_windows.c */
bool is_same_name(const char *entry, const char *name, size_t length);
bool is_home_foreign(void);
bool is_terminal(void);
const struct syntax *parent_shell(void);
bool working_directory(char *into, size_t size);
bool write_all(int descriptor, const char *data, size_t size, size_t *written);

/* request.c */
bool parse_request(int count, char **words, struct request *found);
bool may_serve(struct request *asked);
void fail_as_typed(int count, char **words, const char *what);
const struct syntax *find_syntax(const char *shell);

/* answer.c */
bool make_stamp(const struct request *asked, struct stamp *stamp);
enum outcome find_answer(const struct stamp *stamp, time_t now, struct answer *found);
int replay_failure(const struct request *asked, const struct stamp *stamp, double since);

/* conditions.c */
enum outcome condition_holds(const char *what, const char *value);

/* hand_out.c */
enum outcome hand_out(const struct request *asked, const struct answer *found, time_t started);
void fail_in_shell(const struct request *asked);
void fail_ended(const struct request *asked, const char *by);
void each_left_over(void (*take)(void *, const char *), void *into);

/* exec.c */
enum outcome execute(const struct request *asked, const struct answer *found, time_t started);

/* tab.c */
enum outcome answer_at_once(int count, char **words);

/* gate.c, gate_windows.c */
enum gate { GATE_NONE, GATE_LEADER, GATE_WAITED };
enum gate take_or_wait(const struct request *asked, const struct stamp *stamp, double started, struct text *held);

/* tries.c */
void slot_of(const char *key, char name[3]);
bool add_try(struct text *text, char *noted, const char *key, double now, unsigned id);

/* refresh.c, refresh_windows.c */
void refresh_ahead(const struct request *asked, const struct answer *found, time_t now);

/* hand_on.c, hand_on_windows.c */
bool can_hand_gate_on(void);
struct python { char script[LONGEST_PATH], interpreter[LONGEST_PATH]; };
bool find_python(struct python *found, struct text *problem);
int hand_on(int count, char **words, double started, const char *gate);

#endif
