"""A fresh document straight from disk: no config parsed, no lock taken, nothing imported but os and sys.

This module is the lowest: it owns what a hit and the full way must agree on (where the cache is, what a private file
is, how a file is sealed, what an answer depends on), so that it is written once.

    <cache>/<fingerprint>.hit   the stamp of a profile's answer, then the entry's key
    <cache>/<key>.entry         three times, the document, then what the full way wants to know

What one operating system lacks is asked for here by name.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
# What a key's lock for refreshing it behind callers' backs is called.
AHEAD = ".ahead"
LARGEST_FILE = 64 * 1024
# Set for the processes that the helper starts: whoever finds it must look for a loop, and a hit does not look.
CALLERS = "ASSUME_HELPER_CALLERS"
# Set with the region for a program of `exec` and a shell of `env`: it is a profile's, not what somebody wants here.
REGION = "ASSUME_HELPER_REGION"
# The environment that can change which session is meant. (Proxies and CA bundles only change the way to it.)
WATCHED = (
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    REGION,
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
# The largest prime of 128 bits: the remainder is one cheap step in C, and finds what happens to a file by accident.
_PRIME = 2**128 - 159
_MAGIC = b"assume-helper "

_O_PRIVATE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
# Windows has no owner and mode to check: there the directory's inherited access list protects the files.
_geteuid = getattr(os, "geteuid", None)


class NotPrivate(OSError):
    """A file or directory that is a link, someone else's, open to others, or not of the kind it should be."""


class NewerFormat(ValueError):
    """A file that a newer version has written: not read, and not overwritten."""


def cache_directory(environ: "Mapping[str, str]") -> str | None:
    """Where the cache is, as platformdirs says it, None where that cannot be told without more work.

    Never a path that is not absolute: it would follow the caller's working directory.
    """
    given = environ.get("ASSUME_HELPER_CACHE_DIR")
    if given:
        path = _expanded(given, environ).rstrip(os.sep) or os.sep  # behind a slash a link is followed
        return path if os.path.isabs(path) else None
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return os.path.join(local, "assume-helper", "Cache") if os.path.isabs(local) else None
    base = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = environ.get("HOME", "")
        if not os.path.isabs(home):
            return None
        base = home.rstrip("/") + ("/Library/Caches" if sys.platform == "darwin" else "/.cache")
    return os.path.join(base, "assume-helper")


def check_private(status: os.stat_result, kind: int) -> None:
    """Raise NotPrivate unless `status` is of `kind` (0o040000 a directory, 0o100000 a file), ours, and ours alone."""
    if status.st_mode & 0o170000 != kind:
        raise NotPrivate("is not a plain " + ("directory" if kind == 0o040000 else "file"))
    if _geteuid is not None:
        if status.st_uid != _geteuid():
            raise NotPrivate("belongs to another user")
        if status.st_mode & 0o077:
            raise NotPrivate("is open to other users")


def read_private(path: str) -> bytes:
    """The bytes of a file that is ours alone.

    Raises OSError: NotPrivate for a link, a foreign or loose file, a FIFO, a device, or more than LARGEST_FILE bytes.
    """
    try:
        descriptor = os.open(path, _O_PRIVATE)
    except OSError:
        if os.path.islink(path):  # its error number is not the same on every system
            raise NotPrivate("is a link") from None
        raise
    try:
        status = os.fstat(descriptor)
        check_private(status, 0o100000)
        if status.st_size > LARGEST_FILE:
            raise NotPrivate("is too large")
        return os.read(descriptor, LARGEST_FILE)
    finally:
        os.close(descriptor)


def fingerprint(data: bytes) -> str:
    """32 hexadecimal digits that tell one piece of data from another; no protection against intent."""
    return f"{int.from_bytes(b'1' + data, 'big') % _PRIME:032x}"


def seal(payload: bytes) -> bytes:
    """`payload` behind a line that names the format and proves that it is whole."""
    return b"%s%d %s\n%s" % (_MAGIC, FORMAT, fingerprint(payload).encode(), payload)


def unseal(data: bytes) -> bytes:
    """What was sealed. Raises ValueError where it is not whole, NewerFormat where a newer version wrote it."""
    line, _, payload = data.partition(b"\n")
    if not line.startswith(_MAGIC):
        raise ValueError("not a file of assume-helper")
    version, _, proof = line[len(_MAGIC) :].partition(b" ")
    if not version.isdigit() or len(version) > 9:
        raise ValueError("no format version")
    if int(version) > FORMAT:
        raise NewerFormat("written by a newer version")
    if int(version) < FORMAT or proof != fingerprint(payload).encode():
        raise ValueError("not whole")
    return payload


