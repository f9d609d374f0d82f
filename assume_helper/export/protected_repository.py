"""What of a Git repository a program in the sandbox cannot change: what Git runs later, outside of it.

That is the hooks, and the config, which can name other hooks and programs (githooks(5), git-config(1)). The directories
on the way to them cannot be moved away, for then others could take their place.
"""

import os
import shutil
import subprocess

from assume_helper.errors import SettingFault
from assume_helper.export.sandbox import is_in
from assume_helper.light import dataclass
from assume_helper.text import printable

_DIRECTORY = ".git"
_HOOKS = "hooks"
_CONFIG = "config"
_READ_ONLY = (_HOOKS, _CONFIG, "config.worktree")
# With this file a repository has its hooks and its config elsewhere (gitrepository-layout(5)).
_COMMON = "commondir"
# Of a worktree that is elsewhere: where its repository is, where it is, and a config (git-worktree(1), DETAILS).
_OF_A_WORKTREE = (_COMMON, "gitdir", "config.worktree")
_PATIENCE = 5.0
_LONGEST_NAME = 4096


@dataclass(frozen=True)
class Protected:
    """As the fields of `sandbox.Places` with the same names."""

    pinned: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def protected(working: str) -> Protected:
    """What is to be protected in `working`, a directory whose path is free of links.

    What Git would look for and is not there cannot be made: `absent`. A config that is not there is made here, empty.
    Raises SettingFault where a link is in the way, and where Git's files cannot be read or written.
    """
    try:
        return _protected(working)
    except OSError as error:
        raise SettingFault(
            f"the Git repository in {printable(working)} cannot be protected ({error.strerror})",
            "make it readable and writable for you",
        ) from None


def _protected(working: str) -> Protected:
    if _DIRECTORY in working.split(os.sep) or _is_repository(working):
        raise SettingFault(
            f"{printable(working)} is a Git repository's own folder, with its hooks", "go to the folder of its files"
        )
    git = os.path.join(working, _DIRECTORY)
    _refuse_link(git)
    # An empty one is what another sandbox has mounted on, or will be a repository of the program's.
    if not os.path.exists(git) or (os.path.isdir(git) and not os.listdir(git)):
        return Protected(absent=(git,))
    pinned: list[str] = []
    read_only: list[str] = []
    absent: list[str] = []
    found: str | None = git
    if not os.path.isdir(git):
        read_only.append(git)
        found = _named_by(git, working)  # as `git init --separate-git-dir` has it, in here or elsewhere
    if found is not None:
        git = found
        for repository in [git, *_submodules(git)]:
            on_the_way = [*_between(working, git), *_between(git, repository)]
            pinned += [path for path in on_the_way if path not in pinned]
            for name in _READ_ONLY:
                path = os.path.join(repository, name)
                _refuse_link(path)
                if name != _HOOKS and _is_read(repository, name):
                    open(path, "ab").close()  # what is not there cannot be protected, and an empty one says nothing
                if os.path.exists(path):
                    read_only.append(path)
                elif name == _HOOKS:
                    absent.append(path)
        for worktree in _worktrees(git):
            pinned += [path for path in _between(git, worktree) if path not in pinned]
            for name in _OF_A_WORKTREE:
                path = os.path.join(worktree, name)
                _refuse_link(path)
                if name == "config.worktree" and _is_read(git, name):
                    open(path, "ab").close()
                if os.path.exists(path):
                    read_only.append(path)
    configured = _configured_hooks(working)
    if configured is not None and not any(is_in(configured, path) for path in read_only):
        on_the_way = _between(working, configured)
        if os.path.isdir(configured):
            pinned += on_the_way[:-1]
            read_only.append(configured)
        else:
            pinned += on_the_way
            last = on_the_way[-1] if on_the_way else working
            absent.append(os.path.join(last, os.path.relpath(configured, last).split(os.sep)[0]))
    return Protected(tuple(pinned), tuple(read_only), tuple(absent))


def _is_repository(folder: str) -> bool:
    """Whether Git takes this for a repository, as a bare one is (setup.c, is_git_directory)."""
    has = {name: os.path.exists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")}
    return all(has.values())


def _named_by(file: str, working: str) -> str | None:
    """The repository that a `.git` file names (gitrepository-layout(5)) if it is in `working`: else it is read-only."""
    with open(file, encoding="utf-8", errors="surrogateescape") as opened:
        name = opened.read(_LONGEST_NAME).removeprefix("gitdir:").strip()
    path = os.path.normpath(os.path.join(working, name))
    if not is_in(path, working) or path == working:
        return None
    for part in _between(working, path):
        _refuse_link(part)
    return path if os.path.isdir(path) else None


def _is_read(repository: str, name: str) -> bool:
    """Whether Git reads this config of `repository` (git-worktree(1), extensions.worktreeConfig)."""
    if name == _CONFIG:
        return True
    with open(os.path.join(repository, _CONFIG), "rb") as file:
        return b"worktreeconfig" in file.read().lower()


def is_led_elsewhere(working: str) -> bool:
    """Whether the repository in `working` has its hooks and its config elsewhere by now; a new repository has not."""
    return os.path.lexists(os.path.join(working, _DIRECTORY, _COMMON))


def _refuse_link(path: str) -> None:
    if os.path.islink(path):
        raise SettingFault(
            f"{printable(path)} is a symbolic link, which a program in the sandbox could replace",
            "put what it leads to in its place, or run this in another folder",
        )


def _submodules(git: str) -> list[str]:
    """The repositories of the submodules (gitrepository-layout(5), modules)."""
    found = []
    modules = os.path.join(git, "modules")
    _refuse_link(modules)  # os.walk follows none below it
    for folder, names, files in os.walk(modules):
        if "config" in files and "objects" in names:
            found.append(folder)
            names[:] = [name for name in names if name == "modules"]
    return found


def _worktrees(git: str) -> list[str]:
    """What the repository keeps of its other worktrees, a directory for each (gitrepository-layout(5), worktrees)."""
    folder = os.path.join(git, "worktrees")
    _refuse_link(folder)
    if not os.path.isdir(folder):
        return []
    return [each.path for each in os.scandir(folder) if each.is_dir(follow_symlinks=False)]


def _between(outer: str, inner: str) -> list[str]:
    """The directories below `outer` on the way to `inner`, and that one: those that are there."""
    parts = os.path.relpath(inner, outer).split(os.sep) if inner != outer else []
    found = [os.path.join(outer, *parts[: at + 1]) for at in range(len(parts))]
    return [path for path in found if os.path.isdir(path)]


def _configured_hooks(working: str) -> str | None:
    """The directory of `core.hooksPath`, if it lies in `working`; None where there is none, or no Git."""
    git = shutil.which("git")
    if git is None:
        return None
    words = [git, "-C", working, "config", "--type=path", "--get", "core.hooksPath"]
    try:
        said = subprocess.run(words, capture_output=True, check=False, timeout=_PATIENCE, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    name = os.fsdecode(said.stdout.removesuffix(b"\n"))
    path = os.path.normpath(os.path.join(working, name))
    if not name or not is_in(path, working) or path == working:
        return None
    for part in [*_between(working, os.path.dirname(path)), path]:
        _refuse_link(part)
    return path
