"""The `.hit` file of a profile: what the next hit needs, and the last session if a source cannot be resolved now."""

from collections.abc import Iterable, Mapping, Sequence

from assume_helper import hit, lookups
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.cache.entries import Entry
from assume_helper.credentials import LAST_RESORT
from assume_helper.light import dataclass, field
from assume_helper.profiles import duplicate_sections
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.resolution import DEPENDS_ON_SECRET
from assume_helper.profiles.role import Profile
from assume_helper.sessions import single_flight

# A file that changed this recently (ns) may change again without a new mtime: the kernel's clock ticks every 4 ms or
# so, and some file systems count whole seconds, or two.
_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000
# For an entry that a hit cannot open: it is found again where its source cannot be resolved.
_NOT_FOR_HITS = {hit.FULL_WAY: "it is not for hits"}


@dataclass(frozen=True)
class Recall:
    """The `.hit` file of a request: in `cache`, with its name and stamp.

    `conditions` are what the answer depends on beside the stamp, `origin` from where that was looked up. `directory` is
    the entry's, where that is not the cache's own. `given` are the profile's variables for `exec` and `env`.
    """

    cache: Cache
    stamp: tuple[str, bytes]
    conditions: Mapping[str, str]
    origin: str
    directory: str
    given: Mapping[str, str]
    environ: Mapping[str, str] = field(repr=False)

    @property
    def is_plain(self) -> bool:
        """Whether the answer depends on nothing but the config files and the watched variables."""
        return not self.conditions

    def remember(self, key: str, *, is_kept: bool, is_quiet: bool) -> None:
        """Have the next call find the entry of `key`, or go the full way at once where the session `is_kept` nowhere.

        `is_quiet` says that this call has nothing to warn of.
        """
        conditions = self.conditions if is_kept else {**self.conditions, **_NOT_FOR_HITS}
        is_quiet = is_quiet and not duplicate_sections.find(self.environ)
        entries.remember(
            self.cache, self.stamp, key, conditions, self.directory, self.origin, self.given, is_quiet=is_quiet
        )

    def last_entry(self, store: Cache, now: float) -> Entry | None:
        """The entry that the stamp led to last, while it is good at `now` (seconds since the epoch).

        Only where it cannot be found out now what something comes to that was found out then, and all else is as it
        was.
        """
        try:
            pointer, _ = hit.unpack_hit(cache_directory.read(self.cache, self.stamp[0]) or b"", self.stamp[1])
            if pointer is None or pointer[1] != self.directory:
                return None
            key, _, before, origin, _, _ = pointer
            if not all(self._holds(what, value, origin) for what, value in before.items()):
                return None
        except (OSError, ValueError):
            return None
        entry = entries.read(store, key)
        if entry is None or not entry.session.not_before <= now or entry.session.left(now) <= LAST_RESORT:
            return None
        return single_flight.stale_entry(entry, now)

    def _holds(self, what: str, value: str, origin: str) -> bool:
        """Whether a condition still holds, or its file or program has gone since."""
        now = self.conditions[what] if what in self.conditions else lookups.observe(what, self.environ)
        if now == value or {what: value} == _NOT_FOR_HITS:
            return True
        return lookups.has_vanished(what, value, now, origins=(origin, self.origin))


def of_request(
    name: str,
    words: Sequence[str] | None,
    config: AwsConfig,
    profile: Profile,
    environ: Mapping[str, str],
    store: Cache,
    read_between: tuple[float, float],
) -> Recall | None:
    """The `.hit` file to write for this request; None if there is none.

    `words` are those of the options (see `answers.request`), None where they are not known. The config was read, and
    what it names was resolved, `read_between` these times (seconds since the epoch). Where a hit cannot open the entry,
    the file says so: then nobody waits at the herd gate for it.
    """
    conditions = profile.conditions()
    states = [value for what, value in conditions.items() if what.startswith("file ")]
    if words is None or not is_settled([*config.states, *states], *read_between):
        return None
    has_no_memory = store.storage == "memory" and store.directory is None
    if has_no_memory or not storage.is_readable_by_hit(store.storage):
        conditions |= {} if DEPENDS_ON_SECRET.items() <= conditions.items() else _NOT_FOR_HITS
    elif store.directory is None:
        return None
    try:
        stamp = hit.stamp(name, environ, config.states, words)
    except OSError:  # the working directory is gone
        return None
    cache, directory = storage.hit_location(environ, store)
    origin = lookups.origin(environ) if conditions else ""
    return Recall(cache, stamp, conditions, origin, directory, profile.handed_on(), environ)


def is_settled(states: Iterable[str], began: float, ended: float) -> bool:
    """Whether the next change of each file will show in its state, which was taken between `began` and `ended`.

    Where a file had just changed, its next mtime may be the same. The times are in seconds since the epoch.
    """
    for state in states:
        if state == hit.ABSENT:
            continue
        mtime = int(state.split(" ")[1])
        tick = _COARSE_TICK if mtime % 1_000_000_000 == 0 else _TICK
        if began * 1_000_000_000 - tick < mtime < ended * 1_000_000_000 + tick:
            return False
    return True
