"""A credential_process that calls this helper: known by its words, whoever wrote it."""

import re
import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class OurCommand:
    """A credential_process that calls this helper, by whatever path: in which form, and with which arguments."""

    fastest: bool
    arguments: tuple[str, ...]

    def asks_for(self, profile: str) -> bool:
        """Whether it is for `profile`, and not for another one (the pair form)."""
        return profile in self.arguments[1:]


def our_command(command: str) -> OurCommand | None:
    """`command` where it calls this helper; None where it is another program's.

    The forms are those of `helper_target`, with options too (`get PROFILE --read-only`).
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    for length in range(1, len(words)):
        if words[length] == "get" and helper_target(shlex.join([*words[:length], "get", "PROFILE"])) is not None:
            return OurCommand(length > 1, tuple(words[length:]))
    return None


def helper_target(command: str | None) -> str | None:
    """The profile that `command` would ask this helper for; None where it is another program's command.

    Known forms: `assume-helper get NAME` by any path, and a Python with `-m assume_helper` or the path of this package.
    """
    try:
        words = shlex.split(command or "")
    except ValueError:
        return None
    if len(words) < 3 or words[-2] != "get":
        return None
    program = re.split(r"[/\\]", words[-3])
    if len(words) == 3:
        ours = program[-1].removesuffix(".exe") == "assume-helper"
    else:
        ours = "python" in words[0] and (
            program[-2:] == ["assume_helper", "__main__.py"] or words[-4:-2] == ["-m", "assume_helper"]
        )
    return words[-1] if ours else None
