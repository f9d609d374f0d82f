"""Single flight: one call to STS for all processes that want the same session.

Of these one leads: it holds the key's lock and calls. The followers wait, and take its session or its failure.
"""

from collections.abc import Callable

from assume_helper.cache import entries, key_lock, outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry
from assume_helper.cache.outcomes import Failure, LeaderClaim, NotKept
from assume_helper.cache.session import Session, printed_expiration
from assume_helper.credentials import LAST_RESORT, Answer
from assume_helper.errors import (
    AssumeHelperError,
    MFACodeRefused,
    MFANotGiven,
    MFARequired,
    STSNotReached,
    internal_fault,
)
from assume_helper.light import TypeGuard, dataclass, field, replace
from assume_helper.sessions import asker, time_budget
from assume_helper.system import terminal
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.deadline import ONE_CALL, Deadline
from assume_helper.system.warning import Warning


@dataclass(frozen=True)
class LeaderBudget:
    """What the leader is given: its deadline, whether cached credentials can be served instead of new ones, and how to
    tell the followers that it takes longer.
    """

    deadline: Deadline
    has_cached: bool
    extend_claim: Callable[[], None]

    def for_last_call(self, clock: Clock) -> Deadline:
        """The deadline of the call that comes now, last of all: also where what it needs has taken all the time."""
        return self.deadline.extended(clock.monotonic() + ONE_CALL)

    def limit(self, context: CallContext) -> CallContext:
        """`context` for the sessions that the leader needs first: within its deadline, and without a prompt for a code
        if a cached session can be served instead.
        """
        return replace(context, until=self.deadline.throttled_at, may_ask=context.may_ask and not self.has_cached)


@dataclass(frozen=True)
class RefusedSession:
    """A cached session that STS does not take, and whether that is final."""

    session: Session
    is_final: bool


@dataclass(frozen=True)
class Flight:
    """A session that is wanted: its key, and the call that gets it, which may have to ask a person for something.

    `refused` is the cached session that does not count, because STS has just refused it.
    """

    store: Cache
    key: str
    context: CallContext = field(repr=False)
    asks_person: bool
    call: Callable[[LeaderBudget], Answer]
    refused: RefusedSession | None = None


def session(flight: Flight) -> Entry:
    """The session: cached, another process's, or a new one.

    After any failure except a refusal, a cached session is served (RFC 5861, stale-if-error). Raises
    AssumeHelperError, and unexpected errors unchanged.
    """
    store, key, context = flight.store, flight.key, flight.context
    now = context.clock.now
    entry = _cached(flight)
    if entry is not None and entry.session.is_fresh(now()):
        return entry
    usable = entry if entry is not None and is_usable(entry.session, now()) else None
    if usable is not None and _is_backing_off(outcomes.read(store, key), now()):
        return stale_entry(usable, now())
    try:
        return _lead_or_follow(flight, has_cached=usable is not None)
    except Exception as error:
        fault = _as_ours(error)
        if usable is None or fault.cached != "served" or _cached(flight) is None:  # refused or cleared meanwhile
            raise
        what = f"cached credentials were served, and no new ones could be had: {fault.message}"
        context.warn(Warning(what, fault.next_step, "stale"))
        return stale_entry(usable, now())


def refresh(flight: Flight, back_off: Callable[[float], None]) -> bool:
    """Replace a session that is due for it, in the background; whether it was replaced.

    Not while another process does it. `back_off` is told until when (seconds since the epoch) STS is left alone.
    Raises AssumeHelperError.
    """
    store, key, clock = flight.store, flight.key, flight.context.clock
    no_lock: list[Warning] = []

    def warn(warning: Warning) -> None:
        no_lock.append(warning)
        store.warn(warning)

    with key_lock.acquire(replace(store, warn=warn), key, lambda: True) as is_held:
        if not (is_held or no_lock) or not _is_due(store, key, clock.now()):
            return False
        failure = outcomes.read(store, key)
        if _is_backing_off(failure, clock.now()):
            back_off(failure.retry_at)
            return False
        try:
            patience = time_budget.patience(has_cached=False, asks_person=flight.asks_person)
            _lead(flight, has_cached=True, patience=patience)
        except Exception:
            left = outcomes.read_failure(store, key)
            back_off(left.retry_at if left is not None else clock.now() + time_budget.BACK_OFF[1])
            raise
    return True


def _is_due(store: Cache, key: str, now: float) -> bool:
    """Whether the entry of `key` is to be replaced: also one that a hit can read and the full way cannot."""
    entry = entries.read(store, key)
    if entry is None:
        return entries.exists(store, key)
    return entry.session.is_due(now)


def stale_entry(entry: Entry, now: float) -> Entry:
    """An entry past its window, served stale. Once its printed end has come, the document has the true one.

    `now` is in seconds since the epoch.
    """
    session = entry.session
    if session.printed_left(now) > LAST_RESORT:
        return entry
    return Entry(session, credential_document(session.credentials, session.expiration, session.account_id))


def is_usable(session: Session, now: float) -> bool:
    """Whether `session` can still be served at `now` (seconds since the epoch), where no new one can be had."""
    return session.not_before <= now and session.left(now) > LAST_RESORT


def _is_backing_off(outcome: LeaderClaim | Failure | NotKept | None, now: float) -> TypeGuard[Failure]:
    """Whether a refresh has just failed. (A `retry_at` far ahead is a clock that has jumped.)"""
    return (
        isinstance(outcome, Failure)
        and outcome.error.cached == "served"
        and now < outcome.retry_at <= now + time_budget.BACK_OFF[1]
    )


