"""What an answer depends on beside its config: what it names, and what that is resolved through.

Whoever asks from somewhere else (another HOME, working directory, PATH, host, container, token) never gets a session
that was made for another identity. Where all of that comes to the same, it is the same session, and no call to STS.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import canned
import pytest
from canned import Asked, serving
from front import Front, session
from running import SCRIPT, Home, Ran

ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\n"


@pytest.fixture
def home_(home: Home, offline_front: Front) -> Home:
    """A home whose STS is the front, and whose config, credentials and cache stay the same in another HOME."""
    offline_front.behaviour = session()
    home.environ |= {
        "AWS_ENDPOINT_URL_STS": offline_front.url,
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(home.config),
        "AWS_SHARED_CREDENTIALS_FILE": str(home.credentials),
        "ASSUME_HELPER_CACHE_DIR": str(home.cache),
    }
    home.credentials.write_text("[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = dummy\n")
    return home


def settled(*paths: Path) -> None:
    """Files that have not just changed: what was read from them is remembered."""
    for path in paths:
        os.utime(path, (1_700_000_000, 1_700_000_000))


def configure(home: Home, dev: str, more: str = "") -> None:
    home.config.write_text(f"[profile dev]\n{ROLE}{dev}\n{more}")
    settled(home.config, home.credentials)


def get(home: Home, folder: Path | None = None, /, **environ: str) -> None:
    """Ask twice, from `folder`: the second time it may be a hit."""
    for _ in range(2):
        assert run(home, folder, **environ).code == 0


def run(home: Home, folder: Path | None = None, /, **environ: str) -> Ran:
    command = (SCRIPT,) if folder is None else ("env", "-C", str(folder), SCRIPT)
    ran = home.run("get", "dev", command=command, **environ)
    assert ran.code != 0 or ran.stderr == ""
    return ran


def is_hit(home: Home, **environ: str) -> bool:
    """Whether the next call is a hit: it does not open the config."""
    trace = home.folder / "opened"
    command = ["strace", "-f", "-e", "trace=openat", "-o", str(trace), SCRIPT]
    assert home.run("get", "dev", command=command, **environ).code == 0
    return str(home.config) not in trace.read_text()


def policies(front: Front) -> list[str]:
    return [json.loads(call.parameters["Policy"])["Statement"]["Sid"] for call in front.calls]


def policy(path: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": {"Sid": name, "Effect": "Deny"}}))
    settled(path)


def program(path: Path, key: str) -> Path:
    """A program that prints an access key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "s" * 40})
    path.write_text(f"#!/bin/sh\necho '{document}'\n")
    path.chmod(0o700)
    return path


def document(path: Path, key: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "s" * 40}))
    return path


def keys(front: Front) -> list[str]:
    return [call.access_key_id for call in front.calls]


# A policy.


def test_another_home_has_another_policy(home_: Home, offline_front: Front) -> None:
    configure(home_, "source_profile = base\nsession_policy = ~/policy.json")
    for name in ("wide", "narrow"):
        policy(home_.folder / name / "policy.json", name)
    for name in ("wide", "narrow", "wide", "narrow"):
        get(home_, HOME=str(home_.folder / name))
    assert policies(offline_front) == ["wide", "narrow"]


def test_two_homes_with_the_same_policy_share_a_session(home_: Home, offline_front: Front) -> None:
    configure(home_, "source_profile = base\nsession_policy = ~/policy.json")
    for name in ("one", "other"):
        policy(home_.folder / name / "policy.json", "same")
        get(home_, HOME=str(home_.folder / name))
    assert policies(offline_front) == ["same"]


def test_a_relative_config_file_has_its_own_policy_in_each_directory(home_: Home, offline_front: Front) -> None:
    """One file with two names: nothing but the working directory tells them apart."""
    configure(home_, "source_profile = base\nsession_policy = policy.json")
    for name in ("wide", "narrow"):
        policy(home_.folder / name / "policy.json", name)
        os.link(home_.config, home_.folder / name / "config")
    for name in ("wide", "narrow", "wide", "narrow"):
        get(home_, home_.folder / name, AWS_CONFIG_FILE="config")
    assert policies(offline_front) == ["wide", "narrow"]


