"""`env`: a shell takes the role's credentials, and clears them."""

import json
import shutil
import signal
import subprocess
import sys

import pexpect
import pytest
from front import Front, denied, session, wait_for
from needs import full_disk
from running import SCRIPT, Home

SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith(('AWS', 'ASSUME_'))}))"
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
NAMES = {"ASSUME_HELPER_PROFILE", "AWSUME_PROFILE"}


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
def test_the_shell_it_is_called_from_takes_the_credentials(granted: Home, shell: str) -> None:
    stale = {"AWS_SECURITY_TOKEN": "stale", "AWS_PROFILE": "stale"}
    document = granted.get("dev")
    found = in_shell(granted, shell, SET[shell], **stale)
    assert found["AWS_ACCESS_KEY_ID"] == document["AccessKeyId"]
    assert found["AWS_SECRET_ACCESS_KEY"] == document["SecretAccessKey"]
    assert found["AWS_SESSION_TOKEN"] == document["SessionToken"]
    assert found["AWS_REGION"] == "us-east-1"
    assert "AWS_CREDENTIAL_EXPIRATION" in found
    assert not stale.keys() & found.keys()


@pytest.mark.parametrize("shell", CLEAR)
def test_credentials_and_whose_they_are_are_cleared(granted: Home, shell: str) -> None:
    found = in_shell(granted, shell, CLEAR[shell], **dict.fromkeys(SECRETS | NAMES, "set"), AWS_REGION="kept")
    assert not (SECRETS | NAMES) & found.keys()
    assert found["AWS_REGION"] == "kept"


def test_as_json_and_for_docker(granted: Home) -> None:
    document = granted.get("dev")
    found = json.loads(granted.run("env", "--json", "dev").stdout)
    assert found["AWS_SESSION_TOKEN"] == document["SessionToken"]
    lines = granted.run("env", "dev", "--shell", "dotenv").stdout.decode().splitlines()
    assert f"AWS_SECRET_ACCESS_KEY={document['SecretAccessKey']}" in lines
    assert all("=" in line and "'" not in line for line in lines)


@pytest.mark.parametrize(
    ("shell", "line"),
    [("powershell", "$Env:AWS_ACCESS_KEY_ID = 'ASIAFRONT00000000000'"), ("cmd", 'set "AWS_REGION=us-east-1"')],
)
def test_the_shells_of_windows(granted: Home, shell: str, line: str) -> None:
    text = granted.run("env", "dev", "--shell", shell).stdout.decode()
    assert line in text.replace("; ", "\n").splitlines()
    assert shell == "cmd" or text.count("\n") == 1


def test_on_a_terminal_it_says_how_to_apply_it(granted: Home) -> None:
    child = pexpect.spawn(
        "/bin/bash",
        ["-c", f"{SCRIPT} env dev 2> err; :"],
        env=granted.environ,
        cwd=str(granted.folder),
        encoding="utf-8",
    )
    child.expect(pexpect.EOF, timeout=60)
    assert (granted.folder / "err").read_text() == '# to apply it, run: eval "$(assume-helper env dev)"\n'
    assert "export AWS_ACCESS_KEY_ID=" in child.before


def test_the_line_to_apply_asks_for_the_same(granted: Home, offline_front: Front) -> None:
    """A role's ARN is nothing without what assumes it."""
    asked = "arn:aws:iam::123456789012:role/x --duration-seconds 900 --source-profile base"
    granted.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    child = pexpect.spawn("/bin/bash", ["-c", f"{SCRIPT} env {asked}; :"], env=granted.environ, encoding="utf-8")
    child.expect(pexpect.EOF, timeout=60)
    assert f'# to apply it, run: eval "$(assume-helper env {asked})"' in child.before


FAILURES = {
    "no such profile": (["nobody"], 3, "no such profile"),
    "refused": (["refused"], 6, "denied"),
    "an option of click's": (["dev", "--nonsense"], 2, "--nonsense"),
    "too many arguments": (["dev", "more"], 2, "more"),
    "no shell": (["dev", "--shell", "tcsh"], 2, "tcsh"),
    "both": (["dev", "--unset"], 2, "give it no profile"),
    "not with a session's option": (["--unset", "--duration-seconds", "900"], 2, "no option of a session"),
    "nobody to ask": ([], 2, "name a profile"),
}
OLD = {
    **dict.fromkeys(SECRETS, "old"),
    "AWS_ACCOUNT_ID": "111111111111",
    "AWS_CREDENTIAL_EXPIRATION": "old",
    "ASSUME_HELPER_PROFILE": "old",
}


