"""Who is logged in, as far as that can be known: a number for each login, which is in the key of all that came of it.

A token file does not say whose it is. So beside it lies a record of ours, with the digests of what we wrote there and
the number of that login. A file with another digest is another login, and its digest is its number: all processes come
to the same number without writing anything. Our own renewal records the new digest before it writes the file, so that
whoever reads either file meanwhile comes to the number too.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable

from assume_helper import hit
from assume_helper.light import Any, dataclass, field, replace
from assume_helper.system import private_files
from assume_helper.system.digests import sha256

# The AWS CLI and some SDKs write a token file in place: for so long (seconds) what cannot be read is read again.
_HALF_WRITTEN = 0.5
_LOOK = 0.02
_LONGEST = 256 * 1024
_MOST_DIGESTS = 8
# Beside the token file, and not ending in .json: others read all of those.
RECORD, LOCK = ".assume-helper", ".assume-helper-lock"
# What a file is called while it is written, behind the process's number.
TEMPORARY = ".assume-helper-tmp"
# The number of no login.
NOT_LOGGED_IN = "none"


@dataclass(frozen=True)
class TokenFile:
    """A token file as it was read once: `tokens` None where there is none, or it holds no JSON object.

    `digest` is that of its bytes, `state` the descriptor's (see `hit.state_of`). `problem` is why a file that is there
    cannot be read, as the system says it.
    """

    path: str
    tokens: dict[str, Any] | None = field(repr=False)
    digest: str = ""
    state: str = hit.ABSENT
    problem: str = ""


@dataclass(frozen=True)
class Record:
    """What lies beside a token file: the login's `number` and the `digests` of what we wrote, the latest last.

    `revoked` is the digest of a file whose token its service did not take any more; `spent` that of one whose refresh
    token it did not take. `renewal_failure` is why the last renewal failed, as a class of `errors`, message and next
    step, of the file with the digest `failed`, at `failed_at` (seconds since the epoch). `region` is the one in which a
    console login was renewed last. `login_failure` is why the last login failed, at `login_failed_at`.
    """

    number: str = ""
    digests: tuple[str, ...] = ()
    revoked: str = ""
    spent: str = ""
    failed: str = ""
    failed_at: float = 0.0
    renewal_failure: tuple[str, str, str] | None = None
    region: str = ""
    login_failure: tuple[str, str, str] | None = None
    login_failed_at: float = 0.0

    def number_of(self, digest: str) -> str:
        """The number of the login that a file with `digest` holds; another one once it has been revoked."""
        number = self.number if digest in self.digests else digest
        return f"revoked {number}" if digest == self.revoked else number

    def with_digest(self, before: str, after: str) -> "Record":
        """The record for a file that is about to become `after` from `before`: the same login."""
        known = [digest for digest in self.digests if digest not in (before, after)]
        number = self.number if before in self.digests else before
        return replace(self, number=number, digests=(*known[-_MOST_DIGESTS:], before, after))


def digest(data: bytes) -> str:
    """What tells one content of a token file from another: 64 hexadecimal digits."""
    return sha256(data).hexdigest()


def read_token_file(path: str, pause: Callable[[float], None] = time.sleep) -> TokenFile:
    """The token file at `path`. One that holds no JSON object may be half written: it is read again for a moment."""
    found = _read(path)
    until = time.monotonic() + _HALF_WRITTEN
    while found.digest and found.tokens is None and time.monotonic() < until:
        pause(_LOOK)
        found = _read(path)
    return found


def _read(path: str) -> TokenFile:
    try:
        data, state = private_files.read_with_state(path, _LONGEST)
    except (FileNotFoundError, NotADirectoryError):
        return TokenFile(path, None)
    except (OSError, ValueError) as error:
        return TokenFile(path, None, problem=getattr(error, "strerror", None) or "it is not a path")
    try:
        tokens = json.loads(data)
    except (ValueError, RecursionError):
        tokens = None
    return TokenFile(path, tokens if isinstance(tokens, dict) else None, digest(data), state)


def beside(token_path: str, suffix: str) -> str:
    """The path of a file of ours beside the token file, beside what it links to: RECORD or LOCK."""
    return os.path.realpath(token_path).removesuffix(".json") + suffix


def read_record(token_path: str) -> Record:
    """The record beside a token file; an empty one where there is none that can be believed."""
    try:
        found = json.loads(hit.read_private(beside(token_path, RECORD)))
        failures = [found.get(name) or () for name in ("renewal_failure", "login_failure")]
        texts = [found[name] for name in ("number", "revoked", "spent", "failed", "region")]
        digests = found["digests"]
        if not all(isinstance(text, str) for text in (*texts, *digests, *failures[0], *failures[1])):
            return Record()
        number, revoked, spent, failed, region = texts
        times = [float(found.get(name, 0.0)) for name in ("failed_at", "login_failed_at")]
        of_renewal, of_login = (_failure(each) for each in failures)
        return Record(number, tuple(digests), revoked, spent, failed, times[0], of_renewal, region, of_login, times[1])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Record()


def _failure(texts: Iterable[str]) -> tuple[str, str, str] | None:
    found = tuple(texts)
    if not found:
        return None
    kind, message, next_step = found
    return kind, message, next_step


def write_record(token_path: str, record: Record) -> None:
    """Replace the record, whole or not at all, 0600. Call it with the login's lock. Raises OSError."""
    write_beside(beside(token_path, RECORD), json.dumps(vars(record)).encode())


def write_beside(path: str, data: bytes) -> None:
    """Replace the file at `path` by one that holds `data`: 0600, flushed, renamed. Raises OSError."""
    temporary = f"{path}.{os.getpid()}{TEMPORARY}"
    descriptor = private_files.create(temporary, os.O_TRUNC)
    try:
        try:
            hit.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        private_files.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    private_files.flush_directory(os.path.dirname(path))


def sweep(path: str) -> None:
    """Remove what killed processes have left of the file at `path` and of its record. Raises OSError.

    Call it with the login's lock: nobody writes there then.
    """
    target = os.path.realpath(path)
    names = {os.path.basename(target), os.path.basename(beside(path, RECORD))}
    folder = os.path.dirname(target)
    for found in os.listdir(folder):
        stem = found.removesuffix(TEMPORARY)
        if stem != found and stem.rpartition(".")[0] in names:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, found))
