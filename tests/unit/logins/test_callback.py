"""The page that a login in a browser ends at: it takes its own path with its own state, and nothing else."""

import http.client
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from assume_helper.logins import callback as callbacks
from assume_helper.logins.callback import PATH, Callback, Returned
from assume_helper.system import local_peer


@pytest.fixture
def waiting() -> Iterator[Callback]:
    with callbacks.listening() as callback:
        yield callback


def get(
    callback: Callback, path: str = PATH, method: str = "GET", host: str | None = None, **query: str
) -> tuple[int, str, str]:
    """The status, the page, and who may show it, of one request."""
    port = urlsplit(callback.redirect_uri).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        asked = f"{path}?{urlencode(query)}" if query else path
        connection.request(method, asked, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), str(answer.headers.get("Content-Security-Policy"))
    finally:
        connection.close()


def in_background(callback: Callback, **query: str) -> "tuple[threading.Thread, list[tuple[int, str, str]]]":
    """A browser that brings something back, and waits for what came of it."""
    got: list[tuple[int, str, str]] = []
    thread = threading.Thread(target=lambda: got.append(get(callback, **query)))
    thread.start()
    return thread, got


def own_address() -> str:
    """The address that this machine is reached at, by its routes alone: it need not know its own name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        try:
            unsent.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737); nothing is sent
        except OSError:  # no route
            return "127.0.0.1"
        return str(unsent.getsockname()[0])


def test_it_listens_on_this_machines_own_number_alone(waiting: Callback) -> None:
    split = urlsplit(waiting.redirect_uri)
    assert (split.scheme, split.hostname, split.path) == ("http", "127.0.0.1", "/oauth/callback")
    for other in {own_address(), "127.0.0.2"} - {"127.0.0.1"}:
        with socket.socket() as connection, pytest.raises(ConnectionRefusedError):
            connection.connect((other, split.port or 0))


def test_the_code_is_taken_and_the_browser_is_told_what_came_of_it(waiting: Callback) -> None:
    browser, got = in_background(waiting, code="the-code", state=waiting.state)
    assert waiting.wait(60) == Returned("the-code")
    waiting.end("You are logged in", "You can close this page.")
    browser.join(60)
    ((status, page, policy),) = got
    assert status == 200
    assert "<h1>You are logged in</h1><p>You can close this page.</p>" in page
    assert "the-code" not in page
    assert policy.startswith("default-src 'none'")


def test_an_error_of_this_login_is_taken(waiting: Callback) -> None:
    browser, _ = in_background(waiting, error="access_denied", state=waiting.state)
    assert waiting.wait(60) == Returned(error="access_denied")
    waiting.end("You are not logged in", "")
    browser.join(60)


@pytest.mark.parametrize(
    "query",
    [
        {"code": "stolen"},
        {"code": "stolen", "state": ""},
        {"code": "stolen", "state": "wrong"},
        {"code": "stolen", "state": "\xe4"},
        {"error": "access_denied"},
        {"error": "access_denied", "state": "wrong"},
        {},
    ],
)
def test_what_does_not_have_the_state_changes_nothing(waiting: Callback, query: dict[str, str]) -> None:
    assert get(waiting, **query)[0] == 400
    assert waiting.wait(0.05) is None
    browser, _ = in_background(waiting, code="right", state=waiting.state)
    assert waiting.wait(60) == Returned("right")
    waiting.end("Done", "")
    browser.join(60)


@pytest.mark.parametrize(
    "path", ["/", "/favicon.ico", "/oauth", "/oauth/callback/", "/oauth/callback2", "/OAUTH/CALLBACK", "/robots.txt"]
)
def test_any_other_path_is_not_found_even_with_the_state(waiting: Callback, path: str) -> None:
    assert get(waiting, path, code="c", state=waiting.state)[0] == 404
    assert waiting.wait(0.05) is None


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
def test_any_other_method_is_refused(waiting: Callback, method: str) -> None:
    assert get(waiting, PATH, method, code="c", state=waiting.state)[0] == 501
    assert waiting.wait(0.05) is None


def test_another_host_name_is_refused_as_a_page_elsewhere_would_send_it(waiting: Callback) -> None:
    assert get(waiting, host="evil.example.com", code="c", state=waiting.state)[0] == 421
    assert waiting.wait(0.05) is None


@pytest.mark.parametrize(
    "query",
    [
        "code=a&code=b&state={state}",
        "code=a&state={state}&state={state}",
        "state={state}",
        "code=&state={state}",
        f"code={'a' * 5000}&state={{state}}",
    ],
    ids=["two codes", "two states", "no code", "empty code", "long code"],
)
def test_what_is_ambiguous_or_empty_or_too_long_is_refused(waiting: Callback, query: str) -> None:
    assert get(waiting, f"{PATH}?{query.format(state=waiting.state)}")[0] == 400
    assert waiting.wait(0.05) is None


def test_the_first_answer_counts_and_a_reload_sees_what_came_of_it(waiting: Callback) -> None:
    first, _ = in_background(waiting, code="one", state=waiting.state)
    assert waiting.wait(60) == Returned("one")
    second, got = in_background(waiting, code="two", state=waiting.state)
    waiting.end("You are logged in", "")
    for browser in (first, second):
        browser.join(60)
    assert got[0][0] == 200
    assert waiting.wait(0.05) is None


def test_a_connection_on_which_nothing_comes_keeps_nobody_waiting(waiting: Callback) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(waiting.redirect_uri).port or 0)):
        assert get(waiting, "/favicon.ico")[0] == 404


def test_a_browser_that_waits_is_told_when_the_login_is_given_up() -> None:
    with callbacks.listening() as callback:
        browser, got = in_background(callback, code="c", state=callback.state)
        assert callback.wait(60) is not None
    browser.join(60)
    assert "given up" in got[0][1]


def test_the_state_is_another_one_each_time_and_in_no_repr() -> None:
    with callbacks.listening() as one, callbacks.listening() as two:
        assert one.state != two.state
        assert len(one.state) >= 32
        assert one.state not in repr(one)
        assert "secret" not in repr(Returned("secret"))


def test_another_user_who_has_seen_the_state_changes_nothing(
    waiting: Callback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_peer, "is_strange", lambda _client, _server: True)
    for query in ({"error": "access_denied"}, {"code": "stolen"}):
        assert get(waiting, state=waiting.state, **query)[0] == 403
    assert waiting.wait(0.05) is None
