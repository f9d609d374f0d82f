"""A person's browser: whether one can be opened here, and a page opened in it, as Python's `webbrowser` does.

It is a process of its own: browsers write to the standard streams, and some stay in front until they are closed.
"""

import contextlib
import subprocess
import sys
from collections.abc import Mapping

from assume_helper.light import dataclass
from assume_helper.system import environment, own_python

# The URL comes on standard input. It is in the browser's argv all the same: it must hold no secret of its own.
_OPEN = "import sys, webbrowser; sys.exit(0 if webbrowser.open(sys.stdin.read()) else 1)"
# Over SSH the browser would be on another machine than the one that the person sits at, and so would 127.0.0.1.
_SSH = ("SSH_CONNECTION", "SSH_TTY")
# CI is what nearly all of them set; the others have names of their own.
_CI = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID")
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
_NO = {"", "0", "false", "no"}
# What was started, until this process ends: nobody waits for a browser to be closed.
_STARTED: list["subprocess.Popen[bytes]"] = []


def obstacle(environ: Mapping[str, str]) -> str | None:
    """Why no browser is opened here, in words that follow "no browser is opened"; None where one can be.

    A container alone is no reason: some share the host's network, or forward ports and set BROWSER.
    """
    for name in _SSH:
        if environ.get(name):
            return f"over SSH ({name} is set)"
    for name in _CI:
        if environ.get(name, "").strip().lower() not in _NO:
            return f"in CI ({name} is set)"
    if environ.get("CODESPACES", "").strip().lower() not in _NO:
        return "in a codespace (CODESPACES is set)"
    if sys.platform not in {"win32", "darwin"} and not any(environ.get(name) for name in _DISPLAYS):
        return f"without a display ({', '.join(_DISPLAYS[:-1])} and {_DISPLAYS[-1]} are not set)"
    return None


@dataclass(frozen=True)
class Opening:
    """A browser that is being started."""

    process: "subprocess.Popen[bytes]"

    def is_under_way(self) -> bool:
        """Whether that is not known yet. Some stay until their window is closed."""
        return self.process.poll() is None

    def has_failed(self) -> bool:
        """Whether no browser could be started."""
        return self.process.poll() not in {None, 0}

    def wait(self, seconds: float) -> bool:
        """Whether it was started, as far as that is known after `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return not self.has_failed()


def open_page(url: str, environ: Mapping[str, str]) -> Opening:
    """Begin to open `url` (http or https) in the browser that `environ` names, else in the system's.

    It goes on when this process ends. Raises OSError.
    """
    process = subprocess.Popen(
        own_python.words(_OPEN),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment.for_child(environ),
        start_new_session=True,
    )
    _STARTED.append(process)
    assert process.stdin is not None  # noqa: S101 - for the type checker
    with contextlib.suppress(OSError), process.stdin:
        process.stdin.write(url.encode())
    return Opening(process)
