"""The session of a role: from its source's credentials, from another session of ours, or with an MFA code itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.credentials import Answer, Credentials, WebIdentityToken
from assume_helper.errors import AssumeHelperError, ConfigurationError, MFARequired, SourceExpired, SourceNotKnown
from assume_helper.profiles.role import (
    CredentialProcess,
    MFADevice,
    Profile,
    SourceOfKeys,
    WebIdentity,
    described,
)
from assume_helper.sessions import mfa_session, single_flight, time_budget
from assume_helper.sessions.single_flight import Flight, LeaderBudget
from assume_helper.system.context import CallContext

# The SDK, and the sources, are imported where they are used: a follower, which takes the leader's result, needs none.


def flight(profile: Profile, context: CallContext) -> Flight:
    """The session of `profile` as `single_flight` takes it: its store, its key, and the call that gets it."""
    store = storage.open_store(context.environ, context.warn, profile.storage)

    def call(budget: LeaderBudget) -> Answer:
        return _answer(_RoleCall(profile, store, budget.limit(context), budget))

    return Flight(store, entries.key(profile.session_inputs()), context, profile.asks_somebody, call)


def source_credentials(profile: Profile, context: CallContext) -> Credentials:
    """The credentials that assume the role of `profile`: its source's, or the session of the role before it.

    Raises AssumeHelperError; ConfigurationError for a web identity token, which takes the place of credentials.
    """
    source = profile.source
    if isinstance(source, Profile):
        return single_flight.session(flight(source, context)).session.credentials
    if isinstance(source, WebIdentity):
        raise ConfigurationError("a web identity token is no access key", "ask for the role's identity instead")
    return _credentials_of(source, context, time_budget.WITHOUT_CACHE)


@dataclass(frozen=True)
class _RoleCall:
    """A leader's call for the role of `profile`; `context` is limited to the leader's `budget`."""

    profile: Profile
    store: Cache
    context: CallContext = field(repr=False)
    budget: LeaderBudget

    def credentials(self, source: SourceOfKeys) -> Credentials:
        """The credentials of `source`, within the budget."""
        return _credentials_of(source, self.context, self.budget.deadline.at - self.context.clock.monotonic())

    def assume(
        self, credentials: Credentials | None, *, code: str | None = None, token: WebIdentityToken | None = None
    ) -> Answer:
        """Assume the role with `credentials`, and the MFA `code`; or with a `token` alone."""
        from assume_helper.sts import calls, request

        name = self.profile.role_session_name or self.context.session_name()
        asked = request.assume_role(self.profile, name, code=code, token=token)
        return calls.request_session(
            asked, credentials, self.budget.deadline, self.context.clock, self.budget.extend_claim
        )


def _answer(call: _RoleCall) -> Answer:
    """What STS answers, asked in the way that the role's source needs."""
    source, device = call.profile.source, call.profile.mfa
    if isinstance(source, WebIdentity):
        from assume_helper.sources import web_identity

        return call.assume(None, token=web_identity.read_token(source))
    if isinstance(source, Profile):
        return _with_session(flight(source, call.context), call.assume)
    if device is None:
        return call.assume(call.credentials(source))
    return _with_mfa(call, source, device)


def _credentials_of(source: SourceOfKeys, context: CallContext, seconds: float) -> Credentials:
    from assume_helper.sessions import source_credentials as sources

    if isinstance(source, CredentialProcess):
        context.asking()
    found = sources.source_credentials(source, context.environ, seconds)
    if sources.has_changed(source, context.environ):  # its credentials are not those that the cache key says
        raise SourceExpired(f"{described(source)} was replaced while it was asked", "try again")
    return found


def _with_mfa(call: _RoleCall, source: SourceOfKeys, device: MFADevice) -> Answer:
    """Assume a role that requires MFA: with the MFA session, or with a code where there can be no such session.

    GetSessionToken is for a user's own access key: a session token cannot call it.
    """
    from assume_helper.sources import mfa

    session = call.profile.mfa_session
    if session is not None:
        link = mfa_session.flight(session, lambda: call.credentials(source), call.store, call.context)
        if entries.read(link.store, link.key) is not None:
            return _with_session(link, call.assume)
    mfa.check(device, call.profile.name, call.context)
    found = call.credentials(source)
    if session is not None and found.session_token is None:
        return _with_session(mfa_session.flight(session, lambda: found, call.store, call.context), call.assume)
    request = mfa_session.code_request(device, call.profile.name, call.context, call.budget)
    return mfa.call_with_code(request, lambda code: call.assume(found, code=code))


def _with_session(link: Flight, assume: Callable[[Credentials], Answer]) -> Answer:
    """Assume a role with a session of ours. A cached one that STS no longer accepts is replaced, if it can be."""
    entry = single_flight.session(link)
    try:
        return assume(entry.session.credentials)
    except (SourceExpired, SourceNotKnown) as error:
        if entry.session.issued >= link.context.started:
            raise
        replacement = _replaced(link, entry, error)
    return assume(replacement.session.credentials)


def _replaced(link: Flight, entry: Entry, error: AssumeHelperError) -> Entry:
    """A new session in place of `entry`, which STS refused with `error`. Raises AssumeHelperError."""
    entries.remove(link.store, link.key)
    try:
        return single_flight.session(link)
    except AssumeHelperError as problem:
        entries.write(link.store, link.key, entry)  # it may be good elsewhere
        raise (error if isinstance(problem, MFARequired) else problem) from None
