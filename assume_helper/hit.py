"""A fresh document straight from disk: no config parsed, no lock taken, nothing imported but os and sys.

The lowest module. It owns what a hit and the full way must agree on: where the cache is, what a private file is, and
the file formats that a hit reads, each with one writer and one parser. What a system lacks is asked for here by name.

    <cache>/<fingerprint>.hit   the stamp of a profile's answer; then a pointer to the entry, or a failure for the gate
    <cache>/<key>.entry         three times, the document, the session's variables, the record that the full way reads
docs/explanation/cache-format.md specifies both: the native front reads them too.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    # What something that an answer depends on comes to now.
    Observe = Callable[[str, Mapping[str, str]], str]
    # The times of an entry (seconds since the epoch): not before, served until, refreshed from.
    Times = tuple[int, int, int]
    # What a `.hit` file leads to: the entry's key, its directory ("": the cache's own), what else it depends on with
    # what that came to, from where it was looked up (see `lookups`), the profile's variables, and whether there is
    # nothing to warn of. Variables are lines, NAME=VALUE each.
    Pointer = tuple[str, str, dict[str, str], str, str, bool]
    # The document with its line's end, the session's variables, the profile's, whether there is nothing to warn of, and
    # the path of the lock for refreshing it in the background, "" while that is not due.
    Answer = tuple[bytes, str, str, bool, str]
    # The leader's failure: when (seconds since the epoch), its exit code, and its line on standard error.
    GateFailure = tuple[float, int, bytes]

FORMAT = 1
_STAMP_FORMAT = "4"  # older files are misses: they do not hold all that an answer depends on
ABSENT = "absent"  # the state of what is not there
FULL_WAY = "full way"  # the condition that never holds: only the full way can find out whether the answer is the same
AHEAD_SUFFIX = ".ahead"  # of the lock that a background refresh of a key holds
ENCRYPTED = "encrypted"  # below the directory: entries that a hit cannot open
LARGEST_FILE = 64 * 1024
# Set for processes that the helper starts. Whoever finds it must look for a loop, which a hit does not.
CALLERS = "ASSUME_HELPER_CALLERS"
# Set for a program of `exec` and a shell of `env`: the region and AWS_ENDPOINT_URL are the profile's, not a person's.
REGION, ENDPOINT_URL = "ASSUME_HELPER_REGION", "ASSUME_HELPER_ENDPOINT_URL"
# The variables that can change which session is meant. (Proxies and CA bundles only change the way to STS.)
WATCHED = (
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION", REGION, "AWS_ENDPOINT_URL",
    ENDPOINT_URL, "AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL_SSO",
    "AWS_LOGIN_CACHE_DIRECTORY",
)  # fmt: skip
# The largest prime of 128 bits. The remainder is one step in C, and detects accidental damage.
_PRIME = 2**128 - 159
_MAGIC = b"assume-helper "
_O_PRIVATE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_geteuid = getattr(os, "geteuid", None)
HOME = "HOME" if sys.platform != "win32" else "USERPROFILE"  # the variable that names the user's home


class NotPrivate(OSError):
    """A file or directory that is a link, belongs to someone else, is open to others, or is of the wrong kind."""


class NewerFormat(ValueError):
    """A file written by a newer version: it is neither read nor overwritten."""


class FullWay(Exception):
    """Only the full way can answer, now and next time: nobody is to wait at the herd gate for it."""


def cache_directory(environ: "Mapping[str, str]") -> str | None:
    """The cache directory, as platformdirs names it, never a relative one. None where that takes more work."""
    given = environ.get("ASSUME_HELPER_CACHE_DIR")
    if given:
        path = expand_home(given, environ).rstrip(os.sep) or os.sep  # behind a slash a link is followed
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


def check_private(where: "str | int", others: int = 0o077) -> os.stat_result:
    """The status of the directory at a path, or of the file that a descriptor has open. Raises OSError.

    NotPrivate where it is anything else, or not ours, or open to others: they may have none of the bits `others`.
    """
    is_directory = isinstance(where, str)
    status = os.lstat(where) if isinstance(where, str) else os.fstat(where)
    if status.st_mode & 0o170000 != (0o040000 if is_directory else 0o100000):
        raise NotPrivate("is not a plain " + ("directory" if is_directory else "file"))
    if _geteuid is None:  # Windows
        from assume_helper import access_list

        access_list.check(where, status)
    elif status.st_uid != _geteuid():
        raise NotPrivate("belongs to another user")
    elif status.st_mode & others:
        raise NotPrivate("is open to other users")
    return status


def read_private(path: str, largest: int = LARGEST_FILE) -> bytes:
    """The bytes of a file that is ours alone. Raises OSError: NotPrivate for any other, or one of too many bytes."""
    try:
        descriptor = os.open(path, _O_PRIVATE)
    except OSError:
        if os.path.islink(path):  # its error number is not the same on every system
            raise NotPrivate("is a link") from None
        if _geteuid is not None:
            raise
        from assume_helper import access_list

        descriptor = access_list.open_again(path, _O_PRIVATE)
    try:
        if check_private(descriptor).st_size > largest:
            raise NotPrivate("is too large")
        return os.read(descriptor, largest)
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
    defaults = (WATCHED[0], f"~{os.sep}.aws{os.sep}config"), (WATCHED[1], f"~{os.sep}.aws{os.sep}credentials")
    paths = [environ.get(name) or default for name, default in defaults]
    paths = [os.path.expandvars(path) if "$" in path or "%" in path else path for path in paths]  # it imports re
    return expand_home(paths[0], environ), expand_home(paths[1], environ)


def expand_home(path: str, environ: "Mapping[str, str]") -> str:
    """`path` with a leading `~` replaced by HOME, or by the user's home where HOME is not set."""
    home = environ.get(HOME, "") if path[:2] in ("~/", "~" + os.sep) else ""
    return home.rstrip("/") + path[1:].replace("/", os.sep) if home else os.path.expanduser(path)


