"""Every account and role that a login to IAM Identity Center may use, asked for at a bounded rate."""

import random
import re
from collections.abc import Callable, Iterator, Mapping

import botocore.exceptions as aws

from assume_helper.credentials import is_account_id
from assume_helper.errors import AssumeHelperError, STSNotReached, STSRefused
from assume_helper.light import Any, dataclass, field, replace
from assume_helper.logins import error_answer, identity_center, login_errors, service, sso_token
from assume_helper.logins.call_rate import CallRate
from assume_helper.logins.service import Service
from assume_helper.logins.sso_token import AccessToken
from assume_helper.profiles import login_record
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system.at_once import at_once
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.system.retries import retry
from assume_helper.system.sdk_client import Client
from assume_helper.system.unreached import in_time, not_from, not_reached

# Calls a second, of all workers together. Peers hold as many, and are throttled now and then all the same.
_RATE = 20
# At once: with the usual 200 ms for an answer that makes the rate.
_WORKERS = 4
# The most that one answer may hold (both operations: `MaxResultType`).
_PAGE = 100
# No organization has as many pages: a portal that goes on for ever is none.
_MOST_PAGES = 1000
# Seconds for one answer, tried again meanwhile; and for one while the portal does nothing but throttle.
_PATIENCE = 20.0
_PATIENCE_THROTTLED = 120.0
# Seconds before a refusal is believed: the portal refuses now and then what it gives a moment later.
_SECOND_LOOK = (0.1, 0.5)
# The name of a role (IAM's `roleNameType`).
_ROLE_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,64}")

Answer = Mapping[str, Any]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Account:
    """An account, and the roles in it that the login may use. `name` and `email` are "" where there are none.

    `problem` is why its roles could not be listed; it has none then.
    """

    account_id: str
    name: str
    email: str
    roles: tuple[str, ...] = ()
    problem: str = ""


class _Unauthorized(Exception):
    """The portal does not take the access token."""


