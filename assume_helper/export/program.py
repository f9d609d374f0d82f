"""The program that is run with credentials: its environment, and how it takes this one's place."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from assume_helper import hit
from assume_helper.cache.document import timestamp
from assume_helper.cache.session import Session
from assume_helper.errors import AssumeHelperError, ProgramNotFound, ProgramNotRunnable
from assume_helper.profiles import aws_config
from assume_helper.profiles.role import Profile
from assume_helper.system import terminal
from assume_helper.system.environment import STALE
from assume_helper.text import printable

# Set for the program, so that one inside another is noticed; a person's prompt may show it.
INSIDE = "ASSUME_HELPER_PROFILE"


def variables(session: Session, profile: Profile) -> dict[str, str]:
    """What an SDK or the AWS CLI reads in its environment: credentials, their end, and the region if one is named."""
    credentials = session.credentials
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_CREDENTIAL_EXPIRATION": timestamp(session.expiration),
    }
    return found | region(profile)


def region(profile: Profile) -> dict[str, str]:
    """The region's two variables (boto3 reads the second one only), and that they are this profile's."""
    if profile.region is None:
        return {}
    return dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION", hit.REGION), profile.region)


def environment(environ: Mapping[str, str], name: str, given: Mapping[str, str]) -> dict[str, str]:
    """`environ` without any credentials of its own, and another profile's region, with those that are `given`."""
    left = environ.get(hit.REGION)
    kept = {key: value for key, value in environ.items() if key not in STALE and key != hit.REGION}
    for key in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if left is not None and kept.get(key) == left:
            del kept[key]
    return kept | dict(given) | {INSIDE: name}


def without_default_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep an SDK from the default profile's credentials: most look there before a container's."""
    config = aws_config.load(environ)
    hiding = {}
    if config.credentials_profiles.get("default"):
        hiding["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    whose = ("aws_access_key_id", "role_arn", "credential_process", "sso_session", "sso_start_url", "login_session")
    if any(key in config.config_profiles.get("default", {}) for key in whose):
        hiding["AWS_CONFIG_FILE"] = os.devnull
    return hiding


def shell(environ: Mapping[str, str]) -> list[str]:
    """The user's shell."""
    if sys.platform == "win32":
        return [environ.get("COMSPEC") or "cmd.exe"]
    given = environ.get("SHELL")
    if given:
        return [given]
    import pwd

    try:
        return [pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"]
    except KeyError:
        return ["/bin/sh"]


def exec_program(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Be `command` from now on; on Windows, which has no such thing, run it and give its exit code.

    Raises AssumeHelperError where it cannot be started.
    """
    if sys.platform == "win32":
        return run(command, environ)
    # Python leaves out these two, and what is left out stays so in the program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(environ))  # noqa: S606 - what is asked for
    except (OSError, ValueError) as error:
        raise _not_started(command[0], error) from None


def run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` beside this process, with its streams; its exit code, as a shell gives it.

    What ends or interrupts this process is the child's to answer, also while it is being started. Raises
    AssumeHelperError where it cannot be.
    """
    came: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def on(number: int, _frame: FrameType | None) -> None:
        if number in {signal.SIGINT, getattr(signal, "SIGQUIT", None)} and terminal.is_there():
            return  # from the keyboard it comes to both
        came.append(number)
        for process in started:
            process.send_signal(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) != signal.SIG_IGN:  # as under nohup
            signal.signal(getattr(signal, name), on)
    try:
        # What the caller has opened for the program is the program's; what is opened here is closed in it anyway.
        process = subprocess.Popen(list(command), env=dict(environ), close_fds=False)
    except (OSError, ValueError) as error:
        raise _not_started(command[0], error) from None
    early = list(came)
    started.append(process)
    for number in early:
        process.send_signal(number)
    code = process.wait()
    return code if code >= 0 else 128 - code


def _not_started(program: str, error: Exception) -> AssumeHelperError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not a command"
    kind = ProgramNotFound if isinstance(error, FileNotFoundError) else ProgramNotRunnable
    return kind(
        f"{printable(program)} cannot be started ({reason})", "correct the command behind --, or SHELL without one"
    )
