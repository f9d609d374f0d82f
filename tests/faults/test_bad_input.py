"""What people get wrong, and what the network does: the exit code, nothing on stdout, one line that helps."""

import os
import shutil
import subprocess
from urllib.parse import quote

import pytest
from front import Front, Reply, denied, error, free_port, html, session
from needs import full_disk
from running import ACCESS_KEY_ID, LIKE_ANY_USER, SCRIPT, SECRET, Home

ROLE = "role_arn = arn:aws:iam::123456789012:role/dev\n"


# Configuration: exit 3


def test_a_profile_that_is_not_there_names_those_that_are_near(role: Home) -> None:
    role.run("get", "dve").failed(3, "assume-helper: dve: ", "no such profile", "did you mean dev?")


def test_a_config_that_is_not_there_names_the_path_and_the_variable(home: Home) -> None:
    home.run("get", "dev").failed(3, str(home.config), "create the file, or set AWS_CONFIG_FILE")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("region = eu-west-1\n", ["has no role, no login", "add role_arn"]),
        (ROLE, ["nothing to assume it with", "add source_profile"]),
        (ROLE + "source_profile = base\ncredential_source = Environment\n", ["both", "take one of them out"]),
        (ROLE + "source_profile = gone\n", ["names profile gone, which is not there"]),
        (ROLE + "credential_source = Moon\n", ["credential_source of [bad] is Moon"]),
        (
            ROLE + "source_profile = base\nduration_seconds = soon\n",
            ["duration_seconds of [bad] is soon", "900"],
        ),
        (ROLE + "source_profile = base\nduration_seconds = 899\n", ["900 to 43200"]),
        ("role_arn = arn:aws:iam::12345:role/x\nsource_profile = base\n", ["not the ARN of a role", "arn:aws:iam::"]),
        ("role_arn = dev\nsource_profile = base\n", ["not the ARN of a role: dev"]),
        (ROLE + "source_profile = base\nrole_session_name = a b\n", ["role_session_name of [bad]"]),
        (ROLE + "source_profile = base\nexternal_id = \x1b[31mred\n", ["control character"]),
        (ROLE + "source_profile = base\nregion = eu west\n", ["region eu west is not valid"]),
        (ROLE + "source_profile = base\nendpoint_url = ftp://x\n", ["endpoint URL ftp://x"]),
        (ROLE + "source_profile = base\nservices = none\n", ["services = none, which is not there"]),
        (ROLE + "source_profile = base\nca_bundle = /nowhere.pem\n", ["/nowhere.pem is not there", "ca_bundle"]),
    ],
)
def test_a_bad_profile_is_named_with_the_fix(role: Home, section: str, words: list[str]) -> None:
    with role.config.open("a") as config:
        config.write("[profile bad]\n" + section)
    role.run("get", "bad").failed(3, "assume-helper: bad: ", *words)


def test_a_loop_is_drawn_with_every_profile_in_it(role: Home) -> None:
    with role.config.open("a") as config:
        for name, source in (("one", "two"), ("two", "three"), ("three", "one"), ("self", "self")):
            config.write(f"[profile {name}]\n{ROLE}source_profile = {source}\n")
    role.run("get", "one").failed(3, "one -> two -> three -> one")
    role.run("get", "self").failed(3, "self -> self")


def test_a_loop_through_the_helper_itself_is_drawn(role: Home) -> None:
    with role.config.open("a") as config:
        config.write(f"[profile a]\n{ROLE}source_profile = b\n[profile b]\ncredential_process = {SCRIPT} get a\n")
    role.run("get", "a").failed(3, "a -> b -> a")


def test_a_loop_through_another_program_is_drawn_and_ends(role: Home) -> None:
    wrapper = role.folder / "wrapper"
    wrapper.write_text(f"#!/bin/sh\nexec {SCRIPT} get a\n")
    wrapper.chmod(0o755)
    with role.config.open("a") as config:
        config.write(f"[profile a]\n{ROLE}source_profile = b\n[profile b]\ncredential_process = {wrapper}\n")
    role.run("get", "a").failed(3, "a -> b -> a")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("# caf\u00e9\n".encode("latin-1"), ["is not UTF-8", "line 1", "iconv"]),
        ("[profile dev]\nregion = x\n".encode("utf-16"), ["is not UTF-8"]),
        (b"\x00\x00\x00", ["line 1"]),
        (b"aws_secret_access_key = " + SECRET.encode(), ["line 1", "before the first [section]"]),
        (b"[profile dev]\n" + SECRET.encode(), ["line 2", "neither a [section] nor key = value"]),
        (b"[profile dev]\n[profile dev]\n", ["line 2", "twice"]),
        (b"[profile dev]\nregion = a\nregion = b\n", ["line 3", "twice"]),
        (b"[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/a\x00b\nsource_profile = base\n", ["control"]),
    ],
)
def test_a_config_that_no_sdk_can_read_is_named_with_the_line(role: Home, data: bytes, words: list[str]) -> None:
    role.config.write_bytes(data)
    role.run("get", "dev").failed(3, *words)


