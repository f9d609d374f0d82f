"""The errors: each says what happened and what to do next, and has an exit code.

    AssumeHelperError          1  anything else
    ├── ConfigurationError     3  the AWS config, or a value in it
    │   ├── UnknownProfile     3  there is no such profile
    │   ├── ChangedMeanwhile   3  a file has changed since it was read
    │   ├── UnknownRegion      3  an unknown region
    │   └── SettingFault       3  a variable, a file or a program of this machine that cannot be used
    ├── SourceError            4  no usable source credentials
    │   ├── SourceExpired      4  a login, a token or a session has expired
    │   │   └── TokenNotTaken  4  the token is good no more, or another region's
    │   └── SourceRefused      4  STS, or the login's service, refused
    │       └── SourceNotKnown 4  STS does not know them
    ├── OptionNotTaken         2  an option that this kind of profile cannot have
    ├── MFARequired            5  a code is needed and cannot be had
    │   └── MFANotGiven        5  a person was asked, and gave none
    ├── MFACodeRefused         6  STS refused the code
    ├── STSRefused             6  STS refused
    ├── STSNotReached          7  network, 5xx, deadline, an unusable answer
    │   ├── STSNotConnected    7  no request was sent
    │   ├── STSUnavailable     7  STS was reached and is out of order
    │   └── STSThrottled       7  STS was reached and throttles
    ├── InternalFault          1  an error that nothing here expects
    ├── MachineFault           1  this machine has too little of something, or lacks a file
    ├── ProgramNotFound      127  the program of `exec` is not there
    └── ProgramNotRunnable   126  it is there and cannot be started

Other usage errors are exit 2 too, and come from click; 130 is an interrupt.

Each class says what becomes of a cached session (`cached`), and whether followers get the failure too (`is_shared`).
"""

import os

from assume_helper.light import ClassVar, Literal

# What becomes of a session that is cached and still good (RFC 5861, stale-if-error). It is deleted if AWS or a login
# refuses. It is kept, but not served, if the config is wrong: what was asked for is unclear. Otherwise it is served.
Cached = Literal["served", "kept", "deleted"]


class AssumeHelperError(Exception):
    """The root: `message` (what happened) and `next_step` (what to do), one line each."""

    exit_code: ClassVar[int] = 1
    cached: ClassVar[Cached] = "served"
    # Whether every follower gets it. If not, only those with the same environment do.
    is_shared: ClassVar[bool] = False

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}; {self.next_step}"


class ConfigurationError(AssumeHelperError):
    """The AWS config cannot be read, or holds a value that cannot be used."""

    exit_code = 3
    cached: ClassVar[Cached] = "kept"


class UnknownProfile(ConfigurationError):
    """There is no such profile: the config files alone decide that."""

    is_shared = True


class ChangedMeanwhile(ConfigurationError):
    """A file has changed since it was read, and was not replaced."""


class UnknownRegion(ConfigurationError):
    """STS was not found in an unknown region. It may be a new one."""

    cached = "served"


class SettingFault(ConfigurationError):
    """The config is understood. A variable, a file or a program of this machine cannot be used here and now."""

    cached = "served"


class OptionNotTaken(AssumeHelperError):
    """The call has an option that this kind of profile cannot have: without it, the session would be another one."""

    exit_code = 2
    cached: ClassVar[Cached] = "kept"


class SourceError(AssumeHelperError):
    """The source's credentials are missing or not accepted."""

    exit_code = 4


class SourceExpired(SourceError):
    """The source's credentials have expired."""


class TokenNotTaken(SourceExpired):
    """The token is good no more, or it is another region's: the sign-in service has the same words for both."""


class SourceRefused(SourceError):
    """STS, or the login's service, refused the source's credentials or its login."""

    cached = "deleted"


class SourceNotKnown(SourceRefused):
    """STS does not know the source's credentials: deleted, deactivated, or of another partition."""


class MFARequired(AssumeHelperError):
    """An MFA code is needed and cannot be had."""

    exit_code = 5


class MFANotGiven(MFARequired):
    """A person was asked for an MFA code and gave none. Followers must not ask again."""


class MFACodeRefused(AssumeHelperError):
    """STS refused the MFA code, not the session."""

    exit_code = 6


class STSRefused(AssumeHelperError):
    """STS refused."""

    exit_code = 6
    cached = "deleted"
    is_shared = True


class STSNotReached(AssumeHelperError):
    """STS could not be reached, or gave no usable answer."""

    exit_code = 7


class STSNotConnected(STSNotReached):
    """No connection to STS was made: it has not seen the request, nor an MFA code in it."""


class STSUnavailable(STSNotReached):
    """STS itself said that it is out of order."""

    is_shared = True


class STSThrottled(STSNotReached):
    """STS throttles this account or address: the one failure worth waiting for longer."""

    is_shared = True


class InternalFault(AssumeHelperError):
    """An error that nothing here expects: of this program, of a library, or of the machine."""


class MachineFault(AssumeHelperError):
    """A failure of this machine, before anything was sent. Cached credentials may be served."""


class ProgramNotFound(AssumeHelperError):
    """The program of `exec` was not found; the exit code is a shell's."""

    exit_code = 127


class ProgramNotRunnable(AssumeHelperError):
    """The program of `exec` cannot be started; the exit code is a shell's."""

    exit_code = 126


def internal_fault(error: Exception) -> InternalFault:
    """`error`, which nothing expects, as an error of ours: its kind and its place. Its text may hold anything."""
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{os.path.basename(where.tb_frame.f_code.co_filename)}:{where.tb_lineno}" if where else "?"
    what = f"{type(error).__name__} at {place}"
    if isinstance(error, ImportError):
        name = error.name if error.name and error.name.replace(".", "").isidentifier() else "a library"
        return InternalFault(f"{name} cannot be loaded ({what})", "install assume-helper again")
    if isinstance(error, OSError) and error.strerror:
        return InternalFault(f"this machine cannot do what is needed ({error.strerror}, {what})", "try again")
    return InternalFault(f"internal error ({what})", "please report it with this line")
