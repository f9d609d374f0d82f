"""The errors: each says what happened and what to do next, and has an exit code.

    AssumeHelperError          1  anything else
    ├── ConfigurationError     3  the AWS config, or a value in it
    │   ├── ChangedMeanwhile   3  a file has changed since it was read
    │   ├── SettingFault       3  a variable or setting with which nothing can be sent
    │   └── UnknownRegion      3  an unknown region
    ├── SourceError            4  no usable source credentials
    │   ├── SourceExpired      4  a login, a token or a session has expired
    │   └── SourceNotKnown     4  STS does not know them
    ├── MFARequired            5  a code is needed and cannot be had
    │   └── MFANotGiven        5  a person was asked, and gave none
    ├── MFACodeRefused         6  STS refused the code
    ├── STSRefused             6  STS answered: no
    ├── STSNotReached          7  network, 5xx, deadline, an answer that is no answer
    │   ├── STSNotConnected    7  no request was sent
    │   └── STSThrottled       7  STS was reached and asked for patience
    ├── MachineFault           1  this machine has too little of something, or lacks a file
    ├── ProgramNotFound      127  the program of `exec` is not there
    └── ProgramNotRunnable   126  it is there and cannot be started

Usage errors are exit 2 and come from click; 130 is an interrupt.
"""

from typing import ClassVar


class AssumeHelperError(Exception):
    """The root: `message` (what happened) and `next_step` (what to do), one line each."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message}; {self.next_step}"


class ConfigurationError(AssumeHelperError):
    """The AWS config cannot be read, or holds a value that cannot be used."""

    exit_code = 3


class ChangedMeanwhile(ConfigurationError):
    """A file has changed since it was read, and was not replaced."""


class SettingFault(ConfigurationError):
    """With a variable or setting of this machine nothing can be sent. Cached credentials may be served."""


class UnknownRegion(ConfigurationError):
    """STS was not found in an unknown region. It may be a new one: cached credentials may be served."""


class SourceError(AssumeHelperError):
    """The source's credentials are missing or not accepted."""

    exit_code = 4


class SourceExpired(SourceError):
    """The source's credentials have expired. Cached credentials may be served."""


class SourceNotKnown(SourceError):
    """STS does not know the source's credentials: deleted, deactivated, or of another partition."""


class MFARequired(AssumeHelperError):
    """An MFA code is needed and cannot be had. Cached credentials may be served."""

    exit_code = 5


class MFANotGiven(MFARequired):
    """A person was asked for an MFA code and gave none. Followers must not ask again."""


class MFACodeRefused(AssumeHelperError):
    """STS refused the MFA code, not the role. Cached credentials may be served."""

    exit_code = 6


class STSRefused(AssumeHelperError):
    """STS refused. Cached credentials are deleted."""

    exit_code = 6


class STSNotReached(AssumeHelperError):
    """STS could not be reached, or gave no usable answer. Cached credentials may be served."""

    exit_code = 7


class STSNotConnected(STSNotReached):
    """No connection to STS was made: it has not seen the request, nor an MFA code in it."""


class STSThrottled(STSNotReached):
    """STS throttles this account or address: the one failure worth waiting for longer."""


class MachineFault(AssumeHelperError):
    """A failure of this machine, before anything was sent. Cached credentials may be served."""


class ProgramNotFound(AssumeHelperError):
    """The program of `exec` was not found; the exit code is a shell's."""

    exit_code = 127


class ProgramNotRunnable(AssumeHelperError):
    """The program of `exec` cannot be started; the exit code is a shell's."""

    exit_code = 126
