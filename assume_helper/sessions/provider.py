"""A profile's name in, a session and its document out: the only place that composes the other modules."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from assume_helper import hit
from assume_helper.cache import entries, storage
from assume_helper.cache.entries import Entry
from assume_helper.credentials import Session
from assume_helper.errors import (
    STSNotReached,
    STSRefused,
)
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.role import CredentialProcess, Profile
from assume_helper.sessions import assume, single_flight
from assume_helper.system.context import CallContext
from assume_helper.text import error_line

# A config that has changed this recently (ns) may change again without a new mtime: the kernel's clock ticks every
# 4 ms or so, some file systems count whole seconds or two.
_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000


@dataclass(frozen=True)
class RoleRequest:
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


def get_credentials(name: str, context: CallContext, options: Mapping[str, str] | None = None) -> Entry:
    """The session of the profile `name` and its document; see `session`."""
    return session(RoleRequest(name, options or {}), context)[1]


def read_profile(wanted: RoleRequest, environ: Mapping[str, str]) -> tuple[AwsConfig, Profile]:
    """The AWS config, and the profile that is `wanted` from it. Raises AssumeHelperError as `chain.read` does."""
    config = aws_config.load(environ)
    if wanted.keys is not None:
        config = replace(config, profiles={**config.profiles, wanted.name: wanted.keys})
    return config, role_chain.read_profile(config, environ, wanted.name, wanted.options)


def session(wanted: RoleRequest, context: CallContext) -> tuple[Profile, Entry]:
    """The profile that is wanted, its session and its document: from the cache, or from STS.

    Raises AssumeHelperError: ConfigurationError, SourceError, MFARequired, STSRefused, STSNotReached.
    """
    # Before the config is read: what changes after this is seen by the next call.
    stamp = hit.stamp(wanted.name, context.environ)
    checked_at = context.clock.now()
    config, profile = read_profile(wanted, context.environ)
    context = _among_callers(context, config.config_path, profile)
    flight = assume.flight(profile, context)
    store, key = flight.store, flight.key
    files = profile.files()
    is_plain = not wanted.options and wanted.keys is None and not _is_relative(profile)
    is_remembered = is_plain and storage.is_found_by_a_hit(profile.storage)
    is_remembered = is_remembered and _is_settled([config.config_path, config.credentials_path, *files], checked_at)
    remembered = storage.remembered_where(context.environ, store, profile.storage) if is_remembered else None
    try:
        entry = single_flight.session(flight)
    except (STSRefused, STSNotReached) as error:
        if remembered is not None and not files:
            said = error_line(wanted.name, str(error))
            entries.remember_failure(remembered[0], stamp, context.clock.now(), error.exit_code, said)
        raise
    is_hit = entry.session.issued < context.started
    if is_hit and store.directory is not None and entry.session.is_due(context.clock.now()):
        context.due(store.path(key + hit.AHEAD))
    if remembered is not None:
        where, elsewhere = remembered
        entries.remember(where, stamp, key, files, elsewhere)
    return profile, entry


def refresh(wanted: RoleRequest, context: CallContext, put_off: Callable[[float], None]) -> Session | None:
    """Replace the session that is wanted where that is due, for nobody who waits; see `single_flight.refresh`.

    The new session, None where none was needed. Raises AssumeHelperError.
    """
    config, profile = read_profile(wanted, context.environ)
    context = replace(_among_callers(context, config.config_path, profile), may_ask=False)
    flight = assume.flight(profile, context)
    if not single_flight.refresh(flight, put_off):
        return None
    entry = entries.read(flight.store, flight.key)
    return entry.session if entry is not None else None


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


def _among_callers(context: CallContext, config_path: str, profile: Profile) -> CallContext:
    """`context` with this call added to those that have led here, for the processes that it starts.

    Raises ConfigurationError, with the loop drawn, where one of them is this one.
    """
    try:
        callers = [(str(path), str(name)) for path, name in json.loads(context.environ.get(hit.CALLERS, "[]"))]
    except (ValueError, TypeError, RecursionError):
        callers = []
    path = os.path.abspath(config_path)
    steps = [(path, name) for name in profile.names()]
    for step in steps:
        if step in callers:
            raise role_chain.loop_of_sources(
                name for _, name in (*callers[callers.index(step) :], *steps[: steps.index(step) + 1])
            )
    return replace(context, environ={**context.environ, hit.CALLERS: json.dumps([*callers, *steps])})
