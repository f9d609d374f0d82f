"""Tokens of identity providers as sources: from a command, from GitHub Actions, from a pod's environment, and SAML."""

import json
from pathlib import Path

import pytest
from front import ACCOUNT, Front, error, identity
from kind_scenes import together
from running import SCRIPT, Home
from strict_tokens import SAML_PROVIDER, Issuer, SAMLProvider
from token_home import JOB, JOB_SECRET, ROLE_ARN, TokenHome, assertion, eks, github

each_prefix = pytest.mark.parametrize("prefix", ["", "assume_helper_"])
POLICY = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def tokens(home: Home, offline_front: Front) -> TokenHome:
    return TokenHome(home, offline_front)


# A command


@each_prefix
def test_a_command_s_token_is_exchanged_without_a_signature_and_once(tokens: TokenHome, prefix: str) -> None:
    tokens.configure(f"{prefix}web_identity_token_process = {tokens.program}", "role_session_name = me")
    first = tokens.home.get("dev")
    (call,) = tokens.front.calls
    assert (call.action, call.access_key_id) == ("AssumeRoleWithWebIdentity", "")
    assert call.parameters["WebIdentityToken"] == tokens.printed.read_text().strip()
    assert (call.parameters["RoleArn"], call.parameters["RoleSessionName"]) == (ROLE_ARN, "me")
    tokens.prints("another, which nobody asks for")
    assert [tokens.home.get("dev") for _ in range(3)] == [first] * 3
    assert (tokens.runs, len(tokens.front.calls)) == (1, 1), "a hit runs nothing"


def test_a_shell_runs_the_command(tokens: TokenHome) -> None:
    tokens.configure('web_identity_token_process = A="$HOME"; cat "$A/printed" | tr -d "\\n"')
    tokens.home.get("dev")
    assert tokens.front.calls[0].parameters["WebIdentityToken"] == tokens.printed.read_text().strip()


def test_many_at_once_run_the_command_once(tokens: TokenHome) -> None:
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    ended = together(tokens.home, ["dev"] * 12)
    assert [done.code for done in ended] == [0] * 12
    assert len({done.stdout for done in ended}) == 1
    assert (tokens.runs, len(tokens.front.calls)) == (1, 1)


def test_the_file_wins_over_the_command(tokens: TokenHome) -> None:
    path = tokens.home.folder / "token"
    path.write_text(tokens.issuer.token(subject="repo:corp/app"))
    tokens.configure(f"web_identity_token_process = {tokens.program}", f"web_identity_token_file = {path}")
    tokens.home.get("dev")
    assert tokens.runs == 0
    assert tokens.front.calls[0].parameters["WebIdentityToken"] == path.read_text()


def test_the_token_is_in_no_argument_no_log_and_no_file(tokens: TokenHome) -> None:
    token = tokens.issuer.token()
    tokens.prints(token)
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    tokens.front.behaviour = tokens.front.held_back(tokens.sts)
    with tokens.home.start("get", "dev") as running:
        assert tokens.front.arrived.wait(60)
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        tokens.front.released.set()
        stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 0, stderr
    assert any(b"assume" in line for line in lines)
    for text in (*lines, tokens.written(), stdout, stderr):
        assert token.encode() not in text


def test_another_command_or_another_program_is_another_session(tokens: TokenHome) -> None:
    bins = [tokens.home.folder / name for name in ("one", "two")]
    for folder in bins:
        folder.mkdir()
        (folder / "tokens").write_text(tokens.program.read_text())
        (folder / "tokens").chmod(0o700)
    tokens.configure("web_identity_token_process = tokens --for me")
    paths = [f"{folder}:{tokens.home.environ['PATH']}" for folder in bins]
    found = [tokens.home.get("dev", PATH=path)["AccessKeyId"] for path in (*paths, *paths)]
    assert found[0] == found[2] != found[1] == found[3]
    text = tokens.home.config.read_text()
    tokens.home.config.write_text(text.replace("--for me", "--for you"))
    assert tokens.home.get("dev", PATH=paths[0])["AccessKeyId"] not in found


