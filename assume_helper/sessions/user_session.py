"""The user's own session (GetSessionToken): an access key's, and the one that all roles with an MFA device share."""

from collections.abc import Callable

from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Answer, Credentials
from assume_helper.light import TYPE_CHECKING
from assume_helper.profiles.origin import MFADevice
from assume_helper.profiles.role import UserSession
from assume_helper.sessions import time_budget
from assume_helper.sessions.single_flight import Flight, LeaderBudget
from assume_helper.system.context import CallContext

if TYPE_CHECKING:
    from assume_helper.sources.mfa import CodeRequest


def flight(session: UserSession, credentials: Callable[[], Credentials], store: Cache, context: CallContext) -> Flight:
    """The session as `single_flight` takes it; `credentials` are asked for once a code, if needed, can be had."""

    def call(budget: LeaderBudget) -> Answer:
        return _answer(session, credentials, budget.limit(context), budget)

    key = entries.key(session.session_inputs())
    # Also what has ended: the profiles that share it, and store it in different ways, go on with one, and one code.
    found = storage.find_store(store, context.environ, key, lambda _entry: True)
    return Flight(found, key, context, asks_person=session.device is not None, call=call)


def _answer(
    session: UserSession, credentials: Callable[[], Credentials], context: CallContext, budget: LeaderBudget
) -> Answer:
    # Here and not above: a follower needs no SDK.
    from assume_helper.sources import mfa
    from assume_helper.sts import calls, request

    if session.device is not None:
        mfa.check(session.device, session.name, context)
    found = credentials()

    def exchange(code: str | None) -> Answer:
        asked = request.get_session_token(session, code)
        return calls.request_session(asked, found, budget.deadline, context.clock, budget.extend_claim)

    if session.device is None:
        return exchange(None)
    return mfa.call_with_code(code_request(session.device, session.name, context, budget), exchange)


def code_request(device: MFADevice, profile: str, context: CallContext, budget: LeaderBudget) -> "CodeRequest":
    """A request for a code of `device`, early enough for STS to be called with it.

    Which codes were used is remembered for all profiles in one place, also where sessions are not cached in files.
    """
    from assume_helper.sources import used_mfa_codes
    from assume_helper.sources.mfa import CodeRequest

    used_codes = used_mfa_codes.open_store(context.environ, context.warn)
    return CodeRequest(device, profile, used_codes, context, budget.deadline.at - time_budget.AFTER_MFA_CODE)
