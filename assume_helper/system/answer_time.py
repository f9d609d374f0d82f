"""When a service answered, by its own clock."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper.light import Any

# What servers send (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
_USUAL = r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def answered_at(response: Mapping[str, Any]) -> float | None:
    """When a service answered by its own clock (seconds since the epoch); None where it sent no `Date`."""
    try:
        return _parsed(response["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _parsed(date: str) -> float:
    found = re.fullmatch(_USUAL, date)
    if found is not None and found[2] in _MONTHS:
        day, year, hour, minute, second = map(int, found.group(1, 3, 4, 5, 6))
        return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC).timestamp()
    from email.utils import parsedate_to_datetime  # it imports much that most answers do not need

    return parsedate_to_datetime(date).timestamp()
