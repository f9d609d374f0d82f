"""JSON records of the cache, each field checked before it is believed."""

import json
import math

from assume_helper.light import Any, NoReturn


def load_record(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises ValueError, TypeError, RecursionError."""
    record = json.loads(data, parse_constant=_no_number)
    if not isinstance(record, dict):
        raise TypeError("not an object")
    return record


def number(record: dict[str, Any], name: str) -> float:
    """A finite number. Raises KeyError, TypeError."""
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(name)
    return value


def _no_number(name: str) -> NoReturn:
    """NaN and Infinity are numbers to Python's json."""
    raise ValueError(name)


def text(record: dict[str, Any], name: str) -> str:
    """A text that is not empty. Raises KeyError, TypeError."""
    value = record[name]
    if not isinstance(value, str) or not value:
        raise TypeError(name)
    return value


def text_or_none(record: dict[str, Any], name: str) -> str | None:
    """A text that is not empty, or None for null. Raises KeyError, TypeError."""
    return None if record[name] is None else text(record, name)
