"""What a hit serves, for tests of what it finds."""

from collections.abc import Mapping

from assume_helper import hit


def fresh_document(
    profile: str, environ: Mapping[str, str], now: float, observe: "hit.Observe | None" = None
) -> tuple[bytes, str] | None:
    """The document of `hit.answer`, and the path of its lock; None for no document."""
    try:
        found = hit.answer(profile, environ, now, observe)
    except hit.FullWay:
        return None
    return (found[0], found[4]) if found is not None else None
