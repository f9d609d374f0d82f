"""One thing that was looked at: whether it is well, and what mends it where it is not."""

from dataclasses import dataclass
from typing import Literal

from assume_helper.errors import AssumeHelperError

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """What was looked at (`name`), what was found, and where that is not well the command or edit that mends it.

    All of it is for people, and for an issue: never a secret, never a control character.
    """

    name: str
    status: Status
    what: str
    mend: str = ""


def failed(name: str, error: AssumeHelperError) -> Check:
    """The check that found this error."""
    return Check(name, "fail", error.message, error.next_step)
