"""`exec`: a program with a role's credentials, in this process's place or beside an endpoint that keeps them fresh."""

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pexpect
import pytest
from front import Front, denied, error, identity, session, wait_for
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

STALE = {
    "AWS_ACCESS_KEY_ID": "AKIASTALE",
    "AWS_SECRET_ACCESS_KEY": "stale",
    "AWS_SESSION_TOKEN": "stale",
    "AWS_SECURITY_TOKEN": "stale",
    "AWS_PROFILE": "stale",
    "AWS_DEFAULT_PROFILE": "stale",
    "AWS_ROLE_ARN": "stale",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "stale",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "stale",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stale",
    "ASSUME_HELPER_MFA_TOKEN": "123456",
}
ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


def seen(home: Home, *arguments: str, **environ: str) -> dict[str, str]:
    """The environment of the program that is run."""
    ran = home.run("exec", *arguments, "--", sys.executable, "-c", ENVIRONMENT, **environ)
    assert (ran.code, ran.stderr) == (0, ""), ran.stderr
    found: dict[str, str] = json.loads(ran.stdout)
    return found


def test_the_program_has_the_role_s_credentials_and_region_and_no_others(granted: Home) -> None:
    document = granted.get("dev")
    found = seen(granted, "dev", **STALE, OTHER="kept")
    assert found["AWS_ACCESS_KEY_ID"] == document["AccessKeyId"]
    assert found["AWS_SECRET_ACCESS_KEY"] == document["SecretAccessKey"]
    assert found["AWS_SESSION_TOKEN"] == document["SessionToken"]
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["AWS_CREDENTIAL_EXPIRATION"] >= document["Expiration"]
    assert found["OTHER"] == "kept"
    assert found["ASSUME_HELPER_PROFILE"] == found["AWSUME_PROFILE"] == "dev"
    assert not {"AWS_PROFILE", "AWS_VAULT"} & found.keys(), "the first sends SDKs to the config"
    assert "stale" not in found.values()
    assert "ASSUME_HELPER_MFA_TOKEN" not in found


def test_where_no_region_is_named_none_is_set(granted: Home, offline_front: Front) -> None:
    granted.config.write_text(granted.config.read_text().replace("region = us-east-1\n", ""))
    assert not {"AWS_REGION", "AWS_DEFAULT_REGION"} & set(seen(granted, "dev"))


def test_the_profile_may_be_the_environment_s(granted: Home) -> None:
    assert seen(granted, AWS_PROFILE="dev")["AWS_ACCESS_KEY_ID"] == "ASIAFRONT00000000000"


