"""The entry: a hit straight from disk, or the command line."""

import os
import sys
import time

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from assume_helper.answers import Request

# Seconds: no process waits longer before it has begun.
_LONGEST_WAIT = 600.0


def main() -> int:
    """Run the command line; the exit code."""
    # On a busy machine imports take seconds. A session that is issued meanwhile counts as this process's too.
    started, started_monotonic = time.time(), time.monotonic()
    called = sys._xoptions.get("assume_helper_called")
    if called is not None:  # by the native front
        sys.argv[0] = str(called)
        started, started_monotonic = _since(str(sys._xoptions.get("assume_helper_started")), started, started_monotonic)
    if os.environ.get("PYTHONPATH"):
        put_callers_folders_last()
    arguments = sys.argv[1:]
    environ: dict[str, str] = {}
    try:
        stdout_closed = open_missing_descriptors()
        failed: BaseException | None = None
        if not stdout_closed and not hit.is_elevated():
            try:
                _answer_at_once(arguments, started)
            except BaseException as error:  # noqa: BLE001 - the one place for errors is cli.app
                failed = error
        environ = dict(os.environ)
        if sys.flags.no_site:
            import site

            site.main()
        from assume_helper.cli import app

        code = app.main(arguments, os.environ, started, started_monotonic, failed, stdout_closed=stdout_closed)
        if arguments[:1] == ["get"]:
            _leave(code)
        return code
    except KeyboardInterrupt:
        _fail_in_shell(arguments)
        return 130
    except Exception as error:  # noqa: BLE001 - the program cannot be loaded, or a library is broken
        _fail_in_shell(arguments)
        return _not_loaded(error, arguments, environ or os.environ, started)


def _since(given: str, now: float, monotonic: float) -> tuple[float, float]:
    """When the front has started (seconds since the epoch), on both clocks; `now` where it does not say."""
    try:
        started = float(given)
    except ValueError:
        return now, monotonic
    waited = now - started
    return (started, monotonic - waited) if 0 <= waited < _LONGEST_WAIT else (now, monotonic)


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


def _leave(code: int) -> "NoReturn":
    """End `get`, and open the herd gate. The document, or the error, is out: nothing that fails now changes that."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        gate = sys.modules.get("assume_helper.sessions.herd_gate")
        if gate is not None:
            gate.leave()
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


def _answer_at_once(arguments: "Sequence[str]", started: float) -> None:
    """Answer what the cache, or nothing but this program, can answer, and end this process; or go on.

    Where this process is to go the full way for others too, it holds the herd gate from here on.
    """
    command = arguments[0] if arguments else ""
    asked: Request | None = None
    if len(arguments) == 2 and command == "get" and arguments[1][:1] != "-":
        if os.environ.get("ASSUME_HELPER_LOG_HITS") == "1":
            return
        asked = ("get", arguments[1], (), [])
    elif command in ("get", "exec", "env"):
        from assume_helper import answers

        asked = answers.request(arguments)
        if asked is None or not answers.may_serve(asked, os.environ):
            return
    elif command in ("--version", "completion", "init"):
        text = _print_at_once(arguments)
        if text is not None:
            hit.write(1, text)
            _exit_now(0)
    if asked is not None:
        try:
            _serve_or_lead(asked, started)
        except hit.FullWay as way:
            from assume_helper.sessions import encrypted_hit

            directory, key, given, is_quiet = way.args
            found = encrypted_hit.answer(directory, key, given, is_quiet, started)
            if found is not None:
                _hand_out(asked, found, started)


def _print_at_once(arguments: "Sequence[str]") -> bytes | None:
    """The version, what `init` and `completion` print, or the names for TAB where they are cached; else None."""
    if len(arguments) == 2 or arguments[0] == "init":
        from assume_helper.cli import shell_functions

        return shell_functions.answer(arguments)
    if arguments == ["--version"]:
        from assume_helper import answers

        return f"assume-helper {answers.VERSION}\n".encode()
    from assume_helper.cli import tab

    return tab.answer(arguments, os.environ)


def _serve_or_lead(asked: "Request", started: float) -> None:
    """Serve a hit, or what the leader has got meanwhile, and end this process."""
    from_front = str(sys._xoptions.get("assume_helper_gate", ""))
    found = None
    if not from_front:
        found = hit.answer(asked[1], os.environ, started, _observe, asked[2])
    if found is None:
        from assume_helper.sessions import herd_gate

        code = 0
        if from_front and from_front != herd_gate.WAITED:
            herd_gate.adopt(from_front)
        elif from_front:
            found, code = herd_gate.follow(asked, os.environ, started)
        else:
            found, code = herd_gate.enter(asked, os.environ, started)
        if code:
            if asked[0] == "env":
                from assume_helper import answers

                hit.write(1, answers.failing(asked[3][0], answers.after_failure(os.environ)).encode())
            _exit_now(code)
    if found is not None:
        _hand_out(asked, found, started)


def _hand_out(asked: "Request", found: "hit.Answer", started: float) -> None:
    """Hand out what was found, and end this process; or return where only the full way can. Raises OSError."""
    command, profile, words, own = asked
    document, variables, given, is_quiet, refresh_lock = found
    replaced: dict[str, str] = {}
    if command == "get":
        hit.write(1, document)
    else:
        from assume_helper import answers

        if not is_quiet:
            return
        lines = answers.pairs(variables + given)
        if command == "env":
            text = answers.shell_text(own[0], answers.shell_variables(profile, lines, os.environ))
            if text is None:
                return
            hit.write(1, text.encode())
        else:
            replaced = answers.program_environment(profile, lines, os.environ)
    try:
        if refresh_lock:
            from assume_helper.sessions import refresh_ahead

            again = ["get", profile]
            if words:
                from assume_helper import answers  # it has read them

                again += answers.as_typed(words)
            refresh_ahead.start(refresh_lock, again, os.environ, started)
    finally:  # the document is out: whatever fails now, it is a success
        if command != "exec":
            _exit_now(0)
    _exec(own, replaced)


def _exec(command: "list[str]", environ: dict[str, str]) -> None:
    """Become `command`; or return, for the full way to say why that cannot be."""
    import _signal  # type: ignore[import-not-found]

    # Python ignores these two signals, and the program would inherit that.
    before = {number: _signal.signal(number, _signal.SIG_DFL) for number in (_signal.SIGPIPE, _signal.SIGXFSZ)}
    try:
        os.execvpe(command[0], command, environ)  # noqa: S606 - the user's own command
    except (OSError, ValueError):
        for number, handler in before.items():
            _signal.signal(number, handler)


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
