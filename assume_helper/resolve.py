"""A profile's name in, a session and its document out: the only place that composes the other modules."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from assume_helper import aws_config, cache, cache_files, chain, hit, single_flight, stores
from assume_helper.aws_config import AwsConfig
from assume_helper.cache import Entry
from assume_helper.cache_files import Cache
from assume_helper.credentials import Answer, Credentials, Session, WebIdentityToken
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    MFARequired,
    SourceExpired,
    SourceNotKnown,
    STSNotReached,
    STSRefused,
    line,
    loop_of_sources,
)
from assume_helper.profile import CredentialProcess, MFASession, Profile, WebIdentity
from assume_helper.single_flight import PATIENCE, Flight, Turn
from assume_helper.surroundings import Surroundings

# A config that has changed this recently (ns) may change again without a new mtime: the kernel's clock ticks every
# 4 ms or so, some file systems count whole seconds or two.
_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000
# Seconds that are kept for STS when somebody is asked for an MFA code: for the MFA session, and for the role.
_RESERVE_AFTER_CODE = 6.0


@dataclass(frozen=True)
class Wanted:
    """What a call is about: a profile's name, or a role's ARN with the `keys` that a profile of that name would have.

    `options` are keys of the profile that this call sets by itself. They have a session of their own, by its key, and
    are never remembered for the profile's name: what they narrow is not served to who does not ask for it. `picked`
    is what nobody has named before.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] | None = None
    picked: bool = False

    def words(self) -> list[str]:
        """The words of a command that ask for the same."""
        given = {**self.options}
        if self.keys is not None and "source_profile" in self.keys:
            given["source_profile"] = self.keys["source_profile"]
        options = [(f"--{key.replace('_', '-')}", value) for key, value in given.items()]
        return [self.name, *(word for option in options for word in option)]


def get_credentials(name: str, around: Surroundings, options: Mapping[str, str] | None = None) -> Entry:
    """The session of the profile `name` and its document; see `session`."""
    return session(Wanted(name, options or {}), around)[1]


def read_profile(wanted: Wanted, environ: Mapping[str, str]) -> tuple[AwsConfig, Profile]:
    """The AWS config, and the profile that is `wanted` from it. Raises AssumeHelperError as `chain.read` does."""
    config = aws_config.load(environ)
    if wanted.keys is not None:
        config = replace(config, profiles={**config.profiles, wanted.name: wanted.keys})
    return config, chain.read(config, environ, wanted.name, wanted.options)


def session(wanted: Wanted, around: Surroundings) -> tuple[Profile, Entry]:
    """The profile that is wanted, its session and its document: from the cache, or from STS.

    Raises AssumeHelperError: ConfigurationError, SourceError, MFARequired, STSRefused, STSNotReached.
    """
    # Before the config is read: what changes after this is seen by the next call.
    stamp = hit.stamp(wanted.name, around.environ)
    checked_at = around.clock.now()
    config, profile = read_profile(wanted, around.environ)
    around = _among_callers(around, config.config_path, profile)
    flight = _flight(profile, around)
    store, key = flight.store, flight.key
    files = profile.files()
    is_plain = not wanted.options and wanted.keys is None and not _is_relative(profile)
    is_remembered = is_plain and stores.is_found_by_a_hit(profile.kept)
    is_remembered = is_remembered and _is_settled([config.config_path, config.credentials_path, *files], checked_at)
    remembered = stores.remembered_where(around.environ, store, profile.kept) if is_remembered else None
    try:
        entry = single_flight.session(flight)
    except (STSRefused, STSNotReached) as error:
        if remembered is not None and not files:
            said = line(wanted.name, str(error))
            cache.remember_failure(remembered[0], stamp, around.clock.now(), error.exit_code, said)
        raise
    is_hit = entry.session.issued < around.started
    if is_hit and store.directory is not None and entry.session.is_due(around.clock.now()):
        around.due(store.path(key + hit.AHEAD))
    if remembered is not None:
        where, elsewhere = remembered
        cache.remember(where, stamp, key, files, elsewhere)
    return profile, entry


def refresh(wanted: Wanted, around: Surroundings, put_off: Callable[[float], None]) -> Session | None:
    """Replace the session that is wanted where that is due, for nobody who waits; see `single_flight.refresh`.

    The new session, None where none was needed. Raises AssumeHelperError.
    """
    config, profile = read_profile(wanted, around.environ)
    around = replace(_among_callers(around, config.config_path, profile), may_ask=False)
    flight = _flight(profile, around)
    if not single_flight.refresh(flight, put_off):
        return None
    entry = cache.read(flight.store, flight.key)
    return entry.session if entry is not None else None


