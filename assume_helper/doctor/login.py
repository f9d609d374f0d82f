"""The login behind a profile: whether it is good, until when, how it is renewed, and who may read its token.

All of this is in files: nobody is asked, and nothing is renewed.
"""

import os
import shlex
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from assume_helper import access_list, hit
from assume_helper.doctor import closing
from assume_helper.doctor.check import Check, failed
from assume_helper.errors import SourceExpired
from assume_helper.light import TYPE_CHECKING
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.login import ConsoleLogin, Login, PermissionSet
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile
from assume_helper.system import home
from assume_helper.text import duration_text, printable, typed

if TYPE_CHECKING:
    from assume_helper.logins.state import LoginState

NAME = "login"


def examine(
    config: AwsConfig, found: Iterable[Profile], environ: Mapping[str, str], now: float
) -> Iterator[Check]:  # fmt: skip
    """The checks of the logins that these profiles begin with, each login once. `now` is in seconds since the epoch."""
    seen: set[str] = set()
    for profile in found:
        origin, login = profile.origin, profile.login
        if login is not None and login.token_path not in seen:
            seen.add(login.token_path)
            yield from _login(login, environ, now)
        if isinstance(origin, PermissionSet | ConsoleLogin):
            yield from _of_the_cli(config, origin)


def _login(login: Login, environ: Mapping[str, str], now: float) -> Iterator[Check]:
    from assume_helper.logins import state  # it loads the SDK

    found = state.of(login, now)
    if found.until is not None:
        yield _until(login, found, environ)
    elif isinstance(found.problem, SourceExpired):  # somebody is logging in
        yield Check(NAME, "warn", found.problem.message, found.problem.next_step)
    elif found.problem is not None:
        yield failed(NAME, found.problem)
    if found.last_failure is not None:
        at, error = found.last_failure
        what = f"the last renewal failed {duration_text(now - at)} ago: {error.message}"
        yield Check(NAME, "warn", what, error.next_step)
    yield from _rights(login.token_path)


def _until(login: Login, found: "LoginState", environ: Mapping[str, str]) -> Check:
    """The check of a login that is there: until when it goes on, and what renews it."""
    from assume_helper.logins import login_errors

    name = login_errors.name(login)
    if isinstance(login, ConsoleLogin):
        good, over = (
            f"the console login of {name} has credentials",
            f"the console login of {name} has no credentials now",
        )
        renewed, renews = "its refresh token renews them, for 12 h after the login", "the next call renews them"
    else:
        good, over = f"{name} is logged in", f"the access token of {name} has ended"
        renewed, renews = "its refresh token renews it", "the next call renews it with its refresh token"
    longest = "" if found.renewable_until is None else f", until {_moment(found.renewable_until)} at the latest"
    until = f"until {_moment(found.until)} ({duration_text(found.seconds_left or 0)} left)" if found.until else ""
    obstacle = _obstacle(login.token_path, environ) if found.is_renewable else found.not_renewed
    if obstacle is None and found.seconds_left:
        return Check(NAME, "ok", f"{good} {until}; {renewed}{longest}")
    if obstacle is None:
        return Check(NAME, "ok", f"{over}: {renews}{longest}")
    why, mend = obstacle
    if not found.seconds_left:
        return Check(NAME, "fail", f"{over}, and is not renewed: {why}", mend or f"run: {login.command}")
    return Check(NAME, "warn" if mend else "ok", f"{good} {until}, and is not renewed: {why}", mend)


def _obstacle(path: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Why a login that could be renewed is not, here: a refresh token is spent only where the new one can be kept."""
    if home.is_foreign(path, environ):
        return "it is in another user's HOME", "run this as that user, or set HOME to yours and log in there"
    folder = os.path.dirname(os.path.realpath(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        mend = f"make it yours and writable: chmod u+rwx {shlex.quote(printable(folder))}"
        return f"its folder {printable(folder)} cannot be written", mend
    return None


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


if sys.platform == "win32":

    def _rights(path: str) -> Iterator[Check]:
        """The check of who may read or replace the token, by the access lists."""
        for what, place, others in (
            ("the token file", os.path.realpath(path), 0),
            ("the folder of the token file,", os.path.dirname(os.path.realpath(path)), access_list.READ),
        ):
            try:
                access_list.check(place, os.stat(place), others)
            except hit.NotPrivate as error:
                shown = printable(place)
                mend = closing.command(shown, "", str(error), is_directory=others != 0)
                if "open" not in str(error):
                    mend = "log in as yourself, in a home of yours"
                yield Check(NAME, "warn", f"{what} {shown} {error}", mend)
            except OSError:
                return

else:

    def _rights(path: str) -> Iterator[Check]:
        """The check of who may read or replace the token: the tools that write it do not all close it."""
        for what, place, bits, mode in (
            ("the token file", os.path.realpath(path), 0o077, "600"),
            ("the folder of the token file,", os.path.dirname(os.path.realpath(path)), 0o022, "go-w"),
        ):
            try:
                status = os.stat(place)
            except OSError:
                return
            shown = printable(place)
            if status.st_uid != os.geteuid():
                mend = "log in as yourself, in a HOME of yours"
                yield Check(NAME, "warn", f"{what} {shown} belongs to another user", mend)
            elif stat.S_IMODE(status.st_mode) & bits:
                mend = closing.command(shown, mode, "")
                yield Check(NAME, "warn", f"{what} {shown} is open to other users", mend)


def _of_the_cli(config: AwsConfig, origin: PermissionSet | ConsoleLogin) -> Iterator[Check]:
    """What the AWS CLI and some services do not find in a profile whose keys have the prefix."""
    bare, name = merge(config, origin.profile).bare, typed(printable(origin.profile, 64))
    if isinstance(origin, ConsoleLogin):
        key, others = "login_session", f"`aws login --profile {name}` does"
    elif origin.login.session_name is None:
        key, others = "sso_start_url", f"`aws sso login --profile {name}` does"
    else:
        key, others = "sso_session", f"`aws sso login --profile {name}`, and services that take a bearer token, do"
    if key not in bare:
        what = f"`{origin.command}` logs in; {others} not see {key} of [{printable(origin.profile, 64)}]"
        yield Check(NAME, "ok", what)
