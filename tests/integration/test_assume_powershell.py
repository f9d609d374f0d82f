"""`assume` in a real PowerShell. A start takes a second, so that each test asks many things."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import powershell
import pytest
from assuming import Counting, with_path
from front import Front
from powershell_terminal import Terminal
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


def test_a_dash_clears_what_the_shell_has_inherited_or_what_was_set_by_hand(ready: Home) -> None:
    """What was there before is known to the first shell alone: it is not handed on."""
    env = "assume-helper env dev"
    seen, said = ran(ready, f"{env} | Invoke-Expression", SHOW, "assume -", STATUS, SHOW, "assume -", STATUS, SHOW)
    by_hand, first, cleared, second, still = seen
    assert (by_hand["AWSUME_PROFILE"], first, second, said) == ("dev", [True, 0], [True, 0], "")
    assert not {"AWSUME_PROFILE", "ASSUME_HELPER_ENV", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"} & cleared.keys()
    assert of_aws(still) == of_aws(cleared)


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


@pytest.mark.parametrize("replaced", ["function global:Remove-Item { }", "Set-Alias Remove-Item Write-Output"])
def test_a_failure_leaves_nothing_old_where_people_have_their_own_cmdlets(ready: Home, replaced: str) -> None:
    """Such as one that moves to the recycle bin."""
    seen, _ = ran(ready, replaced, "assume dev", "assume nobody", STATUS, SHOW, "assume -", SHOW, **OWN)
    failed, gone, after = seen
    assert failed == [False, 3]
    assert (
        not (OWN.keys() | {"AWS_SESSION_TOKEN", "AWSUME_PROFILE", "AWS_REGION", "ASSUME_HELPER_RECENT"}) & gone.keys()
    )
    assert of_aws(after).items() >= OWN.items()
    assert "AWS_SESSION_TOKEN" not in after


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("assume nobody && (say next)", []),
        ("assume nobody || (say else)", ["else"]),
        ("if (assume dev) { say true }", []),  # nothing on standard output
        ("assume dev && (say next)", ["next"]),
        ("try { assume nobody; say on } catch { say caught }", ["on"]),
        ("try { assume nobody -ErrorAction Stop; say on } catch { say caught }", ["caught"]),
        ("$ErrorActionPreference = 'Stop'; try { assume nobody; say on } catch { say caught }", ["caught"]),
        ("$ErrorActionPreference = 'Stop'; try { assume --json; say on } catch { say caught }", ["caught"]),
        ("$ErrorActionPreference = 'Stop'; try { assume dev; say on } catch { say caught }", ["on"]),
        ("$PSNativeCommandUseErrorActionPreference = $true; assume nobody; say on", ["on"]),
    ],
)
def test_a_failure_fails_as_that_of_a_cmdlet_does(ready: Home, line: str, expected: list[str]) -> None:
    seen, _ = ran(ready, 'function say($what) { [Console]::Out.WriteLine("`"$what`"") }', line, SHOW)
    assert seen[:-1] == expected
    assert ("AWSUME_PROFILE" in seen[-1]) == ("dev" in line)


def test_words_arrive_as_they_were_typed(ready: Home, offline_front: Front) -> None:
    """PowerShell takes commas for lists, and digits for numbers."""
    with ready.credentials.open("a") as credentials:
        credentials.write(f"[007]\nrole_arn = {ROLE}/agent\nsource_profile = base\n")
    seen, said = ran(
        ready, "$OFS = '-'", "assume 007 --role-session-name a,b --duration-seconds 0900", SHOW,
        "assume $null dev", SHOW,
    )  # fmt: skip
    assert ([each["AWSUME_PROFILE"] for each in seen], said) == (["007", "dev"], "")
    asked = offline_front.calls[0].parameters
    assert (asked["RoleSessionName"], asked["DurationSeconds"]) == ("a,b", "900")


def test_where_the_program_is_gone_or_broken_it_is_said_once_and_what_is_good_stays(ready: Home) -> None:
    broken = ready.folder / "broken"
    broken.mkdir()
    (broken / "assume-helper").write_text("#!/nowhere/none-such\n")
    (broken / "assume-helper").chmod(0o755)
    due = "$global:__AssumeHelper.Due = [DateTime]::UtcNow; $null = prompt; "
    for path, expected in (
        ("/bin", "assume-helper: it is not on PATH; install it, or correct PATH"),
        (f"{broken}:/bin", "assume-helper: it cannot be started: "),
    ):
        seen, said = ran(
            ready, "assume dev", "assume other", f"$Env:PATH = '{path}'", due * 3, SHOW,
            "[Console]::Error.WriteLine('+')", "assume dev", STATUS, SHOW, "assume -", SHOW, **OWN,
        )  # fmt: skip
        kept, status, gone, after = seen
        assert kept["AWSUME_PROFILE"] == "other"
        assert status == [False, 127]
        assert not (OWN.keys() | {"AWS_SESSION_TOKEN"}) & gone.keys()
        assert after.items() >= OWN.items()
        assert [part.count(expected) for part in said.split("+\n")] == [1, 1], said


def test_the_prompt_starts_nothing_until_it_is_time(ready: Home) -> None:
    """What it would start is not there."""
    seen, said = ran(ready, "assume dev", "$Env:PATH = '/nowhere'", "$null = prompt", "$null = prompt", SHOW)
    assert (seen[0]["AWS_ACCESS_KEY_ID"], said) == ("ASIA1", "")


def test_a_renewal_asks_for_the_same_and_never_a_person(ready: Home) -> None:
    """It begins with what was there before. What was replaced since is not renewed."""
    recorder, calls = ready.folder / "recorder", ready.folder / "calls"
    recorder.mkdir()
    (recorder / "assume-helper").write_text(f'#!/bin/sh\necho "$AWS_ACCESS_KEY_ID $AWS_PROFILE $@" >>{calls}\nexit 4\n')
    (recorder / "assume-helper").chmod(0o755)
    due = "$global:__AssumeHelper.Due = [DateTime]::UtcNow; $null = prompt"
    seen, _ = ran(
        ready, "assume dev --read-only", f"$Env:PATH = '{recorder}:/bin'", due, "$null = prompt", SHOW,
        "$Env:AWS_CREDENTIAL_EXPIRATION = '2099-01-01T00:00:00Z'", due, due, SHOW, **OWN,
    )  # fmt: skip
    words = "--shell powershell --no-input dev --read-only"
    assert calls.read_text() == f"{ACCESS_KEY_ID} base env {words}\n"
    assert [each["AWS_ACCESS_KEY_ID"] for each in seen] == ["ASIA1", "ASIA1"]


def test_it_may_have_another_name_and_replaces_an_alias(ready: Home) -> None:
    load = f"Set-Alias aws-as Get-Date -Scope Global; {INIT} --command aws-as | iex"
    seen, said = ran(ready, "aws-as dev", STATUS, SHOW, "aws-as nobody", STATUS, load=load)
    assert [seen[0], seen[1]["AWSUME_PROFILE"], seen[2]] == [[True, 0], "dev", [False, 3]]
    seen, said = ran(ready, "Get-Command assume -ErrorAction Ignore", "aws-as --json", STATUS, load=load)
    assert seen == [[False, 2]]
    assert "aws-as has no option --json" in said


PROMPTS = {
    "a function": 'function global:prompt { "<$?>" }',
    # starship, oh-my-posh
    "a module's": '$null = New-Module { function global:prompt { "<$global:?>" } }',
    "none": "",
}


@pytest.mark.parametrize("own", PROMPTS.values(), ids=PROMPTS)
def test_a_prompt_of_one_s_own_sees_what_failed(ready: Home, own: str) -> None:
    seen, _ = ran(
        ready, own, LOAD, LOAD, "Write-Error x -ErrorAction Ignore; $a = prompt", "$null = 1; $b = prompt",
        "[Console]::Out.WriteLine((@($a, $b) | ConvertTo-Json -Compress))",
    )  # fmt: skip
    assert seen == [["<False>", "<True>"] if own else [f"PS {ready.folder}> "] * 2]


def test_prompts_that_call_each_other_do_not_go_round(ready: Home) -> None:
    """As `activate` of a venv, and conda, copy the prompt and call it; then the profile is loaded anew."""
    seen, _ = ran(
        ready, "function global:prompt { 'own' }", LOAD, "Copy-Item Function:prompt Function:global:copied",
        "function global:prompt { '(venv) ' + (copied) }", LOAD, "$a = prompt", "assume dev", DUE, SHOW,
        "Copy-Item Function:copied Function:global:prompt", DUE, SHOW,
        "[Console]::Out.WriteLine((@($a, (prompt)) | ConvertTo-Json -Compress))",
    )  # fmt: skip
    assert seen[-1] == ["(venv) own", "own"]
    assert [each["AWS_ACCESS_KEY_ID"] for each in seen[:-1]] == ["ASIA2", "ASIA3"]


def test_where_a_lockdown_forbids_it_init_says_so_and_env_goes_on_working(ready: Home) -> None:
    program = powershell.program()
    assert program is not None
    env = "assume-helper env dev --shell powershell"
    lines = ["$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'"]
    for applied in powershell.APPLIED:
        lines += [applied.format(INIT), '"[$(Get-Command assume -ErrorAction Ignore)]"']
        lines += [applied.format(env), '"[$Env:AWSUME_PROFILE]"']
        lines += [applied.format("assume-helper env --unset --shell powershell"), '"[$Env:AWSUME_PROFILE]"']
        lines += [applied.format("assume-helper env nobody --shell powershell"), '"[$Env:AWS_ACCESS_KEY_ID]"']
    done = subprocess.run(
        [program, "-NoProfile", "-NonInteractive", "-Command", "-"], env=ready.environ | OWN, cwd=ready.folder,
        input="\n".join(lines) + "\n", capture_output=True, timeout=180, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.stdout.split() == ["[]", "[dev]", "[]", "[]"] * len(powershell.APPLIED), done.stderr
    assert done.stderr.count("init needs the FullLanguage mode") == len(powershell.APPLIED)
    assert "core types" not in done.stderr


def test_tab_completes_the_function_and_what_follows_two_dashes(ready: Home) -> None:
    """Up to the cursor, a `|` here; and the status of one's command stays."""

    def completed(line: str) -> str:
        at = line.index("|")
        line = line.replace("|", "")
        asked = f"[System.Management.Automation.CommandCompletion]::CompleteInput('{line}', {at}, $null)"
        return f"[Console]::Out.WriteLine((@({asked}.CompletionMatches.CompletionText) | ConvertTo-Json -Compress))"

    (ready.folder / "a-file.txt").write_text("")
    expected = {
        "assume de|": "dev", "assume de| --read-only": "dev", '$x = assume "it|': "'it''s $x `y; \"z\"'",
        "assume dev --read-o|": "--read-only", "assume dev --read-o| --duration-seconds 900": "--read-only",
        "assume-helper get de| --read-only": "dev",
        "assume-helper exec dev -- Get-ChildIte|": "Get-ChildItem",
        "assume-helper exec dev -- Get-ChildIte| a-file.txt": "Get-ChildItem",
        "assume-helper exec dev -- Get-Content a-fi|": "./a-file.txt",
        'assume-helper exec dev -- Get-Content "a-fi|': '"./a-file.txt"',
        "assume-helper exec dev -- Get-Content | -TotalCount 1": "./a-file.txt",
    }  # fmt: skip
    seen, _ = ran(ready, "/bin/sh -c 'exit 7'", *map(completed, expected), STATUS)
    texts = [each if isinstance(each, str) else each[-1] for each in seen[:-1]]
    assert dict(zip(expected, texts, strict=True)) == expected
    assert seen[-1][1] == 7


