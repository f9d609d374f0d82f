"""The session of a profile: a role's by its source's credentials, another session of ours, or an MFA code itself."""

import os
from collections.abc import Callable

from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.credentials import Answer, Credentials, WebIdentityToken
from assume_helper.errors import AssumeHelperError, ConfigurationError, MFARequired, SourceExpired, SourceNotKnown
from assume_helper.light import dataclass, field, replace
from assume_helper.profiles.origin import MFADevice, Origin, WebIdentity
from assume_helper.profiles.role import Profile
from assume_helper.profiles.scope import Scope
from assume_helper.profiles.source_description import described
from assume_helper.sessions import own_session, session_keys, single_flight, time_budget, user_session
from assume_helper.sessions.single_flight import Flight, LeaderBudget, RefusedSession
from assume_helper.system import exhaustion
from assume_helper.system.context import CallContext

# The SDK, and the sources, are imported where they are used: a follower, which takes the leader's result, needs none.


def flight(profile: Profile, context: CallContext) -> Flight:
    """The session of `profile` as `single_flight` takes it: its store, its key, and the call that gets it.

    What leads to it is deleted where it is stored in a laxer way than the profile says.
    """
    own = storage.open_store(context.environ, context.warn, profile.storage)
    storage.remove_from_laxer(context.environ, profile.storage, session_keys.of_chain(profile))
    session = profile.user_session if profile.role_arn is None and profile.scope is None else None
    if session is not None:
        return user_session.flight(session, lambda: source_credentials(profile, context), own, context)
    key, now = session_keys.of_profile(profile), context.clock.now()
    store = storage.find_store(own, context.environ, key, lambda entry: _is_served_only(entry.session, now))

    def call(budget: LeaderBudget) -> Answer:
        limited = budget.limit(context)
        try:
            if profile.scope is not None:
                return _scoped(profile, profile.scope, limited, budget)
            if profile.role_arn is None:
                return own_session.answer(profile, limited, budget)
            return _answer(_RoleCall(profile, own, limited, budget))
        except (OSError, MemoryError) as error:  # of an import, or of a file
            raise exhaustion.fault(error) or error from None

    return Flight(store, key, context, profile.asks_somebody, call)


def _is_served_only(session: Session, now: float) -> bool:
    """Whether nothing but serving it is to be done at `now`. The next session is stored as its own profile says."""
    return session.is_fresh(now) and not session.is_due(now)


def _scoped(profile: Profile, scope: Scope, context: CallContext, budget: LeaderBudget) -> Answer:
    """The session of `profile` narrowed to its `scope`, from its whole one, which is cached as if it were asked for."""
    from assume_helper.sessions import scoped_session

    def narrow(session: Session) -> Answer:
        return scoped_session.answer(profile, scope, session, context, budget)

    whole = profile.unscoped()
    if own_session.is_handed_over(whole):
        return narrow(own_session.access_key_itself(whole, context).session)
    link = flight(whole, context)
    if budget.has_cached:  # there is time: the narrowed one serves meanwhile
        scoped_session.renew(link)
    return _with_session(link, narrow)


def source_credentials(profile: Profile, context: CallContext) -> Credentials:
    """The credentials that `profile` is made from: its source's, or the session of the profile before it.

    Raises AssumeHelperError; ConfigurationError for a web identity token, which takes the place of credentials.
    """
    if isinstance(profile.source, WebIdentity):
        raise ConfigurationError("a web identity token is no access key", "ask for the role's identity instead")
    return _credentials_of(profile.source, context, time_budget.WITHOUT_CACHE)


@dataclass(frozen=True)
class _RoleCall:
    """A leader's call for the role of `profile`; `context` is limited to the leader's `budget`."""

    profile: Profile
    store: Cache
    context: CallContext = field(repr=False)
    budget: LeaderBudget

    def credentials(self, source: Origin | Profile) -> Credentials:
        """The credentials of `source`, within the budget."""
        return _credentials_of(source, self.context, self.budget.deadline.at - self.context.clock.monotonic())

    def assume_with(self, session: Session) -> Answer:
        """Assume the role with a `session` of ours."""
        return self.assume(session.credentials)

    def assume(
        self, credentials: Credentials | None, *, code: str | None = None, token: WebIdentityToken | None = None
    ) -> Answer:
        """Assume the role with `credentials`, and the MFA `code`; or with a `token` alone."""
        from assume_helper.sts import calls, request
        from assume_helper.system import plain_text

        warning = plain_text.plain_text_warning(self.profile.endpoint.endpoint_url)
        if warning is not None:
            self.context.warn(warning)
        name = self.profile.role_session_name or self.context.session_name()
        asked = request.assume_role(self.profile, name, code=code, token=token)
        return calls.request_session(
            asked,
            credentials,
            self.budget.for_last_call(self.context.clock),
            self.context.clock,
            self.budget.extend_claim,
        )


