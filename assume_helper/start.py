"""The start: a hit, or what the command line says."""

import os
import sys
import time

from assume_helper import hit


def main() -> int:
    """Run the command line; the exit code."""
    # On a busy machine importing takes seconds: what comes of a call that is under way by now is this process's too.
    started, started_monotonic = time.time(), time.monotonic()
    arguments = sys.argv[1:]
    try:
        stdout_closed = hit.open_missing_descriptors()
        failed: BaseException | None = None
        inside = ""
        is_get = len(arguments) == 2 and arguments[0] == "get" and os.environ.get("ASSUME_HELPER_LOG_HITS") != "1"
        if is_get and not stdout_closed and not hit.is_elevated():
            try:
                due = hit.main(arguments[1], started)
                if due is None:
                    from assume_helper.sessions import herd_gate

                    due, inside = herd_gate.through(arguments[1], started)
                if due is not None:
                    if due:
                        from assume_helper.sessions import refresh_ahead

                        refresh_ahead.start(due, arguments, os.environ, started)
                    # Nothing is buffered and nothing waits: what the interpreter would tidy up now is only time.
                    os._exit(0)
            except BaseException as error:  # noqa: BLE001 - what it means is told where all errors are
                failed = error
        if sys.flags.no_site:
            import site

            site.main()
        from assume_helper.cli import app

        code = app.main(arguments, os.environ, started, started_monotonic, failed, stdout_closed=stdout_closed)
        if arguments[:1] == ["get"]:
            # A late interrupt, or a call that was given up, has nothing to say when the document is out.
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            if inside:
                from assume_helper.sessions import herd_gate

                herd_gate.leave(inside)
            os._exit(code)
        return code
    except ImportError as error:
        what = f"assume-helper: {error.name} is not installed for {sys.executable}; install assume-helper again\n"
        hit.write(2, what.encode("utf-8", "backslashreplace"))
        return 1
    except KeyboardInterrupt:
        return 130
