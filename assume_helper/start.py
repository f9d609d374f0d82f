"""The entry: a hit straight from disk, or the command line."""

import os
import sys
import time

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn


def main() -> int:
    """Run the command line; the exit code."""
    # On a busy machine imports take seconds. A session that is issued meanwhile counts as this process's too.
    started, started_monotonic = time.time(), time.monotonic()
    if os.environ.get("PYTHONPATH"):
        put_callers_folders_last()
    arguments = sys.argv[1:]
    environ: dict[str, str] = {}
    try:
        stdout_closed = open_missing_descriptors()
        failed: BaseException | None = None
        gate = ""
        if _may_hit(arguments, os.environ) and not stdout_closed and not hit.is_elevated():
            try:
                gate = _serve_or_lead(arguments, started)
            except BaseException as error:  # noqa: BLE001 - the one place for errors is cli.app
                failed = error
        environ = dict(os.environ)
        if sys.flags.no_site:
            import site

            site.main()
        from assume_helper.cli import app

        code = app.main(arguments, os.environ, started, started_monotonic, failed, stdout_closed=stdout_closed)
        if arguments[:1] == ["get"]:
            _leave(gate, code)
        return code
    except KeyboardInterrupt:
        _fail_in_shell(arguments)
        return 130
    except Exception as error:  # noqa: BLE001 - the program cannot be loaded, or a library is broken
        _fail_in_shell(arguments)
        return _not_loaded(error, arguments, environ or os.environ, started)


def put_callers_folders_last() -> None:
    """Put the folders that PYTHONPATH brought into `sys.path` behind all others.

    They hold what the caller's own Python programs need: other versions of the libraries that this one needs, or files
    that happen to have their names. The folder of this package comes right behind the standard library: beside it are
    the libraries that were installed with it (`pip --target`). The programs that are started get PYTHONPATH as it was.
    """
    callers, ours = _callers_folders(), _own_folder()
    standard: list[str] = []
    own: list[str] = []
    others: list[str] = []
    last: list[str] = []
    for folder in sys.path:
        path = os.path.normcase(os.path.abspath(folder))
        if path == ours:
            own = [folder]
        elif path in callers:
            last.append(folder)
        elif others or os.path.basename(folder) in {"site-packages", "dist-packages"}:
            others.append(folder)
        else:
            standard.append(folder)
    sys.path[:] = standard + own + others + last


def _own_folder() -> str:
    return os.path.normcase(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _callers_folders() -> "list[str]":
    """The folders that PYTHONPATH brought in, but for those of the standard library and of this package."""
    given = os.environ.get("PYTHONPATH")
    if not given or sys.flags.ignore_environment:
        return []
    standard = os.path.normcase(os.path.dirname(os.path.abspath(os.__file__)))
    paths = [os.path.normcase(os.path.abspath(folder)) for folder in given.split(os.pathsep)]
    return [path for path in paths if path not in {standard, _own_folder()}]


def _not_loaded(error: Exception, arguments: "Sequence[str]", environ: "Mapping[str, str]", started: float) -> int:
    """Serve what is cached, try once more where a library is being replaced just now, or say what is wrong.

    The exit code. `started` is in seconds since the epoch.
    """
    from assume_helper.cli import not_loaded
    from assume_helper.system import broken_library

    callers = _callers_folders()
    fault = not_loaded.describe(error, environ, callers)
    if not_loaded.serve(arguments, environ, started, fault):
        return 0
    if broken_library.is_reason(error) and broken_library.may_try_again(error, environ, callers):
        try:
            return broken_library.try_again(error, environ)
        except OSError:
            pass
    return not_loaded.report(arguments, started, fault)


def _leave(gate: str, code: int) -> "NoReturn":
    """End `get`, and open the herd gate. The document, or the error, is out: nothing that fails now changes that."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        if gate:
            from assume_helper.sessions import herd_gate

            herd_gate.leave(gate)
    finally:
        _exit_now(code)


def _fail_in_shell(arguments: "Sequence[str]") -> None:
    """Make a shell that evaluates the output of `env` fail, also where the program is not whole."""
    if "env" not in arguments:
        return
    try:
        from assume_helper.cli import shell_failure

        shell_failure.report(arguments, os.environ)
    except Exception:  # noqa: BLE001 - a part of the program is missing: this needs none
        hit.write(1, b"false\n")


def _may_hit(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Whether this is `get PROFILE` alone. Hits are logged only by the full way."""
    return len(arguments) == 2 and arguments[0] == "get" and environ.get("ASSUME_HELPER_LOG_HITS") != "1"


def _serve_or_lead(arguments: "Sequence[str]", started: float) -> str:
    """Serve a hit, or what the leader has got meanwhile, and end this process.

    Where neither is possible, the path of the gate that this process holds as the leader, "" without one.
    """
    refresh_lock = hit.serve(arguments[1], os.environ, started, _observe)
    if refresh_lock is None:
        from assume_helper.sessions import herd_gate

        gate, refresh_lock, exit_code = herd_gate.enter(arguments[1], os.environ, started)
        if exit_code:
            _exit_now(exit_code)
        if refresh_lock is None:
            return gate
    try:
        if refresh_lock:
            from assume_helper.sessions import refresh_ahead

            refresh_ahead.start(refresh_lock, arguments, os.environ, started)
    finally:  # the document is out: whatever fails now, it is a success
        _exit_now(0)


def _observe(what: str, environ: "Mapping[str, str]") -> str:
    """`lookups.observe`, imported for those few profiles whose answer needs it."""
    from assume_helper import lookups

    return lookups.observe(what, environ)


def _exit_now(code: int) -> "NoReturn":
    """End this process without what the interpreter tidies up at its end: nothing is buffered, and it costs time."""
    os._exit(code)


def open_missing_descriptors() -> bool:
    """Open /dev/null where standard input, output or error is closed; True where standard output was.

    Otherwise the next file to be opened would become standard output.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        descriptor = os.open(os.devnull, os.O_RDWR)
        while descriptor < 3:
            os.set_inheritable(descriptor, True)  # noqa: FBT003
            descriptor = os.dup(descriptor)
        os.close(descriptor)
    return sys.stdout is None
