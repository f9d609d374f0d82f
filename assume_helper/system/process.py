"""Run a program to its end: no shell, no standard input, limits on its time and on its output."""

import codecs
import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from assume_helper.light import IO, dataclass, field
from assume_helper.system import child_signal, process_tree, terminal
from assume_helper.system.deferred_signals import DeferredSignals
from assume_helper.text import printable

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


def run(
    words: Sequence[str],
    environ: Mapping[str, str],
    seconds: float,
    screen: int | None = None,
    *,
    longest: int = _LONGEST_OUTPUT,
) -> Finished:
    """Run the command `words` for at most `seconds`; what it says on standard error is shown on `screen`, a terminal's
    descriptor, without control characters, or is kept. Of what it prints `longest` bytes are kept.

    It is over when the process is: not when the last child that it leaves behind closes its output. If it is out of
    time, or this process is to end, its children are killed with it. Raises TimeoutError, OSError, ValueError,
    IndexError.
    """
    # On a terminal it stays in this process's group: a program in another one may not read from the terminal.
    has_group = sys.platform != "win32" and not terminal.is_there()
    with child_signal.waiting():
        signals = DeferredSignals()
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environ),
                process_group=0 if has_group else None,
            )
        except BaseException:
            signals.release()
            raise
        return _finish(process, signals, seconds, screen, longest, has_group=has_group)


def _finish(
    process: "subprocess.Popen[bytes]",
    signals: DeferredSignals,
    seconds: float,
    screen: int | None,
    longest: int,
    *,
    has_group: bool,
) -> Finished:
    # They are closed by the threads that read them, and known by their inodes to what it has started.
    pipes = [os.fstat(stream.fileno()).st_ino for stream in (process.stdout, process.stderr) if stream is not None]

    def kill() -> None:
        process_tree.kill(process, has_group=has_group, pipes=pipes)

    out, err = bytearray(), bytearray()
    try:
        signals.release()
        readers = [threading.Thread(target=_read, args=(process.stdout, out, longest, kill), daemon=True)]
        if screen is None:
            readers.append(
                threading.Thread(target=_read, args=(process.stderr, err, _LONGEST_OUTPUT, None), daemon=True)
            )
        else:
            readers.append(threading.Thread(target=_show, args=(process.stderr, os.dup(screen)), daemon=True))
        for reader in readers:
            reader.start()
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        if process.poll() is None:  # out of time, or interrupted
            kill()
            process.wait()
    for reader in readers:
        reader.join(_TO_READ_THE_REST)
    too_long = len(out) > longest
    return Finished(process.returncode, bytes(out[:longest]), bytes(err[:_LONGEST_OUTPUT]), too_long)


def _read(stream: IO[bytes], into: bytearray, longest: int, stop: Callable[[], None] | None) -> None:
    """Read on to the end, and keep what may be kept; a process that prints far too much is stopped."""
    with stream:
        while data := stream.read1(_LONGEST_OUTPUT):  # type: ignore[attr-defined]  # a pipe's is a BufferedReader
            if len(into) <= longest:
                into += data
            elif stop is not None:
                stop()
                return


def _show(stream: IO[bytes], screen: int) -> None:
    """Show at once what comes, with control characters as escapes, and close `screen`, this thread's own."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")("replace"), translate=True)
    left = _LONGEST_OUTPUT
    try:
        with stream:
            while data := stream.read1(_LONGEST_OUTPUT):  # type: ignore[attr-defined]  # as above
                lines = decoder.decode(data).expandtabs().split("\n")
                shown = "\n".join(printable(line, _LONGEST_OUTPUT) for line in lines).encode("utf-8", "replace")
                while left > 0 and shown:
                    written = os.write(screen, shown[:left])
                    shown, left = shown[written:], left - written
    except OSError:
        pass  # the terminal has gone
    finally:
        os.close(screen)
