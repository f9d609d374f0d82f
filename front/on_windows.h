/* What the Windows parts of the front share: wide text, the gate that is held, and how Python is started. */
#ifndef ON_WINDOWS_H
#define ON_WINDOWS_H

#include "front.h"

#include <wchar.h>
#include <windows.h>

#define LONGEST_LINE 32767 /* of a command (CreateProcessW) */
#define NO_DIRECTORY (-1)
#define MOST_TYPED 256 /* words of a command line */

struct wide {
    wchar_t *at;
    size_t size, used;
    bool is_full;
};
struct launched { wchar_t script[LONGEST_LINE], interpreter[LONGEST_PATH]; };

/* command_line.c */
void add_wide(struct wide *text, const wchar_t *part);
void add_ascii(struct wide *text, const char *part);
void add_quoted(struct wide *text, const char *word);
bool read_environment(void);
const wchar_t *behind_program(const wchar_t *line);
bool split(const wchar_t *line, char **words, int most, int *count);

/* access_list_windows.c */
bool is_closed_to_others(HANDLE file);

/* files_windows.c */
HANDLE open_file(int directory, const char *name, DWORD access, DWORD how);

/* interpreter_windows.c */
void find_interpreter(struct launched *found);

/* gate_windows.c */
void hold_gate_until(HANDLE child);

/* hand_on_windows.c */
int start_python(const wchar_t *arguments, double started, const char *gate);
double now_on_windows(void);

#endif
