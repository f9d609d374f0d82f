"""GitHub's token service: what is asked for, and what each answer comes to."""

import json
from typing import Any

import pytest
from canned import Asked, Canned, serving
from front import free_port

from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError, STSNotReached, STSThrottled
from assume_helper.profiles.origin import GitHubActions
from assume_helper.sources import github_actions
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline

SECRET = "CanaryRequestToken0123456789"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"


def ask(url: str, secret: str = SECRET, seconds: float = 20) -> str:
    clock = Clock(sleep=lambda _seconds: None)
    at = clock.monotonic() + seconds
    environ = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": secret}
    return github_actions.token(GitHubActions(url), environ, Deadline(at, at), clock).token


def refused(url: str, secret: str = SECRET, seconds: float = 20) -> AssumeHelperError:
    with pytest.raises(AssumeHelperError) as caught:
        ask(url, secret, seconds)
    assert SECRET not in str(caught.value)
    assert str(caught.value).isprintable()
    return caught.value


def answered(status: int, body: Any) -> tuple[AssumeHelperError, Canned]:
    with serving(lambda _asked: (status, body)) as canned:
        return refused(f"{canned.url}/job/7?api-version=2.0"), canned


@pytest.mark.parametrize(("query", "joined"), [("?api-version=2.0", "&"), ("", "?")])
def test_the_audience_is_added_and_the_job_s_token_is_in_a_header(query: str, joined: str) -> None:
    with serving(lambda _asked: (200, {"value": TOKEN, "count": 1})) as canned:
        assert ask(f"{canned.url}/job{query}") == TOKEN
    (asked,) = canned.asked
    assert (asked.method, asked.path) == ("GET", f"/job{query}{joined}audience=sts.amazonaws.com")
    assert asked.headers["authorization"] == f"bearer {SECRET}"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_job_that_may_not_is_told_of_the_permission(status: int) -> None:
    error, canned = answered(status, {"message": SECRET})
    assert type(error) is SourceError
    assert f"GitHub gave this job no token (HTTP {status} at {canned.url}/job/7)" in str(error)
    assert "`permissions: id-token: write`" in error.next_step
    assert len(canned.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_service_that_is_out_of_order_is_asked_again(status: int) -> None:
    error, canned = answered(status, b"<html>")
    assert isinstance(error, STSNotReached)
    assert f"GitHub's token service at {canned.url}/job/7 is out of order (HTTP {status})" in str(error)
    assert len(canned.asked) == 3


def test_a_service_that_throttles_is_waited_for() -> None:
    answers = [429, 429, 200]

    def answer(_asked: Asked) -> tuple[int, object]:
        return answers.pop(0), {"value": TOKEN}

    with serving(answer) as canned:
        assert ask(f"{canned.url}/job") == TOKEN
    with serving(lambda _asked: (429, b"")) as canned:
        assert isinstance(refused(f"{canned.url}/job", seconds=0.3), STSThrottled)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>log in</html>",
        b"",
        b"{}",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({"value": 1}).encode(),
        json.dumps({"value": ""}).encode(),
        json.dumps({"value": f"{SECRET} {SECRET}"}).encode(),
        json.dumps({"value": "x" * 20_001}).encode(),
    ],
)
def test_an_answer_without_a_token_is_none(body: bytes) -> None:
    error, _ = answered(200, body)
    assert type(error) is STSNotReached
    assert "gave an answer that is not from GitHub's token service: it has no token" in str(error)


def test_a_redirect_is_not_followed() -> None:
    error, canned = answered(302, b"")
    assert "not from GitHub's token service (HTTP 302)" in str(error)
    assert isinstance(error, STSNotReached)
    assert {asked.path for asked in canned.asked} == {"/job/7?api-version=2.0&audience=sts.amazonaws.com"}


def test_an_answer_without_end_is_cut_off() -> None:
    error, _ = answered(200, b"x" * 2_000_000)
    assert "sent an answer without end" in str(error)


def test_a_service_that_is_not_there_is_not_reached() -> None:
    error = refused(f"http://127.0.0.1:{free_port()}/job")
    assert error.exit_code == 7
    assert "the connection was refused" in str(error)


def test_the_secret_is_not_sent_in_the_clear_to_somebody_else() -> None:
    error = refused("http://192.0.2.1/job")
    assert isinstance(error, ConfigurationError)
    assert "use https://" in str(error)


@pytest.mark.parametrize("url", ["ftp://x/job", "job", f"https://me:{SECRET}@x/job", "https://x/a b"])
def test_what_is_no_url_is_refused(url: str) -> None:
    assert "ACTIONS_ID_TOKEN_REQUEST_URL is not a URL" in str(refused(url))


@pytest.mark.parametrize("secret", ["a b", "a\nb", "\u00fc"])
def test_a_secret_that_no_header_can_hold_is_refused(secret: str) -> None:
    assert "ACTIONS_ID_TOKEN_REQUEST_TOKEN cannot be sent" in str(refused("https://x/job", secret))
