"""A PowerShell on a terminal, where PSReadLine reads what a person types: it asks the terminal where the cursor is."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pyte

# Far more than a TAB takes, also where many run at once.
_PATIENCE = 60.0


class _Screen(pyte.Screen):
    """A screen that answers the program's questions about it."""

    def __init__(self, columns: int, lines: int, child: "pexpect.spawn[bytes]") -> None:
        super().__init__(columns, lines)
        self._child = child

    def write_process_input(self, data: str) -> None:
        self._child.send(data)


class Terminal:
    """The terminal, and the program that runs on it."""

    def __init__(self, command: list[str], environ: Mapping[str, str], folder: Path) -> None:
        size = (60, 300)
        self.child = pexpect.spawn(
            command[0], command[1:], env=dict(environ), cwd=str(folder), timeout=_PATIENCE, dimensions=size
        )
        self._screen = _Screen(size[1], size[0], self.child)
        self._stream = pyte.ByteStream(self._screen)

    def type(self, text: str) -> None:
        self.child.send(text)

    def wait_for(self, *texts: str) -> str:
        """What the terminal shows once all `texts` are on it, one behind the other."""
        wanted = re.compile(".*".join(map(re.escape, texts)), flags=re.S)
        return self.wait_until(lambda shown: wanted.search(shown) is not None)

    def wait_until(self, holds: Callable[[str], bool]) -> str:
        """What the terminal shows once `holds` is true of that."""
        end = time.monotonic() + _PATIENCE
        while True:
            shown = "\n".join(line.rstrip() for line in self._screen.display).rstrip()
            if holds(shown):
                return shown
            assert time.monotonic() < end, shown
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=1))
            except pexpect.TIMEOUT:
                continue

    def close(self) -> None:
        self.child.close(force=True)
