"""What the documents say of speed: what was measured last, and which targets were missed."""

import json
import re
from pathlib import Path

import chart
import targets

ROOT = Path(__file__).resolve().parents[2]
RESULT = json.loads((ROOT / "benchmarks" / "result.json").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "explanation" / "performance.md").read_text(encoding="utf-8")

# In the order of the page's tables.
OF_THE_FRONT = (
    targets.FRONT_GET,
    targets.STATIC_GET,
    targets.FRONT_OPTIONS,
    targets.FRONT_EXEC,
    targets.FRONT_ENV,
    targets.FRONT_VERSION,
    targets.FRONT_TAB,
    targets.FRONT_TAB_10_000,
    targets.FRONT_SCRIPT,
)
WITHOUT_THE_FRONT = (
    targets.OPTIONS,
    targets.EXEC,
    targets.ENV,
    targets.VERSION,
    targets.TAB,
    targets.SCRIPT,
    targets.LIST,
    targets.ENCRYPTED,
)


def test_the_chart_is_of_what_was_measured_and_on_readme_s_first_screens() -> None:
    assert chart.drawn(RESULT) == (ROOT / "benchmarks" / "chart.svg").read_text(encoding="utf-8")
    assert "](benchmarks/chart.svg)" in "\n".join(README.splitlines()[:60])


def test_every_target_was_measured_with_its_group_and_reached_or_is_told() -> None:
    judged = targets.judged(RESULT["groups"])
    missed = [each for each in judged if not each["reached"]]
    told = re.findall(r"^- (.+): ([0-9.]+), wanted ([0-9.]+)$", PAGE.partition("## Missed")[2], flags=re.M)
    assert told == [(each["what"], f"{each['measured']:.2f}", str(each["limit"])) for each in missed]
    assert judged == RESULT["targets"]
    assert [target.what for target in targets.not_measured(RESULT["groups"]) if target.group in RESULT["groups"]] == []


def test_a_target_is_a_ratio_a_ratio_beyond_some_milliseconds_or_a_figure() -> None:
    of = {target.row: target for target in targets.TARGETS}
    herd, memory = of[targets.HERD], of[targets.STATIC_GET]
    size = next(target for target in targets.TARGETS if target.against is None)
    groups: dict[str, dict[str, dict[str, float]]] = {
        herd.group: {targets.HERD: {"median_ms": 820}, targets.FRONT_MISS: {"median_ms": 400}},
        memory.group: {targets.STATIC_GET: {"median_ms": 0.7}, targets.BARE: {"median_ms": 10}},
        size.group: {size.row: {"median_kib": 1900.0}},
    }
    assert {each["what"]: (each["measured"], each["reached"]) for each in targets.judged(groups)} == {
        f"{targets.HERD} less 300 ms / {targets.FRONT_MISS}": (1.3, True),
        f"{targets.STATIC_GET} / {targets.BARE}": (0.07, False),
        size.row: (1900.0, True),
    }
    assert len(targets.not_measured(groups)) == len(targets.TARGETS) - 3


def test_nothing_is_shown_that_was_not_run_in_the_same_run() -> None:
    """No figures that were carried from elsewhere: in the result, in the chart, or beside a compiled program's name."""
    run = set(RESULT["versions"]) | {row for group in RESULT["groups"].values() for row in group}
    assert "elsewhere" not in RESULT
    chart_text = (ROOT / "benchmarks" / "chart.svg").read_text(encoding="utf-8")
    labels = re.findall(r'text-anchor="end"[^>]*>([^<]+)<', chart_text)
    assert labels != []
    assert [each for each in labels if not run & {each, each.removeprefix("assume-helper ")}] == []
    for name in {"aws-runas", "granted", "aws-vault"} - run:
        assert name not in chart_text
        assert name not in PAGE.lower()


def test_the_first_screen_s_figures_are_of_the_line_that_it_has_people_write() -> None:
    assert "credential_process = /home/me/.local/bin/assume-helper get dev\n" in README
    hit = RESULT["groups"]["the front"][targets.FRONT_GET]["ratio"]
    without = RESULT["groups"]["hit"][targets.CONSOLE]["ratio"]
    miss = ratio("a miss, STS answers at once", targets.FRONT_MISS, targets.BOTO3)
    text = " ".join(README.split())
    assert f"a *hit* takes {hit:.2f} times as long as starting Python, a *miss* {miss:.2f} times" in text
    assert f"Without it a hit takes {without:.1f} times as long as starting Python" in text
    assert f"![A hit takes {hit:.2f} of what starting Python takes, a miss {miss:.2f} of boto3's]" in text


def ratio(group: str, row: str, against: str = targets.BARE, less_ms: float = 0) -> float:
    """How many times what `against` takes, or the memory that it has, `row` takes."""
    of = RESULT["groups"][group]
    what = "median_ms" if "median_ms" in of[row] else "median_kib"
    return float((of[row][what] - less_ms) / of[against][what])


def test_the_ratios_shown_are_those_that_were_measured() -> None:
    told = [float(found) for found in re.findall(r"^\| .+ \| ([0-9.]+) \| [^|]*\|$", PAGE, flags=re.M)]
    miss = "a miss, STS answers at once"
    measured = [
        ratio("hit", targets.NOTHING),
        *(ratio("the front", row) for row in OF_THE_FRONT),
        ratio("the front", targets.FRONT_10_000, targets.FRONT_GET),
        *(ratio("hit", row) for row in (targets.CONSOLE, targets.OLD_CONSOLE, targets.FASTEST)),
        ratio("hit", targets.TEN_THOUSAND, targets.FASTEST),
        ratio("hit", targets.MODULE),
        *(ratio("without the front", row) for row in WITHOUT_THE_FRONT),
        ratio("warm, 100 at once", targets.FASTEST),
        ratio("memory", targets.FASTEST),
        ratio(miss, targets.MISS, targets.BOTO3),
        ratio(miss, targets.EDITED, targets.BOTO3),
        ratio("cold", targets.MISS, targets.BOTO3),
        ratio("cold", targets.MISS, targets.CLI_1),
        ratio("cold, 100 at once", targets.MISS, "boto3 with a file cache, a miss"),
        ratio("herd", targets.HERD, targets.FRONT_MISS, less_ms=300),
    ]
    assert [f"{each:.2f}" for each in told] == [f"{each:.2f}" for each in measured]
    of = RESULT["groups"]["memory of the front"]
    sizes = [of[row]["median_kib"] / 1024 for row in (targets.FRONT_GET, targets.STATIC_GET)]
    assert f"A hit takes {sizes[0]:.1f} MiB of memory ({sizes[1]:.1f} MiB the static program" in PAGE


def test_nothing_that_was_measured_names_the_machine_s_folders() -> None:
    text = json.dumps(RESULT)
    assert re.search(r"/(home|root|tmp|work|usr)/", text) is None
