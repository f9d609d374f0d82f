"""A login by code asks as seldom as the service wants, and goes on while that cannot be reached."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from behaviours import html, reset, status
from identity_center import SESSION, Center, sso_session
from json_service import Answer, Request
from running import Home

from assume_helper.errors import SourceError, STSNotReached
from assume_helper.logins import device_login
from assume_helper.logins.client_registration import Client
from assume_helper.logins.notice import Notice
from assume_helper.logins.sso_answer import TokenAnswer
from assume_helper.logins.start_url import Portal
from assume_helper.profiles import aws_config, login_settings
from assume_helper.system.context import Clock

PENDING = status(400, "AuthorizationPendingException", error="authorization_pending")
SLOW_DOWN = status(400, "SlowDownException", error="slow_down")


@dataclass
class Person:
    """A login under a clock of its own: how long it slept between two questions, and what was shown."""

    home: Home
    center: Center
    slept: list[float] = field(default_factory=list)
    shown: list[Notice] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    at: float = 0.0

    def log_in(self) -> None:
        self.home.environ |= self.center.environ()
        self.home.config.write_text(sso_session())
        login = login_settings.of_session(aws_config.load(self.home.environ), SESSION, self.home.environ)
        clock = Clock(time.time, lambda: self.at, self._sleep)
        portal = Portal(login.start_url, login.service.region)
        device_login.log_in(login, portal, self.home.environ, clock, self._show, self._keep, open_page=False)

    def _keep(self, _client: Client, answer: TokenAnswer) -> None:
        self.kept.append(answer.access_token)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def _show(self, notice: Notice) -> None:
        self.shown.append(notice)
        self.center.oidc.interval = 0
        for pending in self.center.oidc._pending.values():
            pending.interval = 0  # the clock of the service is not this one
        self.center.approve(notice.code)


@pytest.fixture
def person(home: Home, center: Center) -> Person:
    return Person(home, center)


def test_each_slow_down_makes_it_five_seconds_more_for_good(person: Person) -> None:
    person.center.once("CreateToken", PENDING, SLOW_DOWN, PENDING, SLOW_DOWN)
    person.log_in()
    assert person.slept == [5, 5, 10, 10, 15]
    assert len(person.kept) == 1


@pytest.mark.parametrize("interval", [2, 30])
def test_the_interval_is_the_services_own(person: Person, interval: int) -> None:
    person.center.oidc.interval = interval
    person.center.once("CreateToken", PENDING)
    person.log_in()
    assert person.slept == [interval, interval]


@pytest.mark.parametrize("given", [None, 0, -1])
def test_an_interval_that_is_none_is_five_seconds(person: Person, given: object) -> None:
    def work(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        answer = json.loads(proceed().body)
        return Answer(200, json.dumps(answer | {"interval": given}).encode())

    person.center.once("StartDeviceAuthorization", work)
    person.log_in()
    assert person.slept == [5]


@pytest.mark.parametrize("fault", [reset, html(), status(500), status(429, "TooManyRequestsException"), html(502)])
def test_a_fault_of_the_network_is_waited_out(
    person: Person, fault: Callable[[Request, Callable[[], Answer]], Answer]
) -> None:
    person.center.once("CreateToken", fault)
    person.log_in()
    assert person.slept == [5, 10]
    assert len(person.kept) == 1


def test_it_ends_with_the_code(person: Person) -> None:
    person.center.oidc.device_seconds = 12
    person.center.always("CreateToken", PENDING)
    with pytest.raises(SourceError, match="nobody has confirmed the code"):
        person.log_in()
    assert sum(person.slept) >= 12
    assert not person.kept


@pytest.mark.parametrize(
    "field",
    [
        {"userCode": None},
        {"userCode": "a b"},
        {"userCode": "\x1b[31m"},
        {"deviceCode": None},
        {"expiresIn": 0},
        {"expiresIn": "long"},
        {"verificationUri": None, "verificationUriComplete": None},
        {"verificationUriComplete": "http://evil.example.com/"},
        {"verificationUriComplete": "javascript:alert(1)"},
        {"verificationUriComplete": "https://x\n"},
        {"verificationUriComplete": "file:///etc/passwd"},
    ],
)
def test_a_page_or_a_code_that_cannot_be_shown_is_no_answer(person: Person, field: dict[str, object]) -> None:
    def work(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        return Answer(200, json.dumps(json.loads(proceed().body) | field).encode())

    person.center.once("StartDeviceAuthorization", work)
    with pytest.raises(STSNotReached):
        person.log_in()
    assert not person.shown


def test_a_code_without_a_complete_page_is_shown_with_the_page_that_asks_for_it(person: Person) -> None:
    def work(_request: Request, proceed: Callable[[], Answer]) -> Answer:
        return Answer(200, json.dumps(json.loads(proceed().body) | {"verificationUriComplete": None}).encode())

    person.center.once("StartDeviceAuthorization", work)
    person.log_in()
    assert person.shown[0].url == "https://x.awsapps.com/start/#/device"
    assert person.shown[0].code
