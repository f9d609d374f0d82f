"""What the Python program does before it imports more than a hit needs, in a fork of a process that has imported that.

    python fast_path.py     # the process that is forked: a request on standard input, its answer on standard output

A process of its own for each would take a hundred times as long, and a fork of the tests' own would be measured by
coverage, which changes what is executed.
"""

import atexit
import functools
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

# What the program exits with where it goes the full way.
FULL_WAY = 77


def run(arguments: Sequence[str | bytes], environ: Mapping[bytes, bytes], folder: str) -> tuple[int, bytes, bytes]:
    """The exit code, or FULL_WAY, and what was written to standard output and standard error."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    pickle.dump((list(arguments), dict(environ), folder), server.stdin)
    server.stdin.flush()
    code, stdout, stderr = pickle.load(server.stdout)  # noqa: S301 - our own child's
    return code, stdout, stderr


@functools.cache
def _server() -> "subprocess.Popen[bytes]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    server = subprocess.Popen([sys.executable, __file__], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(server.communicate)  # it ends with its standard input
    return server


def _forked(arguments: Sequence[str | bytes], environ: Mapping[bytes, bytes], folder: str) -> tuple[int, bytes, bytes]:
    from assume_helper import start

    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for standard, (_, write) in enumerate(pipes, 1):
                os.dup2(write, standard)
            os.chdir(folder)
            os.environ._data = dict(environ)  # type: ignore[attr-defined]  # also what putenv refuses: an empty name
            start._answer_at_once([os.fsdecode(word) for word in arguments], time.time())
            os._exit(FULL_WAY)
        except OSError:
            os._exit(FULL_WAY)
        finally:
            os._exit(96)
    said = []
    for read, write in pipes:
        os.close(write)
        with open(read, "rb") as file:
            said.append(file.read())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said[0], said[1]


def main() -> None:
    """Answer until standard input ends."""
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent's
        except EOFError:
            return
        pickle.dump(_forked(*request), sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