def test_what_sts_says_of_a_command_s_token_is_told_apart(tokens: TokenHome) -> None:
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    run = tokens.home.run
    tokens.prints(tokens.issuer.token(seconds=-5))
    run("get", "dev").failed(4, "the web identity token of profile dev has expired; ")
    tokens.prints(Issuer("https://unknown.invalid").token())
    run("get", "dev").failed(4, "STS does not know", "create-open-id-connect-provider")
    tokens.prints(tokens.issuer.token(audience="another"))
    run("get", "dev").failed(4, "STS does not know", "aud")
    tokens.prints(tokens.issuer.token(subject="repo:stranger/app"))
    run("get", "dev").failed(6, "STS denied AssumeRoleWithWebIdentity", "trust policy", "its sub")
    tokens.prints(tokens.issuer.token())
    tokens.front.behaviour = error(403, "IDPRejectedClaim", "no")
    run("get", "dev").failed(4, "get another token")
    assert tokens.home.entries() == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("IDPCommunicationError", "busy"),
        ("InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider"),
    ],
)
def test_an_issuer_that_sts_does_not_reach_is_tried_again_and_then_exit_7(
    tokens: TokenHome, code: str, said: str
) -> None:
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    tokens.front.behaviour = error(400, code, said)
    tokens.home.run("get", "dev").failed(7, "could not reach the identity provider", code)
    assert (len(tokens.front.calls), tokens.runs) == (3, 1)


def test_a_role_may_be_assumed_with_the_session_of_a_token(tokens: TokenHome) -> None:
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    tokens.configure("source_profile = dev", name="next")
    tokens.home.get("next")
    assert [call.action for call in tokens.front.calls] == ["AssumeRoleWithWebIdentity", "AssumeRole"]
    assert tokens.front.calls[1].access_key_id == "ASIATOKEN00000000001"


# GitHub Actions


