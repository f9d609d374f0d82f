"""A profile's name in, a session and its document out: the only place that composes the other modules."""

import json
import math
import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from assume_helper import aws_config, cache, chain, hit, lock, output
from assume_helper.cache import Cache, Entry, Failure
from assume_helper.credentials import LAST_RESORT, Clock, Credentials, RoleSession, WebIdentityToken, printed_expiration
from assume_helper.errors import (
    AssumeHelperError,
    SourceExpired,
    STSNotReached,
    STSRefused,
    loop_of_sources,
)
from assume_helper.profile import CredentialProcess, Profile, WebIdentity

# Deadlines in seconds from the process's start, where cached credentials can be served instead, and where not (design,
# "Time": old Rust clients give up at 5 s, new ones at 21.6 s, Go and Kotlin at 60 s).
_PATIENCE_WITH_CACHE = 4.0
_PATIENCE = 15.0
# A source's process may ask a person for something.
_PATIENCE_WITH_PROCESS = 55.0
# While STS only throttles.
_PATIENCE_THROTTLED = 30.0
# Who waits for another's call stops this much earlier, and still has time for a call of its own; but on a machine so
# busy that starting took most of the time, a wait is worth more than one more process that calls.
_RESERVE = 4.0
_SHORTEST_WAIT = 8.0
# Who calls gives up before those that wait do, so that they get its failure and do not all call as well.
_HEAD_START = 1.0
# After a failed refresh STS is left alone for so long, while what is cached is good.
_RETRY_AFTER = (30.0, 60.0)
# What does not take away the right to use what is cached.
_BRIDGED = (STSNotReached, SourceExpired)
_STILL_CALLED = STSNotReached("another process is still calling STS", "try again in a minute")
# A config that has changed this recently (ns) may change again without a new mtime: the kernel's clock ticks every
# 4 ms or so, some file systems count whole seconds or two.
_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000


