"""The controlling terminal: prompts are written to it and read from it, whatever the standard streams are.

A prompt never reads standard input, which is the calling program's, and is never written to standard error, which
many SDKs hide.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from assume_helper.system import process_stat

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import signal
    import termios

_INTERRUPT = "\x03"
# Seconds. A signal that comes between the interpreter's last look for one and the system call is seen after the call.
_LONGEST_SLEEP = 0.5


def ask(prompt: str, seconds: float) -> str | None:
    """What a person types, unseen, within `seconds`; None where there is no terminal to ask on.

    Raises TimeoutError; EOFError where the line is ended without one (Ctrl-D); KeyboardInterrupt.
    """
    with _opened() as descriptor:
        return None if descriptor is None else _asked(descriptor, prompt, time.monotonic() + seconds)


@contextmanager
def screen() -> Iterator[int | None]:
    """A descriptor to write to the terminal with; None where there is none, or this process is in its background."""
    with _opened() as descriptor:
        yield None if sys.platform == "win32" else descriptor


def is_there() -> bool:
    """Whether there is a terminal to ask on."""
    with _opened() as descriptor:
        return descriptor is not None


@contextmanager
def _opened() -> Iterator[int | None]:
    """The terminal's descriptor; None where there is none, or this process is in its background."""
    descriptor = None
    try:
        descriptor = os.open("CONIN$" if sys.platform == "win32" else "/dev/tty", os.O_RDWR | _NO_CONTROL)
    except OSError:
        pass
    try:
        yield descriptor if descriptor is not None and _is_in_front(descriptor) else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


if sys.platform == "win32":
    _NO_CONTROL = 0

    def _is_in_front(_descriptor: int) -> bool:
        return True

    def _asked(_descriptor: int, prompt: str, until: float) -> str:
        screen = os.open("CONOUT$", os.O_RDWR)
        typed = ""
        try:
            os.write(screen, prompt.encode("utf-8", "replace"))
            while True:
                while not msvcrt.kbhit():
                    if time.monotonic() >= until:
                        raise TimeoutError
                    time.sleep(0.05)
                key = msvcrt.getwch()
                if key == _INTERRUPT:
                    raise KeyboardInterrupt
                if key in "\r\n":
                    return typed
                typed = typed[:-1] if key == "\b" else typed + key
        finally:
            os.write(screen, b"\r\n")
            os.close(screen)

else:
    _NO_CONTROL = os.O_NOCTTY | os.O_CLOEXEC

    def _is_in_front(descriptor: int) -> bool:
        """Whether this process may read: the shell stops a background process that does."""
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError:
            return False

    def _asked(descriptor: int, prompt: str, until: float) -> str:
        try:
            with _turn(until), _unseen(descriptor, prompt):
                return _line(descriptor, until)
        except TimeoutError:
            raise
        except (OSError, termios.error):
            raise EOFError from None  # the terminal has gone

    @contextmanager
    def _turn(until: float) -> Iterator[None]:
        """One prompt at a time on a terminal: two processes would take each other's answers.

        Raises TimeoutError.
        """
        path = name()
        descriptor = os.open(path, os.O_RDONLY | _NO_CONTROL | os.O_NONBLOCK) if path else None
        try:
            while descriptor is not None:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() >= until:
                        raise TimeoutError from None
                    time.sleep(0.05)
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    @contextmanager
    def _unseen(descriptor: int, prompt: str) -> Iterator[None]:
        """Show the prompt, and hide what is typed; again when the process comes back to the foreground (`fg`)."""
        before = termios.tcgetattr(descriptor)
        unseen = list(before)
        unseen[0] = (before[0] | termios.ICRNL) & ~(termios.IGNCR | termios.INLCR)
        unseen[3] = (before[3] & ~termios.ECHO) | termios.ICANON | termios.ISIG
        shown = prompt.encode("utf-8", "replace")

        def put(*_signal: object) -> None:
            # What was typed before the prompt is not its answer.
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, unseen)
            os.write(descriptor, shown)

        import threading

        is_main = threading.current_thread() is threading.main_thread()
        old = signal.signal(signal.SIGCONT, put) if is_main else None
        try:
            put()
            yield
        finally:
            if is_main:
                signal.signal(signal.SIGCONT, old or signal.SIG_DFL)
            try:
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
                os.write(descriptor, b"\n")
            except (OSError, termios.error):
                pass  # the terminal has gone

    def _line(descriptor: int, until: float) -> str:
        import select

        typed = b""
        while not typed.endswith(b"\n"):
            left = until - time.monotonic()
            readable, _, _ = select.select([descriptor], [], [], max(0, min(left, _LONGEST_SLEEP)))
            if not readable:
                if left <= _LONGEST_SLEEP:
                    raise TimeoutError
                continue
            data = os.read(descriptor, 4096)
            if not data:
                raise EOFError
            typed += data
        return typed.decode("utf-8", "replace").strip()


def name() -> str:
    """The path of the terminal of this process's session; "" where it is not known."""
    if sys.platform == "win32":
        return ""
    for descriptor in (0, 1, 2):
        try:
            return os.ttyname(descriptor)
        except OSError:
            continue
    try:  # Linux: proc(5), tty_nr: the device of the controlling terminal, also where no stream is one
        number = int(process_stat.fields("self")[process_stat.TERMINAL])
        minor = (number & 0xFF) | ((number >> 12) & 0xFFF00)
        path = f"/dev/pts/{minor}"
        return path if os.stat(path).st_rdev == os.makedev((number >> 8) & 0xFFF, minor) else ""
    except (OSError, ValueError, IndexError):
        return ""
