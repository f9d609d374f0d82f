"""The checks of the credentials themselves: the source's identity, and the session as `get` would have it.

Each call has its own deadline, so a run always ends. SDK code is imported only by the checks that need it.
"""

from assume_helper import hit
from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials, Identity
from assume_helper.doctor.check import Check, failed
from assume_helper.doctor.live import PATIENCE
from assume_helper.errors import AssumeHelperError, STSRefused
from assume_helper.light import replace
from assume_helper.profiles import callers
from assume_helper.profiles.origin import AccessKey, CredentialProcess, Origin, SAMLProcess, Token, WebIdentityProcess
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.profiles.source_description import described
from assume_helper.sessions import assume, provider, source_credentials, token_role
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.deadline import Deadline
from assume_helper.system.warning import Warning
from assume_helper.text import duration_text, printable

# Seconds for a source's process, which may ask a person for something.
_PATIENCE_WITH_PROMPT = 55.0


def source(found: Profile, context: CallContext, *, is_reached: bool) -> Check | None:
    """The check of the credentials that assume the first role, or of an access key: whether they exist, whose they are.

    None for other profiles that are no role: what they have is their session.
    """
    roles = [link for link in found.links() if link.role_arn is not None]
    named = described(found.origin)
    clock = context.clock
    try:
        if isinstance(found.origin, Token):
            first, limited = roles[-1], _limited(found, context)
            token_role.token(found.origin, first.role_arn or "", limited, Deadline(limited.until, limited.until))
            return Check("source", "ok", f"{named} can be had; STS checks it when it assumes the role")
        if not roles and not isinstance(found.origin, AccessKey):
            return None
        first = roles[-1] if roles else found
        if isinstance(found.origin, AccessKey):
            credentials = source_credentials.source_credentials(found.origin, context.environ, PATIENCE)
        else:
            credentials = assume.source_credentials(first, _limited(found, context))
        if not is_reached:
            return _not_identified("source", named)
        who = _identity(first.endpoint, first.source, credentials, clock)
    except AssumeHelperError as error:
        return failed("source", error)
    return Check("source", "ok", f"{named} is {printable(who.arn, 200)}")


def _limited(found: Profile, context: CallContext) -> CallContext:
    """`context` with the time that a source may take, and with this call in the chain of callers.

    So a process that calls this helper for the same profile is found to be a loop.
    """
    is_program = isinstance(found.origin, CredentialProcess | WebIdentityProcess | SAMLProcess)
    patience = _PATIENCE_WITH_PROMPT if is_program else PATIENCE
    if is_program:
        context.asking()
    environ = callers.add(context.environ, hit.config_paths(context.environ)[0], found.names())
    return replace(context, environ=environ, until=context.clock.monotonic() + patience)


def _not_identified(name: str, named: str) -> Check:
    what = f"{named} exists, but STS was not reached to say whose it is"
    return Check(name, "warn", what, "fix the connection to STS first")


def _identity(endpoint: Endpoint, whose: Origin | Profile, credentials: Credentials, clock: Clock) -> Identity:
    from assume_helper.sts import calls, request

    at = clock.monotonic() + PATIENCE
    return calls.get_caller_identity(request.get_caller_identity(endpoint, whose), credentials, Deadline(at, at), clock)


def session(found: Profile, name: str, context: CallContext, *, is_reached: bool) -> list[Check]:
    """The checks of the session, as `get` would have it, and of how long it lasts; named `role` where it is a role's.

    STS says whose the session of another profile is: of a role that was said when it was assumed.
    """
    kind = "role" if found.role_arn is not None else "session"
    warnings: list[Warning] = []
    clock = context.clock
    begun = clock.monotonic()
    # Deadlines count from now: the earlier checks have taken some of this process's time.
    as_get = replace(context, started=clock.now(), started_monotonic=begun, warn=warnings.append)
    try:
        entry = provider.get_credentials(name, as_get)
    except AssumeHelperError as error:
        # A refused duration is about a key of the profile, not about the role.
        about_time = isinstance(error, STSRefused) and "duration_seconds" in error.next_step
        return [failed("duration" if about_time else kind, error)]
    given = entry.session
    took = "from the cache" if given.issued < as_get.started else f"got in {clock.monotonic() - begun:.2f} s"
    if kind == "role":
        took = took.replace("got in", "from STS in")
    lasts = "which does not say when it ends, and is not kept"
    if given.expiration is not None:
        lasts = f"good for another {duration_text(given.left(clock.now()))}"
    checks = [_whose(found, given, is_reached=is_reached, how=f"{took}, {lasts}", clock=clock)]
    checks += [Check(kind, "warn", warning.what, warning.next_step) for warning in dict.fromkeys(warnings)]
    return [*checks, *_duration(found, given)]


def _whose(found: Profile, given: Session, *, is_reached: bool, how: str, clock: Clock) -> Check:
    if found.role_arn is not None:
        return Check("role", "ok", f"{printable(given.assumed_role_arn or found.identity, 200)}, {how}")
    if not is_reached:
        return _not_identified("session", f"the session of this {found.kind}")
    try:
        who = _identity(found.endpoint, found, given.credentials, clock)
    except AssumeHelperError as error:
        return failed("session", error)
    return Check("session", "ok", f"{printable(who.arn, 200)}, {how}")


def _duration(found: Profile, given: Session) -> list[Check]:
    """How long a session lasts, and what sets that; nothing where it has no end."""
    if given.expiration is None:
        return []
    if found.scope is not None:
        by = ", as the session that they are made from" if found.scope.duration_seconds is None else ""
    elif found.role_arn is not None or found.user_session is not None:
        by = "" if found.duration_seconds else ", which is the default"
    else:
        by = {
            "permission set": ", as its permission set in IAM Identity Center says",
            "console login": ", and then the login is renewed",
            "process": ", as its program says",
        }[found.kind]
    return [Check("duration", "ok", f"sessions last {duration_text(given.lifetime)}{by}")]
