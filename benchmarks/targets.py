"""What is to be reached: each target a ratio of two rows that were measured in turn, in one run, or a figure of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "a process that does nothing"
BARE = "python -I -S -c pass"
FASTEST = "get, the fastest form"
CONSOLE = "get, console script"
OLD_CONSOLE = "get, console script of pip 23"
MODULE = "python -m assume_helper get"
HUNDRED = "get, the fastest form, 100 profiles"
TEN_THOUSAND = "get, the fastest form, 10 000 profiles"
MISS = "assume-helper, a miss"
EDITED = "assume-helper, after an edit of the config"
BOTO3 = "boto3, AssumeRole"
BOTO3_CACHED = "boto3 with a file cache"
CLI_1 = "AWS CLI v1, sts assume-role"
# Each command, by the front and by the console script.
OPTIONS, EXEC, ENV, VERSION = "get with options", "exec -- /bin/true", "env", "--version"
TAB, SCRIPT, LIST = "TAB", "completion script", "list of 40 profiles"
ENCRYPTED = "get, encrypted at rest"
_OF_FRONT = ", the front"
FRONT_GET = "get" + _OF_FRONT
FRONT_OPTIONS = OPTIONS + _OF_FRONT
FRONT_EXEC = EXEC + _OF_FRONT
FRONT_ENV = ENV + _OF_FRONT
FRONT_VERSION = VERSION + _OF_FRONT
FRONT_TAB = TAB + _OF_FRONT
FRONT_TAB_10_000 = f"{TAB}, 10 000 profiles{_OF_FRONT}"
FRONT_SCRIPT = SCRIPT + _OF_FRONT
FRONT_10_000 = f"get, 10 000 profiles{_OF_FRONT}"
STATIC_GET = "get, the static front"
FRONT_MISS = MISS + _OF_FRONT
HERD = "200 at once, cold: get, exec and env"


@dataclass(frozen=True)
class Target:
    """`row` is to take at most `limit` times what `against` takes, both in `group`, and `plus_ms` milliseconds.

    Without `against`, `limit` is the figure itself: KiB of memory.
    """

    group: str
    row: str
    against: str | None
    limit: float
    plus_ms: float = 0

    @property
    def what(self) -> str:
        """The target in words."""
        if self.against is None:
            return self.row
        return f"{self.row}{f' less {self.plus_ms:g} ms' if self.plus_ms else ''} / {self.against}"


TARGETS = (
    Target("hit", FASTEST, BARE, 1.2),
    Target("hit", CONSOLE, BARE, 1.25),
    Target("hit", OLD_CONSOLE, BARE, 2.2),
    Target("hit", TEN_THOUSAND, FASTEST, 1.05),
    Target("the front", FRONT_GET, BARE, 0.10),
    Target("the front", FRONT_OPTIONS, BARE, 0.12),
    Target("the front", FRONT_EXEC, BARE, 0.15),
    Target("the front", FRONT_ENV, BARE, 0.10),
    Target("the front", FRONT_VERSION, BARE, 0.08),
    Target("the front", FRONT_TAB, BARE, 0.10),
    Target("the front", FRONT_TAB_10_000, BARE, 0.14),
    Target("the front", FRONT_SCRIPT, BARE, 0.10),
    Target("the front", FRONT_10_000, FRONT_GET, 1.1),
    Target("the front", STATIC_GET, BARE, 0.06),
    Target("memory of the front", FRONT_GET, None, 2048),
    Target("without the front", EXEC, BARE, 4),
    Target("without the front", ENV, BARE, 4),
    Target("without the front", TAB, BARE, 4),
    Target("without the front", VERSION, BARE, 4),
    Target("without the front", LIST, BARE, 8),
    Target("without the front", ENCRYPTED, BARE, 4),
    Target("a miss, STS answers at once", MISS, BOTO3, 0.45),
    Target("a miss, STS answers at once", EDITED, BOTO3, 0.2),
    Target("herd", HERD, FRONT_MISS, 1.3, plus_ms=300),
    Target("cold", MISS, CLI_1, 0.5),
    Target("warm, 100 at once", FASTEST, BARE, 1.2),
    Target("memory", FASTEST, BARE, 1.15),
)


def judged(groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Each target with what was measured, and whether that reaches it; those not measured left out."""
    found = []
    for target in TARGETS:
        group = groups.get(target.group, {})
        if target.row not in group or (target.against or target.row) not in group:
            continue
        row = group[target.row]
        what = "median_ms" if "median_ms" in row else "median_kib"
        figure = row[what]
        if target.against is not None:
            figure = round((figure - target.plus_ms) / group[target.against][what], 3)
        found.append(
            {
                "group": target.group,
                "what": target.what,
                "limit": target.limit,
                "measured": figure,
                "reached": figure <= target.limit,
            }
        )
    return found


def not_measured(groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[Target]:
    """The targets that `judged` leaves out."""
    told = {(each["group"], each["what"]) for each in judged(groups)}
    return [target for target in TARGETS if (target.group, target.what) not in told]
