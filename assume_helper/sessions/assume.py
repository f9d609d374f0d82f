"""A role assumed: its source's credentials found, its MFA code asked for, AssumeRole called."""

from collections.abc import Callable
from dataclasses import replace

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.credentials import Answer, Credentials, WebIdentityToken
from assume_helper.errors import AssumeHelperError, ConfigurationError, MFARequired, SourceExpired, SourceNotKnown
from assume_helper.profiles.role import CredentialProcess, MFASession, Profile, WebIdentity
from assume_helper.sessions import single_flight, time_budget
from assume_helper.sessions.single_flight import Flight, LeaderBudget
from assume_helper.system.context import CallContext


def source_credentials(profile: Profile, context: CallContext) -> Credentials:
    """The credentials that assume the role of `profile`: its source's, or the session of the role before it.

    Raises AssumeHelperError; ConfigurationError where a token takes the place of credentials.
    """
    from assume_helper.sessions import source_credentials as sources

    if isinstance(profile.source, Profile):
        return _role_session(profile.source, context).session.credentials
    if isinstance(profile.source, WebIdentity):
        raise ConfigurationError("a web identity token is no credentials", "look at the role's identity")
    if isinstance(profile.source, CredentialProcess):
        context.asking()
    return sources.source_credentials(profile.source, context.environ, time_budget.WITHOUT_CACHE)


def _role_session(profile: Profile, context: CallContext) -> Entry:
    """The session of `profile`, which may be a link in another's chain."""
    return single_flight.session(flight(profile, context))


def flight(profile: Profile, context: CallContext) -> Flight:
    """The session of `profile` as `single_flight` takes it: its store, its key, and the call that gets it."""
    store = storage.open_store(context.environ, context.warn, profile.storage)

    def call(turn: LeaderBudget) -> Answer:
        return _assumed(profile, store, context, turn)

    return Flight(store, entries.key(profile.session_inputs()), context, profile.asks_somebody, call)


def _assumed(profile: Profile, store: Cache, context: CallContext, turn: LeaderBudget) -> Answer:
    """Have the source's credentials, and assume the role with them."""
    # Here and not above: those that wait for another process's call never need an SDK.
    from assume_helper.sessions import source_credentials as sources
    from assume_helper.sources import mfa, web_identity
    from assume_helper.sts import calls

    def assume(source: Credentials | WebIdentityToken, code: str | None = None) -> Answer:
        name = profile.role_session_name or context.session_name()
        return calls.assume_role(profile, source, name, turn.deadline, context.clock, turn.extend_claim, code)

    def assume_with(session: Callable[[], Entry], key: str, store: Cache = store) -> Answer:
        """With a session of ours; a cached one that STS no longer takes is replaced, if it can be."""
        entry = session()
        try:
            return assume(entry.session.credentials)
        except (SourceExpired, SourceNotKnown) as error:
            if entry.session.issued >= context.started:
                raise
            entries.remove(store, key)
            try:
                replaced = session()
            except AssumeHelperError as problem:
                entries.write(store, key, entry)  # it may be good elsewhere
                raise (error if isinstance(problem, MFARequired) else problem) from None
        return assume(replaced.session.credentials)

    source = profile.source
    in_time = replace(context, until=turn.deadline.throttled_at, may_ask=context.may_ask and not turn.has_cached)
    if isinstance(source, WebIdentity):
        return assume(web_identity.read_token(source))
    if isinstance(source, Profile):
        link_store = storage.open_store(context.environ, context.warn, source.storage)
        return assume_with(lambda: _role_session(source, in_time), entries.key(source.session_inputs()), link_store)

    def credentials() -> Credentials:
        if isinstance(source, CredentialProcess):
            in_time.asking()
        return sources.source_credentials(source, context.environ, turn.deadline.at - context.clock.monotonic())

    if profile.mfa is None:
        return assume(credentials())
    link = profile.mfa_session
    key = entries.key(link.session_inputs()) if link is not None else ""
    cached = entries.read(store, key) if link is not None else None
    if link is not None and cached is not None:
        return assume_with(lambda: _mfa_session(link, credentials, store, in_time), key)
    mfa.check(profile.mfa, profile.name, in_time)
    found = credentials()
    if link is None or found.session_token is not None:
        # GetSessionToken is for a user's own access key.
        until = turn.deadline.at - time_budget.AFTER_MFA_CODE
        asking = mfa.Asking(profile.mfa, profile.name, _used_codes(context), in_time, until)
        return mfa.with_code(asking, lambda code: assume(found, code))
    return assume_with(lambda: _mfa_session(link, lambda: found, store, in_time), key)


def _used_codes(context: CallContext) -> Cache:
    """Where it is remembered which codes were used: for all profiles in one place, and never the codes themselves."""
    return cache_directory.open_cache(context.environ, context.warn)


def _mfa_session(
    session: MFASession, credentials: Callable[[], Credentials], store: Cache, context: CallContext
) -> Entry:
    """The session that one MFA code gives, for all roles with that device and source."""
    from assume_helper.sources import mfa
    from assume_helper.sts import calls

    def call(turn: LeaderBudget) -> Answer:
        until = turn.deadline.at - time_budget.AFTER_MFA_CODE
        in_time = replace(context, may_ask=context.may_ask and not turn.has_cached)
        mfa.check(session.device, session.name, in_time)
        found = credentials()

        def exchange(code: str) -> Answer:
            return calls.get_session_token(session, found, code, turn.deadline, context.clock, turn.extend_claim)

        asking = mfa.Asking(session.device, session.name, _used_codes(context), in_time, until)
        return mfa.with_code(asking, exchange)

    key = entries.key(session.session_inputs())
    return single_flight.session(Flight(store, key, context, asks_person=True, call=call))