def test_a_byte_order_mark_and_windows_line_ends_are_read(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    role.config.write_bytes(b"\xef\xbb\xbf" + role.config.read_bytes().replace(b"\n", b"\r\n"))
    role.credentials.write_bytes(b"\xef\xbb\xbf" + role.credentials.read_bytes().replace(b"\n", b"\r\n"))
    role.get("dev")


def test_a_config_that_is_a_directory(role: Home) -> None:
    role.config.unlink()
    role.config.mkdir()
    role.run("get", "dev").failed(3, "is a directory", "set AWS_CONFIG_FILE to the path of a file")


def test_a_config_that_is_a_fifo_is_not_waited_for(role: Home) -> None:
    role.config.unlink()
    os.mkfifo(role.config)
    role.run("get", "dev").failed(3, "is not a regular file")


@pytest.mark.skipif(bool(LIKE_ANY_USER) and shutil.which("setpriv") is None, reason="root reads everything")
def test_a_config_that_is_unreadable(role: Home) -> None:
    role.config.chmod(0)
    ran = role.run("get", "dev", command=[*LIKE_ANY_USER, SCRIPT])
    ran.failed(3, "cannot be read (Permission denied)", "make it readable")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a/b", "a/b: "),
        ("../../etc/passwd", "../../etc/passwd: "),
        ("new\nline", "new\\nline: "),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred"),
        ("right\u202eleft", "right\\u202eleft: "),
        ("x" * 300, "x" * 61 + "...: "),
        ("", "cannot be empty"),
    ],
)
def test_a_strange_profile_name_is_shown_harmlessly(role: Home, name: str, shown: str) -> None:
    role.run("get", name).failed(3, shown)
    assert {path.name for path in role.folder.iterdir()} <= {".aws", ".cache", ".local"}


def test_a_profile_name_that_is_not_utf8(role: Home) -> None:
    done = subprocess.run([SCRIPT.encode(), b"get", b"\xff\xfe"], env=role.environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode("utf-8").count("\n") == 1


# Usage: exit 2


@pytest.mark.parametrize("arguments", [["get"], ["get", "a", "b"], ["get", "--what", "a"], ["fetch", "a"], ["--what"]])
def test_a_usage_error_is_one_line_that_names_the_help(home: Home, arguments: list[str]) -> None:
    home.run(*arguments).failed(2, "--help`")


def test_without_a_command_the_help_is_shown(home: Home) -> None:
    ran = home.run()
    assert (ran.code, ran.stdout) == (2, b"")
    assert "Usage: assume-helper" in ran.stderr


# The source's credentials: exit 4


def test_a_source_without_credentials(role: Home) -> None:
    role.credentials.write_text("[base]\nregion = x\n")
    role.run("get", "dev").failed(4, "source profile base has no credentials", "aws configure --profile base")


def test_half_an_access_key(role: Home) -> None:
    role.credentials.write_text(f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\n")
    role.run("get", "dev").failed(4, "no aws_secret_access_key")


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_an_environment_without_keys(role: Home, missing: str) -> None:
    role.config.write_text(f"[profile ci]\n{ROLE}credential_source = Environment\n")
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, missing: ""}
    role.run("get", "ci", **keys).failed(4, f"{missing} is not set")


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("echo 'session has ended, log in' >&2; exit 1", 4, ["failed (exit 1): session has ended, log in"]),
        ("echo hello", 4, ["did not print the JSON document"]),
        ("echo '[]'", 4, ["did not print the JSON document"]),
        ("""echo '{"Version": 2}'""", 4, ["Version 1"]),
        ("""echo '{"Version": 1}'""", 4, ["Version 1"]),
        (f"echo '{SECRET}' >&2; echo '{SECRET}'; exit 9", 4, ["failed (exit 9)"]),
        ("printf '\\033[2Jgone\\377' >&2; exit 1", 4, ["\\x1b[2Jgone"]),
    ],
)
def test_a_source_process_that_fails(role: Home, script: str, code: int, words: list[str]) -> None:
    program = role.folder / "broker"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with role.config.open("a") as config:
        config.write(f"[profile p]\n{ROLE}source_profile = broker\n[profile broker]\ncredential_process = {program}\n")
    role.run("get", "p").failed(code, "credential_process of broker", *words)