def _result(flight: Flight) -> Entry | None:
    """What another process has got since this one began. Raises its failure, where that is this process's too."""
    store, key, context = flight.store, flight.key, flight.context
    now = context.clock.now()
    entry = _cached(flight)
    if entry is not None:
        is_new = context.started <= entry.session.issued <= now + 1 and entry.session.left(now) > 0
        if is_new or entry.session.is_fresh(now):
            return entry
    failure = outcomes.read_failure(store, key)
    if failure is None or not context.started <= failure.at <= now + 1:
        return None
    if type(failure.error) is MFARequired:
        return None  # that process had no way to a code: this one may have a terminal
    if failure.asker and not asker.matches(failure.asker, context.environ, *_asked_where(failure.error)):
        return None  # it depends on the environment, and this one differs
    raise failure.error


def _asked_where(error: AssumeHelperError) -> list[str]:
    """What a failure depends on beside the environment: the terminal that a person was asked on."""
    return [terminal.name()] if isinstance(error, MFANotGiven | MFACodeRefused) else []


def _as_ours(error: Exception) -> AssumeHelperError:
    return error if isinstance(error, AssumeHelperError) else internal_fault(error)


def _cached(flight: Flight) -> Entry | None:
    """The cached session, but for one that STS has refused."""
    entry = entries.read(flight.store, flight.key)
    if entry is not None and flight.refused is not None:
        return None if entry.session == flight.refused.session else entry
    return entry


def _lead_or_follow(flight: Flight, *, has_cached: bool) -> Entry:
    """Wait for the leader's result, or lead."""
    store, key, context = flight.store, flight.key, flight.context
    clock = context.clock
    patience = time_budget.patience(has_cached=has_cached, asks_person=flight.asks_person)
    wait_until, extended_until = time_budget.follower_deadlines(
        context.started_monotonic, clock.monotonic(), patience, context.until, has_cached=has_cached
    )

    def stop_waiting() -> bool:
        """Whether there is a result, or neither this process nor the leader has time left."""
        try:
            if _result(flight) is not None:
                return True
        except AssumeHelperError:
            return True
        claim = outcomes.read(store, key)
        if isinstance(claim, NotKept):
            return True
        if clock.monotonic() < wait_until:
            return False
        is_led = isinstance(claim, LeaderClaim) and clock.now() < claim.until + time_budget.LEADER_HEAD_START
        return has_cached or not is_led or clock.monotonic() >= extended_until

    if isinstance(outcomes.read(store, key), NotKept):
        return _lead(flight, has_cached=has_cached, patience=patience, is_shared=False)
    with key_lock.acquire(store, key, stop_waiting) as is_held:
        found = _result(flight)
        if found is not None:
            return found
        if has_cached and not is_held and store.directory is not None and clock.monotonic() >= wait_until:
            raise STSNotReached("another process is still calling STS", "try again in a minute")
        if is_held and flight.refused is not None and flight.refused.is_final:
            entries.remove(store, key)  # the refused one: any other would have been found
        if not isinstance(outcomes.read(store, key), NotKept):
            return _lead(flight, has_cached=has_cached, patience=patience)
    return _lead(flight, has_cached=has_cached, patience=patience, is_shared=False)


def _lead(flight: Flight, *, has_cached: bool, patience: float, is_shared: bool = True) -> Entry:
    """Call STS, and leave the result to the followers; there are none unless `is_shared`.

    Raises what `flight.call` does.
    """
    import random

    store, key, context = flight.store, flight.key, flight.context
    clock = context.clock
    at, throttled_at = time_budget.leader_deadlines(
        context.started_monotonic, clock.monotonic(), patience, context.until, has_cached=has_cached
    )

    def claim(until: float) -> None:
        """Tell the followers, if there are any, until when this process tries (monotonic)."""
        if is_shared:
            now = clock.now()
            outcomes.write_claim(store, key, LeaderClaim(now, now + until - clock.monotonic()))

    claim(at)
    try:
        answer = flight.call(LeaderBudget(Deadline(at, throttled_at), has_cached, lambda: claim(throttled_at)))
    except Exception as error:
        fault = _as_ours(error)
        if fault.cached == "deleted":
            entries.remove(store, key)
        if not is_shared:
            raise
        now = clock.now()
        mark = "" if fault.is_shared else asker.mark(context.environ, *_asked_where(fault))
        outcomes.write_failure(store, key, Failure(now, now + random.uniform(*time_budget.BACK_OFF), fault, mark))
        raise
    entry = new_entry(answer, key, context)
    if answer.expiration is not None:
        entries.write(store, key, entry)
    elif is_shared:
        outcomes.write_not_kept(store, key, clock.now())
    return entry


def new_entry(answer: Answer, key: str, context: CallContext) -> Entry:
    """The entry for `answer`, which came now."""
    session = Session(
        credentials=answer.credentials,
        expiration=answer.expiration,
        printed_expiration=printed_expiration(answer.expiration, answer.lifetime, context.host, key),
        issued=context.clock.now(),
        lifetime=answer.lifetime,
        assumed_role_arn=answer.assumed_role_arn,
        account_id=answer.account_id,
        clock_difference=answer.clock_difference,
    )
    return Entry(session, credential_document(session.credentials, session.printed_expiration, session.account_id))
