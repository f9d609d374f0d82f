"""A cached session for when the program cannot be loaded: a library is half upgraded, or memory is short.

Nothing here needs a library. What is served is what the full way would serve: see `sessions.single_flight`.
"""

import os
from collections.abc import Mapping

from assume_helper import hit, lookups
from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.sessions import single_flight

# Seconds. A session is handed out until its window; one that has come no farther than this into it may be served.
_DEEPEST = 1860
_STEP = 30


def document(profile: str, environ: Mapping[str, str], now: float) -> bytes | None:
    """The document of the session that is cached for `profile`, while it is good at `now` (seconds since the epoch).

    None where there is none, or its config has changed.
    """
    for back in range(0, _DEEPEST, _STEP):
        try:
            found = hit.answer(profile, environ, now - back, lookups.observe)
        except hit.FullWay:
            return None
        if found is not None and found[4]:
            directory, name = os.path.split(found[4])
            entry = entries.read(Cache(directory, lambda _warning: None), name.removesuffix(hit.AHEAD_SUFFIX))
            if entry is None or not single_flight.is_usable(entry.session, now):
                return None
            return single_flight.stale_entry(entry, now).document + b"\n"
    return None
