"""The login behind a profile: whether it is good, until when, how it is renewed, and who may read its token.

All of this is in files: nobody is asked, and nothing is renewed.
"""

import os
import shlex
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from assume_helper.doctor.check import Check, failed
from assume_helper.errors import AssumeHelperError, SourceExpired
from assume_helper.profiles import login_record
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, PermissionSet
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile
from assume_helper.system import home
from assume_helper.text import duration_text, printable

NAME = "login"


def examine(
    config: AwsConfig, found: Iterable[Profile], environ: Mapping[str, str], now: float
) -> Iterator[Check]:  # fmt: skip
    """The checks of the logins that these profiles begin with, each login once. `now` is in seconds since the epoch."""
    seen: set[str] = set()
    for profile in found:
        origin = profile.origin
        if not isinstance(origin, PermissionSet | ConsoleLogin):
            continue
        login = origin.login if isinstance(origin, PermissionSet) else origin
        if login.token_path not in seen:
            seen.add(login.token_path)
            yield from _login(login, environ, now)
        yield from _of_the_cli(config, origin)


def _login(login: IdentityCenterLogin | ConsoleLogin, environ: Mapping[str, str], now: float) -> Iterator[Check]:
    file = login_record.read_token_file(login.token_path)
    record = login_record.read_record(login.token_path)
    try:
        if isinstance(login, ConsoleLogin):
            yield _console(login, file, record, environ, now)
        else:
            yield _identity_center(login, file, record, environ, now)
    except SourceExpired as error:  # somebody is logging in
        yield Check(NAME, "warn", error.message, error.next_step)
    except AssumeHelperError as error:
        yield failed(NAME, error)
    if file.digest and record.failed == file.digest and record.renewal_failure is not None:
        _, message, next_step = record.renewal_failure
        what = f"the last renewal failed {duration_text(now - record.failed_at)} ago: {printable(message)}"
        yield Check(NAME, "warn", what, printable(next_step))
    yield from _rights(login.token_path)


def _identity_center(
    login: IdentityCenterLogin, file: TokenFile, record: Record, environ: Mapping[str, str], now: float
) -> Check:
    """The check of an access token. Raises SourceError where there is none that can be used."""
    from assume_helper.logins import login_errors, sso_token, timestamps

    token = sso_token.read(login, file, record, now)
    who = login_errors.name(login)
    obstacle = _obstacle(login.token_path, environ) if token.is_renewable else _not_renewable(login, file, record, now)
    if obstacle is None:
        ends = timestamps.parse((file.tokens or {}).get("registrationExpiresAt"))
        longest = "" if ends is None else f", until {_moment(ends)} at the latest"
        if token.ends > now:
            return Check(
                NAME, "ok", f"{who} is logged in until {_end(token.ends, now)}; its refresh token renews it{longest}"
            )
        what = f"the access token of {who} has ended: the next call renews it with its refresh token{longest}"
        return Check(NAME, "ok", what)
    return _not_renewed(f"{who} is logged in", token.ends, now, obstacle, login.command)


def _console(
    login: ConsoleLogin, file: TokenFile, record: Record, environ: Mapping[str, str], now: float
) -> Check:  # fmt: skip
    """The check of the credentials of a console login. Raises SourceError where there are none that can be used."""
    from assume_helper.logins import console_login, login_errors

    held = console_login.read(login, file, record)
    who = f"the console login of {login_errors.name(login)}"
    obstacle = _obstacle(login.token_path, environ)
    if not held.is_renewable:
        obstacle = ("its refresh token was spent or refused", f"run: {login.command}")
    if obstacle is None:
        how = "its refresh token renews them, for 12 h after the login"
        if held.ends > now:
            return Check(NAME, "ok", f"{who} has credentials until {_end(held.ends, now)}; {how}")
        return Check(NAME, "ok", f"{who} has no credentials now: the next call renews them; {how}")
    return _not_renewed(f"{who} is good", held.ends, now, obstacle, login.command)


def _not_renewed(good: str, ends: float, now: float, obstacle: tuple[str, str], command: str) -> Check:
    """The check of a login that goes on until its end, and no longer."""
    why, mend = obstacle
    if ends <= now:
        return Check(NAME, "fail", f"{good} no more, and is not renewed: {why}", mend or f"run: {command}")
    what = f"{good} until {_end(ends, now)}, and is not renewed: {why}"
    return Check(NAME, "warn" if mend else "ok", what, mend)


def _not_renewable(login: IdentityCenterLogin, file: TokenFile, record: Record, now: float) -> tuple[str, str]:
    """Why a token is not renewed, and what mends that; no mend where no login of this form is ever renewed."""
    from assume_helper.logins import timestamps

    tokens, again = file.tokens or {}, f"run: {login.command}"
    if login.session_name is None:
        return "only a login of an [sso-session] is", ""
    if not tokens.get("refreshToken"):
        section = f"[sso-session {printable(login.session_name, 64)}]"
        scopes = f"add sso_registration_scopes = sso:account:access to {section}, then "
        return "it has no refresh token", (scopes if login.registration_scopes is None else "") + again
    ends = timestamps.parse(tokens.get("registrationExpiresAt"))
    if ends is not None and ends <= now:
        return f"the registration of its client ended {_moment(ends)}", again
    if record.spent == file.digest:
        return "Identity Center does not take its refresh token any more", again
    return "what a renewal takes is not in its token file", again


def _obstacle(path: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Why a login that could be renewed is not, here: a refresh token is spent only where the new one can be kept."""
    if home.is_foreign(path, environ):
        return "it is in another user's HOME", "run this as that user, or set HOME to yours and log in there"
    folder = os.path.dirname(os.path.realpath(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        mend = f"make it yours and writable: chmod u+rwx {shlex.quote(printable(folder))}"
        return f"its folder {printable(folder)} cannot be written", mend
    return None


def _end(at: float, now: float) -> str:
    return f"{_moment(at)} ({duration_text(at - now)} left)"


def _moment(at: float) -> str:
    """`at` (seconds since the epoch) for a person, in UTC."""
    try:
        return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return "a time far off"


if sys.platform == "win32":

    def _rights(_path: str) -> Iterator[Check]:
        """Windows: a home's access list keeps others out."""
        yield from ()

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
                mend = f"chmod {mode} {shlex.quote(shown)}"
                yield Check(NAME, "warn", f"{what} {shown} is open to other users", mend)


def _of_the_cli(config: AwsConfig, origin: PermissionSet | ConsoleLogin) -> Iterator[Check]:
    """What the AWS CLI and some services do not find in a profile whose keys have the prefix."""
    bare, name = merge(config, origin.profile).bare, shlex.quote(printable(origin.profile, 64))
    if isinstance(origin, ConsoleLogin):
        key, others = "login_session", f"`aws login --profile {name}` does"
    elif origin.login.session_name is None:
        key, others = "sso_start_url", f"`aws sso login --profile {name}` does"
    else:
        key, others = "sso_session", f"`aws sso login --profile {name}`, and services that take a bearer token, do"
    if key not in bare:
        what = f"`{origin.command}` logs in; {others} not see {key} of [{printable(origin.profile, 64)}]"
        yield Check(NAME, "ok", what)
