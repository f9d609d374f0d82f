"""A profile's name in, its session and its document out."""

from collections.abc import Callable, Mapping

from assume_helper import answers, hit
from assume_helper.cache import entries, storage
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError, STSNotReached, STSRefused
from assume_helper.light import TYPE_CHECKING, dataclass, field, replace
from assume_helper.profiles import aws_config, callers, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import READ_ONLY, REPEATED, option_name
from assume_helper.profiles.role import Profile
from assume_helper.sessions import assume, gate_failure, own_session, recall, refresh_ahead, single_flight
from assume_helper.system.context import CallContext
from assume_helper.system.warning import Warning
from assume_helper.text import printable

if TYPE_CHECKING:
    from assume_helper.profiles.root_user import RootTask

# Seconds, more than the tick of any clock that file times are made with (see `recall`).
_UNTIL_SETTLED = 0.05
# In place of the key of a session that is not kept.
_NO_KEY = "0"


@dataclass(frozen=True)
class RoleRequest:
    """What a call asks for: a profile's name, or a role's ARN with the `keys` that a profile of that name would have.

    `options` are keys of the profile that this call sets. Each set of options is cached separately. `typed` are the
    words of these options (see `answers.request`), None where a hit could not tell them. `picked`: a person chose the
    name in the picker. `no_session`: the access key itself is asked for. `root`: a root user's session is asked for,
    which the source that `keys` name gives.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] | None = None
    picked: bool = False
    no_session: bool = False
    typed: tuple[str, ...] | None = None
    root: "RootTask | None" = None

    @property
    def stamped(self) -> tuple[str, ...] | None:
        """The words that are in the stamp; None for a request that is not remembered."""
        if self.keys is not None or self.no_session:
            return None
        return self.typed if self.options else ()

    def words(self) -> list[str]:
        """The words of a command that requests the same, as they were typed where that is known."""
        if self.options and self.typed is not None:
            return [self.name, *answers.as_typed(self.typed)]
        given = {**self.options}
        if self.keys is not None and "source_profile" in self.keys:
            given["source_profile"] = self.keys["source_profile"]
        found = [self.name]
        for key, value in given.items():
            if key == READ_ONLY:
                found.append(option_name(key))
            else:
                for part in value.split(",") if key in REPEATED else (value,):
                    found += [option_name(key), part]
        return found


def get_credentials(name: str, context: CallContext, options: Mapping[str, str] | None = None) -> Entry:
    """The session of the profile `name` and its document; see `session`."""
    return session(RoleRequest(name, options or {}), context)[1]


def read_profile(request: RoleRequest, environ: Mapping[str, str]) -> tuple[AwsConfig, Profile]:
    """The AWS config, and the profile that is requested. Raises AssumeHelperError as `role_chain` does."""
    config = aws_config.load(environ)
    if request.root is not None:
        from assume_helper.profiles import root_user

        return config, root_user.read_profile(config, environ, request.root, request.keys or {})
    if request.keys is not None:
        config = replace(config, profiles={**config.profiles, request.name: request.keys})
    return config, role_chain.read_profile(config, environ, request.name, request.options)


def session(request: RoleRequest, context: CallContext) -> tuple[Profile, Entry]:
    """The profile that is requested, its session and its document: from the cache, or from STS.

    Raises AssumeHelperError: ConfigurationError, SourceError, MFARequired, STSRefused, STSNotReached.
    """
    try:
        return _session(request, context)
    except (ConfigurationError, SourceError) as error:
        gate_failure.leave_early(request, error, context)
        raise


def _session(request: RoleRequest, context: CallContext) -> tuple[Profile, Entry]:
    began = context.clock.now()
    config, profile = read_profile(request, context.environ)
    caller = context
    warnings: list[Warning] = []
    context = replace(context, warn=_noting(context.warn, warnings))
    context = _add_caller(context, config.config_path, profile)
    if request.no_session or own_session.is_handed_over(profile):
        entry = own_session.access_key_itself(profile, context)
        store = storage.open_store(caller.environ, context.warn, "none")
        read_between = (began, context.clock.now())
        memory = recall.of_request(request.name, request.stamped, config, profile, caller.environ, store, read_between)
        if memory is not None:
            memory.remember(_NO_KEY, is_kept=False, is_quiet=False)
        return profile, entry
    flight = assume.flight(profile, context)
    store, key = flight.store, flight.key
    read_between = (began, context.clock.now())
    memory = recall.of_request(request.name, request.stamped, config, profile, caller.environ, store, read_between)
    if memory is None and request.stamped is not None and not storage.is_readable_by_hit(store.storage):
        _remove_pointer(request, config, caller)
    problem = profile.resolution.problem
    last = memory.last_entry(store, context.clock.now()) if memory is not None and problem is not None else None
    if problem is not None and last is not None:
        return profile, _stale(last, problem, context)
    try:
        entry = single_flight.session(flight)
    except AssumeHelperError as error:
        if memory is None:
            raise
        if memory.is_plain and isinstance(error, STSRefused | STSNotReached):
            gate_failure.leave(memory.cache, memory.stamp, request.name, error, context)
        last = memory.last_entry(store, context.clock.now()) if error.cached == "served" else None
        if last is None:
            raise
        return profile, _stale(last, (error.message, error.next_step), context)
    is_cached = entry.session.issued < context.started
    if is_cached and store.directory is not None and entry.session.is_due(context.clock.now()):
        context.due(store.path(key + hit.AHEAD_SUFFIX))
    if memory is not None:
        memory.remember(key, is_kept=entry.session.expiration is not None, is_quiet=not warnings)
    return profile, entry


def _noting(warn: Callable[[Warning], None], warnings: list[Warning]) -> Callable[[Warning], None]:
    """`warn`, which also adds each warning to `warnings`."""

    def note(warning: Warning) -> None:
        warnings.append(warning)
        warn(warning)

    return note


def _stale(entry: Entry, cause: tuple[str, str], context: CallContext) -> Entry:
    what = f"cached credentials were served, and no new ones could be had: {cause[0]}"
    context.warn(Warning(what, cause[1], "stale"))
    return entry


def refresh(
    request: RoleRequest, context: CallContext, back_off: Callable[[float], None]
) -> tuple[Profile, Session] | None:
    """Replace the session that is requested where it is due, in the background; see `single_flight.refresh`.

    The profile and its new session, None where none was needed. Raises AssumeHelperError.
    """
    config, profile = read_profile(request, context.environ)
    if own_session.is_handed_over(profile):
        return None
    caller = context
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
    if profile.login is not None:
        _remember_anew(request, caller)
    entry = entries.read(flight.store, flight.key)
    return (profile, entry.session) if entry is not None else None


def _remember_anew(request: RoleRequest, context: CallContext) -> None:
    """Write the `.hit` file once more: a renewal of the login has changed its token file, and the stamp has its state.

    Without this the next call would go the full way. It is a moment later: a file that has just changed is not settled.
    """
    context.clock.sleep(_UNTIL_SETTLED)
    began = context.clock.now()
    config, profile = read_profile(request, context.environ)
    flight = assume.flight(profile, _add_caller(context, config.config_path, profile))
    read_between = (began, context.clock.now())
    memory = recall.of_request(
        request.name, request.stamped, config, profile, context.environ, flight.store, read_between
    )
    if memory is not None:
        memory.remember(flight.key, is_kept=True, is_quiet=True)


def _remove_pointer(request: RoleRequest, config: AwsConfig, context: CallContext) -> None:
    """Delete the `.hit` file that led to an entry which a hit can no longer read."""
    try:
        name = hit.stamp(request.name, context.environ, config.states, request.stamped or ())[0]
        storage.remove_pointer(context.environ, name)
    except OSError:  # the working directory is gone
        return


def _add_caller(context: CallContext, config_path: str, profile: Profile) -> CallContext:
    """`context` with this call added to the chain of callers. Raises ConfigurationError where that is a loop."""
    return replace(context, environ=callers.add(context.environ, config_path, profile.names()))
