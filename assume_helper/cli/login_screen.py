"""What a person sees while logging in: the page, the code in a box of its own, how long it is waited, what else to do.

All of it is on standard error: standard output may be read by a shell.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.light import dataclass
from assume_helper.logins.notice import Notice
from assume_helper.text import printable

# Columns that a box with air around the code has room in.
_WIDE = 40
_ELSEWHERE = "another process has begun it; finish it in the browser"


@dataclass(frozen=True)
class Screen:
    """What is told while somebody logs in: `show` where to do it, `wait` that another process has it under way."""

    show: Callable[[Notice], None]
    wait: Callable[[], None]


@contextmanager
def screen(invocation: Invocation, name: str, command: str, why_no_browser: str | None) -> Iterator[Screen]:
    """What a login to `name` shows; a spinner until it ends, on a terminal.

    `command` is the one that logs in, `why_no_browser` why no browser is opened here, where one might be expected.
    """
    is_drawn = invocation.is_terminal(2) and not display.is_plain(invocation)
    status = display.console(invocation, invocation.stream(2)).status("") if is_drawn else None

    def spin(what: str) -> None:
        if status is not None:
            status.update(f"{what}, Ctrl-C gives up")
            status.start()

    def show(notice: Notice) -> None:
        if is_drawn:
            invocation.say(_drawn(invocation, name, command, notice, why_no_browser))
        else:
            for line in _lines(name, command, notice, why_no_browser):
                invocation.say(f"assume-helper: {line}")
        spin(f"waiting for the login: {notice.seconds / 60:.0f} min at most")

    def wait() -> None:
        if not is_drawn:
            invocation.say(f"assume-helper: {name} is being logged in to: {_ELSEWHERE}")
        spin(_ELSEWHERE)

    try:
        yield Screen(show, wait)
    finally:
        if status is not None:
            status.stop()


def _what_to_do(notice: Notice, why_no_browser: str | None) -> str:
    if notice.is_opened:
        return "Your browser opens this page:"
    if why_no_browser is not None:
        return f"No browser is opened {why_no_browser}. Open this page in a browser of your own, on any machine:"
    return "Open this page in a browser, on any machine:"


def _otherwise(command: str, notice: Notice) -> str:
    """What to do when nothing happens."""
    if notice.code:
        return (
            "The page shows this code, or asks for it. If it shows another one, do not go on: somebody else made it. "
            "When you have confirmed it there, it goes on here. If nothing happens, run this again for another code."
        )
    return f"If no page comes up, open it yourself in a browser on this machine, or run: {command} --device-code"


def _lines(name: str, command: str, notice: Notice, why_no_browser: str | None) -> list[str]:
    lines = [f"log in to {name}", _what_to_do(notice, why_no_browser), f"  {printable(notice.url, 2048)}"]
    if notice.code:
        lines.append(f"code: {printable(notice.code, 64)}")
    return [*lines, _otherwise(command, notice)]


def _drawn(invocation: Invocation, name: str, command: str, notice: Notice, why_no_browser: str | None) -> str:
    """The same for a terminal: the URL on lines of its own, whole, so that it can be clicked and copied."""
    from rich.box import HEAVY
    from rich.padding import Padding
    from rich.panel import Panel
    from rich.text import Text

    into = io.StringIO()
    drawn = display.console(invocation, into)
    drawn.print()
    drawn.print(Text(f"Log in to {name}", "bold"))
    drawn.print()
    drawn.print(Text(_what_to_do(notice, why_no_browser)))
    drawn.print()
    url = printable(notice.url, 2048)
    # Not wrapped by us: the terminal joins its own wraps again when the URL is copied.
    drawn.print(Text(f"  {url}", "bold blue", no_wrap=True, overflow="ignore"), crop=False, soft_wrap=True)
    drawn.print()
    if notice.code:
        code = Text(printable(notice.code, 64), "bold green", justify="center")
        sides = 6 if drawn.width >= _WIDE else 1  # the code is never broken
        drawn.print(Padding(Panel(code, box=HEAVY, padding=(1, sides), expand=False, title="code"), (0, 0, 0, 2)))
        drawn.print()
    drawn.print(Text(_otherwise(command, notice)))
    return into.getvalue()
