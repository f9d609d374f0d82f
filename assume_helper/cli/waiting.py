"""A sign on the terminal that something takes a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assume_helper.cli.invocation import Invocation
from assume_helper.system import terminal


@contextmanager
def sign(invocation: Invocation, what: str) -> Iterator[Callable[[], None]]:
    """Turn a spinner with `what` beside it on standard error, where that is a terminal; yields what stops it early.

    A question on the terminal stops it: two cannot write there.
    """
    if not invocation.is_terminal(2) or not terminal.is_there():
        yield lambda: None
        return
    from rich.console import Console

    status = Console(stderr=True).status(what)
    status.start()
    try:
        yield status.stop
    finally:
        status.stop()
