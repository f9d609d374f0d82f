"""The two variables that name a profile, and what to say where they do not agree.

`AWS_PROFILE` counts here, as in the AWS CLI v2, Go and most others; boto3 and the AWS CLI v1 read
`AWS_DEFAULT_PROFILE` first (botocore.session, `BOTOCORE_DEFAUT_SESSION_VARIABLES`).
"""

from collections.abc import Mapping

from assume_helper.system.warning import Warning
from assume_helper.text import printable

# In the order in which they count.
NAMES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


def variable(environ: Mapping[str, str]) -> str | None:
    """The variable that names the profile; None where neither does."""
    return next((name for name in NAMES if environ.get(name)), None)


def profile(environ: Mapping[str, str]) -> str | None:
    """The profile that the environment names; None where it names none."""
    found = variable(environ)
    return None if found is None else environ[found]


def disagreement(environ: Mapping[str, str]) -> Warning | None:
    """The warning where both variables are set and differ: programs then run as one or as the other."""
    first, second = (environ.get(name) for name in NAMES)
    if not first or second is None or first == second:  # an empty first one is none to anybody then
        return None
    what = (
        f"AWS_PROFILE is {_value(first)} and AWS_DEFAULT_PROFILE is {_value(second)}: boto3 and the AWS CLI v1 take "
        "the second, this and most others the first"
    )
    return Warning(what, "unset one of them")


def as_read_here(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the one variable that counts here, for SDK code that would take the other."""
    ignored = NAMES[1] if environ.get(NAMES[0]) else ""
    return {name: value for name, value in environ.items() if name != ignored}


def _value(name: str) -> str:
    return printable(name, 64) or "empty"