# On a terminal, as people have it.


@pytest.fixture
def terminal(ready: Home) -> Iterator[Terminal]:
    program = powershell.program()
    assert program is not None
    with ready.config.open("a") as config:
        config.write(f"[profile slow]\nrole_arn = {ROLE}/slow\nsource_profile = base\n")
    terminal = Terminal([program, "-NoLogo", "-NoProfile"], ready.environ | OWN, ready.folder)
    terminal.wait_for("PS ")
    terminal.type("function prompt { 'RE' + 'ADY> ' }; " + LOAD + "\r")
    terminal.wait_for("READY>")
    yield terminal
    terminal.close()


STATE = '"<$?,$LASTEXITCODE,$Env:AWSUME_PROFILE,$Env:AWS_ACCESS_KEY_ID,$Env:AWS_PROFILE>"\r'


def test_alone_it_lets_one_choose(terminal: Terminal) -> None:
    """What was used last is first. Leaving it by Esc and Ctrl-C is a failure; what was there is brought back."""
    terminal.type("assume\r")
    terminal.wait_for("Which one?", "dev", "other")
    terminal.type("oth\r")
    terminal.wait_for("role of other", "READY>")
    terminal.type(STATE)
    terminal.wait_for("<True,0,other,ASIA1,>")
    for number, key in enumerate(["\x1b", "\x03"]):
        terminal.type("Clear-Host; assume\r")
        terminal.wait_for("Which one?", "\u00bb other" if number == 0 else "\u00bb ", "dev")
        terminal.type(key)
        terminal.wait_for("interrupted", "READY>")
        terminal.type(STATE)
        terminal.wait_for("<False,130,,,>")
    terminal.type("assume -\r" + STATE)
    terminal.wait_for(f"<True,0,,{ACCESS_KEY_ID},base>")


