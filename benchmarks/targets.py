"""What is to be reached: each target a ratio of two rows that were measured in turn, in one run."""

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


@dataclass(frozen=True)
class Target:
    """`row` is to take at most `limit` times what `against` takes, both in `group`."""

    group: str
    row: str
    against: str
    limit: float


TARGETS = (
    Target("hit", FASTEST, BARE, 1.2),
    Target("hit", CONSOLE, BARE, 1.6),
    Target("hit", OLD_CONSOLE, BARE, 2.2),
    Target("hit", TEN_THOUSAND, FASTEST, 1.05),
    Target("cold", MISS, BOTO3, 0.8),
    Target("cold", MISS, CLI_1, 0.5),
    Target("warm, 100 at once", FASTEST, BARE, 1.2),
    Target("memory", FASTEST, BARE, 1.15),
)


def judged(groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Each target with the ratio that was measured, and whether that reaches it; those not measured left out."""
    found = []
    for target in TARGETS:
        group = groups.get(target.group, {})
        if target.row not in group or target.against not in group:
            continue
        what = "median_kib" if target.group == "memory" else "median_ms"
        ratio = round(group[target.row][what] / group[target.against][what], 3)
        found.append(
            {
                "group": target.group,
                "what": f"{target.row} / {target.against}",
                "limit": target.limit,
                "measured": ratio,
                "reached": ratio <= target.limit,
            }
        )
    return found