def test_a_config_file_behind_a_variable_or_a_link_is_the_one_that_it_leads_to(
    home_: Home, offline_front: Front
) -> None:
    configure(home_, "source_profile = base\nsession_policy = policy.json")
    for name in ("wide", "narrow"):
        policy(home_.folder / name / "policy.json", name)
        os.link(home_.config, home_.folder / name / "config")
        get(home_, AWS_CONFIG_FILE="$WHERE/config", WHERE=str(home_.folder / name))
    link = home_.folder / "link"
    for name in ("wide", "narrow", "wide"):
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        get(home_, AWS_CONFIG_FILE=str(link / "config"))
    assert policies(offline_front) == ["wide", "narrow"]


# A process.


def test_a_relative_program_is_another_in_another_directory_and_each_is_remembered(
    home_: Home, offline_front: Front
) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = ./tool\n")
    for name in ("one", "other"):
        program(home_.folder / name / "tool", f"AKIA{name.upper()}")
    for name in ("one", "other", "one", "other"):
        get(home_, home_.folder / name)
    assert keys(offline_front) == ["AKIAONE", "AKIAOTHER"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_relative_program_is_remembered(home_: Home) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = ./tool x\n")
    program(home_.folder / "tool", "AKIAONE")
    get(home_)
    assert is_hit(home_)


def test_a_program_on_another_path_is_another_program(home_: Home, offline_front: Front) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = tool\n")
    for name in ("one", "other"):
        program(home_.folder / name / "tool", f"AKIA{name.upper()}")
    (home_.folder / "none").mkdir()
    path = home_.environ["PATH"]
    for name in ("one", "other", "one", "other"):
        get(home_, PATH=f"{home_.folder}/none:{home_.folder}/{name}:{path}")
    assert keys(offline_front) == ["AKIAONE", "AKIAOTHER"]
    program(home_.folder / "none" / "tool", "AKIANEW")  # what was looked for, and was not there
    get(home_, PATH=f"{home_.folder}/none:{home_.folder}/one:{path}")
    assert keys(offline_front)[2:] == ["AKIANEW"]


def test_another_path_and_directory_that_come_to_the_same_program_are_the_same_session(
    home_: Home, offline_front: Front
) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = tool --as me\n")
    program(home_.folder / "one" / "tool", "AKIAONE")
    (home_.folder / "link").symlink_to("one")
    path = home_.environ["PATH"]
    for name in ("one", "link"):
        get(home_, PATH=f"{home_.folder}/{name}:{path}")
        get(home_, home_.folder / "one", PATH=f"{path}:{home_.folder}/{name}", HOME=str(home_.folder / name))
    assert keys(offline_front) == ["AKIAONE"]


@pytest.mark.parametrize(
    "command",
    [
        "cat key.json",
        "/bin/cat ./key.json",
        "cat -- key.json",
        "sh -c 'cat key.json'",
        "sh -c 'cat <key.json'",
        "awk 1 FS=x key.json",
        "dd status=none if=key.json",
        "env X=key.json sh -c 'cat $X'",
    ],
)
def test_an_argument_that_names_a_file_is_another_in_another_directory(
    home_: Home, offline_front: Front, command: str
) -> None:
    configure(home_, "source_profile = tool", f"[profile tool]\ncredential_process = {command}\n")
    for name in ("one", "other"):
        document(home_.folder / name / "key.json", f"AKIA{name.upper()}")
    for name in ("one", "other", "one", "other"):
        get(home_, home_.folder / name)
    assert keys(offline_front) == ["AKIAONE", "AKIAOTHER"]


@pytest.mark.parametrize(
    "command", ["sh -c 'cat ~/key.json'", "sh -c 'cat $HOME/key.json'", "sh -c 'cat \"${HOME}/key.json\"'"]
)
def test_an_argument_that_a_shell_expands_is_another_in_another_home(
    home_: Home, offline_front: Front, command: str
) -> None:
    configure(home_, "source_profile = tool", f"[profile tool]\ncredential_process = {command}\n")
    for name in ("one", "other"):
        document(home_.folder / name / "key.json", f"AKIA{name.upper()}")
    for name in ("one", "other", "one", "other"):
        get(home_, HOME=str(home_.folder / name))
    assert keys(offline_front) == ["AKIAONE", "AKIAOTHER"]


def test_a_variable_in_an_argument_tells_sessions_apart_and_is_in_no_file(home_: Home, offline_front: Front) -> None:
    tool = program(home_.folder / "tool", "")
    tool.write_text(
        '#!/bin/sh\nprintf \'{"Version": 1, "AccessKeyId": "AKIA%s", "SecretAccessKey": "0123456789abcdef"}\' "$1"\n'
    )
    configure(home_, "source_profile = tool", f"[profile tool]\ncredential_process = sh -c '{tool} $WHO'\n")
    for who in ("ONE", "OTHER", "ONE", "OTHER"):
        get(home_, WHO=who)
    assert keys(offline_front) == ["AKIAONE", "AKIAOTHER"]
    assert not any(b"OTHER" in path.read_bytes() for path in home_.cache.glob("*.hit"))


def test_a_program_that_a_shell_finds_on_another_path_is_another(home_: Home, offline_front: Front) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = env tool\n")
    for name in ("one", "other"):
        program(home_.folder / name / "tool", f"AKIA{name.upper()}")
    for name in ("one", "other", "one", "other"):
        get(home_, PATH=f"{home_.folder}/{name}:{home_.environ['PATH']}")
    assert keys(offline_front) == ["AKIAONE", "AKIAOTHER"]


# What cannot be resolved now.


def test_while_a_program_is_upgraded_what_its_profile_led_to_last_is_served(home_: Home, offline_front: Front) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = tool\n")
    tool = program(home_.folder / "bin" / "tool", "AKIAONE")
    path = f"{home_.folder}/bin:{home_.environ['PATH']}"
    get(home_, PATH=path)
    tool.unlink()
    assert run(home_, PATH=path).document["AccessKeyId"].startswith("ASIA")
    log = [json.loads(line) for line in home_.log.read_text().splitlines()]
    assert any(event["event"] == "warning" and "is not there" in event["message"] for event in log)
    # From another PATH it is not known what the program would be.
    run(home_, PATH=home_.environ["PATH"]).failed(3, "cannot be started")
    assert run(home_, PATH=path).code == 0
    home_.config.write_text(home_.config.read_text() + "\n")  # another config is another question
    settled(home_.config)
    run(home_, PATH=path).failed(3, "cannot be started")
    program(tool, "AKIATWO")
    get(home_, PATH=path)
    assert keys(offline_front) == ["AKIAONE"]


def test_while_an_interpreter_s_script_is_upgraded_what_there_is_is_served(home_: Home, offline_front: Front) -> None:
    script = document(home_.folder / "tool" / "script", "AKIAONE")
    configure(home_, "source_profile = tool", f"[profile tool]\ncredential_process = cat {script}\n")
    get(home_)
    script.unlink()
    assert run(home_).code == 0
    assert keys(offline_front) == ["AKIAONE"]


def test_what_is_served_meanwhile_is_good_for_a_minute_at_least(home_: Home, offline_front: Front) -> None:
    offline_front.behaviour = session(50)
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = ./tool\n")
    tool = program(home_.folder / "tool", "AKIAONE")
    assert run(home_).code == 0
    tool.unlink()
    run(home_).failed(3, "cannot be started")


def test_without_anything_cached_a_program_that_is_not_there_is_told(home_: Home) -> None:
    configure(home_, "source_profile = tool", "[profile tool]\ncredential_process = ./tool\n")
    run(home_).failed(3, "cannot be started", "No such file")


# A web identity token.


def jwt(number: int = 0, **claims: Any) -> str:
    """A token as an issuer writes it anew each time."""
    standard = {"iss": "https://issuer", "sub": "me", "aud": ["sts.amazonaws.com"], "iat": number, "exp": number + 3600}
    return canned.jwt(standard | claims, number)


def test_a_token_of_another_identity_gets_another_session_and_a_renewed_one_the_same(
    home_: Home, offline_front: Front
) -> None:
    claims = {"sub": "other"}  # each claim that counts: tests/unit/profiles/test_resolution.py
    token = home_.folder / "token"
    configure(home_, "web_identity_token_file = ~/token")
    for number, more in ((1, {}), (2, {}), (3, claims), (4, claims), (5, {})):
        token.write_text(jwt(number, **more) + "\n")
        settled(token)
        get(home_)
    assert [c.parameters["WebIdentityToken"] for c in offline_front.calls] == [jwt(1), jwt(3, **claims)]


def test_a_token_that_is_no_jwt_is_identified_by_a_keyed_digest(home_: Home, offline_front: Front) -> None:
    token = home_.folder / "token"
    configure(home_, f"web_identity_token_file = {token}")
    for text in ("opaque-token-one", "opaque-token-other", "opaque-token-one"):
        token.write_text(text)
        settled(token)
        get(home_)
    assert [c.parameters["WebIdentityToken"] for c in offline_front.calls] == ["opaque-token-one", "opaque-token-other"]
    algorithms = ("md5", "sha1", "sha256", "sha512", "blake2b")
    plain = [hashlib.new(algorithm, b"opaque-token-one").hexdigest().encode() for algorithm in algorithms]
    for path in home_.cache.iterdir():
        assert not any(form in path.name.encode() + path.read_bytes() for form in [b"opaque-token", *plain])
    assert (home_.cache / "digest-key").stat().st_mode & 0o777 == 0o600


def test_another_home_has_another_token(home_: Home, offline_front: Front) -> None:
    configure(home_, "web_identity_token_file = ~/token")
    for name in ("one", "other"):
        (home_.folder / name).mkdir()
        (home_.folder / name / "token").write_text(jwt(sub=name))
        settled(home_.folder / name / "token")
    for name in ("one", "other", "one"):
        get(home_, HOME=str(home_.folder / name))
    assert [c.parameters["WebIdentityToken"] for c in offline_front.calls] == [jwt(sub="one"), jwt(sub="other")]
    (home_.folder / "empty").mkdir()
    run(home_, HOME=str(home_.folder / "empty")).failed(4, "cannot be read")


@pytest.mark.parametrize("content", [None, "", "x"])
def test_while_a_token_is_replaced_what_its_profile_led_to_last_is_served(
    home_: Home, offline_front: Front, content: str | None
) -> None:
    token = home_.folder / "token"
    configure(home_, f"web_identity_token_file = {token}")
    token.write_text(jwt(1))
    settled(token)
    get(home_)
    token.unlink()
    if content is not None:
        token.write_text(content)
    assert run(home_).code == 0
    assert len(offline_front.calls) == 1
    token.write_text(jwt(2, sub="other"))
    get(home_)
    assert len(offline_front.calls) == 2


# A container, a machine, a host.


def test_a_container_s_token_tells_containers_apart(home_: Home, offline_front: Front) -> None:
    """By a file or in the environment, as a JWT or not; which is never in a file of the cache."""

    def whose(asked: Asked) -> tuple[int, dict[str, str]]:
        token = asked.headers.get("authorization", "none")
        who = "OTHER" if "other" in token or jwt(2, sub="b") == token else "ONE"
        return 200, {
            "AccessKeyId": f"ASIA{who}", "SecretAccessKey": "s" * 40, "Token": "t",
            "Expiration": "2099-01-01T00:00:00Z",
        }  # fmt: skip

    configure(home_, "credential_source = EcsContainer")
    file = home_.folder / "token"
    with serving(whose) as canned:
        uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{canned.url}/creds"}
        for text in ("one-token", "other-token", "one-token"):
            get(home_, **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN=text)
        assert keys(offline_front) == ["ASIAONE", "ASIAOTHER"]
        for text in ("one-token", "other-token", "one-token"):
            file.write_text(text)
            get(home_, **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file))
        assert keys(offline_front) == ["ASIAONE", "ASIAOTHER"]
        for number, sub in ((1, "a"), (2, "b"), (3, "a")):
            file.write_text(jwt(number, sub=sub))
            get(home_, **uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file))
        assert keys(offline_front) == ["ASIAONE", "ASIAOTHER", "ASIAONE", "ASIAOTHER"]
    for path in home_.cache.iterdir():
        assert b"-token" not in path.read_bytes(), path


