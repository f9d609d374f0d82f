"""Every key of a profile: it arrives where it is meant for, and has its place in the cache key."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from front import Front, session
from running import Home
from strict import SERIAL
from strict_tokens import SAML_PROVIDER as PROVIDER
from strict_tokens import SAMLProvider

from assume_helper.cache import entries
from assume_helper.profiles import aws_config, role_chain

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "reference" / "profile-keys.md").read_text(encoding="utf-8")
ROLE = "arn:aws:iam::123456789012:role"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BEFORE = f"[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n"
MORE = """
[profile other]
aws_access_key_id = AKIAOTHER00000000000
aws_secret_access_key = secret
[profile common]
external_id = tenant
[services inside]
sts =
  endpoint_url = URL
"""


def parameter(name: str, value: str) -> Callable[[Front], bool]:
    """The last call has this parameter."""
    return lambda front: front.calls[-1].parameters.get(name) == value


def host(name: str) -> Callable[[Front], bool]:
    """That STS is asked for, through the proxy that the front is."""
    return lambda front: front.calls[-1].parameters.get("CONNECT") == f"{name}:443"


@dataclass(frozen=True)
class Case:
    """A key and its value, what shows that it has arrived, and what it takes to see that."""

    value: str
    arrived: Callable[[Front], bool]
    more: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    shapes: bool = True
    before: str = BEFORE


ASSERTION = SAMLProvider().assertion(f"{ROLE}/dev,{PROVIDER}")
NOT_BESIDE_A_PROFILE = {
    "credential_source", "web_identity_token_file", "web_identity_token_process", "saml_process", "saml_provider_arn",
}  # fmt: skip
BY_PROXY = {"HTTPS_PROXY": "URL", "AWS_ENDPOINT_URL": ""}
CODE = {"ASSUME_HELPER_MFA_TOKEN": "000000"}
CASES = {
    "role_arn": Case(f"{ROLE}/other", parameter("RoleArn", f"{ROLE}/other"), before=BEFORE.replace("role_arn", "x")),
    "source_profile": Case("other", lambda f: f.calls[-1].access_key_id == "AKIAOTHER00000000000"),
    "credential_source": Case(
        "Environment",
        lambda f: f.calls[-1].access_key_id == "AKIAENVIRONMENT00000",
        environ={"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00000", "AWS_SECRET_ACCESS_KEY": "secret"},
    ),
    "web_identity_token_file": Case("TOKEN", parameter("WebIdentityToken", "a.web.token")),
    "web_identity_token_process": Case("cat TOKEN", parameter("WebIdentityToken", "a.web.token")),
    "saml_process": Case("echo ASSERTION", parameter("SAMLAssertion", ASSERTION)),
    "saml_provider_arn": Case(
        PROVIDER.replace("corp", "other"),
        parameter("PrincipalArn", PROVIDER.replace("corp", "other")),
        more="saml_process = echo ASSERTION\n",
    ),
    "external_id": Case("an-id", parameter("ExternalId", "an-id")),
    "role_session_name": Case("{profile}-x", parameter("RoleSessionName", "dev-x")),
    "duration_seconds": Case("1800", parameter("DurationSeconds", "1800")),
    "mfa_serial": Case(SERIAL, lambda f: f.calls[0].parameters.get("SerialNumber") == SERIAL, environ=CODE),
    "mfa_process": Case(
        "echo 123456",
        lambda f: f.calls[0].parameters.get("TokenCode") == "123456",
        more=f"mfa_serial = {SERIAL}\n",
        shapes=False,
    ),
    "mfa_session_duration_seconds": Case(
        "900",
        lambda f: f.calls[0].parameters.get("DurationSeconds") == "900",
        more=f"mfa_serial = {SERIAL}\n",
        environ=CODE,
        shapes=False,  # the role's session; in the MFA session's key it is: tests/unit/test_profile.py
    ),
    "region": Case("eu-west-3", host("sts.eu-west-3.amazonaws.com"), environ=BY_PROXY),
    "endpoint_url": Case("URL", lambda f: len(f.calls) == 1, environ={"AWS_ENDPOINT_URL": ""}),
    "services": Case("inside", lambda f: len(f.calls) == 1, environ={"AWS_ENDPOINT_URL": ""}),
    "ignore_configured_endpoint_urls": Case(
        "true", host("sts.us-east-1.amazonaws.com"), more="endpoint_url = http://127.0.0.1:9\n", environ=BY_PROXY
    ),
    "use_fips_endpoint": Case("true", host("sts-fips.us-east-1.amazonaws.com"), environ=BY_PROXY),
    "use_dualstack_endpoint": Case("true", host("sts.us-east-1.api.aws"), environ=BY_PROXY),
    "sts_regional_endpoints": Case("legacy", host("sts.amazonaws.com"), environ=BY_PROXY),
    "session_tags": Case("team=data", parameter("Tags.member.1.Value", "data")),
    "transitive_session_tags": Case(
        "team", parameter("TransitiveTagKeys.member.1", "team"), more="session_tags = team=data\n"
    ),
    "source_identity": Case("me", parameter("SourceIdentity", "me")),
    "include_profile": Case("common", parameter("ExternalId", "tenant")),
    "session_policy": Case(POLICY, parameter("Policy", POLICY)),
    "policy_arns": Case(READ_ONLY, parameter("PolicyArns.member.1.arn", READ_ONLY)),
}
# Those of a source profile.
KEYS = {"aws_access_key_id": "AKIAMINE000000000000", "aws_secret_access_key": "mine", "aws_session_token": "a-token"}
PROCESS = {"credential_process": "cat printed.json"}
ASSIGNED = {"sso_account_id": "123456789012", "sso_role_name": "Reader"}
SESSION = {"sso_session": "corp", **ASSIGNED}
LEGACY = {"sso_start_url": "https://corp.invalid/start", "sso_region": "us-east-1", **ASSIGNED}
SESSIONS = "".join(
    f"[sso-session {name}]\nsso_start_url = https://corp.invalid/start\nsso_region = us-east-1\n"
    for name in ("corp", "another")
)
# Where a key's other value cannot be any text.
OTHER = {"sso_start_url": "https://another.invalid/start", "sso_region": "eu-west-1"}
CONSOLE = {"login_session": "arn:aws:iam::123456789012:user/me"}
# These are how to get at credentials or what comes with their id: not whose they are.
NO_IDENTITY = {"aws_secret_access_key", "aws_session_token"}
# Those that take a service of their own to be seen, and where they are.
ELSEWHERE = {
    "assume_helper_cache": "test_at_rest.py",
    "assume_helper_keys": "test_keys.py",
    "assume_helper_keys_max_age_days": "../unit/doctor/test_access_key.py",
    "assume_helper_login": "test_login.py",
    "assume_helper_synced": "test_sync.py",
    "ca_bundle": "test_way_to_sts.py",
    "aws_security_token": "../faults/test_config_mistakes.py",
    "metadata_service_timeout": "test_instance_metadata.py",
    "metadata_service_num_attempts": "test_instance_metadata.py",
    "sso_session": "test_kinds_as_sources.py",
    "sso_start_url": "test_kinds_as_sources.py",
    "sso_region": "test_kinds_as_sources.py",
    "sso_account_id": "test_kinds_as_sources.py",
    "sso_role_name": "test_kinds_as_sources.py",
    "login_session": "test_console_login.py",
}


def test_no_key_of_the_reference_is_left_out() -> None:
    table = re.search(r"\| key \| meaning \|.*?\n\n", PAGE, re.S)
    assert table is not None
    keys = {
        key
        for line in table.group().splitlines()[2:]
        for key in re.findall(r"`([a-z_]+)`", line.split("|")[1] if line else "")
    }
    assert keys == {*CASES, *KEYS, *PROCESS, *ELSEWHERE}
    for key, name in ELSEWHERE.items():
        assert key in (Path(__file__).parent / name).read_text(encoding="utf-8")
        assert key not in CASES


@pytest.fixture
def ready(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = session()
    role.environ |= {"AWS_ENDPOINT_URL": offline_front.url}
    (role.folder / "token").write_text("a.web.token")
    return role


def written(home: Home, front: Front, case: Case, line: str) -> str:
    before = case.before if line else BEFORE
    if line.partition(" ")[0].removeprefix("assume_helper_") in NOT_BESIDE_A_PROFILE:
        before = before.replace("source_profile = base\n", "")
    lines = [old for old in before.splitlines(keepends=True) if not line.startswith(old.partition(" ")[0] + " ")]
    text = "".join(lines) + line + case.more + MORE
    text = text.replace("URL\n", f"{front.url}\n").replace("ASSERTION", ASSERTION)
    return text.replace("TOKEN", str(home.folder / "token"))


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
@pytest.mark.parametrize("key", CASES)
def test_a_key_arrives_bare_and_with_the_prefix(ready: Home, offline_front: Front, key: str, prefix: str) -> None:
    case = CASES[key]
    ready.config.write_text(written(ready, offline_front, case, f"{prefix}{key} = {case.value}\n"))
    environ = {name: value.replace("URL", offline_front.url) for name, value in case.environ.items()}
    ran = ready.run("get", "dev", **environ)
    assert case.arrived(offline_front), (offline_front.calls, ran.stderr)
    if case.environ is not BY_PROXY:
        assert (ran.code, ran.stderr) == (0, "")


@pytest.mark.parametrize("key", CASES)
def test_a_key_that_shapes_the_session_makes_it_another_in_the_cache(
    ready: Home, offline_front: Front, key: str
) -> None:
    case = CASES[key]

    def made(line: str) -> str:
        ready.config.write_text(written(ready, offline_front, case, line))
        environ = {"HOME": str(ready.folder), "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT00000"}
        return entries.key(role_chain.read_profile(aws_config.load(environ), environ, "dev").session_inputs())

    assert (made(f"{key} = {case.value}\n") != made("")) is case.shapes


def with_source(prefix: str, keys: dict[str, str]) -> str:
    """The profile `dev`, and a source profile with `keys`."""
    lines = "".join(f"{prefix}{key} = {value}\n" for key, value in keys.items())
    return f"[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = mine\n[profile mine]\n{lines}"


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
@pytest.mark.parametrize("keys", [KEYS, PROCESS], ids=["access key", "process"])
def test_a_source_profile_s_credentials_arrive_bare_and_with_the_prefix(
    ready: Home, offline_front: Front, keys: dict[str, str], prefix: str
) -> None:
    printed = {"Version": 1, "AccessKeyId": KEYS["aws_access_key_id"], "SecretAccessKey": "mine"}
    (ready.folder / "printed.json").write_text(json.dumps(printed | {"SessionToken": KEYS["aws_session_token"]}))
    ready.config.write_text(with_source(prefix, keys))
    ready.get("dev")
    (call,) = offline_front.calls
    assert (call.access_key_id, call.session_token) == (KEYS["aws_access_key_id"], KEYS["aws_session_token"])


@pytest.mark.parametrize(
    ("key", "keys"), [(key, keys) for keys in (KEYS, PROCESS, SESSION, LEGACY, CONSOLE) for key in keys], ids=str
)
def test_a_source_profile_s_key_makes_another_session_where_it_says_whose_it_is(
    ready: Home, key: str, keys: dict[str, str]
) -> None:
    def made(text: str) -> str:
        ready.config.write_text(text + SESSIONS)
        environ = {"HOME": str(ready.folder)}
        return entries.key(role_chain.read_profile(aws_config.load(environ), environ, "dev").session_inputs())

    before = made(with_source("", keys))
    assert made(with_source("assume_helper_", keys)) == before
    assert (made(with_source("", keys | {key: OTHER.get(key, "another")})) == before) is (key in NO_IDENTITY)


def test_the_options_of_get_arrive_and_have_entries_of_their_own(ready: Home, offline_front: Front) -> None:
    ready.config.write_text(BEFORE + MORE)
    given = {
        "--session-policy": (POLICY, "Policy", POLICY),
        "--policy-arn": (READ_ONLY, "PolicyArns.member.1.arn", READ_ONLY),
        "--session-tag": ("team=data", "Tags.member.1.Value", "data"),
        "--duration-seconds": ("900", "DurationSeconds", "900"),
        "--role-session-name": ("x-1", "RoleSessionName", "x-1"),
    }
    ready.get("dev")
    for number, (option, (value, name, sent)) in enumerate(given.items()):
        ran = ready.run("get", "dev", option, value)
        assert json.loads(ran.stdout)["Version"] == 1
        assert offline_front.calls[-1].parameters[name] == sent
        assert len(ready.entries()) == number + 2
