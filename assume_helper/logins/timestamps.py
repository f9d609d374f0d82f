"""The times in token files: every form that a tool writes is read, one is written."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse(text: object) -> float | None:
    """The time (seconds since the epoch) of `2026-01-01T00:00:00Z`; None for what is no time, or none that UTC has.

    It may have milliseconds, and `+00:00` or `UTC` at its end. One without a zone is UTC.
    """
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip().removesuffix("UTC"))
        return (found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def utc(at: float) -> datetime:
    """The moment `at` (seconds since the epoch), also one before that, for which Windows has no function.

    Raises OverflowError.
    """
    return _EPOCH + timedelta(seconds=at)


def write(at: float) -> str:
    """The time `at` (seconds since the epoch) as the AWS CLI writes it. Raises ValueError, OverflowError."""
    return utc(int(at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def normal(text: object) -> object:
    """`text` in the form that the AWS CLI writes, where it is a time; else as it is."""
    at = parse(text)
    return text if at is None else write(at)
