"""A page opened in the person's browser by a command, or why that cannot be."""

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.export import one_time_link
from assume_helper.system import browser

_PRINT = "add --print, and open the URL that it prints"
# Seconds for a browser to start and to ask for the page; a cold one on a busy machine takes half of that.
_TO_ASK = 60.0
# Seconds after which a browser that is still being started counts as started.
_TO_START = 5.0
_TO_LOOK = 0.1


def check(invocation: Invocation) -> None:
    """Raise AssumeHelperError (exit 1) where no browser is opened."""
    obstacle = browser.obstacle(invocation.environ)
    if obstacle is not None:
        raise AssumeHelperError(f"no browser is opened {obstacle}", _PRINT)


def open_page(invocation: Invocation, url: str, *, is_secret: bool) -> None:
    """Open `url`. Where it is a secret the browser is given a link that leads to it once: its words are for all to see.

    Raises AssumeHelperError (exit 1) where no browser could be started, or none has asked for the page.
    """
    with display.spinner(invocation, "waiting for the browser ..."):
        try:
            if is_secret:
                with one_time_link.leading_to(url) as link:
                    _wait(invocation, browser.open_page(link.url, invocation.environ), link)
            elif not browser.open_page(url, invocation.environ).wait(_TO_START):
                raise AssumeHelperError(*_not_started())
        except OSError as error:
            reason = error.strerror or str(error)
            raise AssumeHelperError(f"the browser could not be started ({reason})", _PRINT) from None


def _wait(invocation: Invocation, opening: browser.Opening, link: one_time_link.Link) -> None:
    """Wait until the browser has asked for `link`."""
    until = invocation.clock.monotonic() + _TO_ASK
    while not link.is_used.wait(_TO_LOOK):
        # It may have failed after it asked, and before that was noted.
        if opening.has_failed() and not link.is_used.wait(_TO_LOOK):
            raise AssumeHelperError(*_not_started())
        if invocation.clock.monotonic() >= until:
            what = f"no browser has asked for the page in {_TO_ASK:.0f} s: it may not reach 127.0.0.1 here"
            raise AssumeHelperError(what, _PRINT)


def _not_started() -> tuple[str, str]:
    return "the browser could not be started", f"correct BROWSER, or {_PRINT}"
