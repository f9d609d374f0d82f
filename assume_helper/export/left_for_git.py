"""What a program in the sandbox has left that Git would run: looked for when it has ended, for not all can be kept.

What is read-only is looked at too: where another program replaces such a file, as `git config` outside does, the kernel
takes the mount on it away. A state cannot be forged: only the kernel sets a file's ctime.
"""

import os
from collections import deque
from collections.abc import Iterator, Mapping

from assume_helper import hit
from assume_helper.export import protected_repository
from assume_helper.export.guarded import Guarded
from assume_helper.light import dataclass
from assume_helper.text import printable

# Names in the working directory that are looked at, those of outer folders first: a second or two.
MOST = 200_000
_MOST_TOLD = 5


@dataclass(frozen=True)
class Seen:
    """The places that Git runs something from, with the states of the files in each; `is_whole`: all are there."""

    places: Mapping[str, Mapping[str, str]]
    is_whole: bool


def seen(working: str, kept: Guarded, most: int = MOST) -> Seen:
    """What of `kept` is there now, and every repository in `working`, among the first `most` names."""
    found = {path: dict(_states(path)) for path in (*kept.read_only, *kept.absent, *kept.watched)}
    folders = deque([working])
    count = 0
    while folders and count < most:
        folder = folders.popleft()
        names = set()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    names.add(entry.name)
                    if entry.name == protected_repository.DIRECTORY:
                        found[entry.path] = dict(_of_repository(entry.path))
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    if count >= most:
                        break
            if protected_repository.is_repository(names):
                found[folder] = dict(_of_repository(folder))
        except OSError:
            found[folder] = {folder: "unreadable"}  # Git may nevertheless read what is in it
    return Seen({place: states for place, states in found.items() if states}, not folders and count < most)


def warnings(working: str, before: Seen, after: Seen) -> list[str]:
    """What is to be said of what has changed: nothing, or a line for each."""
    changed: set[str] = set()
    for place, states in after.places.items():
        known = before.places.get(place)
        changed |= {place} if known is None else {file for file, state in states.items() if known.get(file) != state}
    found = sorted(changed)
    said = []
    if found:
        names = ", ".join(printable(path, 200) for path in found[:_MOST_TOLD])
        more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        said.append(f"made or changed while the program ran: {names}{more}; look at that before you use Git there")
    if not after.is_whole:
        said.append(f"{printable(working)} has too many files to look for Git repositories in all of its folders")
    return said


def _of_repository(git: str) -> Iterator[tuple[str, str]]:
    """The states of what Git obeys in the repository `git`, which may be a file, and in what lies in it."""
    if os.path.islink(git) or not os.path.isdir(git):
        yield from _states(git)
        return
    for repository in (git, *protected_repository.submodules(git)):
        for name in protected_repository.RUN_BY_GIT:
            yield from _states(os.path.join(repository, name))
    for worktree in protected_repository.worktrees(git):
        for name in protected_repository.OF_A_WORKTREE:
            yield from _states(os.path.join(worktree, name))


def _states(path: str) -> Iterator[tuple[str, str]]:
    """The state of `path`, or of the files in that folder; nothing where there is none."""
    if os.path.islink(path) or not os.path.isdir(path):
        try:
            yield path, hit.state_of(os.lstat(path))
        except OSError:
            return
    for folder, _, names in os.walk(path):
        for name in names:
            yield from _states(os.path.join(folder, name))
