"""The commands and their options, and the one place that turns errors into exit codes."""

import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

import click

from assume_helper import environment, hit, log, resolve
from assume_helper.credentials import LONGEST_SESSION, SHORTEST_SESSION, Clock
from assume_helper.errors import AssumeHelperError, shown
from assume_helper.session_name import session_name

USAGE = 2
INTERRUPTED = 130
TERMINATED = 143
DURATION = click.IntRange(SHORTEST_SESSION, LONGEST_SESSION)


class Terminated(BaseException):
    """SIGTERM came: what is open is closed, what is held is let go, then the process ends."""


@dataclass
class Invocation:
    """One run of the command line: what it was handed, and what it is about, for the line that says what went wrong.

    `started` is in seconds since the epoch.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    started: float
    started_monotonic: float
    stdout_closed: bool
    subject: str = ""
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        """Keep a warning for the end, once: some clients take anything on stderr for a failure (measured: duckdb)."""
        if message not in self.warnings:
            self.warnings.append(message)

    def surroundings(self) -> resolve.Surroundings:
        """What `resolve` is handed."""
        return resolve.Surroundings(
            environ=self.environ,
            clock=self.clock,
            started=self.started,
            started_monotonic=self.started_monotonic,
            host=socket.gethostname(),
            session_name=session_name,
            warn=self.warn,
        )


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="assume-helper", prog_name="assume-helper", message="%(prog)s %(version)s")
def assume_helper() -> None:
    """The credential_process that assumes a role and remembers it.

    In the AWS config file:

    \b
        [profile NAME]
        credential_process = /path/to/assume-helper get NAME
        assume_helper_role_arn = arn:aws:iam::123456789012:role/ROLE
        assume_helper_source_profile = SOURCE
    """


@assume_helper.command(short_help="Print a profile's credentials, as every AWS SDK reads them.")
@click.argument("profile")
@click.option("--role-session-name", metavar="NAME", help="The session's name; may hold {user}, {host}, {profile}.")
@click.option("--duration-seconds", type=DURATION, metavar="N", help="How long the session lasts, 900 to 43200.")
@click.option("--session-tag", "session_tags", metavar="KEY=VALUE", multiple=True, help="A session tag; repeatable.")
@click.option("--session-policy", metavar="FILE|JSON", help="A policy that narrows the session.")
@click.option("--policy-arn", "policy_arns", metavar="ARN", multiple=True, help="A policy that narrows it; repeatable.")
@click.option("--read-only", is_flag=True, help="Narrow the session to AWS's ReadOnlyAccess policy.")
@click.pass_obj
def get(invocation: Invocation, /, profile: str, **options: str | int | tuple[str, ...] | None) -> None:
    """Print the temporary credentials of PROFILE as the JSON document of a credential process.

    From the cache while they are fresh, else from STS. Nothing else is printed on standard output; on a failure
    there is one line on standard error.

    An option wins over the profile's key of the same name, and has a session of its own in the cache.

    \b
    Example:
        $ assume-helper get dev
        $ assume-helper get dev --read-only
    """
    invocation.subject = profile
    given = {name: _written(value) for name, value in options.items() if value}
    if "session_policy" in given and not given["session_policy"].lstrip().startswith("{"):
        given["session_policy"] = os.path.abspath(os.path.expanduser(given["session_policy"]))
    entry = resolve.get_credentials(profile, invocation.surroundings(), given)
    if invocation.stdout_closed:
        raise AssumeHelperError("standard output is closed", "the credentials are printed there: open it")
    hit.write(1, entry.document + b"\n")


def _written(value: str | int | tuple[str, ...] | None) -> str:
    """An option as the profile's key would hold it."""
    if isinstance(value, tuple):
        if any("," in part for part in value):
            raise click.UsageError("a comma cannot be in a session tag or a policy's ARN")
        return ",".join(value)
    return "true" if value is True else str(value)


def main(
    arguments: Sequence[str],
    started: float,
    started_monotonic: float,
    unwritten: OSError | None = None,
    *,
    stdout_closed: bool = False,
) -> int:
    """Run the command line; the exit code.

    `started` is when the process began (seconds since the epoch), `started_monotonic` the same on the monotonic clock,
    for deadlines. `unwritten` is why a hit could not be printed.
    """
    invocation = Invocation(dict(os.environ), Clock(), started, started_monotonic, stdout_closed)
    environment.hide(os.environ)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _run(invocation, list(arguments), unwritten)
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "assume-helper"
        return _fail(invocation, USAGE, f"{error.format_message().rstrip('.')}; see `{command} --help`")
    except click.exceptions.Exit as error:
        return error.exit_code
    except AssumeHelperError as error:
        return _fail(invocation, error.exit_code, str(error))
    except BrokenPipeError:
        return 1
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _fail(invocation, 1, f"the credentials cannot be printed ({reason}); look at where standard output goes")
    except KeyboardInterrupt:
        return _fail(invocation, INTERRUPTED, "interrupted; nothing was changed, run it again")
    except Terminated:
        return _fail(invocation, TERMINATED, "terminated; nothing was changed, run it again")
    except ImportError:
        raise  # half an installation: without its libraries nothing more can be said here
    except Exception as error:
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno}" if where else "?"
        return _fail(
            invocation, 1, f"an error of its own ({type(error).__name__} at {place}); please report it with this line"
        )


def _run(invocation: Invocation, arguments: list[str], unwritten: OSError | None) -> int:
    if hit.is_elevated():
        raise AssumeHelperError("this runs with another user's rights (setuid or setgid)", "start it as yourself")
    if unwritten is not None:
        invocation.subject = arguments[1]
        raise unwritten
    with assume_helper.make_context("assume-helper", arguments, obj=invocation) as context:
        assume_helper.invoke(context)
    _record(invocation, [("warning", warning) for warning in invocation.warnings])
    if sys.stderr is not None and sys.stderr.isatty():
        for warning in invocation.warnings:
            _say(f"assume-helper: {shown(invocation.subject, 64)}: warning: {warning}")
    return 0


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _fail(invocation: Invocation, exit_code: int, what: str) -> int:
    """Say in one line what went wrong, on standard error and in the log."""
    subject = f"{shown(invocation.subject, 64)}: " if invocation.subject else ""
    line = shown(" ".join(what.split()), 1000)
    events = [("warning", warning) for warning in invocation.warnings]
    _record(invocation, [*events, ("failure", line)], exit_code)
    _say(f"assume-helper: {subject}{line}")
    return exit_code


def _record(invocation: Invocation, events: list[tuple[str, str]], exit_code: int = 0) -> None:
    for kind, message in events:
        event = {"event": kind, "profile": shown(invocation.subject, 64), "message": message}
        log.append(invocation.clock.now(), event | {"exit_code": str(exit_code)})


def _say(text: str) -> None:
    """A line on standard error, in UTF-8 whatever the locale: botocore fails to decode another's bytes."""
    try:
        hit.write(2, text.encode("utf-8", "backslashreplace") + b"\n")
    except OSError:
        pass  # there is nobody to tell
