"""A page opened in the person's browser by a command, or why that cannot be."""

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.light import TYPE_CHECKING
from assume_helper.system import browser
from assume_helper.system.warning import Warning

if TYPE_CHECKING:
    from assume_helper.export.one_time_link import Link

_PRINT = "add --print, and open the URL that it prints"
# Seconds for a browser to ask for the link, once what starts it has ended, and at most.
_TO_ASK = 20.0
_LONGEST_TO_ASK = 60.0
# Seconds after which a browser that is still being started counts as started.
_TO_START = 5.0
_TO_LOOK = 0.1
_GIVEN_ITSELF = Warning(
    "the browser did not ask for its link to this machine, and was given the sign-in page's own URL, which all users "
    "of this machine can see",
    "if that matters, add --print, and open the URL that it prints",
)


def check(invocation: Invocation) -> None:
    """Raise AssumeHelperError (exit 1) where no browser is opened."""
    obstacle = browser.obstacle(invocation.environ)
    if obstacle is not None:
        raise AssumeHelperError(f"no browser is opened {obstacle}", _PRINT)


def open_page(invocation: Invocation, url: str, *, is_secret: bool) -> None:
    """Open `url`. Where it is a secret the browser is given a link that leads to it once: its words are for all to see.

    A browser that does not ask for the link may be on another machine (dev containers forward BROWSER, and not every
    port): it is given the URL itself. Raises AssumeHelperError (exit 1) where no browser could be started.
    """
    with display.spinner(invocation, "waiting for the browser ..."):
        try:
            if is_secret:
                from assume_helper.export import one_time_link  # a server: no other command needs it

                with one_time_link.leading_to(url) as link:
                    if _is_used(invocation, browser.open_page(link.url, invocation.environ), link):
                        return
                    invocation.warn(_GIVEN_ITSELF)
                    _open(invocation, url)
                    return
            _open(invocation, url)
        except OSError as error:
            reason = error.strerror or str(error)
            raise AssumeHelperError(f"the browser could not be started ({reason})", _PRINT) from None


def _open(invocation: Invocation, url: str) -> None:
    if not browser.open_page(url, invocation.environ).wait(_TO_START):
        raise AssumeHelperError(*_not_started())


def _is_used(invocation: Invocation, opening: browser.Opening, link: "Link") -> bool:
    """Whether the browser has asked for `link`, waited for. Raises AssumeHelperError where it could not be started."""
    now = invocation.clock.monotonic
    until, is_started = now() + _LONGEST_TO_ASK, False
    while not link.is_used.wait(_TO_LOOK):
        # It may have failed after it asked, and before that was noted.
        if opening.has_failed() and not link.is_used.wait(_TO_LOOK):
            raise AssumeHelperError(*_not_started())
        if not is_started and not opening.is_under_way():
            until, is_started = min(until, now() + _TO_ASK), True
        if now() >= until:
            return False
    return True


def _not_started() -> tuple[str, str]:
    return "the browser could not be started", f"correct BROWSER, or {_PRINT}"
