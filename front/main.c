/* The front's place: it prints the version, and hands everything else on to `assume-helper-python` beside it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generated.h"

static int print_version(void) {
    return puts("assume-helper " VERSION) < 0 || fflush(stdout) != 0;
}

#ifdef _WIN32
#include <windows.h>

int main(int argc, char **argv) {
    static wchar_t path[32768], line[65536];
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return print_version();
    DWORD length = GetModuleFileNameW(NULL, path, 32700);
    while (length > 0 && path[length - 1] != L'\\')
        length--;
    wcscpy(path + length, L"assume-helper-python.exe");
    const wchar_t *rest = GetCommandLineW();
    int quoted = 0;
    while (*rest != 0 && (quoted || (*rest != L' ' && *rest != L'\t')))
        quoted ^= *rest++ == L'"';
    if (wcslen(rest) + wcslen(path) + 3 >= sizeof line / sizeof *line)
        return 1;
    wcscat(wcscat(wcscat(wcscpy(line, L"\""), path), L"\""), rest);
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION child;
    DWORD code = 1;
    if (!CreateProcessW(path, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child))
        return 1;
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &code);
    return (int)code;
}
#else
#include <limits.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

static char script[PATH_MAX + 32], called[PATH_MAX + 64], first[4096];

/* Whether the path of `assume-helper-python` beside this program is in `script`. */
static int find_script(void) {
    static char own[PATH_MAX + 1];
#ifdef __APPLE__
    static char given[PATH_MAX + 1];
    uint32_t size = sizeof given;
    if (_NSGetExecutablePath(given, &size) != 0 || realpath(given, own) == NULL)
        return 0;
#else
    ssize_t length = readlink("/proc/self/exe", own, PATH_MAX);
    if (length < 0)
        return 0;
    own[length] = 0;
#endif
    char *slash = strrchr(own, '/');
    if (slash == NULL)
        return 0;
    *slash = 0;
    return snprintf(script, sizeof script, "%s/assume-helper-python", own) > 0;
}

/* The interpreter that the script's first line names, or its second, as pip and uv write it; NULL where there is none. */
static char *interpreter(void) {
    FILE *file = fopen(script, "r");
    if (file == NULL)
        return NULL;
    size_t length = fread(first, 1, sizeof first - 1, file);
    fclose(file);
    first[length] = 0;
    if (strncmp(first, "#!", 2) != 0)
        return NULL;
    if (strncmp(first, "#!/bin/sh\n", 10) != 0) {
        first[strcspn(first, " \n")] = 0; /* pipx has pip write an argument behind it */
        return first + 2;
    }
    char *second = first + 10, *begin = strchr(second, '/'), *end = begin;
    if (begin == NULL)
        return NULL;
    while (*end != 0 && strchr("'\"\n", *end) == NULL)
        end++;
    if (begin[-1] != '\'' && begin[-1] != '"')
        end = begin + strcspn(begin, " \n");
    *end = 0;
    return begin;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return print_version();
    char **words = calloc((size_t)argc + 8, sizeof *words);
    if (argc < 1 || words == NULL || !find_script())
        return 1;
    snprintf(called, sizeof called, "assume_helper_called=%s", argv[0]);
    char *python = interpreter();
    size_t n = 0;
    if (python != NULL) {
        words[n++] = python;
        words[n++] = "-E";
        words[n++] = "-P";
        words[n++] = "-X";
        words[n++] = called;
    }
    words[n++] = script;
    for (int i = 1; i < argc; i++)
        words[n++] = argv[i];
    execv(words[0], words);
    fprintf(stderr, "assume-helper: %s cannot be started; install assume-helper again\n", words[0]);
    return 1;
}
#endif
