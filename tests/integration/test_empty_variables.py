"""Empty variables count as not set. PowerShell keeps them from 7.5 on: `$Env:AWS_SESSION_TOKEN = ''` clears nothing."""

import re
from pathlib import Path

import pytest
from front import Front
from native_front import Scene
from running import Home

from assume_helper import answers, hit

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "environment.md"
# All that the page and the code name.
NAMES = sorted(
    {
        *re.findall(r"`((?:AWS|ASSUME_HELPER)_[A-Z_]+)`", _PAGE.read_text(encoding="utf-8")),
        *answers.STALE,
        *answers.CREDENTIALS,
        *hit.WATCHED,
    }
)
CASES = {"all": dict.fromkeys(NAMES, "")} | {name: {name: ""} for name in NAMES}


@pytest.mark.parametrize("case", CASES)
def test_an_empty_variable_is_none(granted: Home, offline_front: Front, case: str) -> None:
    """For a miss and a hit; what names an identity does not reach a program, where SDKs would take it for one."""
    elsewhere = {"ASSUME_HELPER_CACHE_DIR": str(granted.folder / "cache")}
    document = granted.get("dev", **CASES[case] | elsewhere)
    assert granted.get("dev", **CASES[case] | elsewhere) == document
    assert granted.get("dev", **elsewhere) == document
    assert len(offline_front.calls) == 1, "it is the same session"
    ran = granted.run("exec", "dev", "--", "env", "-0", **CASES[case] | elsewhere)
    assert (ran.code, ran.stderr) == (0, "")
    there = dict(line.split("=", 1) for line in ran.stdout.decode().split("\0") if line)
    assert there["AWS_SESSION_TOKEN"] == document["SessionToken"]
    assert not {name for name in (*answers.STALE, *answers.CREDENTIALS) if there.get(name) == ""}


@pytest.mark.parametrize("typed", [["env", "dev", "--shell", "powershell"], ["exec", "dev", "--", "env"]], ids=repr)
@pytest.mark.parametrize("case", ["ASSUME_HELPER_PROFILE", "ASSUME_HELPER_ENV", "AWS_SESSION_TOKEN", "AWS_REGION"])
def test_both_forms_take_it_for_none(warm: Scene, typed: list[str], case: str) -> None:
    warm.fill("env", "dev", "--shell", "powershell", **CASES[case])
    is_answered = case != "AWS_REGION" or None
    seen = warm.quick(*typed, is_answered=is_answered, environ=CASES[case])
    assert seen.stderr == b""
