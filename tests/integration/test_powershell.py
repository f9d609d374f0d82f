"""What people do in PowerShell, in a real one: env in every way, its failures, exit codes, and the walkthrough."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import local_aws
import prepare
import pytest
from front import Front, denied, session
from powershell import APPLIED, QUIET, PowerShell
from running import SCRIPT, Home

from assume_helper import answers

SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith(('AWS_', 'ASSUME_'))}))"
CHILD = f"& '{sys.executable}' -c \"{SHOW}\""
STRICT = "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; "
# A script that stops where a program fails.
NATIVE = STRICT + "$PSNativeCommandUseErrorActionPreference = $true; "
MODES = {"": "", "strict": STRICT, "strict, of programs too": NATIVE}
OLD = {
    **dict.fromkeys(answers.CREDENTIALS, "old"),
    "AWS_PROFILE": "old",
    "AWS_ROLE_ARN": "old",
    "ASSUME_HELPER_ENV": "1",
}


def environment(output: list[str]) -> dict[str, str]:
    """What the program that was run last saw."""
    found: dict[str, str] = json.loads(output[-1])
    return found


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """What a person has said at the beginning of a script."""
    return MODES[request.param]


@pytest.mark.parametrize("form", ["python", "native"])
@pytest.mark.parametrize("applied", APPLIED)
def test_a_program_has_the_credentials_and_loses_them(
    granted: Home, pwsh: PowerShell, native: Path, applied: str, mode: str, form: str
) -> None:
    """PowerShell is found by itself, as the parent of the helper."""
    granted.unmeasured()
    document = granted.get("dev")
    helper = SCRIPT if form == "python" else native
    script = f"{mode}{applied.format(f'{helper} env dev')}; {CHILD}"
    found = pwsh.run(script, granted.environ | {"AWS_PROFILE": "stale", "AWS_SECURITY_TOKEN": ""}, granted.folder)
    assert (found.failed, found.errors) == (None, [])
    there = environment(found.output)
    assert (there["AWS_ACCESS_KEY_ID"], there["AWS_SESSION_TOKEN"], there["ASSUME_HELPER_PROFILE"]) == (
        document["AccessKeyId"],
        document["SessionToken"],
        "dev",
    )
    assert not {"AWS_PROFILE", "AWS_SECURITY_TOKEN"} & there.keys()
    script += f"; {applied.format(f'{helper} env --unset')}; {CHILD}"
    found = pwsh.run(script, granted.environ, granted.folder)
    assert (found.failed, found.errors) == (None, [])
    assert environment(found.output) == {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.mark.parametrize("arguments", ["nobody", "dev --nonsense", "refused"])
@pytest.mark.parametrize("applied", APPLIED)
def test_a_failure_fails_there_too_and_leaves_no_old_credentials(
    granted: Home, offline_front: Front, pwsh: PowerShell, applied: str, arguments: str, mode: str
) -> None:
    with granted.config.open("a") as config:
        config.write("[profile refused]\ninclude_profile = dev\nrole_arn = arn:aws:iam::123456789012:role/refused\n")
    offline_front.behaviour = lambda call: (denied if call.parameters["RoleArn"].endswith("/refused") else session())(
        call
    )
    script = f"{mode}{applied.format(f'{SCRIPT} env {arguments} 2>$null')}; 'went on'"
    found = pwsh.run(script, granted.environ | OLD, granted.folder)
    assert found.failed is not None
    assert "went on" not in found.output
    left = {name for name in OLD if name in found.environ}
    if mode == NATIVE and applied != "{} | iex":  # PowerShell stops before it evaluates anything
        assert "ended with non-zero exit code" in found.failed
        assert left == set(OLD)
    else:
        assert "assume-helper env has failed" in found.failed
        assert left == set()


@pytest.mark.parametrize("applied", APPLIED)
def test_a_script_ends_there_or_goes_on_without_the_old_credentials(
    granted: Home, pwsh: PowerShell, applied: str
) -> None:
    """As a file of its own, in which nothing catches what is thrown."""
    script = granted.folder / "script.ps1"
    failing = applied.format(f"{SCRIPT} env nobody 2>$null")
    for before, goes_on in (("", applied == "{} | iex"), (STRICT, False)):
        script.write_text(f"{before}\n{failing} && 'ran'\n{failing}\n\"went on [$Env:AWS_ACCESS_KEY_ID]\"\n")
        done = subprocess.run(
            [pwsh.program, "-NoProfile", "-NonInteractive", "-File", str(script)],
            env=granted.environ | QUIET | OLD, cwd=granted.folder, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert (done.returncode, done.stdout.decode()) == ((0, "went on []\n") if goes_on else (1, ""))
        assert b"assume-helper env has failed" in done.stderr


# Names of profiles, and what a session token can hold.
HOSTILE = [
    "it's", "''", '"', "\\", "$(touch pwned)", "`touch pwned`", "${HOME}", "$HOME %PATH% !PATH!", "-x", "=ls", "~",
    "a;b&c|d<e>f(g)h{i,j}*?#l^m", "grün \u2019\u2018\u201a\u201b \u201cx\u201d 日本 🎉", "';touch pwned;'", "'+(1)+'",
    "@'", '@"', "x\u2019;touch pwned;\u2018",
]  # fmt: skip
TOKEN = "'\\\"`$(Get-Date)${x};&|<>#@'"


def test_hostile_names_and_tokens_arrive_as_they_are(granted: Home, offline_front: Front, pwsh: PowerShell) -> None:
    """By `env` itself, all in one process; PowerShell hands the very name over."""
    offline_front.behaviour = session(SessionToken=html.escape(TOKEN))
    with granted.credentials.open("a", encoding="utf-8") as credentials:
        for number, name in enumerate(HOSTILE):
            role = f"arn:aws:iam::123456789012:role/r{number}"
            credentials.write(
                f"[{name}]\nrole_arn = {role}\nsource_profile = base\nendpoint_url = {offline_front.url}\n"
            )
    lines = []
    for number, name in enumerate(HOSTILE):
        quoted = "'" + re.sub("(['\u2018-\u201b])", r"\1\1", name) + "'"
        lines.append(f"{APPLIED[number % len(APPLIED)].format(f'{SCRIPT} env -- {quoted}')}; {CHILD}")
    found = pwsh.run("\n".join(lines), granted.environ | {"AWS_REGION": "us-east-1"}, granted.folder)
    assert (found.failed, found.errors) == (None, [])
    seen = [json.loads(line) for line in found.output]
    assert [one["ASSUME_HELPER_PROFILE"] for one in seen] == HOSTILE
    assert {one["AWS_SESSION_TOKEN"] for one in seen} == {TOKEN}
    assert not (granted.folder / "pwned").exists()


def test_exit_codes_and_arguments_of_exec(granted: Home, pwsh: PowerShell) -> None:
    """Each case prints its code, and what the program was given."""
    program = granted.folder / "a program.py"
    program.write_text("import json, sys\nprint(json.dumps(sys.argv[2:]))\nsys.exit(int(sys.argv[1]))\n")
    words = ["", "a b", "it's", 'dou"ble', "$HOME", "`x", "a;b|c&d", "*", "grün", "--", "-x", "\\"]
    typed = " ".join("'" + word.replace("'", "''") + "'" for word in words)
    script = (
        f"$ours, $python = '{SCRIPT}', '{sys.executable}'\n"
        "foreach ($code in 0, 1, 7, 130, 255) {\n"
        f"& $ours exec dev -- $python '{program}' $code {typed}; $LASTEXITCODE }}\n"
        f"& $ours exec nobody -- true 2>$null; $LASTEXITCODE\n"
        f"& $ours exec dev -- /nowhere/none-such 2>$null; $LASTEXITCODE\n"
        f"& $ours get dev --nonsense 2>$null; $LASTEXITCODE"
    )
    found = pwsh.run(script, granted.environ, granted.folder)
    assert found.failed is None
    assert [line for line in found.output if line[0] != "["] == ["0", "1", "7", "130", "255", "3", "127", "2"]
    assert [json.loads(line) for line in found.output if line[0] == "["] == [words] * 5


# What a person who follows a guide has left there: from 7.5 on this clears nothing.
EMPTIED = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CREDENTIAL_EXPIRATION", "ASSUME_HELPER_PROFILE",
]  # fmt: skip


@pytest.fixture
def open_aws() -> Iterator[str]:
    """A local AWS of its own, on which anybody may do anything until it is closed."""
    with local_aws.started() as url:
        yield url


def test_the_walkthrough_from_empty_variables(home: Home, open_aws: str, pwsh: PowerShell) -> None:
    """Its script makes user, role and files; then the AWS CLI is denied as the user and allowed as the role, by the
    profile and with the credentials in this shell, and so is boto3.
    """
    empty = "".join(f"$Env:{name} = ''; " for name in EMPTIED)
    keys = "$Env:AWS_ACCESS_KEY_ID = 'local'; $Env:AWS_SECRET_ACCESS_KEY = 'local'; "
    python = f"& '{sys.executable}'"
    prepare_py = f"{python} '{prepare.__file__}' --into \"it's\" --endpoint-url {open_aws} --yes"
    done = pwsh.run(STRICT + empty + keys + prepare_py + " 2>&1", home.environ, home.folder)
    assert done.failed is None
    assert done.output[-4:-2] == [
        "Done. Now:",
        f"  $Env:AWS_CONFIG_FILE = '{home.folder}/it''s/config'; "
        f"$Env:AWS_SHARED_CREDENTIALS_FILE = '{home.folder}/it''s/credentials'",
    ]
    administrator = boto3.Session("local", "local", region_name="us-east-1")
    administrator.client("s3", endpoint_url=open_aws).create_bucket(Bucket="walkthrough-bucket")
    local_aws.close(open_aws)
    aws = f"{python} -m awscli --region us-east-1 s3 ls"
    show = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    script = [
        STRICT + empty + done.output[-3],
        f"{aws} --profile {prepare.USER} 2>&1; 'as the user: ' + $LASTEXITCODE",
        f"{aws} --profile {prepare.ROLE}; 'as the role: ' + $LASTEXITCODE",
        f"& '{SCRIPT}' env {prepare.ROLE} | iex",
        f"{aws}; 'with env: ' + $LASTEXITCODE",
        f'{python} -c "{show}"',
        CHILD,
    ]
    found = pwsh.run("\n".join(script), home.environ, home.folder)
    assert found.failed is None
    said = "\n".join(found.output)
    assert "AccessDenied" in said.partition("as the user: 255")[0]
    assert [line for line in found.output if line.endswith(": 0")] == ["as the role: 0", "with env: 0"]
    assert said.count(" walkthrough-bucket") == 2
    assert f":assumed-role/{prepare.ROLE}/" in found.output[-2]
    assert not {name for name, value in environment(found.output).items() if not value}
