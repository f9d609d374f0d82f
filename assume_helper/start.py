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
    arguments = sys.argv[1:]
    try:
        stdout_closed = open_missing_descriptors()
        failed: BaseException | None = None
        gate = ""
        if _may_hit(arguments, os.environ) and not stdout_closed and not hit.is_elevated():
            try:
                gate = _serve_or_lead(arguments, started)
            except BaseException as error:  # noqa: BLE001 - the one place for errors is cli.app
                failed = error
        if sys.flags.no_site:
            import site

            site.main()
        from assume_helper.cli import app

        code = app.main(arguments, os.environ, started, started_monotonic, failed, stdout_closed=stdout_closed)
        if arguments[:1] == ["get"]:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            if gate:
                from assume_helper.sessions import herd_gate

                herd_gate.leave(gate)
            # The document is out: a late interrupt, or a thread that was given up, has nothing to add.
            _exit_now(code)
        return code
    except ImportError as error:
        what = f"assume-helper: {error.name} is not installed for {sys.executable}; install assume-helper again\n"
        hit.write(2, what.encode("utf-8", "backslashreplace"))
        _fail_in_shell(arguments)
        return 1
    except KeyboardInterrupt:
        _fail_in_shell(arguments)
        return 130


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
    refresh_lock = hit.serve(arguments[1], os.environ, started)
    if refresh_lock is None:
        from assume_helper.sessions import herd_gate

        gate, refresh_lock, exit_code = herd_gate.enter(arguments[1], os.environ, started)
        if exit_code:
            _exit_now(exit_code)
        if refresh_lock is None:
            return gate
    if refresh_lock:
        from assume_helper.sessions import refresh_ahead

        refresh_ahead.start(refresh_lock, arguments, os.environ, started)
    return _exit_now(0)


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