def imds(key: str) -> Any:
    def answer(asked: Asked) -> tuple[int, Any]:
        if asked.path.endswith("/api/token"):
            return 200, "imds-token"
        if asked.path.endswith("/security-credentials/"):
            return 200, "a-role"
        return 200, {
            "Code": "Success", "AccessKeyId": key, "SecretAccessKey": "s" * 40, "Token": "t",
            "Expiration": "2099-01-01T00:00:00Z",
        }  # fmt: skip

    return answer


def test_two_addresses_of_the_metadata_are_two_machines(home_: Home, offline_front: Front) -> None:
    del home_.environ["AWS_EC2_METADATA_DISABLED"]
    configure(home_, "credential_source = Ec2InstanceMetadata")
    with serving(imds("ASIAONE")) as one, serving(imds("ASIAOTHER")) as other:
        for canned in (one, other, one, other):
            get(home_, AWS_EC2_METADATA_SERVICE_ENDPOINT=canned.url)
    assert keys(offline_front) == ["ASIAONE", "ASIAOTHER"]


def _elsewhere(*command: str) -> list[str]:
    return ["unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh", *command]


def can_rename_the_host() -> bool:
    ran = subprocess.run(_elsewhere("true"), capture_output=True, check=False)
    return ran.returncode == 0


