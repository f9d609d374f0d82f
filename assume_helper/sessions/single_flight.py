"""One call to STS for all processes that want the same session: what is cached, another's call, or one's own."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from assume_helper.cache import entries, key_lock
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry, Failure
from assume_helper.credentials import LAST_RESORT, Answer, Session, printed_expiration
from assume_helper.errors import (
    AssumeHelperError,
    MFACodeRefused,
    MFANotGiven,
    MFARequired,
    SourceExpired,
    STSNotReached,
    STSRefused,
    UnknownRegion,
)
from assume_helper.system import terminal
from assume_helper.system.context import CallContext
from assume_helper.system.deadline import Deadline

# Deadlines in seconds from the process's start, where cached credentials can be served instead, and where not (design,
# "Time": old Rust clients give up at 5 s, new ones at 21.6 s, Go and Kotlin at 60 s).
_PATIENCE_WITH_CACHE = 4.0
PATIENCE = 15.0
# A source's process, or the way to an MFA code, may ask a person for something.
_PATIENCE_WITH_SOMEBODY = 55.0
# While STS only throttles.
_PATIENCE_THROTTLED = 30.0
# Who waits for another's call stops this much earlier, and still has time for a call of its own; but on a machine so
# busy that starting took most of the time, a wait is worth more than one more process that calls. (With the longest
# wait at the door before it, it is no longer than for those who begin here.)
_RESERVE = 4.0
_SHORTEST_WAIT = 5.0
# Who calls gives up before those that wait do, so that they get its failure and do not all call as well.
_HEAD_START = 1.0
# After a failed refresh STS is left alone for so long, while what is cached is good.
_RETRY_AFTER = (30.0, 60.0)
# What does not take away the right to use what is cached.
_BRIDGED = (STSNotReached, SourceExpired, MFARequired, MFACodeRefused, UnknownRegion)
_STILL_CALLED = STSNotReached("another process is still calling STS", "try again in a minute")


@dataclass(frozen=True)
class LeaderBudget:
    """What the one that calls is given: its time, whether something cached can be served instead, and how to tell
    those who wait that it takes longer.
    """

    deadline: Deadline
    has_cached: bool
    waiting: Callable[[], None]

    def limit(self, context: CallContext) -> CallContext:
        """`context` for what the leader needs first: had in its time, and without asking anybody for a code where
        something cached can be served instead.
        """
        return replace(context, until=self.deadline.throttled_at, may_ask=context.may_ask and not self.has_cached)


@dataclass(frozen=True)
class Flight:
    """A session that is wanted: its key, and the call that gets it, which may have to ask a person for something."""

    store: Cache
    key: str
    context: CallContext = field(repr=False)
    asks_somebody: bool
    call: Callable[[LeaderBudget], Answer]


def session(flight: Flight) -> Entry:
    """The session: cached, another process's, or a new one. Raises AssumeHelperError."""
    store, key, context = flight.store, flight.key, flight.context
    clock = context.clock
    entry = entries.read(store, key)
    if entry is not None and entry.session.is_fresh(clock.now()):
        return entry
    usable = entry if entry is not None and _is_usable(entry.session, clock.now()) else None
    if usable is not None and _is_left_alone(entries.read_failure(store, key), clock.now()):
        return _last_stretch(usable, clock.now())
    try:
        return _shared_call(flight, has_cached=usable is not None)
    except _BRIDGED as error:
        if usable is None:
            raise
        context.warn(f"cached credentials were served, and no new ones could be had: {error.message}")
        return _last_stretch(usable, clock.now())


def refresh(flight: Flight, put_off: Callable[[float], None]) -> bool:
    """Replace a session that is due, for nobody who waits; whether it was. Not where another process does it now.

    `put_off` is told until when (seconds since the epoch) STS is left alone. Raises AssumeHelperError.
    """
    store, key, clock = flight.store, flight.key, flight.context.clock
    with key_lock.acquire(store, key, lambda: True) as is_held:
        entry = entries.read(store, key)
        if not is_held or entry is None or not entry.session.is_due(clock.now()):
            return False
        failure = entries.read_failure(store, key)
        if _is_left_alone(failure, clock.now()):
            put_off(failure.retry_at)
            return False
        try:
            _own_call(flight, has_cached=True, patience=_patience(flight, has_cached=False))
        except AssumeHelperError:
            failure = entries.read_failure(store, key)
            put_off(failure.retry_at if failure is not None else clock.now() + _RETRY_AFTER[1])
            raise
    return True


def _is_usable(session: Session, now: float) -> bool:
    return session.not_before <= now and session.left(now) > LAST_RESORT


