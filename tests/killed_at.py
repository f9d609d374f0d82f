"""The command line, killed with -9 by itself at one step: `killed_at.py MODULE:NAME before|after NTH ARGUMENTS`."""

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any


def killing(function: Callable[..., Any], when: str, nth: int) -> Callable[..., Any]:
    count = 0

    def run(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        is_it = count == nth
        if is_it and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = function(*arguments, **named)
        if is_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return run


def main() -> int:
    place, when, nth, *arguments = sys.argv[1:]
    module, _, name = place.partition(":")
    holder: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for each in path:
        holder = getattr(holder, each)
    setattr(holder, last, killing(getattr(holder, last), when, int(nth)))
    from assume_helper.cli import app

    return app.main(arguments, os.environ, time.time(), time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
