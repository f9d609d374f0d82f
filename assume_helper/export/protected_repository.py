"""What of a Git repository a program in the sandbox cannot change: what Git runs later, outside of it.

That is the hooks, and the config, which can name other hooks and programs (githooks(5), git-config(1)), and what these
lead to. The rest is looked for when the program has ended: see `left_for_git`.
"""

import os
from collections.abc import Collection, Iterator

from assume_helper.errors import SettingFault
from assume_helper.export import git_settings
from assume_helper.export.guarded import Guarded, between, guarded, joined, refuse_link, within
from assume_helper.system import private_files
from assume_helper.text import printable

DIRECTORY = ".git"
_HEAD = "HEAD"
_HOOKS = "hooks"
_CONFIG = "config"
# A config of a worktree alone (git-worktree(1), extensions.worktreeConfig).
_OWN_CONFIG = "config.worktree"
# With this file a repository has its hooks and its config elsewhere (gitrepository-layout(5)).
_COMMON = "commondir"
RUN_BY_GIT = (_HOOKS, _CONFIG, _OWN_CONFIG, _COMMON)
# Of a worktree that is elsewhere: where its repository is, where it is, and its config (git-worktree(1), DETAILS).
OF_A_WORKTREE = (_COMMON, "gitdir", _OWN_CONFIG)
_LONGEST_NAME = 4096


def protected(working: str) -> Guarded:
    """What is to be protected in `working`, a directory whose path is free of links.

    What Git would look for and is not there cannot be made. A config that is not there is made here, empty: that says
    nothing. Raises SettingFault where a link is in the way, and where Git's files cannot be read or written.
    """
    try:
        return joined(_protected(working))
    except OSError as error:
        raise SettingFault(
            f"the Git repository in {printable(working)} cannot be protected ({error.strerror})",
            "make it readable and writable for you",
        ) from None


def is_repository(names: Collection[str]) -> bool:
    """Whether Git takes a folder with these `names` for a repository, as a bare one is (setup.c, is_git_directory)."""
    return _HEAD in names and (_COMMON in names or ("objects" in names and "refs" in names))


def submodules(git: str) -> list[str]:
    """The repositories of the submodules of `git` (gitrepository-layout(5), modules)."""
    found = []
    for folder, names, files in os.walk(os.path.join(git, "modules")):
        # Of the two the program cannot remove the config, and so not have a repository overlooked the next time.
        if _CONFIG in files or is_repository({*names, *files}):
            found.append(folder)
            names[:] = [name for name in names if name == "modules"]
    return found


def worktrees(git: str) -> list[str]:
    """What `git` keeps of its other worktrees, a directory for each (gitrepository-layout(5), worktrees)."""
    folder = os.path.join(git, "worktrees")
    if not os.path.isdir(folder):
        return []
    return [each.path for each in os.scandir(folder) if each.is_dir(follow_symlinks=False)]


def _protected(working: str) -> Iterator[Guarded]:
    if DIRECTORY in working.split(os.sep) or is_repository(os.listdir(working)):
        raise SettingFault(
            f"{printable(working)} is a Git repository's own folder, with its hooks", "go to the folder of its files"
        )
    git = os.path.join(working, DIRECTORY)
    refuse_link(git)
    if _is_free(git):
        yield Guarded(absent=(git,))
        head = os.path.join(working, _HEAD)
        # Without it the folder is no bare repository either. In a work tree it would be in the way of the name HEAD.
        if _is_free(head) and not _is_in_work_tree(working):
            yield Guarded(absent=(head,))
    else:
        repository = git if os.path.isdir(git) else _named_by(git, working)
        if repository != git:
            yield guarded(git, working)
        if repository is not None and os.path.isdir(repository):
            yield from _of_repository(repository, working)
        elif repository is not None:
            yield guarded(repository, working)
    yield from _named(git_settings.read("-C", working), working)


def _of_repository(git: str, working: str) -> Iterator[Guarded]:
    for name in ("modules", "worktrees"):
        refuse_link(os.path.join(git, name))
    for repository in (git, *submodules(git)):
        yield Guarded(watched=(os.path.join(repository, _COMMON),))
        for name in (_CONFIG, _OWN_CONFIG):
            path = os.path.join(repository, name)
            refuse_link(path)
            if name == _CONFIG or _has_own_config(repository):
                _make(path)
            if os.path.exists(path):
                yield guarded(path, working)
        yield from _hooks(os.path.join(repository, _HOOKS), working)
        if repository != git:
            yield from _named(git_settings.read("--git-dir", repository), working)
    for worktree in worktrees(git):
        yield Guarded(pinned=tuple(between(working, worktree)))
        for name in OF_A_WORKTREE:
            path = os.path.join(worktree, name)
            refuse_link(path)
            if name == _OWN_CONFIG and _has_own_config(git):
                _make(path)
            if os.path.exists(path):
                yield guarded(path, working)


def _hooks(folder: str, working: str) -> Iterator[Guarded]:
    """`folder`, and what in `working` its links lead to."""
    inside = within(folder, working)
    if inside is not None:
        yield guarded(inside, working)
    if not os.path.isdir(folder):
        return
    for each in os.scandir(folder):
        if each.is_symlink():
            target = within(os.path.normpath(os.path.join(folder, os.readlink(each.path))), working)
            if target is not None:
                yield guarded(target, working)


def _named(settings: git_settings.Settings, working: str) -> Iterator[Guarded]:
    """What in `working` a config names. A file that is not there yet has no place that could be held for it."""
    if settings.hooks is not None:
        if os.path.realpath(settings.hooks) == working:
            raise SettingFault(
                f"core.hooksPath is {printable(working)} itself", "have Git's hooks in a folder of their own"
            )
        yield from _hooks(os.path.normpath(settings.hooks), working)
    for file in settings.included:
        path = within(os.path.normpath(file), working)
        if path is not None:
            yield guarded(path, working) if os.path.lexists(path) else Guarded(watched=(path,))


def _make(path: str) -> None:
    """Make the file `path` if it is not there. Raises OSError, also for what a program may have left in its place."""
    os.close(os.open(path, private_files.WRITE_FLAGS, 0o666))


def _is_free(path: str) -> bool:
    """Whether nothing is there. An empty directory is what another sandbox has mounted on."""
    return not os.path.lexists(path) or (os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path))


def _is_in_work_tree(working: str) -> bool:
    folder = os.path.dirname(working)
    while folder != os.path.dirname(folder):
        if os.path.lexists(os.path.join(folder, DIRECTORY)):
            return True
        folder = os.path.dirname(folder)
    return False


def _named_by(file: str, working: str) -> str | None:
    """The repository that a `.git` file names (gitrepository-layout(5)) if it is in `working`: else it is read-only."""
    with open(file, encoding="utf-8", errors="surrogateescape") as opened:
        name = opened.read(_LONGEST_NAME).removeprefix("gitdir:").strip()
    path = within(os.path.normpath(os.path.join(working, name)), working)
    if path is None:
        return None
    for part in between(working, path):
        refuse_link(part)
    return path


def _has_own_config(repository: str) -> bool:
    """Whether Git reads config.worktree."""
    with open(os.path.join(repository, _CONFIG), "rb") as file:
        return b"worktreeconfig" in file.read().lower()
