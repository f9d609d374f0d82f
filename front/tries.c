/* The tries to refresh in the background that are noted in a file, a line each. As sessions.refresh_ahead. */
#include "front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_NOTED 32 /* so many digits of a key are noted */

/* The name of the file that a key shares with others. */
void slot_of(const char *key, char name[3])
{
    char digits[9];
    memcpy(digits, key + 1, 8);
    digits[8] = '\0';
    unsigned long slot = strtoul(digits, NULL, 16) % REFRESH_SLOTS;
    name[0] = "0123456789abcdef"[slot >> 4];
    name[1] = "0123456789abcdef"[slot & 15];
    name[2] = '\0';
}

/* Adds the tries that count, with a new one for the key; whether it is its turn. A time far ahead is a clock that has
 * jumped. `id` is this process's. */
bool add_try(struct text *text, char *noted, const char *key, double now, unsigned id)
{
    char *kept[MOST_TRIES], last[64];
    size_t count = 0;
    for (char *line = strtok(noted, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *blank = strchr(line, ' '), *end;
        if (blank == NULL)
            continue;
        double until = strtod(blank + 1, &end);
        if (*end != '\0' || end == blank + 1 || !(now < until && until <= now + BACK_OFF_LONGEST))
            continue;
        if ((size_t)(blank - line) == KEY_NOTED && strncmp(line, key, KEY_NOTED) == 0)
            return false;
        if (count == MOST_TRIES - 1) {
            memmove(kept, kept + 1, (count - 1) * sizeof *kept);
            count--;
        }
        kept[count++] = line;
    }
    for (size_t i = 0; i < count; i++) {
        add(text, kept[i]);
        add(text, "\n");
    }
    int length = snprintf(last, sizeof last, "%.*s %.3f\n", KEY_NOTED, key,
                          now + BACK_OFF_SHORTEST + id % (BACK_OFF_LONGEST - BACK_OFF_SHORTEST));
    if (length <= 0 || (size_t)length >= sizeof last)
        return false;
    add(text, last);
    return !text->is_full;
}
