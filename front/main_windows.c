/* The native front on Windows: see front.h. What the cache cannot answer is Python's, which runs as a child. */
#ifdef _WIN32
#include "on_windows.h"

static struct request asked;
static struct stamp stamp;
static struct answer found;

enum outcome execute(const struct request *request, const struct answer *answer, time_t started)
{
    (void)request, (void)answer, (void)started;
    return UNSURE;
}

static bool is_open(DWORD which)
{
    HANDLE handle = GetStdHandle(which);
    return handle != NULL && handle != INVALID_HANDLE_VALUE;
}

/* Answers from the cache, or waits for whoever asks AWS. An exit code; -1 where Python is to go on, with what it is to
 * know of the gate. */
static int serve(double started, struct text *gate)
{
    const time_t now = (time_t)started;
    if (!may_serve(&asked) || !make_stamp(&asked, &stamp))
        return -1;
    enum outcome outcome = find_answer(&stamp, now, &found);
    if (outcome == HIT)
        outcome = hand_out(&asked, &found, now);
    if (outcome != MISS || !can_hand_gate_on() || take_or_wait(&asked, &stamp, started, gate) != GATE_WAITED)
        return -1;
    outcome = find_answer(&stamp, time(NULL), &found);
    if (outcome == HIT)
        outcome = hand_out(&asked, &found, now);
    int code = outcome == MISS ? replay_failure(&asked, &stamp, started) : 0;
    if (code != 0)
        return code;
    if (outcome == MISS)
        add(gate, "waited");
    return -1;
}

int main(void)
{
    char buffer[64] = "", *words[MOST_TYPED];
    struct text gate = {buffer, sizeof buffer, 0, false};
    int count, code = -1;
    const double started = now_on_windows();
    const wchar_t *arguments = behind_program(GetCommandLineW());
    if (is_open(STD_INPUT_HANDLE) && is_open(STD_OUTPUT_HANDLE) && is_open(STD_ERROR_HANDLE) && read_environment() &&
        split(arguments, words, MOST_TYPED, &count)) {
        if (parse_request(count, words, &asked)) {
            code = serve(started, &gate);
        } else {
            enum outcome outcome = answer_at_once(count, words);
            code = outcome == UNSURE ? -1 : outcome == HIT ? 0 : 1;
        }
    }
    return code >= 0 ? code : start_python(arguments, started, buffer);
}
#endif
