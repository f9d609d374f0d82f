"""A program that is run beside this process, each line of its output behind a prefix."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from assume_helper import hit
from assume_helper.export import program, windows_command
from assume_helper.light import IO

_AT_ONCE = 65536
# Seconds between two looks for Ctrl-C, while the output of a program that has ended is still coming.
_TO_LOOK = 0.2


def run(command: Sequence[str], environ: Mapping[str, str], prefix: bytes) -> tuple[int, bool]:
    """Run `command`, each line of its standard output and error behind `prefix` on ours; both are bytes as they come.

    The exit code, 128 + N where signal N has ended it; and whether Ctrl-C was pressed meanwhile: the program has got it
    too, and it is the program's to answer. Raises AssumeHelperError where it cannot be started.
    """
    with _noting_interrupts() as interrupts:
        try:
            words = windows_command.of(command, environ)
            process = subprocess.Popen(words, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except (OSError, ValueError) as error:
            raise program.not_started(command[0], error) from None
        with process:
            try:
                threads = [
                    threading.Thread(target=_copy, args=(stream, to, prefix), daemon=True)
                    for stream, to in ((process.stdout, 1), (process.stderr, 2))
                    if stream is not None
                ]
                for thread in threads:
                    thread.start()
                code = process.wait()
                for thread in threads:
                    while thread.is_alive() and not interrupts:  # a child of the program may have its output open
                        thread.join(_TO_LOOK)
            except BaseException:
                process.terminate()
                raise
    return (code if code >= 0 else 128 - code), bool(interrupts)


@contextmanager
def _noting_interrupts() -> Iterator[list[int]]:
    """Note each SIGINT in the list, in place of what else it does. Not where it is ignored."""
    noted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        yield noted
        return
    signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _copy(stream: IO[bytes], to: int, prefix: bytes) -> None:
    """Copy what comes to the descriptor `to`, at once. Where nobody reads that, the program's next write fails.

    A last line without an end gets one, so that the next program's first line is one of its own.
    """
    is_begun = False
    with stream, suppress(OSError):
        while data := os.read(stream.fileno(), _AT_ONCE):
            ends = data.endswith(b"\n")
            lines = data.removesuffix(b"\n").replace(b"\n", b"\n" + prefix)
            hit.write(to, (b"" if is_begun else prefix) + lines + (b"\n" if ends else b""))
            is_begun = not ends
        if is_begun:
            hit.write(to, b"\n")
