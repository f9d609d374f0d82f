/* Files that are ours alone, and where they are: on POSIX. */
#ifndef _WIN32
#include "front.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifndef O_PATH
#define O_PATH 0
#endif
#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

bool is_private(const struct stat *status, bool is_directory)
{
    return (status->st_mode & S_IFMT) == (is_directory ? S_IFDIR : S_IFREG) && status->st_uid == geteuid() &&
           (status->st_mode & 077) == 0;
}

/* A descriptor of a directory that is ours alone; -1 for any other. A link is not followed. */
int open_private_directory(const char *path)
{
    struct stat status;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory >= 0 && (fstat(directory, &status) != 0 || !is_private(&status, true))) {
        close(directory);
        return -1;
    }
    return directory;
}

void close_directory(int directory)
{
    close(directory);
}

/* Reads a file that is ours alone into a buffer of `largest` + 1 bytes: 0, or -1 for any other file. */
int read_private(int directory, const char *name, char *into, size_t largest, size_t *size)
{
    struct stat status;
    int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return -1;
    int result = -1;
    if (fstat(file, &status) == 0 && is_private(&status, false) && (uintmax_t)status.st_size <= largest) {
        size_t wanted = (size_t)status.st_size;
        *size = 0;
        while (*size < wanted) {
            ssize_t count = read(file, into + *size, wanted - *size);
            if (count <= 0)
                break;
            *size += (size_t)count;
        }
        into[*size] = '\0';
        result = 0;
    }
    close(file);
    return result;
}

/* A time in nanoseconds, in decimal digits: from the year 2262 on it is more than a number of 64 bits. */
static void add_nanoseconds(struct text *text, long long seconds, long nanoseconds)
{
    char digits[10];
    if (seconds < 0) {
        add(text, "-");
        seconds = -(seconds + (nanoseconds > 0));
        nanoseconds = nanoseconds > 0 ? 1000000000 - nanoseconds : 0;
    }
    for (int at = 9; at-- > 0; nanoseconds /= 10)
        digits[at] = (char)('0' + nanoseconds % 10);
    digits[9] = '\0';
    const char *first = digits;
    if (seconds != 0)
        add_unsigned(text, (unsigned long long)seconds);
    else
        while (*first == '0' && first < digits + 8)
            first++;
    add(text, first);
}

/* The state of a file: size, mtime and ctime in nanoseconds, inode, device. */
void add_state(struct text *text, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        add(text, ABSENT);
        return;
    }
    add_number(text, (long long)status.st_size);
    add(text, " ");
    add_nanoseconds(text, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    add(text, " ");
    add_nanoseconds(text, status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    add(text, " ");
    add_unsigned(text, status.st_ino);
    add(text, " ");
    add_unsigned(text, (unsigned long long)status.st_dev);
}

/* A path with `~/` replaced by HOME. False for any other `~`: the user database is not asked here. */
bool expand_home(const char *written, struct text *path)
{
    if (written[0] == '~') {
        const char *home = variable("HOME");
        if (written[1] != '/' || home == NULL || *home == '\0')
            return false;
        size_t length = strlen(home);
        while (length > 0 && home[length - 1] == '/')
            length--;
        add_bytes(path, home, length);
        written++;
    }
    add(path, written);
    return !path->is_full;
}

bool is_absolute(const char *path)
{
    return path[0] == '/';
}

/* Where the cache is; false where that takes more than the environment. */
bool cache_directory(struct text *path)
{
    const char *given = variable("ASSUME_HELPER_CACHE_DIR");
    if (given != NULL && *given != '\0') {
        if (!expand_home(given, path) || path->at[0] != '/')
            return false;
        while (path->used > 1 && path->at[path->used - 1] == '/')
            path->at[--path->used] = '\0';
        return true;
    }
    const char *base = variable("XDG_CACHE_HOME");
    if (base != NULL && *base == '/') {
        add(path, base);
    } else {
        const char *home = variable("HOME");
        if (home == NULL || *home != '/' || !expand_home("~/", path))
            return false;
#ifdef __APPLE__
        add(path, "Library/Caches");
#else
        add(path, ".cache");
#endif
    }
    add(path, path->used > 0 && path->at[path->used - 1] == '/' ? "assume-helper" : "/assume-helper");
    return !path->is_full && is_ascii(path->at);
}

static bool config_path(const char *name, const char *otherwise, struct text *path)
{
    const char *given = variable(name);
    const char *written = given != NULL && *given != '\0' ? given : otherwise;
    return strchr(written, '$') == NULL && expand_home(written, path) && path->at[0] == '/' && is_ascii(path->at);
}

/* The paths of the two config files; false where they are not absolute, or expanded by more than HOME. */
bool config_paths(struct text *config, struct text *credentials)
{
    return config_path(WATCHED[0], "~/.aws/config", config) &&
           config_path(WATCHED[1], "~/.aws/credentials", credentials);
}
#endif
