"""A link that leads to a secret URL once; nothing else that comes to its port changes anything."""

import http.client
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from assume_helper.export import one_time_link
from assume_helper.export.one_time_link import Link
from assume_helper.system import local_peer

SECRET_URL = "https://signin.aws.amazon.com/federation?SigninToken=a%2Bb"


@pytest.fixture
def link() -> Iterator[Link]:
    with one_time_link.leading_to(SECRET_URL) as link:
        yield link


def asked(link: Link, path: str | None = None, method: str = "GET") -> tuple[int, str | None, str]:
    """The status, where it leads, and the body."""
    split = urlsplit(link.url)
    connection = http.client.HTTPConnection(split.netloc, timeout=30)
    try:
        connection.request(method, split.path if path is None else path)
        answer = connection.getresponse()
        assert answer.headers.get("Cache-Control", "no-store") == "no-store"
        return answer.status, answer.headers.get("Location"), answer.read().decode()
    finally:
        connection.close()


def test_who_asks_first_is_sent_on_and_nobody_after_that(link: Link) -> None:
    assert not link.is_used.is_set()
    assert asked(link)[:2] == (302, SECRET_URL)
    assert link.is_used.wait(30)
    status, location, page = asked(link)
    assert (status, location) == (410, None)
    assert "good once" in page
    assert "Signin" not in page


def test_it_is_on_this_machine_only_and_cannot_be_guessed(link: Link) -> None:
    split = urlsplit(link.url)
    assert split.hostname == "127.0.0.1"
    assert len(split.path) > 40
    with one_time_link.leading_to(SECRET_URL) as another:
        assert urlsplit(another.url).path != split.path


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/%C3%BC", "*"])
def test_another_path_is_told_nothing_and_uses_nothing_up(link: Link, path: str) -> None:
    for other in (path, urlsplit(link.url).path[:-1], urlsplit(link.url).path + "/"):
        assert asked(link, other)[:2] == (404, None)
    assert not link.is_used.is_set()
    assert asked(link)[0] == 302


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_a_look_ahead_uses_nothing_up(link: Link, method: str) -> None:
    assert asked(link, method=method)[:2] == (501, None)
    assert not link.is_used.is_set()
    assert asked(link)[0] == 302


def test_of_many_at_once_one_is_sent_on(link: Link) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(asked(link)[0])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [302, *[410] * 19]


def test_a_client_that_says_nothing_or_nonsense_keeps_nobody_waiting(
    link: Link, capfd: pytest.CaptureFixture[str]
) -> None:
    split = urlsplit(link.url)
    with socket.create_connection((split.hostname or "", split.port or 0)):
        with socket.create_connection((split.hostname or "", split.port or 0)) as other:
            other.sendall(b"\x16\x03\x01\x00nonsense\r\n\r\n")
        assert asked(link)[0] == 302
    assert capfd.readouterr() == ("", "")


def test_it_is_gone_when_the_block_ends() -> None:
    with one_time_link.leading_to(SECRET_URL) as link:
        pass
    with pytest.raises(OSError):  # noqa: PT011 - refused, or reset
        asked(link)


def test_another_user_is_not_sent_on_and_does_not_use_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with one_time_link.leading_to(SECRET_URL) as link:
        monkeypatch.setattr(local_peer, "is_strange", lambda _client, _server: True)
        assert asked(link)[0] == 403
        assert not link.is_used.is_set()
        monkeypatch.undo()
        assert asked(link)[0] == 302
