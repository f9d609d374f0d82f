"""A login in a browser: what its page is asked, how long it is waited for, and what cannot be had."""

import base64
import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import browser as visitor
import pytest
from identity_center import SESSION, Center, sso_session
from running import Home

from assume_helper.errors import SourceError
from assume_helper.logins import browser_login, callback, client_registration
from assume_helper.logins.client_registration import Client
from assume_helper.logins.notice import Notice
from assume_helper.logins.sso_answer import TokenAnswer
from assume_helper.logins.start_url import Portal
from assume_helper.profiles import aws_config, login_settings
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system.context import Clock


@dataclass
class Person:
    """Who logs in: `step` is how far the clock goes (seconds) each time that somebody looks at it."""

    home: Home
    center: Center
    step: float = 0.0
    at: float = 0.0
    shown: list[Notice] = field(default_factory=list)
    kept: list[tuple[Client, TokenAnswer]] = field(default_factory=list)

    @property
    def login(self) -> IdentityCenterLogin:
        self.home.environ |= self.center.environ()
        self.home.config.write_text(sso_session())
        (self.home.folder / ".aws" / "sso" / "cache").mkdir(parents=True, exist_ok=True)
        return login_settings.of_session(aws_config.load(self.home.environ), SESSION, self.home.environ)

    def log_in(self, **environ: str) -> None:
        login = self.login
        portal = Portal(login.start_url, login.service.region)
        clock = Clock(time.time, self._monotonic)
        browser_login.log_in(login, portal, self.home.environ | environ, clock, self.shown.append, self._keep)

    def _monotonic(self) -> float:
        self.at += self.step
        return self.at

    def _keep(self, client: Client, answer: TokenAnswer) -> None:
        self.kept.append((client, answer))


@pytest.fixture
def person(home: Home, center: Center) -> Person:
    return Person(home, center)


def query_of(person: Person) -> dict[str, str]:
    (notice,) = person.shown
    return {name: values[0] for name, values in parse_qs(urlsplit(notice.url).query).items()}


def test_the_page_is_asked_with_a_proof_that_is_in_no_url(
    person: Person, center: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifiers: list[str] = []
    tokens = browser_login._tokens

    def noting(*arguments: object) -> TokenAnswer:
        verifiers.append(str(arguments[-1]))
        return tokens(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(browser_login, "_tokens", noting)
    person.log_in(**visitor.variable())
    query = query_of(person)
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["scopes"] == "sso:account:access"
    assert urlsplit(query["redirect_uri"])._replace(netloc="").geturl() == "http:///oauth/callback"
    (verifier,) = verifiers
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert (query["code_challenge"], 43 <= len(verifier) <= 128) == (digest, True)
    assert verifier not in person.shown[0].url
    ((client, answer),) = person.kept
    assert query["client_id"] == client.client_id
    assert answer.access_token not in repr(answer)
    assert answer.refresh_token is not None
    assert answer.answered_at is not None
    assert center.malformed == []


def test_each_login_has_another_state_and_another_proof(person: Person) -> None:
    person.log_in(**visitor.variable())
    first = query_of(person)
    person.shown.clear()
    person.log_in(**visitor.variable())
    assert {query_of(person)[name] == first[name] for name in ("state", "code_challenge")} == {False}


def test_it_ends_after_five_minutes_and_the_client_that_may_have_ended_is_forgotten(
    person: Person, center: Center
) -> None:
    center.log_in(person.home, configured_scopes=None)
    person.step = 100.0
    with pytest.raises(SourceError, match=r"nobody has logged in to sso-session corp within 5 minutes; run: .*login"):
        person.log_in(BROWSER="true %s")
    assert person.at >= 300
    assert not person.kept
    person.step, before = 0.0, center.calls("RegisterClient")
    person.log_in(**visitor.variable())
    assert (before, center.calls("RegisterClient")) == (0, 1)


def test_one_that_is_given_up_forgets_a_client_that_may_have_ended(
    person: Person, center: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    center.log_in(person.home, configured_scopes=None)

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(callback.Callback, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        person.log_in(BROWSER="true %s")
    monkeypatch.undo()
    person.log_in(**visitor.variable())
    assert center.calls("RegisterClient") == 1


def test_without_a_port_it_names_the_other_way(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def nothing_is_free() -> Iterator[callback.Callback]:
        raise OSError(99, "Cannot assign requested address")
        yield

    monkeypatch.setattr(callback, "listening", nothing_is_free)
    words = r"no port of 127.0.0.1 is to be had .*\(Cannot assign requested address\); run: .*login .* --device-code"
    with pytest.raises(SourceError, match=words):
        person.log_in(**visitor.variable())
    assert not person.shown


def test_a_client_that_identity_center_has_forgotten_meanwhile_is_made_anew_next_time(
    person: Person, center: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = browser_login._tokens

    def forgotten(*arguments: object) -> TokenAnswer:
        center.oidc.clients.clear()
        return tokens(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(browser_login, "_tokens", forgotten)
    with pytest.raises(SourceError, match="does not take what the browser brought back"):
        person.log_in(**visitor.variable())
    monkeypatch.setattr(browser_login, "_tokens", tokens)
    person.log_in(**visitor.variable())
    assert center.calls("RegisterClient") == 2


def test_the_endpoint_that_is_configured_has_the_page_too(person: Person, center: Center) -> None:
    person.log_in(**visitor.variable())
    assert person.shown[0].url.startswith(f"{center.server.url('sso-oidc')}/authorize?")
    where = client_registration.service_of(person.login, Portal("https://x.awsapps.com/start", "eu-west-1"))
    assert where.region == "eu-west-1"
