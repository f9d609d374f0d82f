/* Files that are ours alone, their seal, and where they are. */
#ifndef _WIN32
#include "front.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

__extension__ typedef unsigned __int128 u128;

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

/* 2^128 = 159 in the remainders of the prime 2^128 - 159. */
static u128 times_2_128_plus(u128 remainder, u128 next)
{
    u128 high = (u128)(uint64_t)(remainder >> 64) * 159;
    u128 low = (u128)(uint64_t)remainder * 159;
    u128 middle = (high & UINT64_MAX) + (low >> 64);
    u128 over = (high >> 64) + (middle >> 64);
    u128 sum = (middle << 64) | (uint64_t)low;
    u128 carried = over * 159;
    u128 found = sum + carried;
    if (found < sum)
        found += 159;
    sum = found;
    found += next;
    if (found < sum)
        found += 159;
    return found;
}

/* The remainder of the number that the bytes `1` and `data` are, the most significant first. */
void fingerprint(const char *data, size_t size, char digits[PRINT_DIGITS + 1])
{
    u128 found = 0, prime = 0 - (u128)159;
    size_t at = 0, first = (size + 1) % 16 == 0 ? 16 : (size + 1) % 16;
    u128 block = (unsigned char)'1';
    for (size_t i = 1; i < first; i++)
        block = (block << 8) | (unsigned char)data[at++];
    found = times_2_128_plus(found, block);
    while (at < size) {
        block = 0;
        for (size_t i = 0; i < 16; i++)
            block = (block << 8) | (unsigned char)data[at++];
        found = times_2_128_plus(found, block);
    }
    if (found >= prime)
        found -= prime;
    for (size_t i = PRINT_DIGITS; i-- > 0; found >>= 4)
        digits[i] = "0123456789abcdef"[(unsigned)found & 15];
    digits[PRINT_DIGITS] = '\0';
}

/* What was sealed, and its size; NULL where it is not whole, or of another format. */
char *unsealed(char *data, size_t *size)
{
    const size_t before = strlen(SEAL), line = before + PRINT_DIGITS + 1;
    char digits[PRINT_DIGITS + 1];
    if (*size < line || memcmp(data, SEAL, before) != 0 || data[line - 1] != '\n')
        return NULL;
    fingerprint(data + line, *size - line, digits);
    if (memcmp(data + before, digits, PRINT_DIGITS) != 0)
        return NULL;
    *size -= line;
    return data + line;
}

/* The state of a file: size, mtime and ctime in nanoseconds, inode, device. */
void add_state(struct text *text, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        add(text, ABSENT);
        return;
    }
    const long long second = 1000000000;
    add_number(text, (long long)status.st_size);
    add(text, " ");
    add_number(text, (long long)status.st_mtim.tv_sec * second + status.st_mtim.tv_nsec);
    add(text, " ");
    add_number(text, (long long)status.st_ctim.tv_sec * second + status.st_ctim.tv_nsec);
    add(text, " ");
    add_number(text, (long long)status.st_ino);
    add(text, " ");
    add_number(text, (long long)status.st_dev);
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
