"""All accounts and roles of a login: paging, the rate, each no of the portal, and what is no answer."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from behaviours import body, held, html, lost, reset, status, truncated
from front import free_port
from identity_center import ACCOUNT, ROLE, SESSION, START_URL, Center, SsoFile
from json_service import Answer, Behaviour, Request
from login_calls import LOG_IN, services
from running import Home

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceRefused,
    STSNotConnected,
    STSNotReached,
    STSRefused,
    STSThrottled,
)
from assume_helper.logins import accounts
from assume_helper.logins.accounts import Account
from assume_helper.profiles.login import IdentityCenterLogin, LoginService
from assume_helper.system.context import Clock

pytestmark = pytest.mark.usefixtures("renewed_here")
LIST, ROLES = "ListAccounts", "ListAccountRoles"
OTHER = "210987654321"


@pytest.fixture
def file(center: Center, home: Home) -> SsoFile:
    return center.log_in(home)


def login(file: SsoFile, where: LoginService) -> IdentityCenterLogin:
    return IdentityCenterLogin(START_URL, SESSION, str(file.path), LOG_IN, where)


def quick() -> tuple[Clock, list[float]]:
    """A clock whose pauses take no time, and the list of them."""
    pauses: list[float] = []
    return Clock(sleep=pauses.append), pauses


def listed(
    center: Center, file: SsoFile, where: LoginService | None = None, clock: Clock | None = None
) -> list[Account]:
    where = where or services(center)
    environ = {"HOME": str(file.path.parents[3])}
    return accounts.list_accounts(login(file, where), environ, clock or quick()[0], time.time(), lambda *_: None)


def many(center: Center, number: int, roles: int) -> None:
    for each in range(number):
        center.assign(f"{300_000_000_000 + each}", *(f"Role{role}" for role in range(roles)), name=f"account {each}")


def only(account_id: str, behaviour: Behaviour) -> Behaviour:
    """Only an account's roles are met with `behaviour`."""

    def behave(request: Request, proceed: Callable[[], Answer]) -> Answer:
        return behaviour(request, proceed) if request.query["account_id"] == account_id else proceed()

    return behave


def test_every_account_comes_with_its_roles(center: Center, file: SsoFile) -> None:
    center.assign(OTHER, "Reader", "Admin", name="Ünï [x]\n")
    assert listed(center, file) == [
        Account(ACCOUNT, "main", f"{ACCOUNT}@example.com", (ROLE,)),
        Account(OTHER, "Ünï [x]\n", f"{OTHER}@example.com", ("Admin", "Reader")),
    ]
    assert (center.calls(LIST), center.calls(ROLES), center.malformed) == (1, 2, [])
    assert file.read()["accessToken"] not in repr(listed(center, file))


def test_an_account_without_a_role_is_not_listed_by_the_portal_and_none_at_all_is_an_empty_list(
    center: Center, file: SsoFile
) -> None:
    center.unassign(ACCOUNT, ROLE)
    assert listed(center, file) == []
    assert center.calls(ROLES) == 0


def test_what_does_not_fit_on_a_page_is_asked_for_again(center: Center, file: SsoFile) -> None:
    center.portal.page = 2
    many(center, 5, 5)
    found = listed(center, file)
    assert [account.account_id for account in found] == sorted(center.portal.accounts)
    assert {len(account.roles) for account in found} == {1, 5}
    assert (center.calls(LIST), center.calls(ROLES)) == (3, 1 + 5 * 3)
    assert {request.query["max_result"] for request in center.server.requests} == {"100"}
    assert center.malformed == []


def test_progress_is_told_for_each_account(center: Center, file: SsoFile) -> None:
    many(center, 9, 1)
    told: list[tuple[int, int | None]] = []
    wanted = login(file, services(center))
    accounts.list_accounts(wanted, {}, quick()[0], time.time(), lambda *done: told.append(done))
    assert told == [(0, None), *((number, 10) for number in range(11))]


