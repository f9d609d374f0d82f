"""What README says of speed: what was measured last, with every target reached."""

import json
import re
from pathlib import Path

import chart
import targets

ROOT = Path(__file__).resolve().parents[2]
RESULT = json.loads((ROOT / "benchmarks" / "result.json").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("### What a hit costs\n")[2].partition("\n## ")[0]


def test_the_chart_is_of_what_was_measured_and_on_readme_s_first_screens() -> None:
    assert chart.drawn(RESULT) == (ROOT / "benchmarks" / "chart.svg").read_text(encoding="utf-8")
    assert "](benchmarks/chart.svg)" in "\n".join(README.splitlines()[:60])


def test_every_target_was_measured_and_reached() -> None:
    judged = targets.judged(RESULT["groups"])
    assert len(judged) == len(targets.TARGETS)
    assert [target["what"] for target in judged if not target["reached"]] == []


def test_the_ratios_in_readme_are_those_that_were_measured() -> None:
    told = [float(found) for found in re.findall(r"^\| .+ \| ([0-9.]+) \| [^|]*\|$", SECTION, flags=re.M)]
    hit, cold, groups = RESULT["groups"]["hit"], RESULT["groups"]["cold"], RESULT["groups"]
    ratios = [
        hit["a process that does nothing"]["ratio"],
        hit[targets.FASTEST]["ratio"],
        hit[targets.TEN_THOUSAND]["ratio"],
        hit[targets.CONSOLE]["ratio"],
        hit[targets.OLD_CONSOLE]["ratio"],
        hit[targets.MODULE]["ratio"],
        groups["warm, 100 at once"][targets.FASTEST]["ratio"],
        groups["memory"][targets.FASTEST]["median_kib"] / groups["memory"][targets.BARE]["median_kib"],
        cold[targets.MISS]["median_ms"] / cold[targets.BOTO3]["median_ms"],
        cold[targets.MISS]["median_ms"] / cold[targets.CLI_1]["median_ms"],
        cold[targets.EDITED]["median_ms"] / cold[targets.BOTO3]["median_ms"],
        groups["cold, 100 at once"][targets.MISS]["median_ms"]
        / groups["cold, 100 at once"]["boto3 with a file cache, a miss"]["median_ms"],
    ]
    assert len(told) == len(ratios)
    for shown, measured in zip(told, ratios, strict=True):
        assert abs(shown - measured) < 0.006


def test_nothing_that_was_measured_names_the_machine_s_folders() -> None:
    text = json.dumps(RESULT)
    assert re.search(r"/(home|root|tmp|work|usr)/", text) is None
