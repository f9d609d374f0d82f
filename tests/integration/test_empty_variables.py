"""Empty variables count as not set. PowerShell keeps them from 7.5 on: `$Env:AWS_SESSION_TOKEN = ''` clears nothing."""

import re
from pathlib import Path

import pytest
from front import Front, session
from native_front import Scene
from running import ACCESS_KEY_ID, SECRET, Home

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
# What is read beside those, by this program and by Python.
OTHERS = [
    "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "BROWSER", "CI", "CODESPACES", "DISPLAY",
    "HTTPS_PROXY", "NO_COLOR", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SHELL", "SSH_CONNECTION", "SSLKEYLOGFILE", "TERM",
    "TMPDIR", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME",
]  # fmt: skip
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
SOURCES = {
    "own": "credential_source = Environment",
    "container": "credential_source = EcsContainer",
    "pod": "assume_helper_credential_source = WebIdentity",
    "job": "assume_helper_credential_source = GitHubActions",
}
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


# Without a name, and for what reads the environment itself. Only `whoami` alone says what boto3 makes of them.
COMMANDS = [
    ["env", "dev", "--json"], ["env", "--shell", "powershell"], ["env", "dev", "--shell", "powershell"],
    ["env", "--unset", "--shell", "powershell"], ["env", "nobody", "--shell", "powershell"], ["exec", "--", "env"],
    ["exec", "own", "--", "env"], ["get", "own"], ["get", "pod"], ["get", "job"], ["get", "container"],
    ["whoami", "dev"], ["whoami", "--source-profile", "base", "arn:aws:iam::123456789012:role/dev"], ["console"],
    ["login"], ["logout"], ["list", "--json"], ["keys", "list"], ["clear"], ["configure", "dev", "--dry-run"],
    ["completion", "powershell", "--", ".get", "."],
]  # fmt: skip


@pytest.mark.parametrize("typed", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("keys", [{}, KEYS], ids=["without a key", "with a key"])
def test_each_command_says_the_same_as_without_them(
    granted: Home, offline_front: Front, typed: list[str], keys: dict[str, str]
) -> None:
    def ran(**environ: str) -> tuple[int, list[str], str]:
        """All but the empty variables that `exec` hands on, and that a shell is told to clear."""
        done = granted.run(*typed, **environ | keys)
        lines = re.split("\n|; ", done.stdout.decode())
        shown = {line for line in lines if not re.fullmatch(r"\w+=|\$Env:\w+ = \$null;?", line)}
        return done.code, sorted(shown), done.stderr

    offline_front.behaviour = session(Expiration="2099-01-01T00:00:00Z")
    role = "role_arn = arn:aws:iam::123456789012:role/{0}\n"
    with granted.config.open("a") as config:
        for name, key in SOURCES.items():
            config.write(f"[profile {name}]\n{role.format(name)}{key}\nendpoint_url = {offline_front.url}\n")
    granted.environ |= {"ASSUME_HELPER_CACHE_DIR": str(granted.folder / "cache")}
    granted.get("dev")
    expected = ran()
    empty = dict.fromkeys(sorted({*NAMES, *OTHERS} - granted.environ.keys()), "")
    assert ran(**empty) == expected