def test_a_source_process_that_is_not_there(role: Home) -> None:
    with role.config.open("a") as config:
        config.write(f"[profile p]\n{ROLE}source_profile = b\n[profile b]\ncredential_process = /no/where\n")
    role.run("get", "p").failed(3, "credential_process of b cannot be started (/no/where: No such file or directory)")


# MFA: exit 5


def test_a_role_that_wants_mfa(role: Home) -> None:
    with role.config.open("a") as config:
        config.write("mfa_serial = arn:aws:iam::123456789012:mfa/me\n")
    role.run("get", "dev").failed(5, "mfa_serial arn:aws:iam::123456789012:mfa/me", "ASSUME_HELPER_MFA_TOKEN")


# STS: exits 4, 6 and 7


def test_sts_denies(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = denied
    role.run("get", "dev").failed(
        6, "denied AssumeRole on arn:aws:iam::123456789012:role/dev", "user/sts-user", "trust policy"
    )
    assert len(offline_front.calls) == 1, "a refusal is not tried again"


def test_sts_denies_tags(role: Home, offline_front: Front) -> None:
    text = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: sts:TagSession on resource: x"
    offline_front.behaviour = error(403, "AccessDenied", text)
    with role.config.open("a") as config:
        config.write("session_tags = team=data\n")
    role.run("get", "dev").failed(
        6, "denied TagSession", "user/me", "allow sts:TagSession in the role's trust policy", "remove session_tags"
    )


def test_a_real_denial_by_the_enforced_local_aws(real_role: Home) -> None:
    real_role.config.write_text(real_role.config.read_text().replace("role/sts-role", "role/other-role"))
    real_role.run("get", "sts-role").failed(6, "denied AssumeRole on arn:aws:iam::123456789012:role/other-role")


def test_a_real_refusal_of_keys_that_the_local_aws_does_not_know(real_role: Home) -> None:
    real_role.credentials.write_text(
        f"[sts-user]\naws_access_key_id = AKIANOBODY0000000000\naws_secret_access_key = {SECRET}\n"
    )
    real_role.run("get", "sts-role").failed(4, "the access key of profile sts-user", "InvalidClientTokenId")


def test_a_real_refusal_of_a_wrong_secret(real_role: Home) -> None:
    text = real_role.credentials.read_text().partition("aws_secret_access_key")[0]
    real_role.credentials.write_text(f"{text}aws_secret_access_key = {SECRET}\n")
    real_role.run("get", "sts-role").failed(4, "does not accept the signature", "secret access key")


@pytest.mark.parametrize(
    ("status", "code", "exit_code", "word"),
    [
        (400, "ExpiredToken", 4, "the access key of profile base has expired"),
        (403, "InvalidClientTokenId", 4, "does not know the access key of profile base"),
        (400, "ValidationError", 6, "ValidationError"),
        (403, "RegionDisabledException", 6, "not activated"),
        (500, "InternalFailure", 7, "out of order (HTTP 500)"),
        (503, "ServiceUnavailable", 7, "out of order (HTTP 503)"),
    ],
)
def test_what_sts_answers_has_an_exit_code(
    role: Home, offline_front: Front, status: int, code: str, exit_code: int, word: str
) -> None:
    offline_front.behaviour = error(status, code, "something")
    role.run("get", "dev").failed(exit_code, word)
    assert len(offline_front.calls) == (3 if exit_code == 7 else 1)


def test_throttling_is_waited_out(role: Home, offline_front: Front) -> None:
    throttled = error(400, "Throttling", "Rate exceeded")

    def behaviour(call: object) -> Reply | None:
        return (throttled if len(offline_front.calls) < 3 else session())(offline_front.calls[-1])

    offline_front.behaviour = behaviour
    role.get("dev")
    assert len(offline_front.calls) == 3


@pytest.mark.parametrize(
    "behaviour",
    [
        html(403),
        html(503),
        session(AccessKeyId=""),
        session(SecretAccessKey=""),
        session(SessionToken=""),
        session(Expiration="soon"),
        session(Expiration="1999-01-01T00:00:00Z"),
        lambda _call: Reply(200, b""),
        lambda _call: Reply(200, b'{"Credentials": null}', "application/json"),
    ],
)
def test_an_answer_that_is_no_answer_is_exit_7(role: Home, offline_front: Front, behaviour: object) -> None:
    offline_front.behaviour = behaviour  # type: ignore[assignment]
    role.run("get", "dev").failed(7, offline_front.url, "check the network")
    assert role.entries() == []


def test_nobody_listens(role: Home, offline_front: Front) -> None:
    role.run("get", "dev", AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}").failed(7, "could not be reached")


def test_a_name_that_does_not_resolve(role: Home) -> None:
    role.run("get", "dev", AWS_ENDPOINT_URL="http://sts.invalid").failed(7, "http://sts.invalid")


def test_a_server_without_tls_is_exit_7(role: Home, offline_front: Front) -> None:
    url = offline_front.url.replace("http://", "https://")
    role.run("get", "dev", AWS_ENDPOINT_URL=url).failed(7, "does not speak TLS", "no certificate came", "endpoint_url")


def test_a_proxy_that_is_not_there_is_named_without_its_password(role: Home) -> None:
    proxy = f"http://me:{quote(SECRET, safe='')}@127.0.0.1:{free_port()}"
    assert SECRET[:20] in proxy
    role.run("get", "dev", AWS_ENDPOINT_URL="https://sts.invalid", HTTPS_PROXY=proxy).failed(7, "proxy")


# Standard streams


@pytest.mark.parametrize("warm", [False, True])
def test_a_full_disk_at_standard_output_is_exit_1(role: Home, offline_front: Front, warm: bool) -> None:
    offline_front.behaviour = session()
    if warm:
        role.get("dev")
    with full_disk() as full:
        done = subprocess.run([SCRIPT, "get", "dev"], env=role.environ, stdout=full, stderr=-1, check=False)
    assert done.returncode == 1
    assert b"cannot be printed (No space left on device)" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("warm", [False, True])
def test_a_reader_that_has_gone_is_exit_1_without_a_word(role: Home, offline_front: Front, warm: bool) -> None:
    offline_front.behaviour = session()
    if warm:
        role.get("dev")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([SCRIPT, "get", "dev"], env=role.environ, stdout=writer, stderr=-1, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_failure_is_in_the_log_since_many_sdks_hide_stderr(role: Home) -> None:
    ran = role.run("get", "nowhere")
    assert "no such profile" in role.log.read_text()
    assert SECRET not in role.log.read_text()
    assert ran.code == 3


def test_stderr_is_utf8_whatever_the_locale(role: Home) -> None:
    ran = role.run("get", "pröfil", LC_ALL="C", PYTHONIOENCODING="latin-1")
    ran.failed(3, "pröfil: ")


def test_a_setting_that_the_sdk_does_not_take_is_a_configuration_error(role: Home, offline_front: Front) -> None:
    role.run("get", "dev", REQUESTS_CA_BUNDLE=" ").failed(3, "the CA bundle", "REQUESTS_CA_BUNDLE")
    assert offline_front.calls == []


@pytest.mark.parametrize(
    "name", ["AWS_DEFAULTS_MODE", "AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"]
)
def test_a_setting_that_has_no_say_in_a_call_to_sts_does_not_stop_it(
    role: Home, offline_front: Front, name: str
) -> None:
    offline_front.behaviour = session()
    role.get("dev", **{name: "bogus"})


def test_a_chain_without_end_in_sight_is_a_configuration_error(role: Home) -> None:
    with role.config.open("a") as config:
        for number in range(400):
            config.write(f"[profile p{number}]\n{ROLE}source_profile = p{number + 1}\n")
    role.run("get", "p0").failed(3, "more than 100 profiles")


def test_a_loop_that_a_program_reports_in_its_own_way_is_drawn_all_the_same(role: Home) -> None:
    wrapper = role.folder / "wrapper"
    wrapper.write_text(f"#!/bin/sh\n{SCRIPT} get a || exit 1\n")
    wrapper.chmod(0o755)
    with role.config.open("a") as config:
        config.write(f"[profile a]\n{ROLE}source_profile = b\n[profile b]\ncredential_process = {wrapper}\n")
    role.run("get", "a").failed(3, "assume-helper: a: the sources form a loop: a -> b -> a; give one")
