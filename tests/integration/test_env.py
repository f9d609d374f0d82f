"""`env`: a shell takes the role's credentials, and clears them."""

import json
import shutil
import subprocess
import sys

import pexpect
import pytest
from front import Front, session
from needs import full_disk
from running import SCRIPT, Home

SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith('AWS_')}))"
SET = {
    "bash": 'eval "$({} env dev)"; {}',
    "sh": 'eval "$({} env dev)"; {}',
    "zsh": 'eval "$({} env dev)"; {}',
    "fish": "{} env dev | source; {}",
}
CLEAR = {
    "bash": 'eval "$({} env --unset)"; {}',
    "sh": 'eval "$({} env --unset)"; {}',
    "zsh": 'eval "$({} env --unset)"; {}',
    "fish": "{} env --unset | source; {}",
}
SECRETS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"}


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = session()
    return role


def in_shell(home: Home, shell: str, line: str, **environ: str) -> dict[str, str]:
    """What a program sees after `line` in `shell`, which is detected, not named."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    show = f'{sys.executable} -c "{SHOW}"'
    ran = home.run("-c", line.format(SCRIPT, show), command=[program], **environ)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    found: dict[str, str] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("shell", SET)
def test_the_shell_it_is_called_from_takes_the_credentials(ready: Home, shell: str) -> None:
    stale = {"AWS_SECURITY_TOKEN": "stale", "AWS_PROFILE": "stale"}
    document = ready.get("dev")
    found = in_shell(ready, shell, SET[shell], **stale)
    assert found["AWS_ACCESS_KEY_ID"] == document["AccessKeyId"]
    assert found["AWS_SECRET_ACCESS_KEY"] == document["SecretAccessKey"]
    assert found["AWS_SESSION_TOKEN"] == document["SessionToken"]
    assert found["AWS_REGION"] == "us-east-1"
    assert "AWS_CREDENTIAL_EXPIRATION" in found
    assert not stale.keys() & found.keys()


@pytest.mark.parametrize("shell", CLEAR)
def test_the_four_variables_are_cleared(ready: Home, shell: str) -> None:
    found = in_shell(ready, shell, CLEAR[shell], **dict.fromkeys(SECRETS, "set"), AWS_REGION="kept")
    assert not SECRETS & found.keys()
    assert found["AWS_REGION"] == "kept"


def test_as_json_and_for_docker(ready: Home) -> None:
    document = ready.get("dev")
    found = json.loads(ready.run("env", "--json", "dev").stdout)
    assert found["AWS_SESSION_TOKEN"] == document["SessionToken"]
    lines = ready.run("env", "dev", "--shell", "dotenv").stdout.decode().splitlines()
    assert f"AWS_SECRET_ACCESS_KEY={document['SecretAccessKey']}" in lines
    assert all("=" in line and "'" not in line for line in lines)


@pytest.mark.parametrize(
    ("shell", "line"),
    [("powershell", "$Env:AWS_ACCESS_KEY_ID = 'ASIAFRONT00000000000'"), ("cmd", 'set "AWS_REGION=us-east-1"')],
)
def test_the_shells_of_windows(ready: Home, shell: str, line: str) -> None:
    assert line in ready.run("env", "dev", "--shell", shell).stdout.decode().splitlines()


def test_on_a_terminal_it_says_how_to_apply_it(ready: Home) -> None:
    child = pexpect.spawn(
        "/bin/bash", ["-c", f"{SCRIPT} env dev 2> err; :"], env=ready.environ, cwd=str(ready.folder), encoding="utf-8"
    )
    child.expect(pexpect.EOF, timeout=60)
    assert (ready.folder / "err").read_text() == '# to apply it, run: eval "$(assume-helper env dev)"\n'
    assert "export AWS_ACCESS_KEY_ID=" in child.before


def test_the_line_to_apply_asks_for_the_same(ready: Home, offline_front: Front) -> None:
    """A role's ARN is nothing without what assumes it."""
    asked = "arn:aws:iam::123456789012:role/x --duration-seconds 900 --source-profile base"
    ready.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    child = pexpect.spawn("/bin/bash", ["-c", f"{SCRIPT} env {asked}; :"], env=ready.environ, encoding="utf-8")
    child.expect(pexpect.EOF, timeout=60)
    assert f'# to apply it, run: eval "$(assume-helper env {asked})"' in child.before


def test_a_failure_prints_nothing_that_a_shell_would_run(ready: Home) -> None:
    ready.run("env", "nobody").failed(3, "no such profile")
    ready.run("env", "dev", "--unset").failed(2, "give it no profile")
    ready.run("env", "--unset", "--duration-seconds", "900").failed(2, "no option of a session")
    ready.run("env", "--unset", "--shell", "dotenv").failed(2, "cannot clear")
    ready.run("env", "dev", "--shell", "tcsh").failed(2, "tcsh")


def test_a_region_that_came_with_the_credentials_goes_with_them(ready: Home) -> None:
    found = in_shell(ready, "bash", 'eval "$({} env dev)"; eval "$(' + SCRIPT + ' env --unset)"; {}')
    assert not {"AWS_REGION", "AWS_DEFAULT_REGION"} & found.keys()


def test_a_closed_standard_output_is_said(ready: Home) -> None:
    ran = ready.run("-c", f"{SCRIPT} env dev >&-", command=["/bin/sh"])
    assert ran.code == 1
    assert "standard output is closed" in ran.stderr


def test_a_full_standard_output_is_said(ready: Home) -> None:
    with full_disk() as full:
        ran = subprocess.run([SCRIPT, "list"], env=ready.environ, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 1
    assert b"the output cannot be printed (No space left on device)" in ran.stderr
