/* The native front of assume-helper: see front.h. */
#ifndef _WIN32
#include "front.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/xattr.h>
#else
#include <sys/resource.h>
#endif

static struct request asked;
static struct stamp stamp;
static struct answer found;

/* Whether this process has rights that its caller lacks: by a setuid or setgid bit, or a capability of its own file. A
 * security module sets AT_SECURE as well, for a unit of systemd: such a process is served. */
static bool is_elevated(void)
{
    if (getuid() != geteuid() || getgid() != getegid())
        return true;
#ifdef __linux__
    if (getauxval(AT_SECURE) != 0)
        return getxattr("/proc/self/exe", "security.capability", NULL, 0) >= 0 ||
               (errno != ENODATA && errno != ENOTSUP);
#endif
    return false;
}

/* No core file while secrets are read. A program that is executed is dumpable again. */
static void forbid_core_files(void)
{
#ifdef __linux__
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static bool are_standard_descriptors_open(void)
{
    return fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0;
}

/* Answers from the cache, or waits for whoever asks AWS. It returns what the Python program is to know of the gate. */
static void serve(double started, struct text *gate)
{
    const time_t now = (time_t)started;
    if (!may_serve(&asked) || !make_stamp(&asked, &stamp))
        return;
    forbid_core_files();
    enum outcome outcome = find_answer(&stamp, now, &found);
    if (outcome == HIT)
        outcome = hand_out(&asked, &found, now);
    if (outcome != MISS || !can_hand_gate_on()) /* a script that starts itself takes a gate of its own */
        return;
    if (take_or_wait(&asked, &stamp, started, gate) != GATE_WAITED)
        return;
    if (!make_stamp(&asked, &stamp)) /* the config may have changed meanwhile */
        return;
    outcome = find_answer(&stamp, time(NULL), &found);
    if (outcome == HIT)
        outcome = hand_out(&asked, &found, now);
    if (outcome == MISS) {
        int code = replay_failure(&asked, &stamp, started);
        if (code != 0)
            _exit(code);
        add(gate, "waited");
    }
}

int main(int count, char **words)
{
    char buffer[LONGEST_PATH];
    struct text gate = {buffer, sizeof buffer, 0, false};
    struct timespec now;
    buffer[0] = '\0';
    if (count < 1) {
        say("", "it was called without a name of its own; call it as assume-helper");
        return 1;
    }
    if (is_elevated()) {
        say("", "this runs with rights that you do not have (setuid, setgid or a file's capabilities); run it as yourself");
        return 1;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    const double started = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    if (are_standard_descriptors_open()) {
        if (parse_request(count - 1, words + 1, &asked)) {
            serve(started, &gate);
        } else {
            enum outcome outcome = answer_at_once(count - 1, words + 1);
            if (outcome != UNSURE)
                return outcome == HIT ? 0 : 1;
        }
    }
    return hand_on(count, words, started, buffer);
}
#endif
