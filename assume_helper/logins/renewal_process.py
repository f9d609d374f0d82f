"""The process that renews a login: it makes the request once, waits for the answer, and writes the token file.

It has the login's lock from whoever started it, and is in a session of its own: no signal and no terminal of the caller
ends it. What it is to do comes through its standard input; the tokens it reads from the token file itself.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from assume_helper import hit
from assume_helper.errors import AssumeHelperError, SourceExpired, SourceRefused, STSNotReached, internal_fault
from assume_helper.light import Any, Literal, asdict, dataclass, replace
from assume_helper.logins import login_errors, login_lock
from assume_helper.logins.service import Service
from assume_helper.profiles import login_record
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.system import child_signal, detached, environment, own_python, private_files
from assume_helper.system.deadline import within
from assume_helper.system.unreached import in_time

# Seconds for the whole request: a token that was sent is spent, so the answer is worth waiting for.
LONGEST = 60.0
_MAIN = "from assume_helper.logins.renewal_process import main; main()"
# Nobody has a child that he did not start: this program may be about to become another one.
_FORK = "import os\nif os.fork(): os._exit(0)\n"
_POLL = 0.05
# Bytes by which a renewed file may be longer, beside twice what the old one has.
_MORE = 4096


@dataclass(frozen=True)
class Job:
    """What to renew: the login of Identity Center or of the console whose token file at `path` has the digest.

    `service` is where. `name` and `command` are the login's, for messages. `start_url` and `login_session` are the
    config's.
    """

    kind: Literal["sso-oidc", "signin"]
    path: str
    digest: str
    service: Service
    name: str
    command: str
    start_url: str = ""
    login_session: str = ""


@dataclass(frozen=True)
class Renewed:
    """The token file's new content; `region` is the one that a console login was renewed in."""

    tokens: Mapping[str, Any]
    region: str = ""


@dataclass(frozen=True)
class Started:
    """The process that was started; None where the lock alone tells whether it runs."""

    process: "subprocess.Popen[bytes] | None"

    def is_running(self) -> bool:
        """Whether it is known to run. Where it has the lock, that tells."""
        return self.process is not None and self.process.poll() is None


if sys.platform == "win32":

    def start(job: Job, descriptor: int, environ: Mapping[str, str]) -> Started:
        """Start the process. It inherits no lock, and takes it when `descriptor` is closed. Raises OSError."""
        process = detached.start(own_python.words(_MAIN), _environ(environ), subprocess.PIPE)
        del descriptor
        assert process.stdin is not None  # noqa: S101 - for the type checker
        with contextlib.suppress(OSError), process.stdin:
            process.stdin.write(_written(job))
        return Started(process)

    def _own_lock(path: str) -> int | None:
        """The lock, waited for. None where it is not had."""
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            descriptor = login_lock.try_acquire(path)
            if descriptor is not None:
                return descriptor
            time.sleep(_POLL)
        return None

else:

    def start(job: Job, descriptor: int, environ: Mapping[str, str]) -> Started:
        """Start the process with a copy of `descriptor`, which holds the lock. Raises OSError."""
        with child_signal.waiting():
            process = subprocess.Popen(
                own_python.words(_MAIN, _FORK),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                start_new_session=True,
                env=_environ(environ),
            )
            process.communicate(_written(job))
        if process.returncode != 0:
            raise OSError(0, "the new process could not begin")
        return Started(None)

    def _own_lock(_path: str) -> int | None:
        """It was inherited: the descriptor stays open until this process ends."""
        return -1


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    found = dict(environ)
    environment.hide(found)
    return found


def _written(job: Job) -> bytes:
    return json.dumps(asdict(job)).encode()


