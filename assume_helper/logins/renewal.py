"""A login renewed once for all who need it: one process sends the request, the others wait for what it writes.

The refresh token is good once. So whoever gets the login's lock reads the token file again, and starts a process of its
own that inherits the lock, spends the token, and writes: it goes on whoever gives up waiting (see `renewal_process`).
"""

import os
import random
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.errors import AssumeHelperError, SourceExpired, STSNotReached
from assume_helper.light import dataclass
from assume_helper.logins import login_errors, login_lock, renewal_process
from assume_helper.logins.renewal_process import Job, Started
from assume_helper.profiles import login_record
from assume_helper.profiles.login import Login
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.system import home
from assume_helper.system.context import Clock
from assume_helper.text import printable

# Seconds between two looks at the lock.
_LOOK = (0.02, 0.06)
# Seconds for which a renewal that failed is not tried again while the login is good.
_BACK_OFF = 30.0


@dataclass(frozen=True)
class _Failed:
    """Which renewal failed: where this changes, another one has."""

    digest: str
    at: float


def renew(
    login: Login, job: Job, file: TokenFile, environ: Mapping[str, str], clock: Clock, started: float, until: float
) -> TokenFile:
    """The token file after the login in `file` was renewed, here or elsewhere, waited for `until` (monotonic).

    `started` is when this process began (seconds since the epoch): it shares a failure since then.

    Raises the renewal's failure; SourceExpired where there can be no renewal here, or somebody is logging in;
    STSNotReached where it takes longer; SourceRefused where the login is gone.
    """
    before = _failed(login_record.read_record(file.path))
    process: Started | None = None
    if home.is_foreign(file.path, environ):
        raise _impossible(login, "it is in another user's HOME")
    while True:
        if hit.file_state(file.path) != file.state:
            found = _changed(login, file)
            if found is not None:
                return found
        if process is None or not process.is_running():
            try:
                descriptor = login_lock.try_acquire(file.path)
            except OSError as error:
                raise _impossible(login, error.strerror or str(error)) from None
            if descriptor is not None:
                try:
                    found = _changed(login, file)
                    if found is not None:
                        return found
                    _raise_failure(file, before, started)
                    if process is not None:
                        raise STSNotReached(f"the renewal of the login of {login_errors.name(login)} came to no end",
                                            "try again")  # fmt: skip
                    process = renewal_process.start(job, descriptor, environ)
                except OSError as error:
                    raise _impossible(login, f"no process: {error.strerror or error}") from None
                finally:
                    os.close(descriptor)
            elif login_lock.is_login_under_way(file.path):
                raise login_errors.under_way(login)  # a person's, which may take minutes
        if clock.monotonic() >= until:
            raise STSNotReached(
                f"the login of {login_errors.name(login)} is still being renewed", "try again in a moment"
            )
        clock.sleep(max(0.0, min(random.uniform(*_LOOK), until - clock.monotonic())))


def failure_of(record: Record) -> AssumeHelperError | None:
    """Why the last renewal failed; None where that is not known."""
    return None if record.renewal_failure is None else login_errors.as_error(record.renewal_failure)


def final_failure(record: Record, digest: str) -> AssumeHelperError | None:
    """Why the file with `digest` is not renewed any more; None where its service has not refused that."""
    return failure_of(record) if record.spent == record.failed == digest else None


def why_over(login: Login, record: Record, digest: str) -> AssumeHelperError:
    """The error for a login that is over, in the file with `digest`, and is not renewed."""
    if login_lock.is_login_under_way(login.token_path):
        return login_errors.under_way(login)
    return final_failure(record, digest) or login_errors.expired(login)


def check_there(login: Login, file: TokenFile) -> None:
    """Raise SourceRefused where there is no token file, SourceExpired where somebody is logging in."""
    if not file.digest and not file.problem:
        if login_lock.is_login_under_way(file.path):
            raise login_errors.under_way(login)
        raise login_errors.not_logged_in(login)


def has_just_failed(record: Record, digest: str, now: float) -> bool:
    """Whether a renewal of the file with `digest` failed so short a time before `now` that it is not tried again."""
    return record.failed == digest and 0 <= now - record.failed_at < _BACK_OFF


def _failed(record: Record) -> _Failed:
    return _Failed(record.failed, record.failed_at)


def _changed(login: Login, before: TokenFile) -> TokenFile | None:
    """The token file as it is now; None where it is as before. Raises SourceRefused where it is gone."""
    file = login_record.read_token_file(before.path)
    if file.digest == before.digest:
        return None
    if not file.digest and not file.problem:
        raise login_errors.not_logged_in(login)
    if file.tokens is None:
        raise login_errors.unreadable(login, file)
    return file


def _raise_failure(file: TokenFile, before: _Failed, started: float) -> None:
    """Raise the failure of the renewal that was waited for, or that failed since this process began."""
    record = login_record.read_record(file.path)
    failed = _failed(record)
    if failed.digest == file.digest and (failed != before or failed.at >= started):
        failure = failure_of(record)
        if failure is not None:
            raise failure


def _impossible(login: Login, reason: str) -> SourceExpired:
    return SourceExpired(
        f"the login of {login_errors.name(login)} has expired, and cannot be renewed here: {printable(reason, 120)}",
        f"correct that, then run: {login.command}",
    )
