/* Whether this program's own package is found by PYTHONPATH alone, as after `pip install --target` or `--prefix`. */
#include "front.h"

#include <string.h>

#ifdef _WIN32
#define SEPARATOR ';'
#else
#define SEPARATOR ':'
#endif

/* Then Python is to read PYTHONPATH, though it may hold other versions of the libraries: the package's own entry puts
 * the folders of others last. */
bool needs_python_path(void)
{
    const char *at = variable("PYTHONPATH");
    while (at != NULL && *at != '\0') {
        char path[LONGEST_PATH], found[256];
        struct text file = {path, sizeof path, 0, false}, state = {found, sizeof found, 0, false};
        const char *end = strchr(at, SEPARATOR);
        size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        add_bytes(&file, at, length);
        add(&file, length > 0 ? "/assume_helper/start.py" : "assume_helper/start.py");
        add_state(&state, path);
        if (!file.is_full && strcmp(found, ABSENT) != 0)
            return true;
        at = end != NULL ? end + 1 : NULL;
    }
    return false;
}