def test_no_more_than_twenty_calls_a_second_are_sent_and_few_at_once(center: Center, file: SsoFile) -> None:
    """The clock of the calls is their own: what they sleep together is what the rate demands."""
    many(center, 59, 1)
    turn, four, at_once, most = threading.Lock(), threading.Barrier(4), [0], [0]
    moments: list[float] = []
    now = [time.monotonic()]

    def sleep(seconds: float) -> None:
        with turn:
            now[0] += seconds

    def counted(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        with turn:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
            moments.append(now[0])
        four.wait(60)
        answer = proceed()
        with turn:
            at_once[0] -= 1
        return answer

    center.always(ROLES, counted)
    listed(center, file, clock=Clock(monotonic=lambda: now[0], sleep=sleep))
    assert len(moments) == 60
    assert max(moments) - min(moments) >= 59 / 20 - 0.3
    assert most[0] == 4


def test_a_portal_that_throttles_is_waited_for_with_jitter_and_asked_more_slowly(center: Center, file: SsoFile) -> None:
    many(center, 20, 1)
    center.once(LIST, *[status(429, "TooManyRequestsException", message="slow")] * 3)
    center.once(ROLES, *[status(429, "TooManyRequestsException", message="slow")] * 12)
    clock, pauses = quick()
    assert len(listed(center, file, clock=clock)) == 21
    assert (center.calls(LIST), center.calls(ROLES)) == (4, 21 + 12)
    assert len(set(pauses)) == len(pauses), "each pause is another one"


def test_a_portal_that_does_nothing_but_throttle_is_given_up(center: Center, file: SsoFile) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    center.always(ROLES, status(429, "TooManyRequestsException", message="slow"))
    with pytest.raises(STSThrottled) as caught:
        listed(center, file, clock=Clock(monotonic=lambda: now[0], sleep=sleep))
    assert caught.value.exit_code == 7
    assert now[0] >= 100


@pytest.mark.parametrize("behaviour", [html(), html(403), truncated, lost, reset, status(500), status(503, "X")])
@pytest.mark.parametrize("operation", [LIST, ROLES])
def test_what_is_not_reached_is_tried_again_and_then_nothing_is_listed(
    center: Center, file: SsoFile, operation: str, behaviour: Behaviour
) -> None:
    center.assign(OTHER, ROLE)
    center.once(operation, behaviour, behaviour)
    assert len(listed(center, file)) == 2
    center.always(operation, behaviour)
    with pytest.raises(STSNotReached) as caught:
        listed(center, file)
    assert caught.value.exit_code == 7


def test_a_network_that_goes_away_in_the_middle_ends_it(center: Center, file: SsoFile) -> None:
    many(center, 50, 1)
    center.always(ROLES, only("300000000030", reset))
    with pytest.raises(STSNotReached, match="broke off the connection"):
        listed(center, file)


def test_a_portal_that_is_not_there_is_not_connected(center: Center, file: SsoFile) -> None:
    with pytest.raises(STSNotConnected, match="the connection was refused"):
        listed(center, file, services(center, sso=f"http://127.0.0.1:{free_port()}"))


@pytest.mark.parametrize(
    ("number", "code"), [(403, "ForbiddenException"), (404, "ResourceNotFoundException"), (403, "AccessDenied")]
)
def test_an_account_that_is_refused_twice_is_told_with_the_reason_and_the_others_are_listed(
    center: Center, file: SsoFile, number: int, code: str
) -> None:
    center.assign(OTHER, ROLE)
    center.always(ROLES, only(OTHER, status(number, code, message="no")))
    assert listed(center, file)[1] == Account(OTHER, f"account {OTHER}", f"{OTHER}@example.com", (), code)
    assert center.calls(ROLES) == 3
    center.as_usual(ROLES)
    center.once(ROLES, status(number, code, message="no"))
    assert [account.problem for account in listed(center, file)] == ["", ""]


def test_accounts_that_may_not_be_listed_are_exit_6(center: Center, file: SsoFile) -> None:
    center.always(LIST, status(403, "ForbiddenException", message="no"))
    with pytest.raises(STSRefused, match="may not list its accounts") as caught:
        listed(center, file)
    assert caught.value.exit_code == 6
    center.always(LIST, status(400, "InvalidRequestException", message="no"))
    with pytest.raises(STSRefused, match=r"refuses ListAccounts \(InvalidRequestException\)"):
        listed(center, file)


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        (LIST, {}),
        (LIST, []),
        (LIST, {"accountList": None}),
        (LIST, {"accountList": 5}),
        (LIST, {"accountList": [{}]}),
        (LIST, {"accountList": [{"accountId": "1"}]}),
        (LIST, {"accountList": [{"accountId": 123456789012}]}),
        (LIST, {"accountList": [{"accountId": ACCOUNT, "accountName": 5}]}),
        (ROLES, {}),
        (ROLES, {"roleList": [{}]}),
        (ROLES, {"roleList": [{"roleName": 5}]}),
        (ROLES, {"roleList": ["Admin"]}),
    ],
)
def test_an_answer_that_is_none_is_exit_7(center: Center, file: SsoFile, operation: str, data: Any) -> None:
    center.always(operation, body(json.dumps(data).encode()))
    with pytest.raises(STSNotReached, match="not from Identity Center"):
        listed(center, file)