def _is_left_alone(failure: Failure | None, now: float) -> TypeGuard[Failure]:
    """Whether a refresh has failed only now. (A `retry_at` far ahead is a clock that has jumped.)"""
    return (
        failure is not None
        and isinstance(failure.error, _BRIDGED)
        and not failure.waiting
        and now < failure.retry_at <= now + _RETRY_AFTER[1]
    )


def _last_stretch(entry: Entry, now: float) -> Entry:
    """An entry past its window: its document as it is or, where the printed end has come, with the true one."""
    session = entry.session
    if session.printed_left(now) > LAST_RESORT:
        return entry
    return Entry(session, credential_document(session.credentials, session.expiration, session.account_id))


def _shared_call(flight: Flight, *, has_cached: bool) -> Entry:
    """One call to STS for all processes that want it now: its result, or its failure."""
    store, key, context = flight.store, flight.key, flight.context
    clock = context.clock

    def settled() -> Entry | None:
        """What another process has got since this one began. Raises its failure."""
        now = clock.now()
        found = entries.read(store, key)
        if found is not None and (
            found.session.is_fresh(now)
            or (context.started <= found.session.issued <= now + 1 and found.session.left(now) > 0)
        ):
            return found
        failure = entries.read_failure(store, key)
        if failure is None or failure.waiting or not context.started <= failure.at <= now + 1:
            return None
        if type(failure.error) is MFARequired:
            return None  # that there is no way to a code is said of that process: this one may have a terminal
        if isinstance(failure.error, MFANotGiven) and failure.terminal != terminal.name():
            return None  # somebody else was asked
        raise failure.error

    patience = _patience(flight, has_cached=has_cached)
    begun = clock.monotonic()
    limit = context.started_monotonic + patience - (0 if has_cached else _RESERVE)
    wait_until = min(limit if has_cached else max(limit, begun + _SHORTEST_WAIT), context.until)

    def enough() -> bool:
        """Whether to wait no longer: there is an outcome, or neither this process nor the one that calls has time."""
        try:
            if settled() is not None:
                return True
        except AssumeHelperError:
            return True
        if clock.monotonic() < wait_until:
            return False
        note = entries.read_failure(store, key)
        is_called = note is not None and note.waiting and clock.now() < note.retry_at + _HEAD_START
        return has_cached or not is_called or clock.monotonic() >= min(begun + _PATIENCE_WITH_SOMEBODY, context.until)

    with key_lock.acquire(store, key, enough) as is_held:
        found = settled()
        if found is not None:
            return found
        if has_cached and not is_held and store.directory is not None and clock.monotonic() >= wait_until:
            raise _STILL_CALLED
        return _own_call(flight, has_cached=has_cached, patience=patience)


def _patience(flight: Flight, *, has_cached: bool) -> float:
    if has_cached:
        return _PATIENCE_WITH_CACHE
    return _PATIENCE_WITH_SOMEBODY if flight.asks_somebody else PATIENCE


def _own_call(flight: Flight, *, has_cached: bool, patience: float) -> Entry:
    """Call STS, and leave to the others what came of it."""
    store, key, context = flight.store, flight.key, flight.context
    clock = context.clock
    begun = clock.monotonic()
    if has_cached:
        at = max(context.started_monotonic + patience, begun + 0.5)
    else:
        at = max(min(context.started_monotonic + patience, begun + patience - _RESERVE - _HEAD_START), begun + _RESERVE)
    at = min(at, context.until)
    throttled_at = at
    if not has_cached:
        throttled_at = max(at, min(begun + _PATIENCE_THROTTLED - _RESERVE - _HEAD_START, context.until))

    def note(until: float) -> None:
        """Tell those who wait until when this process tries: they need not, unless it is stopped."""
        now = clock.now()
        entries.write_failure(store, key, Failure(now, now + until - clock.monotonic(), _STILL_CALLED, waiting=True))

    note(at)
    try:
        answer = flight.call(LeaderBudget(Deadline(at, throttled_at), has_cached, lambda: note(throttled_at)))
    except AssumeHelperError as error:
        if isinstance(error, STSRefused):
            entries.remove(store, key)
        now = clock.now()
        where = terminal.name() if isinstance(error, MFANotGiven) else ""
        entries.write_failure(store, key, Failure(now, now + random.uniform(*_RETRY_AFTER), error, terminal=where))
        raise
    session = Session(
        credentials=answer.credentials,
        expiration=answer.expiration,
        printed_expiration=printed_expiration(answer.expiration, answer.lifetime, context.host, key),
        issued=clock.now(),
        lifetime=answer.lifetime,
        assumed_role_arn=answer.assumed_role_arn,
        account_id=answer.account_id,
        clock_difference=answer.clock_difference,
    )
    entry = Entry(session, credential_document(session.credentials, session.printed_expiration, session.account_id))
    entries.write(store, key, entry)
    return entry
