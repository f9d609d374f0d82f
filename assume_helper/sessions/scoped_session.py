"""A scoped session: the whole session of a profile, narrowed by GetScopedCredentials. It ends with that, or before."""

from assume_helper.cache import entries
from assume_helper.cache.session import Session
from assume_helper.credentials import Answer
from assume_helper.errors import AssumeHelperError, SourceError, STSNotReached
from assume_helper.light import replace
from assume_helper.profiles.role import Profile
from assume_helper.profiles.scope import Scope
from assume_helper.profiles.source_description import described
from assume_helper.sessions import single_flight
from assume_helper.sessions.single_flight import Flight, LeaderBudget
from assume_helper.system.context import CallContext
from assume_helper.text import printable

# Seconds that a clock and the call itself may take of what a session has left.
_MARGIN = 5
# Seconds by which a session's lifetime, as this machine sees it, may be too short.
_TOLERANCE = 60


def renew(whole: Flight) -> None:
    """Renew a cached whole session that is due for it: one that is made from it again would end as soon.

    Raises AssumeHelperError where that is refused. After any other failure the one that is there serves.
    """
    entry = entries.read(whole.store, whole.key)
    if entry is None or not entry.session.is_due(whole.context.clock.now()):
        return
    try:
        single_flight.refresh(whole, lambda _until: None)
    except AssumeHelperError as error:
        if error.cached == "deleted":
            raise


def answer(profile: Profile, scope: Scope, whole: Session, context: CallContext, budget: LeaderBudget) -> Answer:
    """The `whole` session of `profile`, narrowed to its `scope`.

    Raises SourceError for a user's key, which cannot be narrowed; else as `failures.translate_errors` does.
    """
    # Here and not above: a follower needs no SDK.
    from assume_helper.sts import calls, request
    from assume_helper.system import plain_text

    if whole.credentials.session_token is None:
        raise SourceError(
            f"{described(profile.unscoped())} gives a user's key, and STS narrows temporary credentials alone",
            "have it give a session, or put the key into a profile as aws_access_key_id: that is given one",
        )
    asked = request.get_scoped_credentials(profile, scope, _seconds(scope, whole, context.clock.now()))
    warning = plain_text.plain_text_warning(asked.endpoint.endpoint_url)
    if warning is not None:
        context.warn(warning)
    found = calls.request_session(
        asked, whole.credentials, budget.for_last_call(context.clock), context.clock, budget.extend_claim
    )
    if profile.account_id is not None and found.account_id not in (None, profile.account_id):
        raise STSNotReached(
            f"STS narrowed the session of another account ({printable(str(found.account_id), 20)})",
            "check the endpoint",
        )
    arn = whole.assumed_role_arn or found.assumed_role_arn
    return _ended_with(replace(found, account_id=whole.account_id or found.account_id, assumed_role_arn=arn), whole)


def _seconds(scope: Scope, whole: Session, now: float) -> int | None:
    """What is asked for. Of a session that has lasted for a while, no more than is left.

    STS refuses more than that: also where the session would not last as long if it were new. That is told.
    """
    wanted = scope.duration_seconds
    if wanted is None or whole.expiration is None or wanted > whole.lifetime + _TOLERANCE:
        return wanted
    return max(1, min(wanted, int(whole.left(now)) - _MARGIN))


def _ended_with(found: Answer, whole: Session) -> Answer:
    """`found`, which ends no later than the whole session: a process may have said an earlier end than STS's."""
    if found.expiration is None or whole.expiration is None or found.expiration <= whole.expiration:
        return found
    beyond = round((found.expiration - whole.expiration).total_seconds())
    return replace(
        found,
        credentials=replace(found.credentials, expiration=whole.expiration),
        expiration=whole.expiration,
        lifetime=max(1, found.lifetime - beyond),
    )
