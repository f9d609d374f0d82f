"""What the documents say of speed: what was measured last, with every target reached."""

import json
import re
from pathlib import Path

import chart
import targets

ROOT = Path(__file__).resolve().parents[2]
RESULT = json.loads((ROOT / "benchmarks" / "result.json").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "explanation" / "performance.md").read_text(encoding="utf-8")


def test_the_chart_is_of_what_was_measured_and_on_readme_s_first_screens() -> None:
    assert chart.drawn(RESULT) == (ROOT / "benchmarks" / "chart.svg").read_text(encoding="utf-8")
    assert "](benchmarks/chart.svg)" in "\n".join(README.splitlines()[:60])


def test_every_target_was_measured_and_reached() -> None:
    judged = targets.judged(RESULT["groups"])
    assert len(judged) == len(targets.TARGETS)
    assert [target["what"] for target in judged if not target["reached"]] == []


def test_the_first_screen_s_figures_are_of_the_line_that_it_has_people_write() -> None:
    assert "credential_process = /home/me/.local/bin/assume-helper get dev\n" in README
    hit = RESULT["groups"]["hit"][targets.CONSOLE]["ratio"]
    cold = RESULT["groups"]["cold"]
    miss = cold[targets.MISS]["median_ms"] / cold[targets.BOTO3]["median_ms"]
    text = " ".join(README.split())
    assert f"a *hit* takes {hit:.1f} times as long as starting Python, a *miss* {miss:.1f} times" in text
    assert f"![A hit takes {hit:.1f} times what starting Python takes, a miss {miss:.1f} of boto3's]" in text


def test_the_ratios_shown_are_those_that_were_measured() -> None:
    told = [float(found) for found in re.findall(r"^\| .+ \| ([0-9.]+) \| [^|]*\|$", PAGE, flags=re.M)]
    hit, cold, groups = RESULT["groups"]["hit"], RESULT["groups"]["cold"], RESULT["groups"]
    ratios = [
        hit["a process that does nothing"]["ratio"],
        hit[targets.CONSOLE]["ratio"],
        hit[targets.OLD_CONSOLE]["ratio"],
        hit[targets.FASTEST]["ratio"],
        hit[targets.TEN_THOUSAND]["ratio"],
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