def stamp(
    profile: str, environ: "Mapping[str, str]", states: "Sequence[str] | None" = None, words: "Sequence[str]" = ()
) -> tuple[str, bytes]:
    """What the answer for `profile` with the options' `words` depends on: the name of its `.hit` file, and the stamp.

    The name has no states: those of the config files as they are now, or as they were when they were read, are in the
    stamp alone. Raises OSError.
    """
    paths = [path if path.startswith("/") else os.path.abspath(path) for path in config_paths(environ)]
    facts = [profile, _STAMP_FORMAT, *paths]
    facts += ["" if (value := environ.get(name)) is None else "=" + value for name in WATCHED] + [*words]
    name = fingerprint("\0".join(facts).encode("utf-8", "surrogateescape"))
    facts += [file_state(path) for path in paths] if states is None else states
    return name + ".hit", "\0".join(facts).encode("utf-8", "surrogateescape")


def file_state(path: str) -> str:
    """The state of the file at `path` now; ABSENT where there is none."""
    try:
        return state_of(os.stat(path))
    except (OSError, ValueError):
        return ABSENT


def state_of(s: os.stat_result) -> str:
    """A text that changes when the file does: size, mtime and ctime in ns, inode, device."""
    if sys.platform == "win32":  # a ctime there is the birth; the others are what Python 3.11 to 3.14 say alike
        return f"{s.st_size} {s.st_mtime_ns} {s.st_ino & 2**64 - 1} {s.st_dev & 2**32 - 1}"
    return f"{s.st_size} {s.st_mtime_ns} {s.st_ctime_ns} {s.st_ino} {s.st_dev}"


def pack_pointer(
    stamp: bytes, key: str, conditions: "Mapping[str, str]", directory: str = "", origin: str = "",
    given: str = "", *, is_quiet: bool = False,
) -> bytes:  # fmt: skip
    """The content of a `.hit` file that leads to the entry of `key`; see Pointer."""
    fields = [key, directory, origin, given, "quiet" * is_quiet]
    fields += (part for condition in conditions.items() for part in condition)
    fields.append(str(len(stamp)))  # for `sessions.cached_files`
    return stamp + b"\n" + "\0".join(fields).encode("utf-8", "surrogateescape")


def pack_gate_failure(stamp: bytes, at: float, exit_code: int, line: str) -> bytes:
    """The content of a `.hit` file where the leader failed `at` seconds since the epoch, and printed `line`."""
    return b"%s\n-\n%.3f\n%d\n%s" % (stamp, at, exit_code, line.encode("utf-8", "backslashreplace"))


