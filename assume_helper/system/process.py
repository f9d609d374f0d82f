"""Run a program to its end: no shell, no standard input, limits on its time and on its output."""

import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

# A document has a few KiB.
_LONGEST_OUTPUT = 64 * 1024
# When a process ends, its output is in the pipe, and is read at once. A child may keep the pipe open for longer.
_TO_READ_THE_REST = 1.0


@dataclass(frozen=True)
class Finished:
    """A process that has ended; `too_long` where it printed more than is read."""

    returncode: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    too_long: bool = False

    def communicate(self) -> tuple[bytes, bytes]:
        """Output and errors, as botocore's provider reads them."""
        return self.stdout, self.stderr


def reason(error: OSError | ValueError | IndexError) -> str:
    """Why `run` could not start a command, in words."""
    return error.strerror if isinstance(error, OSError) and error.strerror else "the command cannot be read"


def run(words: Sequence[str], environ: Mapping[str, str], seconds: float, screen: int | None = None) -> Finished:
    """Run the command `words` for at most `seconds`; what it says on standard error goes to `screen`, a descriptor, or
    is kept.

    It is over when the process is: not when the last child that it leaves behind closes its output. Raises
    TimeoutError, OSError, ValueError, IndexError.
    """
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if screen is None else screen,
        env=dict(environ),
    )
    assert process.stdout is not None  # noqa: S101 - for the type checker
    out, err = bytearray(), bytearray()
    readers = [threading.Thread(target=_read, args=(process.stdout, out, process), daemon=True)]
    if process.stderr is not None:
        readers.append(threading.Thread(target=_read, args=(process.stderr, err, None), daemon=True))
    for reader in readers:
        reader.start()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        if process.poll() is None:  # out of time, or interrupted
            process.kill()
            process.wait()
    for reader in readers:
        reader.join(_TO_READ_THE_REST)
    too_long = len(out) > _LONGEST_OUTPUT
    return Finished(process.returncode, bytes(out[:_LONGEST_OUTPUT]), bytes(err[:_LONGEST_OUTPUT]), too_long)


def _read(stream: IO[bytes], into: bytearray, to_stop: "subprocess.Popen[bytes] | None") -> None:
    """Read on to the end, and keep what may be kept; a process that prints far too much is stopped."""
    with stream:
        while data := stream.read1(_LONGEST_OUTPUT):  # type: ignore[attr-defined]  # a pipe's is a BufferedReader
            if len(into) <= _LONGEST_OUTPUT:
                into += data
            elif to_stop is not None:
                to_stop.kill()
                return
