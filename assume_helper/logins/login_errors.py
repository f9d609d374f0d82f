"""The errors of logins that are the same for all kinds, and how a message names a login."""

from assume_helper import errors
from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired, SourceRefused
from assume_helper.profiles.login import ConsoleLogin, Login
from assume_helper.profiles.login_record import TokenFile
from assume_helper.text import printable


def name(login: Login) -> str:
    """The login as messages name it."""
    if isinstance(login, ConsoleLogin):
        # Without a profile it is one whose file was found.
        return f"profile {printable(login.profile, 64)}" if login.profile else f"login {printable(login.token_path)}"
    if login.session_name is not None:
        return f"sso-session {printable(login.session_name, 64)}"
    return f"start URL {printable(login.start_url, 160)}"


def not_logged_in(login: Login) -> SourceRefused:
    """There is no login."""
    return SourceRefused(f"{name(login)} is not logged in", f"run: {login.command}")


def expired(login: Login) -> SourceExpired:
    """The login is over, and cannot be renewed."""
    return SourceExpired(f"the login of {name(login)} has expired", f"run: {login.command}")


def revoked(login: Login) -> SourceRefused:
    """The service does not take the login any more, which has not expired."""
    return SourceRefused(f"the login of {name(login)} was revoked", f"run: {login.command}")


def under_way(login: Login) -> SourceExpired:
    """Somebody is logging in just now."""
    return SourceExpired(f"a login of {name(login)} is under way", "finish it in the browser, then try again")


def unreadable(login: Login, file: TokenFile) -> SourceError:
    """The token file is there and holds no login that can be used."""
    path = printable(file.path)
    if file.problem:
        return SourceError(f"the token file {path} cannot be read ({file.problem})", "correct its owner and its rights")
    return SourceError(f"the token file {path} does not hold a login", f"run: {login.command}")


def given_up(login: Login) -> SourceExpired:
    """Somebody was logging in, and did not come to an end."""
    return SourceExpired(f"a login of {name(login)} was given up", f"run: {login.command}")


def noted(error: AssumeHelperError) -> tuple[str, str, str]:
    """`error` as a record has it."""
    return type(error).__name__, error.message, error.next_step


def as_error(failure: tuple[str, str, str]) -> AssumeHelperError:
    """The error that a record has: its class of `errors`, message and next step."""
    name, message, next_step = failure
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, AssumeHelperError)):
        kind = SourceError
    return kind(printable(message), printable(next_step))
