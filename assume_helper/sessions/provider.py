"""A profile's name in, its session and its document out."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from assume_helper import hit
from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.errors import (
    STSNotReached,
    STSRefused,
)
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.role import CredentialProcess, Profile
from assume_helper.sessions import asker, assume, refresh_ahead, single_flight
from assume_helper.system.context import CallContext
from assume_helper.system.warning import Warning
from assume_helper.text import error_line, printable

# A file that changed this recently (ns) may change again without a new mtime: the kernel's clock ticks every 4 ms or
# so, and some file systems count whole seconds, or two.
_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000


@dataclass(frozen=True)
class RoleRequest:
    """What a call asks for: a profile's name, or a role's ARN with the `keys` that a profile of that name would have.

    `options` are keys of the profile that this call sets. Each set of options is cached separately, and is never
    remembered for the profile's name. `picked`: a person chose the name in the picker.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] | None = None
    picked: bool = False

    def words(self) -> list[str]:
        """The words of a command that requests the same."""
        given = {**self.options}
        if self.keys is not None and "source_profile" in self.keys:
            given["source_profile"] = self.keys["source_profile"]
        options = [(f"--{key.replace('_', '-')}", value) for key, value in given.items()]
        return [self.name, *(word for option in options for word in option)]


def get_credentials(name: str, context: CallContext, options: Mapping[str, str] | None = None) -> Entry:
    """The session of the profile `name` and its document; see `session`."""
    return session(RoleRequest(name, options or {}), context)[1]


def read_profile(request: RoleRequest, environ: Mapping[str, str]) -> tuple[AwsConfig, Profile]:
    """The AWS config, and the profile that is requested. Raises AssumeHelperError as `role_chain` does."""
    config = aws_config.load(environ)
    if request.keys is not None:
        config = replace(config, profiles={**config.profiles, request.name: request.keys})
    return config, role_chain.read_profile(config, environ, request.name, request.options)


def session(request: RoleRequest, context: CallContext) -> tuple[Profile, Entry]:
    """The profile that is requested, its session and its document: from the cache, or from STS.

    Raises AssumeHelperError: ConfigurationError, SourceError, MFARequired, STSRefused, STSNotReached.
    """
    # Before the config is read: what changes after this is seen by the next call.
    stamp = hit.stamp(request.name, context.environ)
    checked_at = context.clock.now()
    config, profile = read_profile(request, context.environ)
    context = _add_caller(context, config.config_path, profile)
    flight = assume.flight(profile, context)
    store, key = flight.store, flight.key
    files = profile.files()
    location = None
    if _may_remember(request, profile, store) and _is_settled(
        [config.config_path, config.credentials_path, *files], checked_at
    ):
        location = storage.hit_location(context.environ, store)
    elif not storage.is_readable_by_hit(store.storage):
        storage.remove_pointer(context.environ, stamp[0])
    try:
        entry = single_flight.session(flight)
    except (STSRefused, STSNotReached) as error:
        if location is not None and not files:
            line, mark = error_line(request.name, str(error)), "" if error.is_shared else asker.mark(context.environ)
            entries.remember_failure(location[0], stamp, context.clock.now(), error.exit_code, line, mark)
        raise
    is_cached = entry.session.issued < context.started
    if is_cached and store.directory is not None and entry.session.is_due(context.clock.now()):
        context.due(store.path(key + hit.AHEAD_SUFFIX))
    if location is not None:
        cache, elsewhere = location
        entries.remember(cache, stamp, key, files, elsewhere)
    return profile, entry


def refresh(request: RoleRequest, context: CallContext, back_off: Callable[[float], None]) -> Session | None:
    """Replace the session that is requested where it is due, in the background; see `single_flight.refresh`.

    The new session, None where none was needed. Raises AssumeHelperError.
    """
    config, profile = read_profile(request, context.environ)
    context = replace(_add_caller(context, config.config_path, profile), may_ask=False)
    flight = assume.flight(profile, context)
    store, key = flight.store, flight.key
    if store.directory is not None:
        lock = store.path(key + hit.AHEAD_SUFFIX)
        problem = refresh_ahead.problem(lock)
        if problem is not None:
            what = f"not used: {printable(refresh_ahead.file_path(lock))} ({printable(problem)})"
            context.warn(Warning(what, "remove it"))
    if not single_flight.refresh(flight, back_off):
        return None
    entry = entries.read(flight.store, flight.key)
    return entry.session if entry is not None else None


def _may_remember(request: RoleRequest, profile: Profile, store: Cache) -> bool:
    """Whether a hit may answer this request next time.

    Not with options, and not where the working directory, which a hit does not look at, decides who the source is.
    """
    is_relative = isinstance(profile.origin, CredentialProcess) and profile.origin.directory is not None
    is_plain = not request.options and request.keys is None
    return is_plain and not is_relative and storage.is_readable_by_hit(store.storage)


def _is_settled(paths: list[str], now: float) -> bool:
    """Whether the next change of each file will show. If one has just changed, its next mtime may be the same."""
    for path in paths:
        try:
            mtime = os.stat(path).st_mtime_ns
        except OSError:
            continue
        tick = _COARSE_TICK if mtime % 1_000_000_000 == 0 else _TICK
        if abs(now * 1_000_000_000 - mtime) < tick:
            return False
    return True


def _add_caller(context: CallContext, config_path: str, profile: Profile) -> CallContext:
    """`context` with this call added to the chain of callers, for the processes that it starts.

    Raises ConfigurationError, with the loop drawn, where this call is in that chain already.
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
