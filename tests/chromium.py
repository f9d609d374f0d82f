"""A real browser without a window: Chromium opens a page, goes where that leads, and says what it shows in the end."""

import shlex
from pathlib import Path

# No sandbox: tests run as root. Its own folder: nobody's browser is touched.
_OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking "
    "--virtual-time-budget=20000"
)


def variable(folder: Path) -> dict[str, str]:
    """The variable that has pages opened with it. What it shows in the end is the file `page(folder)`."""
    program, shown = folder / "chromium-without-a-window", page(folder)
    own = f"--user-data-dir={shlex.quote(str(folder / 'chromium'))}"
    picture = f"--screenshot={shlex.quote(str(folder / 'page.png'))} --window-size=900,600"
    program.write_text(
        # The page is there under its name when it is whole.
        f'#!/bin/sh\nchromium {_OPTIONS} {own} {picture} --dump-dom "$1" >"{shown}.part" 2>/dev/null '
        f'&& mv "{shown}.part" "{shown}"\n'
    )
    program.chmod(0o700)
    return {"BROWSER": f"{shlex.quote(str(program))} %s"}


def page(folder: Path) -> Path:
    """Where the page that it shows is written to, as HTML."""
    return folder / "page.html"