def source_credentials(profile: Profile, around: Surroundings) -> Credentials:
    """The credentials that assume the role of `profile`: its source's, or the session of the role before it.

    Raises AssumeHelperError; ConfigurationError where a token takes the place of credentials.
    """
    from assume_helper import source

    if isinstance(profile.source, Profile):
        return _role_session(profile.source, around).session.credentials
    if isinstance(profile.source, WebIdentity):
        raise ConfigurationError("a web identity token is no credentials", "look at the role's identity")
    if isinstance(profile.source, CredentialProcess):
        around.asking()
    return source.source_credentials(profile.source, around.environ, PATIENCE)


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


def _role_session(profile: Profile, around: Surroundings) -> Entry:
    """The session of `profile`, which may be a link in another's chain."""
    return single_flight.session(_flight(profile, around))


def _flight(profile: Profile, around: Surroundings) -> Flight:
    store = stores.open_store(around.environ, around.warn, profile.kept)

    def call(turn: Turn) -> Answer:
        return _assumed(profile, store, around, turn)

    return Flight(store, cache.key(profile.session_inputs()), around, profile.asks_somebody, call)


def _assumed(profile: Profile, store: Cache, around: Surroundings, turn: Turn) -> Answer:
    """Have the source's credentials, and assume the role with them."""
    # Here and not above: those that wait for another process's call never need an SDK.
    from assume_helper import mfa, sts
    from assume_helper import source as sources

    def assume(source: Credentials | WebIdentityToken, code: str | None = None) -> Answer:
        name = profile.role_session_name or around.session_name()
        return sts.assume_role(profile, source, name, turn.deadline, around.clock, turn.waiting, code)

    def assume_with(session: Callable[[], Entry], key: str, store: Cache = store) -> Answer:
        """With a session of ours; a cached one that STS no longer takes is replaced, if it can be."""
        entry = session()
        try:
            return assume(entry.session.credentials)
        except (SourceExpired, SourceNotKnown) as error:
            if entry.session.issued >= around.started:
                raise
            cache.remove(store, key)
            try:
                replaced = session()
            except AssumeHelperError as problem:
                cache.write(store, key, entry)  # it may be good elsewhere
                raise (error if isinstance(problem, MFARequired) else problem) from None
        return assume(replaced.session.credentials)

    source = profile.source
    in_time = replace(around, until=turn.deadline.throttled_at, may_ask=around.may_ask and not turn.has_cached)
    if isinstance(source, WebIdentity):
        return assume(sources.web_identity_token(source))
    if isinstance(source, Profile):
        link_store = stores.open_store(around.environ, around.warn, source.kept)
        return assume_with(lambda: _role_session(source, in_time), cache.key(source.session_inputs()), link_store)

    def credentials() -> Credentials:
        if isinstance(source, CredentialProcess):
            in_time.asking()
        return sources.source_credentials(source, around.environ, turn.deadline.at - around.clock.monotonic())

    if profile.mfa is None:
        return assume(credentials())
    link = profile.mfa_session
    key = cache.key(link.session_inputs()) if link is not None else ""
    cached = cache.read(store, key) if link is not None else None
    if link is not None and cached is not None:
        return assume_with(lambda: _mfa_session(link, credentials, store, in_time), key)
    mfa.check(profile.mfa, profile.name, in_time)
    found = credentials()
    if link is None or found.session_token is not None:
        # GetSessionToken is for a user's own access key.
        until = turn.deadline.at - _RESERVE_AFTER_CODE
        asking = mfa.Asking(profile.mfa, profile.name, _used_codes(around), in_time, until)
        return mfa.with_code(asking, lambda code: assume(found, code))
    return assume_with(lambda: _mfa_session(link, lambda: found, store, in_time), key)


def _used_codes(around: Surroundings) -> Cache:
    """Where it is remembered which codes were used: for all profiles in one place, and never the codes themselves."""
    return cache_files.open_cache(around.environ, around.warn)


def _mfa_session(
    session: MFASession, credentials: Callable[[], Credentials], store: Cache, around: Surroundings
) -> Entry:
    """The session that one MFA code gives, for all roles with that device and source."""
    from assume_helper import mfa, sts

    def call(turn: Turn) -> Answer:
        until = turn.deadline.at - _RESERVE_AFTER_CODE
        in_time = replace(around, may_ask=around.may_ask and not turn.has_cached)
        mfa.check(session.device, session.name, in_time)
        found = credentials()

        def exchange(code: str) -> Answer:
            return sts.get_session_token(session, found, code, turn.deadline, around.clock, turn.waiting)

        asking = mfa.Asking(session.device, session.name, _used_codes(around), in_time, until)
        return mfa.with_code(asking, exchange)

    key = cache.key(session.session_inputs())
    return single_flight.session(Flight(store, key, around, asks_somebody=True, call=call))
