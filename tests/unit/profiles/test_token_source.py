"""Tokens as sources: which of the keys counts, whose it is in the cache key, and what STS does not take with one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assume_helper import hit
from assume_helper.cache.entries import key
from assume_helper.profiles.origin import GitHubActions, SAMLProcess, WebIdentity, WebIdentityProcess
from assume_helper.profiles.resolution import DEPENDS_ON_SECRET
from assume_helper.profiles.role import Profile

Read = Callable[..., Profile]
Refused = Callable[..., str]

ROLE = "[profile dev]\nrole_arn = ROLE/dev\n"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/corp"
each_prefix = pytest.mark.parametrize("prefix", ["", "assume_helper_"])
JOB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x.invalid/1", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "CanaryOfTheJob"}


def made(profile: Profile) -> str:
    return key(profile.session_inputs())


@each_prefix
def test_a_command_is_a_source_as_it_is_written(read: Read, prefix: str) -> None:
    found = read(f"{ROLE}{prefix}web_identity_token_process = tokens --secret s3cret | head -1\n")
    assert found.source == WebIdentityProcess("dev", "tokens --secret s3cret | head -1")
    assert found.asks_somebody
    assert "s3cret" not in repr(found)
    assert found.user_session is None


@each_prefix
def test_saml_is_a_source_with_or_without_its_provider(read: Read, prefix: str) -> None:
    found = read(f"{ROLE}{prefix}saml_process = saml\n{prefix}saml_provider_arn = {PROVIDER}\n")
    assert found.source == SAMLProcess("dev", "saml", PROVIDER)
    other = read(f"{ROLE}{prefix}saml_process = saml\n")
    assert other.source == SAMLProcess("dev", "saml")
    assert made(found) != made(other)


def test_the_file_comes_before_the_command_and_each_before_other_sources(read: Read) -> None:
    command = f"{ROLE}source_profile = base\nweb_identity_token_process = tokens\n"
    assert isinstance(read(command).source, WebIdentityProcess)
    assert read(f"{command}web_identity_token_file = /t\n").source == WebIdentity("/t")
    assert isinstance(read(f"{ROLE}source_profile = base\nsaml_process = saml\n").source, SAMLProcess)


@pytest.mark.parametrize("other", ["web_identity_token_file", "web_identity_token_process"])
def test_saml_and_web_identity_are_two_sources_too_many(refused: Refused, other: str) -> None:
    said = refused(f"{ROLE}saml_process = saml\n{other} = x\n")
    assert said == f"[dev] has both saml_process and {other}; take one of them out"


@pytest.mark.parametrize("name", ["web_identity_token_file", "web_identity_token_process", "saml_process"])
def test_a_token_without_a_role_is_no_profile(refused: Refused, name: str) -> None:
    assert refused(f"[profile dev]\n{name} = x\n") == (
        f"[dev] has {name} and no role_arn; add role_arn: the role that it is for"
    )


@pytest.mark.parametrize("name", ["external_id", "session_tags", "source_identity"])
def test_what_sts_does_not_take_with_a_token_is_refused(refused: Refused, name: str) -> None:
    value = "team=a" if name == "session_tags" else "jane"
    for source, what in (("web_identity_token_process", "a web identity token"), ("saml_process", "a SAML assertion")):
        said = refused(f"{ROLE}{source} = x\n{name} = {value}\n")
        assert said.startswith(f"[dev] has {name}, which STS does not take with {what}; take it out: ")


def test_an_assertion_says_the_session_s_name_and_a_token_does_not(read: Read, refused: Refused) -> None:
    assert "role_session_name, which STS" in refused(f"{ROLE}saml_process = x\nrole_session_name = me\n")
    assert read(f"{ROLE}web_identity_token_process = x\nrole_session_name = me\n").role_session_name == "me"


@pytest.mark.parametrize("arn", ["corp", "arn:aws:iam::123456789012:role/x", f"{PROVIDER}/x", f"{PROVIDER}\u00fc"])
def test_what_is_no_saml_provider_is_refused(refused: Refused, arn: str) -> None:
    said = refused(f"{ROLE}saml_process = x\nsaml_provider_arn = {arn}\n")
    assert "saml_provider_arn of [dev] is not the ARN of a SAML provider" in said


@pytest.mark.parametrize("part", ["arn:aws-cn:iam::123456789012", "arn:aws:iam::999999999999"])
def test_a_saml_provider_is_of_the_role_s_own_account(refused: Refused, part: str) -> None:
    said = refused(f"{ROLE}saml_process = x\nsaml_provider_arn = {part}:saml-provider/corp\n")
    assert "is of another account than its role_arn" in said


# Whose a command's token is


def test_what_a_command_comes_to_is_in_the_key_and_how_is_in_the_stamp(read: Read, tmp_path: Path) -> None:
    programs = [tmp_path / name for name in ("one", "two")]
    for folder in programs:
        folder.mkdir()
        (folder / "tokens").write_text("#!/bin/sh\n")
        (folder / "tokens").chmod(0o700)
    text = f"{ROLE}web_identity_token_process = cd / && tokens --for me\n"
    first, second = (read(text, environ={"PATH": str(folder)}) for folder in programs)
    assert made(first) != made(second)
    assert first.conditions()["program tokens"] == str(programs[0] / "tokens")
    assert made(first) != made(read(text.replace("me\n", "you\n"), environ={"PATH": str(programs[0])}))


def test_a_variable_in_a_command_makes_another_session_and_is_in_no_stamp(read: Read, tmp_path: Path) -> None:
    text = f'{ROLE}saml_process = saml --password "$PASSWORD"\n'
    environ = {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache"), "PATH": "/usr/bin"}
    found = [read(text, environ=environ | {"PASSWORD": word}) for word in ("hunter22", "hunter23", "hunter22")]
    assert made(found[0]) == made(found[2]) != made(found[1])
    assert DEPENDS_ON_SECRET.items() <= found[0].conditions().items()
    assert "hunter22" not in f"{found[0].conditions()}{found[0].session_inputs()}"


# GitHub Actions


def test_a_job_is_told_apart_by_its_url_and_by_a_digest_of_its_secret(read: Read, tmp_path: Path) -> None:
    text = f"{ROLE}assume_helper_credential_source = GitHubActions\nca_bundle = /ca.pem\n"
    base = {"ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}

    def job(**changes: str) -> Profile:
        return read(text, environ=base | JOB | changes)

    first = job()
    assert isinstance(first.source, GitHubActions)
    assert (first.source.url, first.source.ca_bundle) == (JOB["ACTIONS_ID_TOKEN_REQUEST_URL"], "/ca.pem")
    assert made(first) == made(job())
    assert len({made(job(**{name: "https://x.invalid/2"})) for name in JOB} | {made(first)}) == 3
    assert "CanaryOfTheJob" not in f"{first!r}{first.session_inputs()}{first.conditions()}"
    assert hit.FULL_WAY in first.conditions()


@pytest.mark.parametrize("missing", [*JOB, ""])
def test_what_is_no_job_can_be_read_and_says_what_is_missing(read: Read, missing: str) -> None:
    environ = {name: value for name, value in JOB.items() if missing and name != missing}
    found = read(f"{ROLE}assume_helper_credential_source = GitHubActions\n", environ=environ)
    assert found.resolution.problem is not None
    what, next_step = found.resolution.problem
    assert (missing or "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are") in what
    assert "permissions: id-token: write" in next_step
    assert not any(value.lstrip("=") in JOB.values() for value in found.conditions().values() if environ == {})


@pytest.mark.parametrize("source", ["WebIdentity", "GitHubActions"])
def test_a_source_of_ours_is_written_with_the_prefix(read: Read, refused: Refused, source: str) -> None:
    said = refused(f"{ROLE}credential_source = {source}\n")
    assert said == (
        f"credential_source of [dev] is {source}, which SDKs do not know: they fail with it; "
        f"write assume_helper_credential_source = {source}"
    )
    both = f"{ROLE}credential_source = Environment\nassume_helper_credential_source = {source}\n"
    assert isinstance(read(both).source, GitHubActions | WebIdentity)


# The environment's role

EKS = {
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token",
    "AWS_ROLE_SESSION_NAME": "pod-7",
}
POD = f"{ROLE}assume_helper_credential_source = WebIdentity\nregion = eu-west-1\nassume_helper_cache = memory\n"


def test_the_environment_s_role_is_the_source(read: Read) -> None:
    found = read(POD, environ=EKS)
    assert isinstance(found.source, Profile)
    assert (found.source.role_arn, found.source.role_session_name) == (EKS["AWS_ROLE_ARN"], "pod-7")
    assert found.source.source == WebIdentity("/var/run/token")
    assert (found.source.endpoint.region, found.source.endpoint.region_is_own) == ("eu-west-1", False)
    assert found.source.storage == "memory"
    assert found.source.of_environment
    assert found.names() == ["dev"]
    stamped = found.conditions()
    assert {stamped[f"env {name}"] for name in EKS} == {f"={value}" for value in EKS.values()}


def test_it_is_the_same_session_for_every_profile_over_it(read: Read) -> None:
    other = POD.replace("profile dev", "profile ops").replace("ROLE/dev", "ROLE/ops").replace("west", "central")
    sources = [read(POD + other, name, environ=EKS).source for name in ("dev", "ops")]
    assert all(isinstance(source, Profile) for source in sources)
    assert len({made(source) for source in sources if isinstance(source, Profile)}) == 1


@pytest.mark.parametrize("name", ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"])
@pytest.mark.parametrize("is_empty", [False, True])
def test_without_its_variables_the_profile_can_be_read_and_says_which(read: Read, name: str, is_empty: bool) -> None:
    environ = EKS | {name: ""} if is_empty else {other: value for other, value in EKS.items() if other != name}
    found = read(POD, environ=environ)
    assert isinstance(found.source, WebIdentity)
    assert found.resolution.problem is not None
    assert found.resolution.problem[0] == f"credential_source is WebIdentity, but {name} is not set"
    assert f"env {name}" in found.conditions()


def test_a_role_of_another_partition_is_refused(read: Read) -> None:
    from assume_helper.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="has a role of aws, and its source one of aws-cn"):
        read(POD, environ=EKS | {"AWS_ROLE_ARN": "arn:aws-cn:iam::123456789012:role/pod"})
