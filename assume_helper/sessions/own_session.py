"""The session of a profile whose credentials are its own: a permission set, a console login, a process, an access key.

Each is what its service or program gives; the user's own session of an access key is in `user_session`.
"""

from assume_helper.cache.entries import Entry
from assume_helper.credentials import Answer
from assume_helper.errors import ConfigurationError, SourceExpired, SourceRefused
from assume_helper.profiles import process_resolution
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.origin import CredentialProcess, StaticKeys
from assume_helper.profiles.role import Profile
from assume_helper.profiles.source_description import described
from assume_helper.sessions import end_of_login, single_flight
from assume_helper.sessions.single_flight import LeaderBudget
from assume_helper.system.context import CallContext


def answer(profile: Profile, context: CallContext, budget: LeaderBudget) -> Answer:
    """What the leader gets for `profile`, which has no role; `context` is limited to its `budget`.

    Raises AssumeHelperError: SourceError, ConfigurationError, STSRefused (a permission set that is not assigned),
    STSNotReached.
    """
    # Each kind imports what it needs: an access key loads no SDK.
    match profile.source:
        case PermissionSet() | ConsoleLogin() as source:
            return _of_login(source, context, budget)
        case CredentialProcess() as source:
            return _of_process(source, context, budget.deadline.at - context.clock.monotonic())
        case StaticKeys() as source:
            from assume_helper.sources import access_key

            return Answer(access_key.of_profile(source), None)
    raise AssertionError(profile.kind)


def _of_login(source: PermissionSet | ConsoleLogin, context: CallContext, budget: LeaderBudget) -> Answer:
    limits = (context.environ, context.clock, context.started, budget.deadline, budget.extend_claim)
    try:
        if isinstance(source, PermissionSet):
            from assume_helper.logins import identity_center

            return identity_center.credentials(source, *limits)
        from assume_helper.logins import console_login

        return console_login.credentials(source, *limits)
    except SourceRefused:
        login = source.login if isinstance(source, PermissionSet) else source
        end_of_login.forget(login.token_path, context.environ, context.warn)
        raise


def _of_process(source: CredentialProcess, context: CallContext, seconds: float) -> Answer:
    from assume_helper.sources import process

    context.asking()
    found = process.run(source, context.environ, seconds, context.clock.now())
    before = source.resolution
    if before.inputs and process_resolution.has_changed(source.command, source.profile, before, context.environ):
        # its credentials are not those that the cache key says
        raise SourceExpired(f"{described(source)} was replaced while it was asked", "try again")
    return found


def is_handed_over(profile: Profile) -> bool:
    """Whether the profile is temporary keys that somebody wrote into a file: there is no session to be had for them.

    GetSessionToken is for a user's own key (API reference of GetSessionToken).
    """
    return profile.kind == "access key" and profile.user_session is None and profile.scope is None


def access_key_itself(profile: Profile, context: CallContext) -> Entry:
    """The access key of `profile`, in place of a session. Raises ConfigurationError where it is of another kind."""
    from assume_helper.sources import access_key

    if profile.role_arn is not None or not isinstance(profile.source, StaticKeys):
        what = (
            f"profile {profile.name} is a {profile.kind}, and only an access key can be handed over without a session"
        )
        raise ConfigurationError(what, "leave --no-session out")
    if profile.scope is not None:
        what = f"profile {profile.name} has a session_policy, and an access key itself cannot be narrowed"
        raise ConfigurationError(what, "leave --no-session out")
    return single_flight.new_entry(Answer(access_key.of_profile(profile.source), None), "", context)
