"""Every time limit: those of a whole call, and those worked out from them. All in seconds.

Clients give up at different times: old Rust SDKs after 5 s, new ones after 21.6 s, Go and Kotlin after 60 s, nobody
tells the helper (measured; design, "Time"). Limits count from the process's start, on the monotonic clock.

This module imports nothing: the herd gate uses it before anything else is loaded.
"""

# A whole call: where cached credentials can be served instead, and where they cannot.
WITH_CACHE = 4.0
WITHOUT_CACHE = 15.0
# A source's process, or the way to an MFA code, may ask a person for something.
WITH_PERSON = 55.0
# While STS only throttles.
THROTTLED = 30.0
# A follower stops waiting this much earlier, so that there is time for a call of its own ...
FOLLOWER_RESERVE = 4.0
# ... but it waits at least this long: on a busy machine, starting may have taken most of the time.
SHORTEST_WAIT = 5.0
# The leader gives up this much before its followers do: they then share its failure, and do not all call STS.
LEADER_HEAD_START = 1.0
# At the herd gate, before anything is imported. Both leave enough for the full way.
GATE_WITH_CACHE = 2.0
GATE_WITHOUT_CACHE = 6.0
# Kept for STS when a person is asked for an MFA code: for the MFA session, and for the role.
AFTER_MFA_CODE = 6.0
# After a failed refresh STS is left alone for a time between these, while what is cached is good.
BACK_OFF = (30.0, 60.0)


def patience(*, has_cached: bool, asks_person: bool) -> float:
    """How long a whole call may take."""
    if has_cached:
        return WITH_CACHE
    return WITH_PERSON if asks_person else WITHOUT_CACHE


def leader_deadlines(
    started: float, begun: float, patience: float, until: float, *, has_cached: bool
) -> tuple[float, float]:
    """Until when the leader tries, and until when while STS only throttles (monotonic).

    It `begun` its call after the process `started`; `until` is the limit of the role that waits for this session.
    """
    if has_cached:
        at = min(max(started + patience, begun + 0.5), until)
        return at, at
    at = max(min(started + patience, begun + patience - FOLLOWER_RESERVE - LEADER_HEAD_START), begun + FOLLOWER_RESERVE)
    at = min(at, until)
    return at, max(at, min(begun + THROTTLED - FOLLOWER_RESERVE - LEADER_HEAD_START, until))


def follower_deadlines(
    started: float, begun: float, patience: float, until: float, *, has_cached: bool
) -> tuple[float, float]:
    """Until when a follower waits, and until when where the leader has said that it takes longer (monotonic)."""
    limit = started + patience
    if has_cached:
        at = min(limit, until)
        return at, at
    return min(max(limit - FOLLOWER_RESERVE, begun + SHORTEST_WAIT), until), min(begun + WITH_PERSON, until)
