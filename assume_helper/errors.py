"""What can go wrong: each error says what happened, what to do next, and its exit code.

    AssumeHelperError          1  anything else
    ├── ConfigurationError     3  the AWS config, or a value in it
    │   ├── ChangedMeanwhile   3  a file that was to be replaced has changed
    │   └── UnknownRegion      3  a region's name that is none
    ├── SourceError            4  no usable source credentials
    │   ├── SourceExpired      4  there were some: a login, a token or a process has run out
    │   └── SourceNotKnown     4  STS does not know them
    ├── MFARequired            5  a code is needed and cannot be had
    │   └── MFANotGiven        5  somebody was asked for it, and gave none
    ├── MFACodeRefused         6  STS does not take the code
    ├── STSRefused             6  STS answered: no
    ├── STSNotReached          7  network, 5xx, deadline, an answer that is no answer
    │   ├── STSNotConnected    7  not so much as a request has left
    │   └── STSThrottled       7  STS was reached and asked for patience
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
    """The AWS config cannot be read, or says something that cannot be done."""

    exit_code = 3


class ChangedMeanwhile(ConfigurationError):
    """A file that was to be replaced is no longer what it was when it was read."""


class UnknownRegion(ConfigurationError):
    """STS was not found in a region that nobody knows; it may be a new one, so what is cached may still be served."""


class SourceError(AssumeHelperError):
    """The credentials that would assume the role are missing or not accepted."""

    exit_code = 4


class SourceExpired(SourceError):
    """The credentials that would assume the role have run out: what is cached may still be served."""


class SourceNotKnown(SourceError):
    """STS does not know the credentials that would assume the role: deleted, deactivated, or another place's."""


class MFARequired(AssumeHelperError):
    """The role wants an MFA code and there is no way to get one: what is cached may still be served."""

    exit_code = 5


class MFANotGiven(MFARequired):
    """Somebody was asked for an MFA code, and gave none: those who wait are not to ask again."""


class MFACodeRefused(AssumeHelperError):
    """STS does not take the MFA code, which says nothing of the role: what is cached may still be served."""

    exit_code = 6


class STSRefused(AssumeHelperError):
    """STS was reached and refused: what is cached is no longer to be served."""

    exit_code = 6


class STSNotReached(AssumeHelperError):
    """STS could not be reached, or gave no usable answer: what is cached may still be served."""

    exit_code = 7


class STSNotConnected(STSNotReached):
    """No connection to STS was made: it has not seen what was to be sent, an MFA code perhaps."""


class STSThrottled(STSNotReached):
    """STS throttles this account or address: the one failure that is worth waiting longer for."""


class ProgramNotFound(AssumeHelperError):
    """The program that is to be run is not there; the exit code is a shell's."""

    exit_code = 127


class ProgramNotRunnable(AssumeHelperError):
    """The program that is to be run cannot be started; the exit code is a shell's."""

    exit_code = 126