def _answer(call: _RoleCall) -> Answer:
    """What STS answers, asked in the way that the role's source needs."""
    source, device = call.profile.source, call.profile.mfa
    if isinstance(source, WebIdentity):
        from assume_helper.sources import web_identity

        before = _state(source.token_file)
        token = web_identity.read_token(source)
        try:
            return call.assume(None, token=token)
        except SourceNotKnown:
            if _state(source.token_file) == before:
                raise
            # It was half written: this is not a refusal.
            raise SourceExpired("the web identity token was being replaced meanwhile", "try again") from None
    if device is not None:
        return _with_mfa(call, source, device)
    if isinstance(source, Profile):
        return _with_session(flight(source, call.context), call.assume_with)
    return call.assume(call.credentials(source))


def _state(path: str) -> tuple[int, ...] | None:
    """What changes when the file at `path` does; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _credentials_of(source: Origin | Profile, context: CallContext, seconds: float) -> Credentials:
    if isinstance(source, Profile):
        return single_flight.session(flight(source, context)).session.credentials
    from assume_helper.sessions import source_credentials as sources

    found = sources.source_credentials(source, context.environ, seconds)
    if sources.has_changed(source, context.environ):  # its credentials are not those that the cache key says
        raise SourceExpired(f"{described(source)} was replaced while it was asked", "try again")
    return found


def _with_mfa(call: _RoleCall, source: Origin | Profile, device: MFADevice) -> Answer:
    """Assume a role that requires MFA: with the MFA session, or with a code where there can be no such session.

    GetSessionToken is for a user's own access key: a session token cannot call it.
    """
    from assume_helper.sources import mfa

    session = call.profile.user_session
    if session is not None:
        link = user_session.flight(session, lambda: call.credentials(source), call.store, call.context)
        if entries.read(link.store, link.key) is not None:
            return _with_session(link, call.assume_with, is_served=False)
    mfa.check(device, call.profile.name, call.context)
    found = call.credentials(source)
    if session is not None and found.session_token is None:
        link = user_session.flight(session, lambda: found, call.store, call.context)
        return _with_session(link, call.assume_with, is_served=False)
    request = user_session.code_request(device, call.profile.name, call.context, call.budget)
    return mfa.call_with_code(request, lambda code: call.assume(found, code=code))


def _with_session(link: Flight, use: Callable[[Session], Answer], *, is_served: bool = True) -> Answer:
    """What STS answers to `use`, with a session of ours. A cached one that it no longer accepts is replaced, if it can.

    `is_served`: it is also handed out by itself, as that of a role is.
    """
    entry = single_flight.session(link)
    try:
        return use(entry.session)
    except (SourceExpired, SourceNotKnown) as error:
        if entry.session.issued >= link.context.started:
            raise
        replacement = _replaced(link, entry, error, is_served=is_served)
    return use(replacement.session)


def _replaced(link: Flight, entry: Entry, error: AssumeHelperError, *, is_served: bool) -> Entry:
    """A session in place of `entry`, which STS refused with `error`: another process's, or a new one.

    It is replaced under the link's lock, and only where it is still what is cached: once for all who wait there. Raises
    AssumeHelperError: where it cannot be replaced, a refusal stands. One that is never handed out stays cached then: it
    may be good elsewhere, and STS is asked about it each time.
    """
    is_final = error.cached == "deleted"
    refused = RefusedSession(entry.session, is_final=is_final and is_served)
    try:
        return single_flight.session(replace(link, refused=refused))
    except AssumeHelperError as problem:
        if problem.cached != "deleted" and (is_final or isinstance(problem, MFARequired)):
            raise error from None
        raise