def unpack_hit(content: bytes, stamp: bytes) -> "tuple[Pointer | None, GateFailure | None]":
    """What a `.hit` file holds for `stamp`: a pointer, a failure or neither. Raises ValueError if it is malformed."""
    if not content.startswith(stamp + b"\n"):
        return None, None
    rest = content[len(stamp) + 1 :]
    if rest.startswith(b"-\n"):
        at, exit_code, line = rest[2:].split(b"\n", 2)
        return None, (float(at), int(exit_code), line)
    key, directory, origin, given, quiet, *others, _ = rest.decode("utf-8", "surrogateescape").split("\0")
    if not key.isalnum():
        raise ValueError("no key")
    conditions = dict(zip(others[::2], others[1::2], strict=True))
    return (key, directory, conditions, origin, given, quiet == "quiet"), None


def pack_entry(times: "Times", document: bytes, record: bytes, variables: str = "") -> bytes:
    """The content of an `.entry` file: `times`, `document` and `variables` for a hit, `record` for the full way."""
    return b"%d %d %d\n%s\n%s\n%s" % (*times, document, variables.encode(), record)


def unpack_entry(content: bytes) -> "tuple[Times, bytes, bytes, str]":
    """The times, document, record and variables of an `.entry` file. Raises ValueError where it is malformed."""
    times, document, rest = content.split(b"\n", 2)
    not_before, served_until, refreshed_from = map(int, times.split())
    end = 0 if rest.startswith(b"\n") else rest.index(b"\n\n") + 1
    return (not_before, served_until, refreshed_from), document, rest[end + 1 :], rest[:end].decode()


def read_hit(
    profile: str, environ: "Mapping[str, str]", words: "Sequence[str]" = ()
) -> "tuple[str, Pointer | None, GateFailure | None]":
    """The cache directory, and what the `.hit` file of `profile` holds. Raises OSError, ValueError."""
    directory = cache_directory(environ)
    if directory is None:
        raise NotPrivate("there is no cache")
    check_private(directory)
    name, expected = stamp(profile, environ, None, words)
    return directory, *unpack_hit(unseal(read_private(os.path.join(directory, name))), expected)


def answer(
    profile: str, environ: "Mapping[str, str]", now: float, observe: "Observe | None" = None,
    words: "Sequence[str]" = (),
) -> "Answer | None":  # fmt: skip
    """What is cached and fresh at `now` (seconds since the epoch) for `profile` with the options' `words`; else None.

    `observe` is `lookups.observe`, which few profiles need. Raises FullWay, with what leads to the entry.
    """
    if CALLERS in environ:
        return None
    try:
        directory, pointer, _ = read_hit(profile, environ, words)
        if pointer is None:
            return None
        key, elsewhere, conditions, _, given, is_quiet = pointer
        if elsewhere:
            directory = elsewhere
            check_private(directory)
        needs_full_way = conditions.pop(FULL_WAY, None) is not None
        for what, value in conditions.items():
            if what.startswith("file "):
                if file_state(expand_home(what[5:], environ)) != value:
                    return None
            elif observe is None or observe(what, environ) != value:
                return None
        if needs_full_way:
            raise FullWay(directory, key, given, is_quiet)
        entry = unseal(read_private(os.path.join(directory, key + ".entry")))
        (not_before, served_until, refreshed_from), document, _, variables = unpack_entry(entry)
        if not not_before <= now < served_until:
            return None
        due = os.path.join(directory, key + AHEAD_SUFFIX) if now >= refreshed_from else ""
        return document + b"\n", variables, given, is_quiet, due
    except (OSError, ValueError):
        return None


def is_elevated() -> bool:
    """Whether this process runs with another user's or group's rights (setuid, setgid). It then refuses to work."""
    return sys.platform != "win32" and (os.getuid() != os.geteuid() or os.getgid() != os.getegid())


def write(descriptor: int, data: bytes) -> None:
    """All of `data`, without a buffer that could fail later. Raises OSError."""
    while data:
        data = data[os.write(descriptor, data) :]