on_another_host = pytest.mark.skipif(
    shutil.which("unshare") is None or not can_rename_the_host(), reason="the host cannot have another name here"
)


@on_another_host
def test_another_machine_over_the_same_home_has_its_own_session(home_: Home, offline_front: Front) -> None:
    del home_.environ["AWS_EC2_METADATA_DISABLED"]
    configure(home_, "credential_source = Ec2InstanceMetadata")
    with serving(imds("ASIAONE")) as canned:
        home_.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = canned.url
        for _ in range(2):
            get(home_)
            assert home_.run("get", "dev", command=_elsewhere(SCRIPT)).code == 0
    assert len(offline_front.calls) == 2


@on_another_host
@pytest.mark.parametrize("name", ["ci-{host}", "ci-{user}-{host}"])
def test_a_session_that_is_named_after_the_host_is_not_another_host_s(
    home_: Home, offline_front: Front, name: str
) -> None:
    configure(home_, f"source_profile = base\nrole_session_name = {name}")
    for _ in range(2):
        get(home_)
        assert home_.run("get", "dev", command=_elsewhere(SCRIPT)).code == 0
    names = [call.parameters["RoleSessionName"] for call in offline_front.calls]
    assert len(names) == 2
    assert names[1].endswith("-elsewhere")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("name", ["ci-{host}", "{user}", "plain"])
