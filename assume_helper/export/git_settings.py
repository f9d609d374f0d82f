"""What a Git config names that Git runs or reads: the folder of the hooks, and the files that it includes."""

import os
import shutil
import subprocess

from assume_helper.light import dataclass

_KEYS = r"^(core\.hookspath|include(if\..*)?\.path)$"
_FILE = "file:"  # before the name of the file that a setting is in (git-config(1), --show-origin)
_PATIENCE = 5.0


@dataclass(frozen=True)
class Settings:
    """`hooks` is the folder of core.hooksPath, None for Git's own; `included` are files. All paths are absolute."""

    hooks: str | None = None
    included: tuple[str, ...] = ()


def read(*where: str) -> Settings:
    """The settings of the repository that Git's options `where` lead to; none where there is no Git, or it fails."""
    said = _said(*where, "config", "-z", "--show-origin", "--type=path", "--get-regexp", _KEYS)
    if not said:
        return Settings()
    # Git is at the top of the tree when it runs hooks, and names files from there.
    top = _said(*where, "rev-parse", "--show-toplevel").removesuffix("\n") or os.getcwd()
    hooks: str | None = None
    included = []
    fields = said.split("\0")
    for origin, setting in zip(fields[::2], fields[1::2], strict=False):
        key, _, value = setting.partition("\n")
        if key == "core.hookspath":
            hooks = os.path.join(top, value) if value else None
        elif origin.startswith(_FILE):
            beside = os.path.dirname(os.path.join(top, origin.removeprefix(_FILE)))
            included.append(os.path.join(beside, value))
    return Settings(hooks, tuple(included))


def _said(*words: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        done = subprocess.run(
            [git, *words], capture_output=True, check=False, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return os.fsdecode(done.stdout)