def main() -> None:
    """Renew what standard input says. Every failure goes into the record beside the token file."""
    try:
        given = json.loads(sys.stdin.buffer.read())
        job = Job(**given | {"service": Service(**given["service"])})
    except (ValueError, TypeError, KeyError):
        return  # whoever started this one was killed meanwhile
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    environment.hide(os.environ)
    asked_at = time.time()
    try:
        if _own_lock(job.path) is None:
            return
    except OSError:
        return
    if sys.platform == "win32" and login_record.read_record(job.path).failed_at >= asked_at:
        return  # another process had the lock first, for the same file
    run(job, time.time)


def run(job: Job, now: Callable[[], float]) -> None:
    """Renew the login of `job`; the lock is held. Nothing is done where its file has changed by now."""
    file = login_record.read_token_file(job.path)
    if file.digest != job.digest or file.tokens is None:
        return
    record = login_record.read_record(job.path)
    try:
        login_record.sweep(job.path)
        with _reserved(job.path, file) as write:
            renewed = _asked(job, file.tokens, record, now)
            if renewed is None or login_record.read_token_file(job.path).digest != job.digest:
                return  # another tool was faster, or somebody has logged in or out meanwhile
            data = json.dumps(renewed.tokens).encode()
            _note_success(job, record, login_record.digest(data), renewed.region)
            write(data)
    except AssumeHelperError as error:
        _note_failure(job, record, error, now())
    except Exception as error:  # noqa: BLE001 - whoever waits is told
        _note_failure(job, record, internal_fault(error), now())


def _asked(job: Job, tokens: dict[str, Any], record: Record, now: Callable[[], float]) -> Renewed | None:
    """The login renewed by its service; None where the file has changed meanwhile."""

    def ask() -> Renewed | None:
        if job.kind == "sso-oidc":
            from assume_helper.logins import sso_renewal

            return sso_renewal.renewed(job, tokens, now)
        from assume_helper.logins import console_renewal

        return console_renewal.renewed(job, tokens, record, os.environ, now)

    try:
        return within(LONGEST, ask)
    except TimeoutError as error:
        raise in_time(job.service, error) from None


def _note_success(job: Job, record: Record, after: str, region: str) -> None:
    found = record.with_digest(job.digest, after)
    found = replace(found, failed="", failed_at=0.0, renewal_failure=None, spent="", region=region or record.region)
    _write_record(job.path, found)


def _note_failure(job: Job, record: Record, error: AssumeHelperError, at: float) -> None:
    """Note why, for all who wait; and where the refresh token is good no more, so that it is not sent again."""
    is_final = isinstance(error, SourceExpired | SourceRefused)
    _write_record(
        job.path,
        replace(
            record,
            failed=job.digest,
            failed_at=at,
            renewal_failure=login_errors.noted(error),
            spent=job.digest if is_final else record.spent,
        ),
    )


def _write_record(path: str, record: Record) -> None:
    # Without the record the login gets another number. Without the token file it would be lost.
    with contextlib.suppress(OSError):
        login_record.write_record(path, record)


@contextlib.contextmanager
def _reserved(path: str, file: TokenFile) -> Iterator[Callable[[bytes], None]]:
    """What replaces the token file, the target of a link; room for it is on the disk before the token is spent.

    Raises AssumeHelperError where there is none.
    """
    target = os.path.realpath(path)
    temporary = f"{target}.{os.getpid()}{login_record.TEMPORARY}"
    try:
        with open(private_files.create(temporary, os.O_EXCL), "wb", buffering=0) as reserved:
            try:
                reserved.write(b" " * (2 * len(json.dumps(file.tokens)) + _MORE))
                os.fsync(reserved.fileno())
            except OSError as error:
                raise STSNotReached(
                    f"the login was not renewed: there is no room for its file ({error.strerror})", "free some space"
                ) from None

            def write(data: bytes) -> None:
                reserved.seek(0)
                hit.write(reserved.fileno(), data)
                reserved.truncate(len(data))
                os.fsync(reserved.fileno())
                reserved.close()
                private_files.replace(temporary, target)
                with contextlib.suppress(OSError):
                    private_files.flush_directory(os.path.dirname(target))

            yield write
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