class _Refused(Exception):
    """The portal says no to what was asked for: `name` is its error."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def list_accounts(
    login: IdentityCenterLogin, environ: Mapping[str, str], clock: Clock, started: float, progress: Progress
) -> list[Account]:
    """Every account of `login`, by its number, with its roles by their names.

    `started` is when this process began (seconds since the epoch). `progress` is told how many accounts are done, and
    of how many, None while that is not known. Raises SourceError, SourceExpired, SourceRefused for the login;
    STSRefused where accounts cannot be listed at all; STSNotReached, STSNotConnected, STSUnavailable, STSThrottled
    where any part of the answer is missing; ConfigurationError, SettingFault, UnknownRegion, MachineFault.
    """
    token = _token(login, environ, clock, started)
    try:
        return _list(login, token, clock, progress)
    except _Unauthorized:
        pass
    # Another process may have renewed the login, or somebody has logged in, since the file was read.
    if login_record.read_token_file(login.token_path).digest != token.file.digest:
        token = _token(login, environ, clock, started)
        try:
            return _list(login, token, clock, progress)
        except _Unauthorized:
            pass
    raise identity_center.unauthorized(login, token, environ, clock, _deadline(clock))


def _deadline(clock: Clock) -> Deadline:
    now = clock.monotonic()
    return Deadline(now + _PATIENCE, now + _PATIENCE_THROTTLED)


def _token(login: IdentityCenterLogin, environ: Mapping[str, str], clock: Clock, started: float) -> AccessToken:
    return sso_token.access_token(login, environ, clock, started, _deadline(clock), lambda: None)


def _list(login: IdentityCenterLogin, token: AccessToken, clock: Clock, progress: Progress) -> list[Account]:
    """Raises _Unauthorized, and as `list_accounts` does."""
    portal, rate = service.of(login.service, "sso"), CallRate(clock, _RATE)
    progress(0, None)
    asked = _Asked(portal, token, clock, rate, "ListAccounts")
    found: dict[str, Account] = {}
    try:
        for entry in asked.entries({}, "accountList"):
            account = _account(entry, portal)
            found.setdefault(account.account_id, account)
    except _Refused as error:
        raise STSRefused(
            f"the login of {login_errors.name(login)} may not list its accounts ({error.name})",
            "have an account assigned to you",
        ) from None
    accounts = [found[account_id] for account_id in sorted(found)]

    def worker() -> Callable[[Account], Account]:
        of_roles = _Asked(portal, token, clock, rate, "ListAccountRoles")
        return lambda account: _with_roles(account, of_roles)

    progress(0, len(accounts))
    for done, (number, account) in enumerate(at_once(worker, accounts, _WORKERS), 1):
        found[accounts[number].account_id] = account
        progress(done, len(accounts))
    return [found[account_id] for account_id in sorted(found)]


def _account(entry: Any, portal: Service) -> Account:
    """An account of the answer. Raises STSNotReached where it is none."""
    values = [entry.get(key, "") if isinstance(entry, dict) else None for key in ("accountId", "accountName")]
    email = entry.get("emailAddress", "") if isinstance(entry, dict) else ""
    if not is_account_id(values[0]) or not isinstance(values[1], str) or not isinstance(email, str):
        raise not_reached(portal, not_from(portal))
    return Account(values[0], values[1], email)


def _with_roles(account: Account, asked: "_Asked") -> Account:
    """The account with its roles, or why they cannot be listed. Raises _Unauthorized, and as `list_accounts` does."""
    names: set[str] = set()
    try:
        for entry in asked.entries({"accountId": account.account_id}, "roleList"):
            name = entry.get("roleName") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                raise not_reached(asked.portal, not_from(asked.portal))
            names.add(name)
    except _Refused as error:
        return replace(account, problem=error.name)
    if not all(_ROLE_NAME.fullmatch(name) for name in names):
        return replace(account, problem="a role's name is none")
    return replace(account, roles=tuple(sorted(names)))


@dataclass
class _Asked:
    """One operation, asked for by one thread over a connection that is kept."""

    portal: Service
    token: AccessToken = field(repr=False)
    clock: Clock
    rate: CallRate
    operation: str
    _client: Client | None = None

    def entries(self, request: Mapping[str, object], name: str) -> Iterator[Any]:
        """What the pages of the answer have under `name`. Raises _Unauthorized, _Refused, and as `list_accounts`."""
        more: dict[str, object] = {}
        seen: set[object] = set()
        while True:
            answer = self._page({**request, **more, "maxResults": _PAGE, "accessToken": self.token.value}, name)
            token = answer.get("nextToken")
            yield from answer[name]
            if not token:
                return
            if token in seen or len(seen) >= _MOST_PAGES:
                raise not_reached(self.portal, "sent an answer without end")
            seen.add(token)
            more = {"nextToken": token}

    def _page(self, request: Mapping[str, object], name: str) -> Answer:
        """One page, with a list under `name`. Raises as `entries` does."""
        try:
            return self._tried(request, name)
        except _Refused:
            self.clock.sleep(random.uniform(*_SECOND_LOOK))
        return self._tried(request, name)

    def _tried(self, request: Mapping[str, object], name: str) -> Answer:
        def attempt(limit: Deadline) -> Answer:
            answer = self._ask(request, limit)
            if not isinstance(answer.get(name), list):
                raise not_reached(self.portal, not_from(self.portal))
            return answer

        answer = retry(attempt, _deadline(self.clock), self.clock, self.rate.slow_down)
        self.rate.recover()
        return answer

    def _ask(self, request: Mapping[str, object], limit: Deadline) -> Answer:
        self.rate.wait()
        try:
            return within(
                limit.at - self.clock.monotonic(),
                lambda: service.call(self.portal, self.operation, request, self._refusal, kept=self._kept),
            )
        except TimeoutError as error:
            self._client = None  # the abandoned call has it
            raise in_time(self.portal, error) from None

    def _kept(self) -> Client:
        if self._client is None:
            self._client = service.client(self.portal, self.operation)
        return self._client

    def _refusal(self, error: aws.ClientError) -> AssumeHelperError:
        answer = error_answer.read(error, self.portal)
        if isinstance(answer, STSNotReached):
            return answer
        if answer.status == 401:
            raise _Unauthorized
        if answer.status in {403, 404}:
            raise _Refused(answer.name)
        return STSRefused(
            f"{self.portal.service} refuses {self.operation} ({answer.name})", "try again, or log in again"
        )
