"""Runs of the console script as forks of one interpreter that has the libraries loaded already.

A process of its own costs 0.2 to 0.5 s to load an SDK and to start the measuring of coverage; a fork of this one does
not. The program itself is not loaded here: each run imports every module of `assume_helper` anew. `run` is for the
tests; started as a program, this file is the interpreter.
"""

import ast
import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "assume_helper"
_HEADER = struct.Struct("!q")
_NO_HOME = "/nonexistent"
# What changes how an interpreter starts, or what a library does when it is imported: such a run needs its own.
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "BOTO_DISABLE_CRT", "COVERAGE_")
_lock = threading.Lock()
_running: dict[tuple[str, ...], tuple[int, "subprocess.Popen[bytes]", socket.socket]] = {}


# In the tests.


def run(
    script: str, arguments: Sequence[str], environ: Mapping[str, str], folder: Path, seconds: float
) -> "subprocess.CompletedProcess[bytes] | None":
    """Run `script` to its end, in a session of its own, standard input empty; None where a fork cannot stand for it.

    Raises subprocess.TimeoutExpired after `seconds`, the process killed.
    """
    at_start = {name: value for name, value in environ.items() if name.startswith(_AT_START)}
    strange = any(name.startswith(("PYTHON", "LC_", "LANG", "LD_")) for name in at_start)
    if strange or "BOTO_DISABLE_CRT" not in environ or sys.platform != "linux" or not _lock.acquire(blocking=False):
        return None
    try:
        connection = _interpreter(at_start)
        request = {
            "arguments": [script, *arguments],
            "environ": dict(environ),
            "folder": str(folder),
            "umask": _umask(),
        }
        text = json.dumps(request).encode()
        pipes = [os.pipe(), os.pipe()]
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(open(reader, "rb", buffering=0)) for reader, _ in pipes]
            try:
                socket.send_fds(connection, [_HEADER.pack(len(text))], [writer for _, writer in pipes])
            finally:
                for _, writer in pipes:
                    os.close(writer)
            connection.sendall(text)
            process = _number(connection)
            said = _read(streams, time.monotonic() + seconds)
            if said is None or not select.select([connection], [], [], seconds)[0]:
                said = None
                os.kill(process, signal.SIGKILL)
            status = _number(connection)
        if said is None:
            raise subprocess.TimeoutExpired([script, *arguments], seconds)
        return subprocess.CompletedProcess([script, *arguments], status, *said)
    finally:
        _lock.release()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _read(streams: Sequence[object], end: float) -> list[bytes] | None:
    """What comes from each until all are closed, or None when that takes too long."""
    said = [b"" for _ in streams]
    with selectors.DefaultSelector() as selector:
        for number, stream in enumerate(streams):
            selector.register(stream, selectors.EVENT_READ, number)  # type: ignore[arg-type]
        while selector.get_map():
            left = end - time.monotonic()
            if left <= 0:
                return None
            for key, _ in selector.select(left):
                data = os.read(key.fd, 65536)
                said[key.data] += data
                if not data:
                    selector.unregister(key.fileobj)
    return said


def _number(connection: socket.socket) -> int:
    data = connection.recv(_HEADER.size, socket.MSG_WAITALL)
    assert len(data) == _HEADER.size, "the interpreter has ended"
    (number,) = _HEADER.unpack(data)
    return int(number)


def _interpreter(environ: Mapping[str, str]) -> socket.socket:
    """The connection to an interpreter with this in its environment, started where none is there yet."""
    key = tuple(f"{name}={value}" for name, value in sorted(environ.items()))
    found = _running.get(key)
    if found is not None and found[0] == os.getpid() and found[1].poll() is None:
        return found[2]
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            env={"PATH": os.environ["PATH"], "HOME": _NO_HOME, **environ},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    _running[key] = (os.getpid(), process, ours)
    atexit.register(_end, os.getpid(), process, ours)
    return ours


def _end(owner: int, process: "subprocess.Popen[bytes]", connection: socket.socket) -> None:
    if owner == os.getpid():
        connection.close()
        process.kill()
        process.wait(30)


# In the interpreter.


def _load_libraries() -> None:
    """Import whatever the program imports anywhere, but for its own modules and for what this machine has not."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                if name.partition(".")[0] != PACKAGE.name:
                    with contextlib.suppress(ImportError):
                        importlib.import_module(name)


def _paths_in_the_home() -> list[tuple[type, str]]:
    """The constants of classes that were worked out from the home when a library was imported."""
    return [
        (owner, name)
        for module in list(sys.modules.values())
        for owner in list(vars(module).values())
        if isinstance(owner, type)
        for name, value in list(vars(owner).items())
        if isinstance(value, str) and value.startswith(_NO_HOME)
    ]


def _serve(connection: socket.socket) -> dict[str, object] | None:
    """Fork for each request: None in the interpreter when there are no more, in the fork what is to be run."""
    while True:
        header, files, _, _ = socket.recv_fds(connection, _HEADER.size, 2)
        if not header:
            return None
        (length,) = _HEADER.unpack(header)
        text = connection.recv(length, socket.MSG_WAITALL)
        process = os.fork()
        if process == 0:
            connection.close()
            for number, file in enumerate(files, 1):
                os.dup2(file, number)
                os.close(file)
            request: dict[str, object] = json.loads(text)
            return request
        for file in files:
            os.close(file)
        connection.sendall(_HEADER.pack(process))
        connection.sendall(_HEADER.pack(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])))


def _become(request: dict[str, object], in_the_home: list[tuple[type, str]]) -> None:
    """Be the console script, as if it had been started so."""
    arguments, environ, folder, umask = (request[name] for name in ("arguments", "environ", "folder", "umask"))
    assert isinstance(arguments, list)
    assert isinstance(environ, dict)
    assert isinstance(umask, int)
    os.setsid()
    os.chdir(str(folder))
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environ)
    for owner, name in in_the_home:
        setattr(owner, name, getattr(owner, name).replace(_NO_HOME, os.path.expanduser("~"), 1))
    sys.argv = arguments
    sys.path[0] = os.path.dirname(arguments[0])
    with open(arguments[0], "rb") as file:
        code = compile(file.read(), arguments[0], "exec")
    exec(code, {"__name__": "__main__", "__file__": arguments[0], "__builtins__": __builtins__})  # noqa: S102


def _be_called_like_the_tests() -> None:
    """The helper logs the name of the process that started it."""
    with open(f"/proc/{os.getppid()}/comm", "rb") as tests, open("/proc/self/comm", "wb") as own:
        own.write(tests.read().rstrip())


if __name__ == "__main__":
    _be_called_like_the_tests()
    _load_libraries()
    paths = _paths_in_the_home()
    gc.collect()
    gc.freeze()
    wanted = _serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted is not None:
        _become(wanted, paths)