def failing(arguments: list[str]) -> str:
    return " ".join([SCRIPT, "env", *arguments])


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_fails_the_shell_too_and_takes_the_old_credentials(
    granted: Home, offline_front: Front, case: str
) -> None:
    arguments, code, said = FAILURES[case]
    refused(granted, offline_front)
    ran = granted.run("env", *arguments, **OLD)
    assert (ran.code, ran.stdout[:6], ran.stdout[-8:]) == (code, b"unset ", b"; false\n")
    assert said in ran.stderr
    assert ran.stdout.count(b"\n") == 1
    for name in OLD:
        assert f" {name}".encode() in ran.stdout


EVALUATED = {
    "bash": 'eval "$({})"',
    "bash, unquoted": "eval $({})",
    "sh": 'eval "$({})"',
    "sh, unquoted": "eval $({})",
    "dash": 'eval "$({})"',
    "dash, unquoted": "eval $({})",
    "zsh": 'eval "$({})"',
    "zsh, unquoted": "eval $({})",
    "fish": "{} | source",
    "fish, eval": "eval ({})",
}


@pytest.mark.parametrize("arguments", [["nobody"], ["dev", "--nonsense"], ["refused"]], ids=" ".join)
@pytest.mark.parametrize("form", EVALUATED)
def test_what_comes_next_does_not_run_as_the_old_role(
    granted: Home, offline_front: Front, form: str, arguments: list[str]
) -> None:
    """In the real shells: behind && nothing runs, behind ; it has no credentials."""
    shell = form.partition(",")[0]
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    refused(granted, offline_front)
    line = EVALUATED[form].format(failing(arguments))
    show = f'{sys.executable} -c "{SHOW}"'
    ran = granted.run("-c", f"{line} && echo went on\n{show}", command=[program], **OLD, AWS_PROFILE="old")
    assert (ran.code, b"went on" in ran.stdout) == (0, False), ran.stderr
    assert json.loads(ran.stdout) == {"AWS_EC2_METADATA_DISABLED": "true"}
    assert ran.stderr.count("\n") == 1, "the shell itself has nothing to say"
    ran = granted.run(
        "-c", f"{line}\nexit $status" if shell == "fish" else f"set -e; {line}; exit 0", command=[program], **OLD
    )
    assert ran.code != 0


@pytest.mark.parametrize(
    "form", [["--shell", "dotenv"], ["--shell=dotenv"], ["--json"], ["--shell", "json"]], ids=" ".join
)
def test_a_failure_leaves_a_file_for_other_programs_empty(granted: Home, form: list[str]) -> None:
    granted.run("env", "nobody", *form).failed(3, "no such profile")
    granted.run("env", "dev", "--nonsense", *form).failed(2, "nonsense")


def test_a_failure_in_the_shells_of_windows(granted: Home) -> None:
    shown = granted.run("env", "nobody", "--shell", "powershell").stdout.decode()
    assert shown.startswith("$Env:AWS_ACCESS_KEY_ID = $null; $Env:")
    assert shown.endswith("; throw 'assume-helper env has failed';\n")
    *lines, last = granted.run("env", "nobody", "--shell=cmd").stdout.decode().splitlines()
    assert 'set "AWS_ACCESS_KEY_ID="' in lines
    assert last == "cmd /c exit 1"


def test_an_option_before_the_command_is_a_failure_too(granted: Home) -> None:
    assert granted.run("--nonsense", "env", "dev").stdout.endswith(b"; false\n")
    granted.run("--nonsense", "get", "env").failed(2, "nonsense")


def test_an_interrupt_is_a_failure_too(granted: Home, offline_front: Front) -> None:
    offline_front.behaviour = offline_front.hang
    process = granted.start("env", "dev", "--shell", "sh")
    wait_for(offline_front.arrived.is_set)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out[-8:]) == (130, b"; false\n")
    offline_front.released.set()


@pytest.mark.parametrize("missing", ["click", "shellingham", "assume_helper.export.shell_syntax"])
def test_a_program_that_is_not_whole_is_a_failure_too(granted: Home, missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = ['env', 'nobody']\n"
        "from assume_helper import start\nsys.exit(start.main())"
    )
    ran = granted.run("-c", program, command=[sys.executable], SHELL="/bin/zsh")
    assert ran.code != 0
    assert ran.stdout.endswith(b"false\n")
    assert ran.stderr.startswith("assume-helper: ")


