"""What a program in the sandbox cannot change in its working directory, although it may write to that.

A path stays what it is only if the directories on the way to it cannot be moved, and none of it is a link.
"""

import os
from collections.abc import Iterable

from assume_helper.errors import SettingFault
from assume_helper.export.sandbox import is_in
from assume_helper.light import dataclass
from assume_helper.text import printable


@dataclass(frozen=True)
class Guarded:
    """As the fields of `sandbox.Places` with the same names. `watched` can be changed, which the user is told of."""

    pinned: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()


def guarded(path: str, working: str) -> Guarded:
    """`path`, which lies below `working`, as it is now: what is not there cannot be made. Raises SettingFault."""
    on_the_way = between(working, os.path.dirname(path))
    for part in (*on_the_way, path):
        refuse_link(part)
    if os.path.exists(path):
        return Guarded(pinned=tuple(on_the_way), read_only=(path,))
    last = on_the_way[-1] if on_the_way else working
    missing = os.path.join(last, os.path.relpath(path, last).split(os.sep)[0])
    refuse_link(missing)
    return Guarded(pinned=tuple(on_the_way), absent=(missing,))


def joined(parts: Iterable[Guarded]) -> Guarded:
    """All of `parts`: each path once, outer ones first, and nothing below what is read-only or absent anyway."""
    found = list(parts)
    read_only = _outermost(path for part in found for path in part.read_only)
    absent = _outermost(path for part in found for path in part.absent)
    return Guarded(
        tuple(sorted({path for part in found for path in part.pinned})),
        tuple(read_only),
        tuple(path for path in absent if not any(is_in(path, outer) for outer in read_only)),
        tuple(sorted({path for part in found for path in part.watched})),
    )


def within(path: str, working: str) -> str | None:
    """`path`, which is absolute, as it is below `working`; None where it leads to no place there.

    Links that lead into `working` are resolved, for the program cannot change them. Those in it are left.
    """
    parts = path.split(os.sep)
    for at in range(1, len(parts) + 1):
        if os.path.realpath(os.sep.join(parts[:at]) or os.sep) == working:
            found = os.path.normpath(os.path.join(working, *parts[at:]))
            break
    else:
        found = os.path.realpath(path)
    return found if is_in(found, working) and found != working else None


def refuse_link(path: str) -> None:
    """Raise SettingFault where `path` is a link."""
    if os.path.islink(path):
        raise SettingFault(
            f"{printable(path)} is a symbolic link, which a program in the sandbox could replace",
            "put what it leads to in its place, or run this in another folder",
        )


def between(outer: str, inner: str) -> list[str]:
    """The directories below `outer` on the way to `inner`, and that one: those that are there."""
    parts = os.path.relpath(inner, outer).split(os.sep) if inner != outer else []
    found = [os.path.join(outer, *parts[: at + 1]) for at in range(len(parts))]
    return [path for path in found if os.path.isdir(path)]


def _outermost(paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in sorted(set(paths)):
        if not any(is_in(path, other) for other in found):
            found.append(path)
    return found
