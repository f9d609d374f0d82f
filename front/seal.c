/* The seal of the cache's files. */
#include "front.h"

#include <string.h>

__extension__ typedef unsigned __int128 u128;

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

/* Eight bytes as a number, the most significant first. */
static uint64_t eight(const unsigned char *at)
{
    return (uint64_t)at[0] << 56 | (uint64_t)at[1] << 48 | (uint64_t)at[2] << 40 | (uint64_t)at[3] << 32 |
           (uint64_t)at[4] << 24 | (uint64_t)at[5] << 16 | (uint64_t)at[6] << 8 | (uint64_t)at[7];
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
        const unsigned char *next = (const unsigned char *)data + at;
        found = times_2_128_plus(found, (u128)eight(next) << 64 | eight(next + 8));
        at += 16;
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
