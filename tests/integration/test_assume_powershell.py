"""`assume` in a real PowerShell. A start takes a second, so that each test asks many things."""

import json
import subprocess
from pathlib import Path
from typing import Any

import powershell
import pytest
from assuming import with_path
from front import Call, Front, Reply, session
from running import ACCESS_KEY_ID, SECRET, Home

ROLE = "arn:aws:iam::123456789012:role"
STRICT = "Set-StrictMode -Version Latest"
INIT = "assume-helper init powershell"
LOAD = f"{INIT} | Invoke-Expression"
SHOW = "[Console]::Out.WriteLine(([Environment]::GetEnvironmentVariables() | ConvertTo-Json -Compress))"
STATUS = "$ok = $?; [Console]::Out.WriteLine((@($ok, $LASTEXITCODE) | ConvertTo-Json -Compress))"
OWN = {
    "AWS_PROFILE": "base",
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_VAULT": "it's $x",
}
DUE = "Remove-Item -Recurse .cache; $global:__AssumeHelper.Due = [DateTime]::UtcNow; $null = prompt"


class Counting:
    """STS whose keys are numbered, the first one 1, and say of which role they are."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, call: Call) -> Reply | None:
        self.count += 1
        return session(access_key_id=f"ASIA{self.count}")(call)


@pytest.fixture
def ready(granted: Home, offline_front: Front, native: Path) -> Home:
    if powershell.program() is None:
        pytest.skip(powershell.MISSING)
    offline_front.behaviour = Counting()
    with granted.config.open("a") as config:
        config.write(f"[profile other]\nrole_arn = {ROLE}/other\nsource_profile = base\n")
    with granted.credentials.open("a") as credentials:
        credentials.write(f'[it\'s $x `y; "z"]\nrole_arn = {ROLE}/odd\nsource_profile = base\n')
    granted.environ |= {
        "AWS_ENDPOINT_URL_STS": offline_front.url,
        **powershell.QUIET,
        "NO_COLOR": "1",
    }
    with_path(granted, native.parent)
    return granted


def ran(home: Home, *lines: str, load: str = LOAD, **environ: str) -> tuple[list[Any], str]:
    """What the lines have shown, and what was on standard error."""
    program = powershell.program()
    assert program is not None
    done = subprocess.run(
        [program, "-NoProfile", "-NonInteractive", "-Command", "\n".join((STRICT, load, *lines))],
        env=home.environ | environ, cwd=home.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=180,
        check=False, encoding="utf-8",
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def of_aws(seen: dict[str, str]) -> dict[str, str]:
    return {n: v for n, v in seen.items() if n.startswith(("AWS", "ASSUME_"))}


@pytest.mark.parametrize("applied", powershell.APPLIED)
def test_it_sets_the_credentials_and_brings_back_what_was_there(ready: Home, applied: str) -> None:
    odd = "assume 'it''s $x `y; \"z\"'"
    seen, said = ran(
        ready,
        SHOW,
        "assume dev",
        STATUS,
        SHOW,
        "assume other --read-only",
        SHOW,
        odd,
        SHOW,
        "assume -",
        STATUS,
        SHOW,
        load=applied.format(INIT),
        **OWN,
    )
    before, first, dev, other, hostile, second, after = seen
    assert (said, first, second) == ("", [True, 0], [True, 0])
    assert (dev["AWS_ACCESS_KEY_ID"], dev["AWSUME_PROFILE"], dev["AWS_REGION"]) == ("ASIA1", "dev", "us-east-1")
    assert not {"AWS_PROFILE", "AWS_VAULT", "ASSUME_HELPER_RECENT"} & dev.keys()
    assert (other["AWSUME_PROFILE"], "AWS_REGION" in other) == ("other", False)
    assert hostile["AWSUME_PROFILE"] == 'it\'s $x `y; "z"'
    assert of_aws(after) == of_aws(before)


def test_a_failure_leaves_nothing_old_and_a_mistyped_option_changes_nothing(ready: Home) -> None:
    seen, said = ran(
        ready, "assume dev", "assume dev --json", STATUS, SHOW, "assume --help", STATUS, "assume nobody", STATUS, SHOW,
        "assume nobody && 'next'", "assume -", SHOW, "$Env:PATH = '/bin'", "assume dev", STATUS, SHOW, **OWN,
    )  # fmt: skip
    refused, still, helped, failed, gone, after, missing, nothing = seen
    assert (refused, helped, failed, missing) == ([False, 2], [True, 0], [False, 3], [False, 127])
    assert still["AWSUME_PROFILE"] == "dev"
    for each in (gone, nothing):
        assert not (OWN.keys() | {"AWS_SESSION_TOKEN", "AWSUME_PROFILE", "AWS_REGION"}) & each.keys()
    assert after.items() >= OWN.items()
    assert "--json" in said
    assert "usage: assume PROFILE" in said
    assert "assume-helper: nobody: there is no such profile" in said


def test_the_prompt_renews_or_leaves_what_is_good(ready: Home) -> None:
    seen, said = ran(
        ready, LOAD, "assume dev --read-only", "$null = prompt", SHOW, DUE, SHOW,
        "$Env:AWS_REGION = 'eu-west-3'", DUE, SHOW, "/bin/sh -c 'exit 7'", "$null = prompt", STATUS,
        "Remove-Item .aws/config", DUE, SHOW, "$global:__AssumeHelper.Due = [DateTime]::UtcNow; $null = prompt",
        "assume -", SHOW, AWS_PROFILE="base",
    )  # fmt: skip
    first, second, third, status, kept, after = seen
    assert [each["AWS_ACCESS_KEY_ID"] for each in (first, second, third, kept)] == ["ASIA1", "ASIA2", "ASIA3", "ASIA3"]
    assert (third["AWS_REGION"], after["AWS_REGION"], after["AWS_PROFILE"]) == ("eu-west-3", "eu-west-3", "base")
    assert status[1] == 7
    assert said.count("assume-helper: dev: there is no such profile") == 1


def test_a_prompt_of_one_s_own_sees_what_failed(ready: Home) -> None:
    own = 'function global:prompt { "<$?>" }'
    seen, _ = ran(
        ready, own, LOAD, LOAD, "Write-Error x -ErrorAction Ignore; $a = prompt", "$null = 1; $b = prompt",
        "[Console]::Out.WriteLine((@($a, $b) | ConvertTo-Json -Compress))",
    )  # fmt: skip
    assert seen == [["<False>", "<True>"]]


def test_tab_completes_the_function_and_what_follows_two_dashes(ready: Home) -> None:
    def completed(line: str) -> str:
        asked = f"[System.Management.Automation.CommandCompletion]::CompleteInput('{line}', {len(line)}, $null)"
        return f"[Console]::Out.WriteLine((@({asked}.CompletionMatches.CompletionText) | ConvertTo-Json -Compress))"

    (ready.folder / "a-file.txt").write_text("")
    seen, _ = ran(
        ready, completed("assume de"), completed("assume dev --read-o"),
        completed("assume-helper exec dev -- Get-ChildIte"), completed("assume-helper exec dev -- Get-Content a-fi"),
    )  # fmt: skip
    texts = [each if isinstance(each, str) else each[0] for each in seen]
    assert texts == ["dev", "--read-only", "Get-ChildItem", "./a-file.txt"]
