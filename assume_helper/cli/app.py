"""The commands and their options, and the one place that turns errors into exit codes."""

import itertools
import signal
import sys
from collections.abc import MutableMapping, Sequence

from assume_helper import answers, hit
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError, internal_fault
from assume_helper.profiles import duplicate_sections, profile_variables
from assume_helper.sessions import herd_gate
from assume_helper.sessions.herd_gate import Terminated, terminate
from assume_helper.sessions.provider import RoleRequest
from assume_helper.system import broken_library, child_signal, environment, exhaustion
from assume_helper.system.context import Clock
from assume_helper.text import error_line, one_line, printable

USAGE = 2
INTERRUPTED = 130
TERMINATED = 143
_COMMENT = "a comment follows this credential_process, and its words are handed over; put it on a line of its own"
# In the order in which people need them, for --help.
COMMANDS = (
    "get", "exec", "env", "whoami", "console", "login", "logout", "sync", "root", "list", "clear", "configure",
    "doctor", "keys", "init", "completion", "log",
)  # fmt: skip


def main(
    arguments: Sequence[str],
    environ: MutableMapping[str, str],
    started: float,
    started_monotonic: float,
    failed: BaseException | None = None,
    *,
    stdout_closed: bool = False,
) -> int:
    """Run the command line and return the exit code.

    `environ` is this process's environment: what SDK code must not see is taken out of it. `started` is when the
    process began (seconds since the epoch), `started_monotonic` the same on the monotonic clock. `failed` is the error
    that ended the search for a hit, if one did.
    """
    is_process = list(arguments[:1]) == ["get"]
    invocation = Invocation(
        dict(environ), Clock(), started, started_monotonic, stdout_closed, tuple(arguments), is_process
    )
    environment.hide(environ)
    for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # ignored under nohup
            signal.signal(number, terminate)
    try:
        with child_signal.waiting():
            return _run(invocation, list(arguments), failed)
    except BaseException as problem:
        # The document is printed, and the caller uses it: a later failure (the log, an interrupt) changes nothing.
        return 0 if invocation.is_delivered else _exit_code(invocation, problem)
    finally:
        herd_gate.leave()


def _exit_code(invocation: Invocation, problem: BaseException) -> int:
    """Say in one line what went wrong; the exit code. Raises `problem` where a library is broken: `start` says so."""
    found = _usage(invocation, problem)
    if found is not None:
        return found
    try:
        raise problem
    except AssumeHelperError as error:
        return fail(invocation, error)
    except BrokenPipeError:
        return 1
    except (OSError, MemoryError) as error:
        exhausted = exhaustion.fault(error)
        if exhausted is not None or isinstance(error, MemoryError):
            return _fail(invocation, 1, str(exhausted))
        reason = error.strerror or type(error).__name__
        if error.filename is not None:
            path = printable(str(error.filename), 200)
            return _fail(invocation, 1, f"{path} cannot be used ({reason}); check the setting that names it")
        what = "the credentials" if invocation.is_process else "the output"
        return _fail(invocation, 1, f"{what} cannot be printed ({reason}); check where standard output goes")
    except KeyboardInterrupt:
        return _fail(invocation, INTERRUPTED, f"interrupted; {_again(invocation)}")
    except Terminated as error:
        return _fail(invocation, 128 + error.args[0], f"terminated; {_again(invocation)}")
    except Exception as error:
        if broken_library.is_reason(error):
            raise
        return _fail(invocation, 1, str(internal_fault(error)))


def _again(invocation: Invocation) -> str:
    """What to do after an interruption. The shell of `env` has lost its old credentials (see `shell_failure`)."""
    return "run it again" if "env" in invocation.arguments[:1] else "nothing was changed, run it again"


def _usage(invocation: Invocation, problem: BaseException) -> int | None:
    """Say what was mistyped; the exit code. None where `problem` is not click's."""
    if "click" not in sys.modules:
        return None
    import click

    match problem:
        case click.exceptions.NoArgsIsHelpError():
            invocation.say(problem.format_message())
            return USAGE
        case click.UsageError():
            if invocation.is_process and any(word.startswith("#") for word in invocation.arguments[2:]):
                invocation.subject = invocation.arguments[1]
                return _fail(invocation, USAGE, _COMMENT)
            command = problem.ctx.command_path if problem.ctx else "assume-helper"
            return _fail(invocation, USAGE, f"{problem.format_message().rstrip('.')}; see `{command} --help`")
        case click.exceptions.Exit():
            return problem.exit_code
    return None


def _run(invocation: Invocation, arguments: list[str], failed: BaseException | None) -> int:
    if hit.is_elevated():
        what = "this runs with rights that you do not have (setuid, setgid or a file's capabilities)"
        raise AssumeHelperError(what, "run it as yourself")
    if failed is not None:
        asked = answers.request(arguments)
        invocation.subject = asked[1] if asked is not None else arguments[1] if invocation.is_process else ""
        raise failed
    if not _run_plain(invocation, arguments):
        from assume_helper.cli import command_group

        command_group.run(invocation, arguments)
    _record(invocation, [("warning", str(warning)) for warning in invocation.warnings])
    for warning in invocation.warnings:
        is_typed = warning.kind == "another's home" and not invocation.is_process
        if is_typed or invocation.is_terminal(2):
            invocation.say(error_line(invocation.subject, f"warning: {warning}"))
    return 0


def _run_plain(invocation: Invocation, arguments: list[str]) -> bool:
    """Run what is called most, where it needs no parser: to import click takes longer than all the rest of it."""
    match arguments:
        case ["get", profile] if profile and not profile.startswith("-"):
            from assume_helper.cli import handing_out

            handing_out.to_process(invocation, RoleRequest(profile))
        case ["list", *options] if options in ([], ["--json"]):
            from assume_helper.cli import profile_table

            warn_of_ambiguity(invocation)
            profile_table.show(invocation, wide=False, as_json=bool(options))
        case _:
            return False
    return True


def warn_of_ambiguity(invocation: Invocation) -> None:
    """Say which profile or section is meant where programs differ. At once: `exec` becomes another program."""
    if {"--help", "-h"} & set(itertools.takewhile(lambda word: word != "--", invocation.arguments)):
        return
    found = [profile_variables.disagreement(invocation.environ)]
    found += [same.warning for same in duplicate_sections.find(invocation.environ)]
    for warning in found:
        if warning is not None:
            invocation.say(f"assume-helper: warning: {one_line(str(warning))}")


def fail(invocation: Invocation, error: AssumeHelperError) -> int:
    """Say what went wrong, in one line, and log it; the exit code."""
    return _fail(invocation, error.exit_code, str(error))


def _fail(invocation: Invocation, exit_code: int, what: str) -> int:
    """Write what went wrong, in one line, to standard error and to the log."""
    events = [("warning", str(warning)) for warning in invocation.warnings]
    if invocation.is_process or exit_code not in {USAGE, INTERRUPTED}:
        # A mistyped command or Ctrl-C is not worth logging.
        events.append(("failure", one_line(what)))
    _record(invocation, events, exit_code)
    if "env" in invocation.arguments:
        from assume_helper.cli import shell_failure

        shell_failure.report(invocation.arguments, invocation.environ)
    invocation.say(error_line(invocation.subject, what))
    return exit_code


def _record(invocation: Invocation, events: list[tuple[str, str]], exit_code: int = 0) -> None:
    for kind, message in events:
        invocation.record(kind, message, exit_code)
