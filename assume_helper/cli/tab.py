"""What TAB offers where a profile's name is wanted, from a file of the names.

    <cache>/<fingerprint>.names   the state of both config files, then each profile's name in a line, sorted

As `hit`: nothing is imported, docs/explanation/cache-format.md specifies the file, and the native front reads it too.
Everything else that TAB offers is found by the full way (`cli.completion`).
"""

import os

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# The commands whose first argument is a profile's name.
COMMANDS = ("get", "exec", "env", "whoami", "console", "login", "logout", "clear", "configure", "doctor")
SUFFIX = ".names"
_FORMAT = "1"
# 10 000 profiles take 180 KB.
LARGEST = 4 * 1024 * 1024
# bash and PowerShell take words of these as they are.
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:")
_PLAIN_IN_BASH = PLAIN | frozenset("@%+=,-")
_PLAIN_IN_POWERSHELL = PLAIN | frozenset("-")
_BLANKS = " \t\n"


def answer(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> bytes | None:
    """The names that this command line asks for, as its shell reads them; None for all else."""
    if len(arguments) < 4 or arguments[0] != "completion" or arguments[2] != "--":
        return None
    wanted = _wanted(arguments[1], arguments[3:])
    if wanted is None:
        return None
    try:
        names = read(environ)
    except (OSError, ValueError):
        return None
    return _formatted(arguments[1], wanted, names)


def stamp(environ: "Mapping[str, str]", states: "Sequence[str] | None" = None) -> tuple[str, bytes]:
    """The name of the file, and what the names depend on: as `hit.stamp`, but for the environment. Raises OSError."""
    paths = [path if path.startswith("/") else os.path.abspath(path) for path in hit.config_paths(environ)]
    facts = ["names", _FORMAT, *paths]
    name = hit.fingerprint("\0".join(facts).encode("utf-8", "surrogateescape"))
    facts += [hit.file_state(path) for path in paths] if states is None else states
    return name + SUFFIX, "\0".join(facts).encode("utf-8", "surrogateescape")


def pack(stamp: bytes, names: "Iterable[str]") -> bytes:
    """The content of the file for these names, sorted ones without control characters."""
    return stamp + b"\n" + "".join(name + "\n" for name in names).encode("utf-8", "surrogateescape")


def read(environ: "Mapping[str, str]") -> list[str]:
    """The names that are cached. Raises OSError, and ValueError where there are none for the config as it is."""
    directory = hit.cache_directory(environ)
    if directory is None:
        raise hit.NotPrivate("there is no cache")
    hit.check_private(directory)
    name, expected = stamp(environ)
    content = hit.unseal(hit.read_private(os.path.join(directory, name), LARGEST))
    if not content.startswith(expected + b"\n"):
        raise ValueError("another config")
    return content[len(expected) + 1 :].decode("utf-8", "surrogateescape").split("\n")[:-1]


def _wanted(shell: str, words: "Sequence[str]") -> tuple[str, int] | None:
    """The word that is being typed, as far as names are compared with it, and how much of it bash keeps.

    None unless it is the first argument of one of COMMANDS, without quotes in bash.
    """
    kept = 0
    if shell == "bash":
        line, breaks = words[0], words[1] if len(words) > 1 else ""
        if not _PLAIN_IN_BASH.issuperset(line.replace(" ", "")):
            return None
        parts = line.split(" ")
        typed = [part for part in parts[:-1] if part][1:]
        current = parts[-1]
        for at, character in enumerate(current, 1):
            if character in breaks:
                kept = at - (character == "@")  # readline keeps it in the word (rl_special_prefixes)
    elif shell == "powershell":
        *typed, current = (word.removeprefix(".") for word in words)
    elif shell in ("zsh", "fish"):
        *typed, current = words
    else:
        return None
    if len(typed) != 1 or typed[0] not in COMMANDS or current.startswith("-"):
        return None
    return current if shell in ("bash", "powershell") else "", kept


def _formatted(shell: str, wanted: tuple[str, int], names: "Iterable[str]") -> bytes | None:
    """The names that begin as `wanted`, one a line, quoted for the shell; None for one that is beyond ASCII."""
    current, kept = wanted
    lines = []
    for name in names:
        if not name.startswith(current):
            continue
        if not name.isascii():
            return None
        if shell == "bash":
            line = "".join(c if c in _PLAIN_IN_BASH else "\\" + c for c in name[kept:])
        elif shell == "powershell":
            if not _PLAIN_IN_POWERSHELL.issuperset(name) or name.startswith("-"):
                return None
            line = f"{name}\t{name}\t{name}"
        else:
            line = name
        lines.append(line + "\n")
    return "".join(lines).encode()