def test_a_job_of_github_actions_gets_its_token_and_then_the_role(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = GitHubActions")
    with github(tokens.issuer) as (service, variables):
        first = tokens.home.get("dev", **variables)
        assert [tokens.home.get("dev", **variables) for _ in range(2)] == [first] * 2
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("GET", f"{JOB}&audience=sts.amazonaws.com")
    assert asked.headers["authorization"] == f"bearer {JOB_SECRET}"
    (call,) = tokens.front.calls
    assert (call.action, call.access_key_id) == ("AssumeRoleWithWebIdentity", "")
    assert JOB_SECRET.encode() not in tokens.written()


def test_another_job_is_another_session(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = GitHubActions")
    with github(tokens.issuer) as (service, variables):
        tokens.home.get("dev", **variables)
        service.answer = lambda _asked: (200, {"value": tokens.issuer.token()})
        tokens.home.get("dev", **variables | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another-job"})
        other = variables["ACTIONS_ID_TOKEN_REQUEST_URL"].replace("/1/", "/2/")
        tokens.home.get("dev", **variables | {"ACTIONS_ID_TOKEN_REQUEST_URL": other})
    assert len(tokens.front.calls) == len(tokens.home.entries()) == 3


def test_many_at_once_ask_github_once(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = GitHubActions")
    with github(tokens.issuer) as (service, variables):
        assert {done.code for done in together(tokens.home, ["dev"] * 8, **variables)} == {0}
    assert (len(service.asked), len(tokens.front.calls)) == (1, 1)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (["URL"], "ACTIONS_ID_TOKEN_REQUEST_URL is not set"),
        (["TOKEN"], "ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set"),
        (["URL", "TOKEN"], "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set"),
    ],
)
def test_a_job_without_the_permission_is_exit_4_and_told_which(
    tokens: TokenHome, missing: list[str], words: str
) -> None:
    tokens.configure("assume_helper_credential_source = GitHubActions")
    with github(tokens.issuer) as (service, variables):
        gone = {f"ACTIONS_ID_TOKEN_REQUEST_{name}": "" for name in missing}
        tokens.home.run("get", "dev", **variables | gone).failed(4, words, "`permissions: id-token: write`")
    assert service.asked == []


# The environment of a pod


def test_a_pod_s_role_assumes_the_role(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = WebIdentity")
    variables = eks(tokens.home.folder, tokens.issuer.token())
    first = tokens.home.get("dev", **variables)
    pod, role = tokens.front.calls
    assert (pod.action, pod.parameters["RoleArn"]) == ("AssumeRoleWithWebIdentity", variables["AWS_ROLE_ARN"])
    assert pod.parameters["RoleSessionName"] == "pod-7"
    assert (role.action, role.parameters["RoleArn"]) == ("AssumeRole", ROLE_ARN)
    assert role.access_key_id == "ASIATOKEN00000000001"
    assert tokens.home.get("dev", **variables) == first
    assert len(tokens.front.calls) == 2


def test_another_pod_is_another_session_and_a_renewed_token_the_same(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = WebIdentity")
    variables = eks(tokens.home.folder, tokens.issuer.token())
    first = tokens.home.get("dev", **variables)
    eks(tokens.home.folder, tokens.issuer.token(seconds=900))
    assert tokens.home.get("dev", **variables) == first
    for name, value in (("AWS_ROLE_SESSION_NAME", "pod-8"), ("AWS_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/other")):
        assert tokens.home.get("dev", **variables | {name: value}) != first
    tokens.sts.trusted.add("another")
    eks(tokens.home.folder, tokens.issuer.token("another"))
    assert tokens.home.get("dev", **variables) != first
    assert len(tokens.front.calls) == 8


def test_roles_over_one_pod_s_role_share_its_session(tokens: TokenHome) -> None:
    for name in ("dev", "ops"):
        tokens.configure("assume_helper_credential_source = WebIdentity", name=name)
    variables = eks(tokens.home.folder, tokens.issuer.token())
    tokens.home.get("dev", **variables)
    tokens.home.get("ops", **variables)
    assert [call.action for call in tokens.front.calls].count("AssumeRoleWithWebIdentity") == 1


def test_what_is_not_a_pod_is_exit_4_and_a_bad_variable_exit_3(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = WebIdentity")
    run = tokens.home.run
    run("get", "dev").failed(4, "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE are not set")
    variables = eks(tokens.home.folder, tokens.issuer.token())
    run("get", "dev", **variables | {"AWS_ROLE_ARN": ""}).failed(4, "but AWS_ROLE_ARN is not set")
    run("get", "dev", **variables | {"AWS_ROLE_ARN": "pod"}).failed(3, "AWS_ROLE_ARN is not the ARN of a role")
    run("get", "dev", **variables | {"AWS_ROLE_SESSION_NAME": "a b"}).failed(3, "AWS_ROLE_SESSION_NAME is not one")
    Path(variables["AWS_WEB_IDENTITY_TOKEN_FILE"]).unlink()
    run("get", "dev", **variables).failed(4, "cannot be read")
    assert tokens.front.calls == []


@pytest.mark.parametrize("source", ["WebIdentity", "GitHubActions"])
def test_a_source_of_ours_is_refused_without_the_prefix(tokens: TokenHome, source: str) -> None:
    tokens.configure(f"credential_source = {source}")
    tokens.home.run("get", "dev").failed(3, "which SDKs do not know", f"assume_helper_credential_source = {source}")


# SAML


@each_prefix
def test_an_assertion_is_exchanged_without_a_signature_and_once(tokens: TokenHome, prefix: str) -> None:
    tokens.prints(assertion())
    tokens.configure(
        f"{prefix}saml_process = {tokens.program}", "duration_seconds = 1800", f"session_policy = {POLICY}"
    )
    first = tokens.home.get("dev")
    (call,) = tokens.front.calls
    assert (call.action, call.access_key_id) == ("AssumeRoleWithSAML", "")
    assert call.parameters | {"Version": ""} == {
        "Action": "AssumeRoleWithSAML",
        "Version": "",
        "RoleArn": ROLE_ARN,
        "PrincipalArn": SAML_PROVIDER,
        "SAMLAssertion": tokens.printed.read_text(),
        "DurationSeconds": "1800",
        "Policy": POLICY,
    }
    assert [tokens.home.get("dev") for _ in range(2)] == [first] * 2
    assert (tokens.runs, len(tokens.front.calls)) == (1, 1)
    assert tokens.printed.read_text().encode() not in tokens.written()


def test_the_provider_is_named_where_the_assertion_does_not_say_which(tokens: TokenHome) -> None:
    other = f"arn:aws:iam::{ACCOUNT}:saml-provider/other"
    provider = SAMLProvider()
    tokens.configure(f"saml_process = {tokens.program}")
    tokens.prints(provider.assertion(f"{ROLE_ARN},{SAML_PROVIDER}", f"{other}, {ROLE_ARN}", f"{ROLE_ARN}-2,{other}"))
    tokens.home.run("get", "dev").failed(3, "does not name one SAML provider", "set saml_provider_arn")
    tokens.prints(provider.assertion(f"{ROLE_ARN}-2,{other}"))
    tokens.home.run("get", "dev").failed(3, "does not name one SAML provider")
    assert tokens.front.calls == []
    tokens.home.config.write_text(tokens.home.config.read_text() + f"saml_provider_arn = {SAML_PROVIDER}\n")
    tokens.prints(provider.assertion(f"{ROLE_ARN},{SAML_PROVIDER}", f"{ROLE_ARN},{other}"))
    tokens.home.get("dev")


def test_another_provider_s_account_is_found_before_anything_is_run(tokens: TokenHome) -> None:
    tokens.configure(
        f"saml_process = {tokens.program}", "saml_provider_arn = arn:aws:iam::999999999999:saml-provider/x"
    )
    tokens.home.run("get", "dev").failed(3, "is of another account than its role_arn")
    assert tokens.runs == 0


@pytest.mark.parametrize("printed", ["<Response/>", "bm90IHhtbA==", "PFJlc3Bv*nNl", "e30="])
def test_what_is_no_saml_response_in_base64_is_exit_4(tokens: TokenHome, printed: str) -> None:
    tokens.configure(f"saml_process = {tokens.program}")
    tokens.prints(printed)
    tokens.home.run("get", "dev").failed(4, "did not print a SAML response in base64", "SAMLResponse")


def test_what_sts_says_of_an_assertion_is_told_apart(tokens: TokenHome) -> None:
    tokens.configure(f"saml_process = {tokens.program}", f"saml_provider_arn = {SAML_PROVIDER}")
    run = tokens.home.run
    tokens.prints(assertion(seconds=-5))
    run("get", "dev").failed(4, "the SAML assertion of profile dev has expired; log in")
    tokens.prints(SAMLProvider(b"another's").assertion(f"{ROLE_ARN},{SAML_PROVIDER}"))
    run("get", "dev").failed(4, "STS does not know the SAML assertion", "metadata of the SAML provider")
    tokens.prints(SAMLProvider().assertion(f"{ROLE_ARN}-2,{SAML_PROVIDER}"))
    run("get", "dev").failed(6, "STS denied AssumeRoleWithSAML", "trust policy")
    tokens.front.behaviour = error(403, "IDPRejectedClaim", "no")
    run("get", "dev").failed(4, "print another assertion")


@pytest.mark.parametrize("key", ["role_session_name", "session_tags", "source_identity", "external_id"])
def test_what_an_assertion_says_itself_is_refused_beside_it(tokens: TokenHome, key: str) -> None:
    value = "team=data" if key == "session_tags" else "jane"
    tokens.configure(f"saml_process = {tokens.program}", f"{key} = {value}")
    tokens.home.run("get", "dev").failed(3, f"{key}, which STS does not take with a SAML assertion")


def test_saml_beside_a_web_identity_is_refused(tokens: TokenHome) -> None:
    tokens.configure(f"saml_process = {tokens.program}", f"web_identity_token_process = {tokens.program}")
    tokens.home.run("get", "dev").failed(3, "both saml_process and web_identity_token_process")


# What the other commands say of them


def test_list_shows_what_each_is_made_of(tokens: TokenHome) -> None:
    secret = "CanarySecretOfACommand0123"
    tokens.configure(f"web_identity_token_process = KEY={secret} {tokens.program} --key {secret}")
    tokens.configure(f"saml_process = {tokens.program}", name="saml")
    tokens.configure("assume_helper_credential_source = GitHubActions", name="job")
    tokens.configure("assume_helper_credential_source = WebIdentity", name="pod")
    ran = tokens.home.run("list", "--json", **eks(tokens.home.folder, tokens.issuer.token()))
    rows = {row["profile"]: row for row in json.loads(ran.stdout)}
    sources = {name: row["source"] for name, row in rows.items()}
    assert sources == {
        "dev": str(tokens.program), "saml": str(tokens.program), "job": "GitHubActions", "pod": "WebIdentity"
    }  # fmt: skip
    assert {row["kind"] for row in rows.values()} == {"role"}
    assert secret.encode() not in ran.stdout
    elsewhere = {row["profile"]: row for row in json.loads(tokens.home.run("list", "--json").stdout)}
    assert elsewhere["pod"]["source"] == "WebIdentity"
    assert tokens.runs == 0


@pytest.mark.parametrize("key", ["web_identity_token_process", "saml_process"])
def test_doctor_runs_a_token_s_command_and_says_why_it_gives_none(tokens: TokenHome, key: str) -> None:
    tokens.prints(assertion() if key == "saml_process" else tokens.issuer.token())
    tokens.configure(f"{key} = {tokens.program}")

    def checks() -> dict[str, dict[str, str]]:
        return {check["name"]: check for check in json.loads(tokens.home.run("doctor", "dev", "--json").stdout)}

    found = checks()
    assert found["source"]["status"] == found["role"]["status"] == "ok", found
    assert "of profile dev can be had" in found["source"]["what"]
    tokens.does("echo no >&2; exit 3")
    found = checks()
    assert found["source"]["status"] == "fail"
    assert "failed (exit 3; program: " in found["source"]["what"]


def test_whoami_says_who_the_role_is_alone(tokens: TokenHome) -> None:
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    tokens.home.get("dev")
    tokens.front.behaviour = identity(f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/me")
    ran = tokens.home.run("whoami", "--json", "dev")
    assert list(json.loads(ran.stdout)) == ["role"]


def test_configure_writes_a_source_of_ours_with_the_prefix_and_moves_what_sdks_would_use(tokens: TokenHome) -> None:
    tokens.configure(f"web_identity_token_process = {tokens.program}")
    for name, source in (("job", "GitHubActions"), ("pod", "WebIdentity")):
        role = ["--role-arn", ROLE_ARN, "--credential-source", source]
        ran = tokens.home.run("configure", name, *role, "--yes")
        assert ran.code == 0, ran.stderr
    assert tokens.home.run("configure", "dev", "--yes").code == 0
    text = tokens.home.config.read_text()
    assert "assume_helper_credential_source = GitHubActions" in text
    assert "assume_helper_credential_source = WebIdentity" in text
    assert "\ncredential_source" not in text
    assert f"assume_helper_role_arn = {ROLE_ARN}\nweb_identity_token_process = " in text, "SDKs do not read it"
    assert f"credential_process = {SCRIPT} get dev" in text
    tokens.home.get("dev")


@pytest.mark.parametrize("key", ["web_identity_token_process", "saml_process"])
def test_configure_takes_a_token_s_command_out_for_another_source(tokens: TokenHome, key: str) -> None:
    tokens.configure(f"{key} = {tokens.program}")
    tokens.home.credentials.write_text("[me]\naws_access_key_id = AKIAME00000000000000\naws_secret_access_key = s\n")
    assert tokens.home.run("configure", "dev", "--source-profile", "me", "--yes").code == 0
    assert f"{key} =" not in tokens.home.config.read_text()
    tokens.home.get("dev")
    assert (tokens.front.calls[0].access_key_id, tokens.runs) == ("AKIAME00000000000000", 0)


# IAM Roles Anywhere: its helper makes a session for every call


def test_roles_anywhere_s_helper_is_started_once_for_many_calls(tokens: TokenHome) -> None:
    printed = {"Version": 1, "AccessKeyId": "ASIAANYWHERE00000000", "SecretAccessKey": "s", "SessionToken": "t"}
    tokens.prints(json.dumps(printed | {"Expiration": "2099-01-01T00:00:00Z"}))
    helper = tokens.home.folder / "aws_signing_helper"
    helper.write_text(
        f'#!/bin/sh\n[ "$1" = credential-process ] || exit 2\necho run >>{tokens.ran}\nexec cat {tokens.printed}\n'
    )
    helper.chmod(0o700)
    words = "credential-process --certificate /etc/pki/me.pem --private-key /etc/pki/me.key"
    tokens.home.config.write_text(
        f"[profile server]\ncredential_process = {SCRIPT} get server\n"
        f"assume_helper_credential_process = {helper} {words}\n"
        f"[profile ops]\nrole_arn = {ROLE_ARN}\nsource_profile = server\n"
    )
    assert {done.code for done in together(tokens.home, ["server"] * 6 + ["ops"] * 3)} == {0}
    assert tokens.home.get("server")["AccessKeyId"] == "ASIAANYWHERE00000000"
    assert tokens.runs == 1