def config_paths(environ: "Mapping[str, str]") -> tuple[str, str]:
    """The paths of the config and the credentials file, expanded as botocore expands them."""
    found = []
    for name, default in (
        ("AWS_CONFIG_FILE", "~/.aws/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ):
        path = environ.get(name) or default
        if "$" in path:  # expandvars imports re: only for those who need it
            path = os.path.expandvars(path)
        found.append(_expanded(path, environ))
    return found[0], found[1]


def _expanded(path: str, environ: "Mapping[str, str]") -> str:
    """`path` with a leading `~` replaced by the home that `environ` names, else by the user's own."""
    home = environ.get("HOME") if sys.platform != "win32" else None
    return home.rstrip("/") + path[1:] if home and path.startswith("~/") else os.path.expanduser(path)


def stamp(profile: str, environ: "Mapping[str, str]") -> tuple[str, bytes]:
    """What the answer for `profile` depends on: the name of the file that remembers it, and the stamp itself.

    The name is made of the profile, the environment and the paths, so that two shells with different settings do
    not push each other out; the stamp holds the state of the files too (size, mtime in ns, ctime in ns, inode, device).
    """
    paths = config_paths(environ)
    facts = [profile, *paths]
    for name in WATCHED:
        value = environ.get(name)
        facts.append("" if value is None else "=" + value)
    name = fingerprint("\0".join(facts).encode("utf-8", "surrogateescape"))
    facts += [file_state(path) for path in paths]
    return name + ".hit", "\0".join(facts).encode("utf-8", "surrogateescape")


def file_state(path: str) -> str:
    """What changes when the file at `path` does."""
    try:
        s = os.stat(path)
    except (OSError, ValueError):
        return "absent"
    return f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino} {s.st_dev}"


def remembered(stamp: bytes, key: str, files: "Mapping[str, str]", elsewhere: str = "") -> bytes:
    """What a `.hit` file holds: the stamp, the entry's key (with its directory, where that is `elsewhere`), and the
    state of each further file that was read.
    """
    lines = [f"{key}\0{elsewhere}" if elsewhere else key, *(f"{state}\0{path}" for path, state in files.items())]
    return stamp + b"\n" + "\n".join(lines).encode("utf-8", "surrogateescape")


def remembered_failure(stamp: bytes, at: float, exit_code: int, line: str) -> bytes:
    """What a `.hit` file holds where who went in has failed, `at` seconds since the epoch, and has said `line`."""
    return b"%s\n-\n%.3f\n%d\n%s" % (stamp, at, exit_code, line.encode("utf-8", "backslashreplace"))


def answer(profile: str, environ: "Mapping[str, str]", now: float) -> tuple[bytes, str] | None:
    """The document for `profile`, if one is at hand that is still to be handed out at `now` (seconds since the epoch),
    and the path of the lock for refreshing it, empty while that is not due.

    None for anything else: the full way then finds out, and says, what is the matter.
    """
    directory = cache_directory(environ)
    if directory is None or CALLERS in environ:
        return None
    try:
        check_private(os.lstat(directory), 0o040000)
        name, expected = stamp(profile, environ)
        found = unseal(read_private(os.path.join(directory, name)))
        if not found.startswith(expected + b"\n"):
            return None
        key, *files = found[len(expected) + 1 :].decode("utf-8", "surrogateescape").split("\n")
        key, _, elsewhere = key.partition("\0")
        if elsewhere:
            directory = elsewhere
            check_private(os.lstat(directory), 0o040000)
        if not key.isalnum() or any(file_state(path) != state for state, path in (f.split("\0") for f in files)):
            return None
        times, document, _ = unseal(read_private(os.path.join(directory, key + ".entry"))).split(b"\n", 2)
        not_before, served_until, refreshed_from = map(int, times.split())
        if not not_before <= now < served_until:
            return None
        return document + b"\n", os.path.join(directory, key + AHEAD) if now >= refreshed_from else ""
    except (OSError, ValueError):
        return None


def is_elevated() -> bool:
    """Whether this process runs with another user's or group's rights (setuid, setgid): then it is to do nothing."""
    getuid, getgid, getegid = (getattr(os, name, None) for name in ("getuid", "getgid", "getegid"))
    if _geteuid is None or getuid is None or getgid is None or getegid is None:
        return False
    return bool(getuid() != _geteuid() or getgid() != getegid())


def open_missing_descriptors() -> bool:
    """Open /dev/null where standard input, output or error is closed; True where standard output was.

    Otherwise the next file that is opened, a cache entry perhaps, would become standard output.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        descriptor = os.open(os.devnull, os.O_RDWR)
        while descriptor < 3:
            os.set_inheritable(descriptor, True)  # noqa: FBT003
            descriptor = os.dup(descriptor)
        os.close(descriptor)
    return sys.stdout is None


def write(descriptor: int, data: bytes) -> None:
    """All of `data`, without a buffer that could fail later. Raises OSError."""
    while data:
        data = data[os.write(descriptor, data) :]


def main(profile: str, now: float) -> str | None:
    """Print the document for `profile` if it is at hand at `now` (seconds since the epoch), and None if it is not.

    The path of the lock for refreshing it, empty while that is not due. Raises OSError where it cannot be printed.
    """
    found = answer(profile, os.environ, now)
    if found is None:
        return None
    write(1, found[0])
    return found[1]
