"""Which profiles were used last: first those of the shell that asks, then those that the log has."""

from collections.abc import Mapping

from assume_helper.cli import audit_log
from assume_helper.errors import AssumeHelperError
from assume_helper.text import printable

# What `assume` hands to the picker: the names that it has set in its shell, one a line, the latest first.
VARIABLE = "ASSUME_HELPER_RECENT"
# As the log shortens a name.
_LONGEST = 64


def ranks(environ: Mapping[str, str]) -> dict[str, int]:
    """The rank of each profile that was used, by its name as the log has it: 0 is the latest.

    The log has each session that was issued, not each use of it; a log that cannot be read has none.
    """
    names = [printable(name, _LONGEST) for name in environ.get(VARIABLE, "").split("\n") if name]
    try:
        names += [event.get("profile", "") for event in reversed(audit_log.events()) if event["event"] == "issue"]
    except (OSError, AssumeHelperError):
        pass
    return {name: rank for rank, name in enumerate(dict.fromkeys(names))}


def rank(name: str, ranked: Mapping[str, int]) -> int:
    """The rank of the profile `name` among `ranked`; those that were not used come behind all others."""
    return ranked.get(printable(name, _LONGEST), len(ranked))