def test_on_a_terminal_a_failure_is_told_and_nothing_else(granted: Home) -> None:
    child = pexpect.spawn(SCRIPT, ["env", "nobody"], env=granted.environ, encoding="utf-8")
    child.expect(pexpect.EOF, timeout=60)
    assert "no such profile" in child.before
    assert "unset" not in child.before


def refused(home: Home, front: Front) -> None:
    """A profile that STS refuses; all others are served."""
    with home.config.open("a") as config:
        config.write("[profile refused]\ninclude_profile = dev\nrole_arn = arn:aws:iam::123456789012:role/refused\n")
    front.behaviour = lambda call: (denied if call.parameters["RoleArn"].endswith("/refused") else session())(call)


@pytest.mark.parametrize("shell", SET)
def test_another_session_s_account_profile_region_and_endpoint_do_not_stay(granted: Home, shell: str) -> None:
    with granted.config.open("a") as config:
        config.write("[profile other]\nrole_arn = arn:aws:iam::210987654321:role/other\nsource_profile = base\n")
    stale = {"AWS_ACCOUNT_ID": "111111111111", "AWS_ROLE_ARN": "stale", "AWS_WEB_IDENTITY_TOKEN_FILE": "stale",
             "AWS_ROLE_SESSION_NAME": "stale", "AWS_VAULT": "stale", "ASSUME_HELPER_PROFILE": "stale",
             "AWS_CREDENTIAL_SCOPE": "stale"}  # fmt: skip
    found = in_shell(granted, shell, SET[shell], **stale)
    assert (found["AWS_ACCOUNT_ID"], found["ASSUME_HELPER_PROFILE"]) == ("123456789012", "dev")
    assert found["AWSUME_PROFILE"] == "dev"
    assert found["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert "stale" not in found.values()
    assert not {"AWS_ROLE_ARN", "AWS_VAULT"} & found.keys()
    url = found["AWS_ENDPOINT_URL"]
    line = SET[shell].replace("; {}", "; ") + SET[shell].replace("env dev", "env other")
    found = in_shell(granted, shell, line.replace("{}", SCRIPT, 1), AWS_ENDPOINT_URL_STS=url)
    assert (found["AWS_ACCOUNT_ID"], found["ASSUME_HELPER_PROFILE"]) == ("210987654321", "other")
    assert found["AWSUME_PROFILE"] == "other"
    assert not {"AWS_ENDPOINT_URL", "ASSUME_HELPER_ENDPOINT_URL", "AWS_REGION", "ASSUME_HELPER_REGION"} & found.keys()


@pytest.mark.parametrize("shell", CLEAR)
def test_nothing_of_a_session_is_left_by_unset(granted: Home, shell: str) -> None:
    line = SET[shell].replace("; {}", "; ").replace("{}", SCRIPT) + CLEAR[shell]
    assert in_shell(granted, shell, line) == {"AWS_EC2_METADATA_DISABLED": "true"}
    assert in_shell(granted, shell, CLEAR[shell], AWS_ENDPOINT_URL="http://127.0.0.1:1")["AWS_ENDPOINT_URL"]


def test_a_program_after_env_is_not_told_that_it_is_inside_exec(granted: Home) -> None:
    assert (
        in_shell(granted, "bash", 'eval "$({} env dev)"; ' + SCRIPT + " exec dev -- {}")["ASSUME_HELPER_PROFILE"]
        == "dev"
    )


def test_a_name_that_a_shell_cannot_hold_is_left_out(granted: Home) -> None:
    with granted.config.open("a") as config:
        config.write("[profile 100%]\ninclude_profile = dev\nrole_arn = arn:aws:iam::123456789012:role/dev\n")
    lines = granted.run("env", "100%", "--shell", "cmd").stdout.decode().splitlines()
    assert {'set "ASSUME_HELPER_PROFILE="', 'set "AWSUME_PROFILE="'} <= set(lines)


def test_a_region_that_came_with_the_credentials_goes_with_them(granted: Home) -> None:
    found = in_shell(granted, "bash", 'eval "$({} env dev)"; eval "$(' + SCRIPT + ' env --unset)"; {}')
    assert not {"AWS_REGION", "AWS_DEFAULT_REGION"} & found.keys()


def test_a_closed_standard_output_is_said(granted: Home) -> None:
    ran = granted.run("-c", f"{SCRIPT} env dev >&-", command=["/bin/sh"])
    assert ran.code == 1
    assert "standard output is closed" in ran.stderr


def test_a_full_standard_output_is_said(granted: Home) -> None:
    with full_disk() as full:
        ran = subprocess.run([SCRIPT, "list"], env=granted.environ, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 1
    assert b"the output cannot be printed (No space left on device)" in ran.stderr