def test_a_role_s_arn_is_assumed_with_a_profile(granted: Home, offline_front: Front) -> None:
    arn = "arn:aws:iam::123456789012:role/other"
    environ = {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    options = ["--source-profile", "base", "--role-session-name", "x-1", "--duration-seconds", "900"]
    assert seen(granted, arn, *options, **environ)["AWS_ACCESS_KEY_ID"] == "ASIAFRONT00000000000"
    (call,) = offline_front.calls
    assert call.access_key_id == ACCESS_KEY_ID
    assert [call.parameters[n] for n in ("RoleArn", "RoleSessionName", "DurationSeconds")] == [arn, "x-1", "900"]


def test_a_role_s_arn_without_a_profile_is_assumed_by_the_environment(granted: Home, offline_front: Front) -> None:
    arn = "arn:aws:iam::123456789012:role/other"
    environ = {"AWS_ENDPOINT_URL": offline_front.url, "AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
    seen(granted, arn, **environ)
    assert offline_front.calls[0].access_key_id == "AKIAENV"


def test_it_leaves_no_process_behind_it(granted: Home) -> None:
    """The program has this process's number."""
    process = granted.start("exec", "dev", "--", sys.executable, "-c", "import os; print(os.getpid())")
    out, _ = process.communicate(timeout=60)
    assert int(out) == process.pid


def test_the_program_s_exit_code_and_streams_are_its_own(granted: Home) -> None:
    process = subprocess.run(
        [SCRIPT, "exec", "dev", "--", "sh", "-c", "cat; echo said >&2; exit 42"],
        input=b"given",
        capture_output=True,
        env=granted.environ,
        check=False,
        timeout=60,
    )
    assert (process.returncode, process.stdout, process.stderr) == (42, b"given", b"said\n")


def test_the_program_dies_of_a_broken_pipe_as_it_would_by_itself(granted: Home) -> None:
    """Python leaves SIGPIPE out, and a program would inherit that."""
    process = granted.start("exec", "dev", "--", "sh", "-c", "yes; echo $? >&2")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b"141\n"
    process.stderr.close()
    process.wait(60)


def test_options_behind_the_dashes_are_the_program_s(granted: Home) -> None:
    ran = granted.run("exec", "dev", "--", "echo", "--help", "--", "-x", "a  b")
    assert ran.stdout == b"--help -- -x a  b\n"


@pytest.mark.parametrize(
    ("command", "code"), [(["/there/is/none"], 127), (["not-a-program-of-mine"], 127), (["/etc/passwd"], 126)]
)
@pytest.mark.parametrize("refresh", [[], ["--refresh"]])
def test_a_program_that_cannot_be_started_has_a_shell_s_exit_code(
    granted: Home, command: list[str], code: int, refresh: list[str]
) -> None:
    granted.run("exec", *refresh, "dev", "--", *command).failed(code, "cannot be started", command[0])


def test_nothing_named_and_nobody_to_ask_is_a_usage_error(granted: Home) -> None:
    granted.run("exec", "--", "true").failed(2, "name a profile or a role's ARN, or set AWS_PROFILE")
    granted.run("exec", "dev", "--source-profile", "base", "--", "true").failed(
        2, "--source-profile is for a role's ARN"
    )
    arn = "arn:aws:iam::123456789012:role/other"
    granted.run("exec", arn, "--", "true").failed(2, "--source-profile NAME")


def test_a_refusal_runs_nothing(granted: Home, offline_front: Front) -> None:
    offline_front.behaviour = denied
    granted.run("exec", "dev", "--", "touch", "ran").failed(6, "denied AssumeRole")
    assert not (granted.folder / "ran").exists()


def test_one_inside_another_is_warned_of(granted: Home) -> None:
    ran = granted.run("exec", "dev", "--", SCRIPT, "exec", "dev", "--", "echo", "run")
    assert (ran.code, ran.stdout) == (0, b"run\n")
    assert ran.stderr == "assume-helper: warning: this already runs inside `assume-helper exec dev`\n"


def test_without_a_program_it_is_the_user_s_shell(granted: Home) -> None:
    shell = pexpect.spawn(
        SCRIPT,
        ["exec", "dev"],
        env=granted.environ | {"SHELL": "/bin/sh", "PS1": "PROMPT "},
        encoding="utf-8",
        timeout=60,
    )
    shell.expect_exact("you are arn:aws:sts::123456789012:assumed-role/dev/")
    shell.expect_exact("`exit` leaves this shell")
    shell.sendline("echo key=$AWS_ACCESS_KEY_ID.")
    shell.expect_exact("key=ASIAFRONT00000000000.")
    shell.sendline("exit 3")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 3


# --refresh


def test_with_refresh_the_program_has_an_endpoint_in_place_of_keys(granted: Home) -> None:
    found = seen(granted, "--refresh", "dev", **STALE)
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & set(found)
    assert found["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:")
    assert len(found["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) >= 32
    assert found["AWS_REGION"] == "us-east-1"


ASKS = """
import json, os, sys, urllib.error, urllib.request
url, token = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
def ask(url, headers, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
print(json.dumps([
    ask(url, {"Authorization": token}), ask(url, {}), ask(url, {"Authorization": token + "x"}),
    ask(url, {"Authorization": token[:-1]}), ask(url + "/more", {"Authorization": token}),
    ask(url.rpartition("/")[0], {}), ask(url, {"Authorization": "\\u00e9"}),
    ask(url, {}, "POST"), ask(url, {}, "HEAD"), ask(url, {}, "BREW"), ask(url, {"Authorization": token}, "POST"),
]))
"""


def test_the_endpoint_answers_who_has_the_token_and_tells_others_nothing(granted: Home) -> None:
    ran = granted.run("exec", "--refresh", "dev", "--", sys.executable, "-c", ASKS, NO_PROXY="*")
    assert (ran.code, ran.stderr) == (0, "")
    good, *others = json.loads(ran.stdout)
    assert good[0] == 200
    document = json.loads(good[1])
    assert document["AccessKeyId"] == "ASIAFRONT00000000000"
    assert set(document) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "RoleArn"}
    assert others == [[401, ""], [401, ""], [401, ""], [404, ""], [401, ""], [401, ""], *[[401, ""]] * 3, [404, ""]]


BOTO3 = """
import sys, boto3
client = boto3.client("sts")
for line in sys.stdin:
    client.get_caller_identity()
    print(client._request_signer._credentials.access_key, flush=True)
"""
AWS_CLI = """
import subprocess, sys
for line in sys.stdin:
    words = [sys.executable, "-m", "awscli", "sts", "get-caller-identity"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    print("done", flush=True)
"""


CRT = """
import sys
from awscrt.auth import AwsCredentialsProvider
from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup
loop = EventLoopGroup(1)
provider = AwsCredentialsProvider.new_default_chain(ClientBootstrap(loop, DefaultHostResolver(loop)))
import boto3
for line in sys.stdin:
    found = provider.get_credentials().result(30)
    keys = found.access_key_id, found.secret_access_key, found.session_token
    boto3.client("sts", None, None, True, None, None, *keys).get_caller_identity()
    print("done", flush=True)
"""
# Longer than a call takes on a machine that is busy.
SHORT = 5


@pytest.fixture
def numbered(granted: Home, offline_front: Front) -> Front:
    """STS whose sessions last seconds, and are refused when they are over."""
    ends: dict[str, float] = {}

    def answer(call: Any) -> Any:
        if call.action == "GetCallerIdentity":
            if ends.get(call.access_key_id, 0) < time.time():
                return error(403, "ExpiredToken", "The security token included in the request is expired")(call)
            return identity("arn:aws:sts::123456789012:assumed-role/dev/x")(call)
        number = len([c for c in offline_front.calls if c.action == "AssumeRole"])
        ends[f"ASIA{number:016}"] = time.time() + SHORT
        return session(SHORT, access_key_id=f"ASIA{number:016}")(call)

    offline_front.behaviour = answer
    granted.environ["AWS_ENDPOINT_URL"] = offline_front.url
    return offline_front


@pytest.mark.parametrize(
    "program",
    [[sys.executable, "-c", BOTO3], [sys.executable, "-c", AWS_CLI], [sys.executable, "-c", CRT]],
    ids=["boto3", "aws", "crt"],
)
def test_an_sdk_goes_on_past_the_end_of_its_credentials(granted: Home, numbered: Front, program: list[str]) -> None:
    process = subprocess.Popen(
        [SCRIPT, "exec", "--refresh", "dev", "--", *program],
        env=granted.environ | {"NO_PROXY": "*"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(2):
        process.stdin.write(b"again\n")
        process.stdin.flush()
        assert process.stdout.readline()
        end = time.time() + SHORT
        wait_for(lambda end=end: time.time() > end)  # type: ignore[misc]
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
    used = [call.access_key_id for call in numbered.calls if call.action == "GetCallerIdentity"]
    assert len(used) == 2
    assert all(key.startswith("ASIA00000") for key in used)
    assert len(set(used)) == 2, "the first had ended before the second call"


def test_the_default_profile_s_credentials_do_not_come_before_the_endpoint(granted: Home, numbered: Front) -> None:
    with granted.credentials.open("a") as credentials:
        credentials.write(f"[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = {SECRET}\n")
    ran = subprocess.run(
        [SCRIPT, "exec", "--refresh", "dev", "--", sys.executable, "-c", BOTO3],
        env=granted.environ | {"NO_PROXY": "*"},
        input=b"once\n",
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert ran.stdout.startswith(b"ASIA")


def test_what_would_end_the_process_ends_the_program_and_its_code_is_its_own(granted: Home) -> None:
    process = granted.start("exec", "--refresh", "dev", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (-signal.SIGTERM, b"")
    assert granted.run("exec", "--refresh", "dev", "--", "sh", "-c", "exit 7").code == 7


STALE_IDENTITY = {
    "AWS_ACCOUNT_ID": "999999999999",
    "AWS_ROLE_ARN": "stale",
    "AWS_ROLE_SESSION_NAME": "stale",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "stale",
    "AWS_CREDENTIAL_SCOPE": "stale",
    "AWS_VAULT": "stale",
    "AWSUME_PROFILE": "stale",
    "AWS_SSO_ACCOUNT_ID": "stale",
    "AWS_ACCESS_KEY": "stale",
    "AWS_SECRET_KEY": "stale",
}


@pytest.mark.parametrize("refresh", [[], ["--refresh"]])
def test_no_variable_names_another_identity_and_the_account_is_the_session_s(granted: Home, refresh: list[str]) -> None:
    found = seen(granted, *refresh, "dev", **STALE_IDENTITY, AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled")
    assert found["AWS_ACCOUNT_ID"] == "123456789012"
    assert "stale" not in found.values()
    assert found["AWSUME_PROFILE"] == "dev", "also where the program gets an endpoint in place of keys"
    assert found["AWS_ACCOUNT_ID_ENDPOINT_MODE"] == "disabled", "a setting, and nobody's name"


@pytest.mark.parametrize("refresh", [[], ["--refresh"]])
def test_the_profile_s_endpoint_is_handed_on_and_is_not_the_next_one_s(
    granted: Home, offline_front: Front, refresh: list[str]
) -> None:
    with granted.config.open("a") as config:
        config.write(
            "[profile none]\nrole_arn = arn:aws:iam::123456789012:role/none\nsource_profile = base\n"
            "region = us-east-1\n[profile ours]\ninclude_profile = none\n"
            f"assume_helper_endpoint_url = {offline_front.url}\n"
            f"[profile ignoring]\ninclude_profile = dev\nignore_configured_endpoint_urls = true\n"
        )
    assert seen(granted, *refresh, "dev")["AWS_ENDPOINT_URL"] == offline_front.url
    other = "http://127.0.0.1:9"
    found = seen(granted, *refresh, "dev", AWS_ENDPOINT_URL=other, AWS_ENDPOINT_URL_STS=offline_front.url)
    assert (found["AWS_ENDPOINT_URL"], "ASSUME_HELPER_ENDPOINT_URL" in found) == (other, False), "a person's wins"
    assert "AWS_ENDPOINT_URL" not in seen(granted, *refresh, "ours"), "the prefix is for STS alone"
    program = [sys.executable, "-c", ENVIRONMENT]
    inner = ["env", f"AWS_ENDPOINT_URL_STS={offline_front.url}", SCRIPT, "exec", "none", "--", *program]
    ran = granted.run("exec", *refresh, "dev", "--", *inner)
    assert not {"AWS_ENDPOINT_URL", "ASSUME_HELPER_ENDPOINT_URL"} & json.loads(ran.stdout).keys()
    calls = len(offline_front.calls)
    ran = granted.run("exec", *refresh, "dev", "--", SCRIPT, "get", "none", HTTPS_PROXY=offline_front.url)
    assert ran.code == 7
    assert offline_front.calls[calls].parameters == {"CONNECT": "sts.us-east-1.amazonaws.com:443"}


def test_the_endpoint_ends_with_the_program(granted: Home) -> None:
    ran = granted.run("exec", "--refresh", "dev", "--", "sh", "-c", "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI")
    with pytest.raises((urllib.error.URLError, ConnectionResetError)):
        urllib.request.urlopen(ran.stdout.decode().strip(), timeout=5)


def test_control_c_is_the_program_s_to_answer(granted: Home) -> None:
    program = (
        "import signal, sys, time\nsignal.signal(signal.SIGINT, lambda *a: sys.exit(5))\nprint('ready')\ntime.sleep(60)"
    )
    child = pexpect.spawn(
        SCRIPT,
        ["exec", "--refresh", "dev", "--", sys.executable, "-uc", program],
        env=granted.environ,
        encoding="utf-8",
        timeout=60,
    )
    child.expect_exact("ready")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5


def test_no_secret_is_in_an_argument_of_any_process(granted: Home) -> None:
    process = granted.start("exec", "--refresh", "dev", "--", "sh", "-c", "echo ready; read line")
    assert process.stdout is not None
    process.stdout.readline()
    shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    assert SECRET.encode() not in shown
    assert b"front+secret" not in shown
    process.communicate(timeout=60)
    wait_for(lambda: process.poll() is not None)


def test_one_profile_s_region_is_not_the_next_one_s(granted: Home) -> None:
    with granted.config.open("a") as config:
        config.write("[profile eu]\ninclude_profile = dev\nregion = eu-west-3\n")
        config.write("[profile none]\nrole_arn = arn:aws:iam::123456789012:role/none\nsource_profile = base\n")
    program = [sys.executable, "-c", ENVIRONMENT]
    ran = granted.run("exec", "dev", "--", SCRIPT, "exec", "eu", "--", *program)
    assert json.loads(ran.stdout)["AWS_REGION"] == json.loads(ran.stdout)["AWS_DEFAULT_REGION"] == "eu-west-3"
    ran = granted.run("exec", "dev", "--", "env", "AWS_REGION=ap-south-1", SCRIPT, "exec", "eu", "--", *program)
    assert json.loads(ran.stdout)["AWS_REGION"] == "ap-south-1", "somebody has said so since"
    environ = {"AWS_ENDPOINT_URL": granted.config.read_text().partition("endpoint_url = ")[2].split()[0]}
    ran = granted.run("exec", "dev", "--", SCRIPT, "exec", "none", "--", *program, **environ)
    assert "AWS_REGION" not in json.loads(ran.stdout)


def test_what_is_ignored_stays_ignored_in_the_program(granted: Home) -> None:
    """nohup."""
    program = "import signal; print([signal.getsignal(n) == signal.SIG_IGN for n in (1, 2, 3)])"
    command = f"trap '' HUP INT QUIT; exec {SCRIPT} exec --refresh dev -- {sys.executable} -c '{program}'"
    ran = granted.run("-c", command, command=["/bin/sh"])
    assert ran.stdout == b"[True, True, True]\n"


@pytest.mark.parametrize("refresh", ["", "--refresh"])
def test_what_the_caller_has_opened_is_open_in_the_program(granted: Home, refresh: str) -> None:
    ran = granted.run("-c", f"exec 5>five; {SCRIPT} exec {refresh} dev -- sh -c 'echo hi >&5'", command=["/bin/sh"])
    assert (ran.code, ran.stderr) == (0, "")
    assert (granted.folder / "five").read_text() == "hi\n"


def test_an_interrupt_that_is_not_the_keyboard_s_reaches_the_program(granted: Home) -> None:
    process = granted.start("exec", "--refresh", "dev", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT


def test_that_a_file_is_hidden_is_said(granted: Home) -> None:
    with granted.credentials.open("a") as credentials:
        credentials.write(f"[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = {SECRET}\n")
    ran = granted.run("exec", "--refresh", "dev", "--", "true")
    assert "does not see the file of AWS_SHARED_CREDENTIALS_FILE" in ran.stderr


def test_a_forgotten_pair_of_dashes_is_named(granted: Home) -> None:
    granted.run("exec", "dev", "aws", "s3", "ls").failed(2, "put -- before the command")