def test_a_session_that_is_named_after_host_or_user_is_a_hit(home_: Home, name: str) -> None:
    configure(home_, f"source_profile = base\nrole_session_name = {name}")
    get(home_)
    assert is_hit(home_)


# The stamp is of what was read.


def test_clear_deletes_a_profile_s_hit_files_with_any_stamp(home_: Home, offline_front: Front) -> None:
    configure(home_, "source_profile = base", f"[profile other]\n{ROLE}source_profile = base\n")
    get(home_)
    get(home_, HOME=str(home_.folder / "elsewhere"), AWS_EC2_METADATA_DISABLED="false", AWS_DEFAULT_REGION="eu-west-1")
    text = home_.config.read_text()
    configure(home_, "source_profile = base\nduration_seconds = 900")
    get(home_)
    assert len(list(home_.cache.glob("*.hit"))) == 2
    home_.config.write_text(text)
    assert home_.run("clear", "dev").code == 0
    assert list(home_.cache.glob("*.hit")) == []
    assert len(offline_front.calls) == 2


def test_clear_of_a_profile_whose_token_is_gone_takes_the_session_that_it_led_to(home_: Home) -> None:
    token = home_.folder / "token"
    configure(home_, f"web_identity_token_file = {token}")
    token.write_text(jwt(1))
    settled(token)
    get(home_)
    token.unlink()
    assert home_.run("clear", "dev").code == 0
    assert home_.entries() == []
    run(home_).failed(4, "cannot be read")