@dataclass(frozen=True)
class Surroundings:
    """What a call is handed in: the environment, the clocks, this host's name, and whom to warn.

    `started` (seconds since the epoch) and `started_monotonic` are when the process began; `until` (monotonic) is when
    a link of a chain must be there, for the sake of the role that waits for it.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    started: float
    started_monotonic: float
    host: str
    session_name: Callable[[], str]
    warn: Callable[[str], None]
    until: float = math.inf


def get_credentials(name: str, around: Surroundings, options: Mapping[str, str] | None = None) -> Entry:
    """The session of the profile `name` and its document: from the cache, or from STS.

    `options` are keys of the profile that this call sets by itself. They have a session of their own, by its key, and
    are never remembered for the profile's name: what they narrow is not served to who does not ask for it.

    Raises AssumeHelperError: ConfigurationError, SourceError, MFARequired, STSRefused, STSNotReached.
    """
    # Before the config is read: what changes after this is seen by the next call.
    stamp = hit.stamp(name, around.environ)
    checked_at = around.clock.now()
    config = aws_config.load(around.environ)
    profile = chain.read(config, around.environ, name, options)
    around = _among_callers(around, config.config_path, profile)
    store = cache.open_cache(around.environ, around.warn)
    key = cache.key(profile.session_inputs())
    entry = _session(profile, store, key, around)
    files = profile.files()
    paths = [config.config_path, config.credentials_path, *files]
    if not options and not _is_relative(profile) and _is_settled(paths, checked_at):
        cache.remember(store, stamp, key, files)
    return entry


def _is_relative(profile: Profile) -> bool:
    """Whether the working directory, which a hit does not look at, has a say in who the source is."""
    return isinstance(profile.origin, CredentialProcess) and profile.origin.directory is not None


def _is_settled(paths: list[str], now: float) -> bool:
    """Whether a file that changes again will show it: if it has just changed, its next mtime may be the same."""
    for path in paths:
        try:
            mtime = os.stat(path).st_mtime_ns
        except OSError:
            continue
        tick = _COARSE_TICK if mtime % 1_000_000_000 == 0 else _TICK
        if abs(now * 1_000_000_000 - mtime) < tick:
            return False
    return True


def _among_callers(around: Surroundings, config_path: str, profile: Profile) -> Surroundings:
    """`around` with this call added to those that have led here, for the processes that it starts.

    Raises ConfigurationError, with the loop drawn, where one of them is this one.
    """
    try:
        callers = [(str(path), str(name)) for path, name in json.loads(around.environ.get(hit.CALLERS, "[]"))]
    except (ValueError, TypeError, RecursionError):
        callers = []
    path = os.path.abspath(config_path)
    steps = [(path, name) for name in profile.names()]
    for step in steps:
        if step in callers:
            raise loop_of_sources(
                name for _, name in (*callers[callers.index(step) :], *steps[: steps.index(step) + 1])
            )
    return replace(around, environ={**around.environ, hit.CALLERS: json.dumps([*callers, *steps])})


def _session(profile: Profile, store: Cache, key: str, around: Surroundings) -> Entry:
    """The session of `profile`, which may be a link in another's chain: cached, another process's, or a new one."""
    clock = around.clock
    entry = cache.read(store, key)
    if entry is not None and entry.session.is_fresh(clock.now()):
        return entry
    usable = entry if entry is not None and _is_usable(entry.session, clock.now()) else None
    if usable is not None and _is_left_alone(cache.read_failure(store, key), clock.now()):
        return _last_stretch(usable, clock.now())
    try:
        return _shared_call(profile, store, key, around, has_cached=usable is not None)
    except _BRIDGED as error:
        if usable is None:
            raise
        around.warn(f"cached credentials were served, and no new ones could be had: {error.message}")
        return _last_stretch(usable, clock.now())


def _is_usable(session: RoleSession, now: float) -> bool:
    return session.not_before <= now and session.left(now) > LAST_RESORT


def _is_left_alone(failure: Failure | None, now: float) -> bool:
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
    if session.printed_expiration.timestamp() - now > LAST_RESORT:
        return entry
    return Entry(session, output.document(session.credentials, session.expiration, session.account_id))


def _shared_call(profile: Profile, store: Cache, key: str, around: Surroundings, *, has_cached: bool) -> Entry:
    """One call to STS for all processes that want it now: its result, or its failure."""
    clock = around.clock

    def settled() -> Entry | None:
        """What another process has got since this one began. Raises its failure."""
        now = clock.now()
        found = cache.read(store, key)
        if found is not None and (
            found.session.is_fresh(now)
            or (around.started <= found.session.issued <= now + 1 and found.session.left(now) > 0)
        ):
            return found
        failure = cache.read_failure(store, key)
        if failure is not None and not failure.waiting and around.started <= failure.at <= now + 1:
            raise failure.error
        return None

    patience = _patience(profile, has_cached=has_cached)
    begun = clock.monotonic()
    limit = around.started_monotonic + patience - (0 if has_cached else _RESERVE)
    wait_until = min(limit if has_cached else max(limit, begun + _SHORTEST_WAIT), around.until)

    def enough() -> bool:
        """Whether to wait no longer: there is an outcome, or neither this process nor the one that calls has time."""
        try:
            if settled() is not None:
                return True
        except AssumeHelperError:
            return True
        if clock.monotonic() < wait_until:
            return False
        note = cache.read_failure(store, key)
        is_called = note is not None and note.waiting and clock.now() < note.retry_at + _HEAD_START
        return has_cached or not is_called or clock.monotonic() >= min(begun + _PATIENCE_WITH_PROCESS, around.until)

    with lock.held(store, key, enough) as is_held:
        found = settled()
        if found is not None:
            return found
        if has_cached and not is_held and store.directory is not None and clock.monotonic() >= wait_until:
            raise _STILL_CALLED
        return _call(profile, store, key, around, has_cached=has_cached)


def _patience(profile: Profile, *, has_cached: bool) -> float:
    if has_cached:
        return _PATIENCE_WITH_CACHE
    return _PATIENCE_WITH_PROCESS if isinstance(profile.origin, CredentialProcess) else _PATIENCE


def _call(profile: Profile, store: Cache, key: str, around: Surroundings, *, has_cached: bool) -> Entry:
    """Call STS, and leave to the others what came of it."""
    # Here and not above: those that wait for another process's call never need an SDK.
    from assume_helper import sts
    from assume_helper.source import source_credentials, web_identity_token

    clock = around.clock
    patience = _patience(profile, has_cached=has_cached)
    begun = clock.monotonic()
    if has_cached:
        at = max(around.started_monotonic + patience, begun + 0.5)
    else:
        at = max(min(around.started_monotonic + patience, begun + patience - _RESERVE - _HEAD_START), begun + _RESERVE)
    at = min(at, around.until)
    throttled_at = at
    if not has_cached:
        throttled_at = max(at, min(begun + _PATIENCE_THROTTLED - _RESERVE - _HEAD_START, around.until))

    def note(until: float) -> None:
        """Tell those who wait until when this process tries: they need not, unless it is stopped."""
        now = clock.now()
        cache.write_failure(store, key, Failure(now, now + until - clock.monotonic(), _STILL_CALLED, waiting=True))

    note(at)
    try:
        source: Credentials | WebIdentityToken
        if isinstance(profile.source, WebIdentity):
            source = web_identity_token(profile.source)
        elif isinstance(profile.source, Profile):
            link = profile.source
            in_time = replace(around, until=throttled_at)
            source = _session(link, store, cache.key(link.session_inputs()), in_time).session.credentials
        else:
            source = source_credentials(profile.source, around.environ, at - clock.monotonic())
        name = profile.role_session_name or around.session_name()
        answer = sts.assume_role(
            profile, source, name, sts.Deadline(at, throttled_at), clock, lambda: note(throttled_at)
        )
    except AssumeHelperError as error:
        if isinstance(error, STSRefused):
            cache.remove(store, key)
        now = clock.now()
        cache.write_failure(store, key, Failure(now, now + random.uniform(*_RETRY_AFTER), error))
        raise
    session = RoleSession(
        credentials=answer.credentials,
        expiration=answer.expiration,
        printed_expiration=printed_expiration(answer.expiration, answer.lifetime, around.host, key),
        issued=clock.now(),
        lifetime=answer.lifetime,
        assumed_role_arn=answer.assumed_role_arn,
        account_id=answer.account_id,
    )
    entry = Entry(session, output.document(session.credentials, session.printed_expiration, session.account_id))
    cache.write(store, key, entry)
    return entry
