"""The result of one check: ok, warn or fail, and how to fix it."""

from assume_helper.errors import AssumeHelperError
from assume_helper.light import Literal, dataclass

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """What was checked (`name`), what was found (`what`), and the command or edit that fixes it (`mend`).

    People paste it into issues: it holds no secret and no control character.
    """

    name: str
    status: Status
    what: str
    mend: str = ""


def failed(name: str, error: AssumeHelperError) -> Check:
    """A failed check, from the error that it raised."""
    return Check(name, "fail", error.message, error.next_step)
