"""SECURITY.md is true as far as a test can tell: what it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_every_promise_names_the_tests_that_prove_it() -> None:
    table = SECURITY.partition("## What is promised")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 10
    for promise, proof in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)`", proof)
        assert named, promise


def test_every_test_that_it_names_is_there() -> None:
    for path in re.findall(r"`(tests/[^`]+)`", SECURITY):
        assert (ROOT / path).is_file(), path


def test_it_says_what_is_promised_what_is_not_and_how_to_report() -> None:
    headings = re.findall(r"^## (.+)$", SECURITY, flags=re.M)
    assert headings == ["Report it", "What is promised", "At rest", "What is not promised"]


def test_readme_leads_to_it() -> None:
    assert "[SECURITY.md](SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