def test_what_the_portal_may_leave_out_is_left_out(center: Center, file: SsoFile) -> None:
    center.always(LIST, body(json.dumps({"accountList": [{"accountId": ACCOUNT}]}).encode()))
    assert listed(center, file) == [Account(ACCOUNT, "", "", (ROLE,))]


def test_what_comes_twice_counts_once(center: Center, file: SsoFile) -> None:
    one = {"accountId": ACCOUNT, "accountName": "main"}
    center.always(LIST, body(json.dumps({"accountList": [one, one]}).encode()))
    center.always(
        ROLES, body(json.dumps({"roleList": [{"roleName": "B"}, {"roleName": "A"}, {"roleName": "B"}]}).encode())
    )
    assert listed(center, file) == [Account(ACCOUNT, "main", "", ("A", "B"))]


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 65, "Rôle", 'a"b'])
def test_a_name_that_no_role_has_leaves_the_account_out(center: Center, file: SsoFile, name: str) -> None:
    center.always(ROLES, body(json.dumps({"roleList": [{"roleName": "A"}, {"roleName": name}]}).encode()))
    (found,) = listed(center, file)
    assert (found.roles, found.problem) == ((), "a role's name is none")


def test_pages_that_never_end_are_given_up(center: Center, file: SsoFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_MOST_PAGES", 20)
    center.always(LIST, body(json.dumps({"accountList": [], "nextToken": "again"}).encode()))
    with pytest.raises(STSNotReached, match="an answer without end"):
        listed(center, file)
    assert center.calls(LIST) == 2

    def another(_request: Request, _proceed: Callable[[], Answer]) -> Answer:
        return Answer(200, json.dumps({"accountList": [], "nextToken": f"t{center.calls(LIST)}"}).encode())

    center.always(LIST, another)
    with pytest.raises(STSNotReached, match="an answer without end"):
        listed(center, file)


@pytest.mark.parametrize("operation", [LIST, ROLES])
def test_a_login_that_was_revoked_is_exit_4_with_the_command(center: Center, file: SsoFile, operation: str) -> None:
    center.always(operation, status(401, "UnauthorizedException", message="no"))
    with pytest.raises(SourceRefused, match="was revoked") as caught:
        listed(center, file)
    assert (caught.value.exit_code, caught.value.next_step) == (4, f"run: {LOG_IN}")
    before = center.calls(LIST)
    with pytest.raises(SourceRefused, match="was revoked"):
        listed(center, file)
    assert center.calls(LIST) == before, "nothing is asked with it any more"


def test_a_login_of_another_region_is_said(center: Center, file: SsoFile) -> None:
    with pytest.raises(ConfigurationError, match=r"has sso_region = eu-west-1, and its login is of us-east-1"):
        listed(center, file, services(center, "eu-west-1"))


def test_a_login_that_was_made_anew_meanwhile_is_used(center: Center, home: Home, file: SsoFile) -> None:
    gone = threading.Event()

    def log_in_anew(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        if not gone.is_set():
            gone.set()
            center.revoke(file.read()["accessToken"])
            center.log_in(home)
        return proceed()

    center.always(ROLES, log_in_anew)
    assert [account.roles for account in listed(center, file)] == [(ROLE,)]
    assert center.calls(LIST) == 2


def test_without_a_login_nothing_is_sent(center: Center, file: SsoFile) -> None:
    file.path.unlink()
    with pytest.raises(SourceRefused, match="is not logged in"):
        listed(center, file)
    assert center.server.requests == []


def test_a_failure_does_not_wait_for_the_others(center: Center, file: SsoFile) -> None:
    many(center, 10, 1)
    event = threading.Event()
    center.always(ROLES, only("300000000000", status(400, "InvalidRequestException", message="no")))
    behave = only("300000000000", status(400, "InvalidRequestException", message="no"))
    center.always(ROLES, lambda request, proceed: behave(request, proceed if request.query["account_id"] != ACCOUNT else
                                                          lambda: held(event)(request, proceed)))  # fmt: skip
    try:
        with pytest.raises(AssumeHelperError, match="refuses ListAccountRoles"):
            listed(center, file)
    finally:
        event.set()