def test_ctrl_c_while_sts_is_waited_for_leaves_no_credentials(terminal: Terminal, offline_front: Front) -> None:
    counting = offline_front.behaviour
    offline_front.behaviour = lambda call: (
        offline_front.hang if call.parameters["RoleArn"] == f"{ROLE}/slow" else counting
    )(call)
    terminal.type("assume dev\r" + STATE)
    terminal.wait_for("<True,0,dev,ASIA1,>")
    offline_front.arrived.clear()
    terminal.type("assume slow\r")
    terminal.wait_until(lambda _shown: offline_front.arrived.is_set())
    terminal.type("\x03")
    terminal.wait_for("assume slow", "READY>")  # PowerShell kills the program, maybe before that has said anything
    terminal.type('"<$?,$Env:AWSUME_PROFILE,$Env:AWS_ACCESS_KEY_ID,$Env:AWS_PROFILE,$Env:ASSUME_HELPER_RECENT>"\r')
    terminal.wait_for("<False,,,,>")
    terminal.type("assume -\r" + STATE)
    terminal.wait_for(f",,{ACCESS_KEY_ID},base>")


def test_the_prompt_renews_on_a_terminal(terminal: Terminal) -> None:
    terminal.type("assume dev\r" + STATE)
    terminal.wait_for("<True,0,dev,ASIA1,>")
    terminal.type("Remove-Item -Recurse -Force .cache; $global:__AssumeHelper.Due = [DateTime]::UtcNow; 'ti' + 'me'\r")
    terminal.wait_for("time", "READY>")
    terminal.type(STATE)
    terminal.wait_for("dev,ASIA2,>")
    terminal.type("assume d\t\r" + STATE)  # and TAB, as pressed
    terminal.wait_for("assume dev", "<True,0,dev,ASIA2,>")
