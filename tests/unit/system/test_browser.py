"""A browser is opened only where the person sits, as `BROWSER` says; whether it was started is known."""

import os
import sys
from pathlib import Path

import pytest

from assume_helper.system import browser

DESKTOP = {"PATH": os.defpath, "DISPLAY": ":0"}
URL = "http://127.0.0.1:9/page?a=1&b=%7Bx%7D"


@pytest.mark.parametrize("more", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}, {"CODESPACES": "false"},
                                  {"SSH_CONNECTION": ""}, {"SSH_AUTH_SOCK": "/run/ssh"}])  # fmt: skip
def test_on_a_desktop_one_is_opened(more: dict[str, str]) -> None:
    assert browser.obstacle(DESKTOP | more) is None


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
def test_any_of_these_is_a_display(name: str) -> None:
    assert browser.obstacle({name: "x"}) is None


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these have a display without a variable")
@pytest.mark.parametrize("environ", [{}, {"DISPLAY": "", "BROWSER": ""}])
def test_without_a_display_none_is_opened(environ: dict[str, str]) -> None:
    assert browser.obstacle(environ) == ("without a display (DISPLAY, WAYLAND_DISPLAY and BROWSER are not set)")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22", "over SSH (SSH_CONNECTION is set)"),
        ("SSH_TTY", "/dev/pts/1", "over SSH (SSH_TTY is set)"),
        ("CI", "true", "in CI (CI is set)"),
        ("CI", "1", "in CI (CI is set)"),
        ("TF_BUILD", "True", "in CI (TF_BUILD is set)"),
        ("JENKINS_URL", "https://ci.example.com", "in CI (JENKINS_URL is set)"),
        ("CODESPACES", "true", "in a codespace (CODESPACES is set)"),
    ],
)
def test_where_the_person_sits_elsewhere_none_is_opened_whatever_the_display(name: str, value: str, words: str) -> None:
    assert browser.obstacle(DESKTOP | {"BROWSER": "firefox", name: value}) == words


def stub(folder: Path, text: str) -> dict[str, str]:
    """An environment whose browser is a program in Python."""
    program = folder / "a browser.py"
    program.write_text(f"import os, sys\n{text}\n")
    return {"PATH": os.defpath, "BROWSER": f"'{sys.executable}' -I -S '{program}' %s"}


def test_the_page_is_opened_with_the_program_of_browser(tmp_path: Path) -> None:
    told = tmp_path / "told"
    opening = browser.open_page(
        URL,
        stub(
            tmp_path,
            f"open({str(told)!r}, 'w').write(sys.argv[1])\nprint('noise', flush=True)\nprint('noise', file=sys.stderr)",
        ),
    )
    assert opening.wait(60)
    assert told.read_text() == URL


def test_the_callers_credentials_are_not_the_browsers(tmp_path: Path) -> None:
    told = tmp_path / "told"
    environ = stub(tmp_path, f"open({str(told)!r}, 'w').writelines(n + '=\\n' for n in os.environ)") | {
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_PROFILE": "x",
        "LANG": "C",
    }
    assert browser.open_page(URL, environ).wait(60)
    names = {line.partition("=")[0] for line in told.read_text().splitlines()}
    assert "LANG" in names
    assert not {name for name in names if name.startswith("AWS_")}


def test_a_browser_that_cannot_be_started_is_known(tmp_path: Path) -> None:
    opening = browser.open_page(URL, {"PATH": str(tmp_path), "BROWSER": str(tmp_path / "not there")})
    assert not opening.wait(60)
    assert opening.has_failed()


def test_a_browser_that_stays_in_front_is_not_waited_for(tmp_path: Path) -> None:
    go = tmp_path / "go"
    waits = f"import time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.01)"
    opening = browser.open_page(URL, stub(tmp_path, waits))
    assert opening.wait(0.1)
    assert opening.is_under_way()
    go.touch()
    assert opening.wait(60)
    assert not opening.is_under_way()
