"""Chains of every mixture, and what STS enforces on the way: an hour for a chained role, a role's own longest session,
its external id.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from canned import Asked, serving
from front import Call, Front, Reply, session
from running import ACCESS_KEY_ID, SECRET, Home
from strict import Issued, Role, Strict

ROLE = "arn:aws:iam::123456789012:role"
# The session of another role, as a process, a login or a machine has one.
THEIRS = "ASIATHEIRS0000000000"


def profile(name: str, *lines: str) -> str:
    return "\n".join((f"[profile {name}]", f"role_arn = {ROLE}/{name}", *lines, ""))


@pytest.fixture
def strict(role: Home, offline_front: Front) -> Strict:
    strict = Strict(Credentials(ACCESS_KEY_ID, SECRET), otherwise=Role(longest=43_200))
    strict.sessions[THEIRS] = Issued(
        Credentials(THEIRS, SECRET, "token"),
        of_role=True,
        with_mfa=False,
        expires=datetime.now(UTC) + timedelta(hours=1),
    )
    offline_front.behaviour = strict
    role.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url, "AWS_REGION": "us-east-1"}
    return strict


def assumed(front: Front) -> list[str]:
    return [call.parameters["RoleArn"].rpartition("/")[2] for call in front.calls]


# How long a session may last.


def test_a_chained_role_that_asks_for_more_than_an_hour_is_told_why(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    role.config.write_text(
        profile("dev", "source_profile = hub", "duration_seconds = 7200") + profile("hub", "source_profile = base")
    )
    words = ("it is assumed with the role of profile hub, and a chained role lasts an hour at most",)
    role.run("get", "dev").failed(6, f"STS refused {ROLE}/dev", *words, "duration_seconds = 3600 in [dev]")
    assert assumed(offline_front) == ["hub", "dev"]
    role.run("get", "hub", "--duration-seconds", "7200")
    assert offline_front.calls[-1].parameters["DurationSeconds"] == "7200"


def test_a_chained_role_that_does_not_say_has_an_hour_whatever_the_role_before_it_has(
    role: Home, strict: Strict, offline_front: Front
) -> None:
    role.config.write_text(
        profile("dev", "source_profile = hub") + profile("hub", "source_profile = base", "duration_seconds = 43200")
    )
    begun = datetime.now(UTC)
    end = datetime.fromisoformat(role.get("dev")["Expiration"])
    assert end <= begun + timedelta(hours=1, seconds=60)
    assert [call.parameters.get("DurationSeconds") for call in offline_front.calls] == ["43200", None]


def test_a_role_assumed_by_a_session_of_a_role_that_others_gave_is_told_the_same(role: Home, strict: Strict) -> None:
    document = {"Version": 1, "AccessKeyId": THEIRS, "SecretAccessKey": SECRET, "SessionToken": "token"}
    (role.folder / "printed.json").write_text(json.dumps(document))
    role.config.write_text(
        profile("dev", "source_profile = other", "duration_seconds = 7200")
        + f"[profile other]\ncredential_process = cat '{role.folder}/printed.json'\n"
    )
    role.run("get", "dev").failed(6, "assumed with the credential_process of profile other", "an hour at most")


def test_a_role_s_longest_session_names_the_key_to_change(role: Home, strict: Strict) -> None:
    strict.roles[f"{ROLE}/dev"] = Role(longest=7200)
    role.config.write_text(profile("dev", "source_profile = base", "duration_seconds = 7201"))
    role.run("get", "dev").failed(
        6, "the role's sessions may not last 7201 s", "lower duration_seconds in [dev]", "MaxSessionDuration"
    )
    assert role.run("get", "dev", "--duration-seconds", "7200").code == 0


# The external id.


@pytest.mark.parametrize(
    ("line", "words"),
    [("", "an external id (set external_id)"), ("external_id = wrong", "another external_id")],
)
def test_a_role_that_wants_an_external_id(role: Home, strict: Strict, line: str, words: str) -> None:
    strict.roles[f"{ROLE}/dev"] = Role(external_id="tenant-7")
    role.config.write_text(profile("dev", "source_profile = base", line))
    role.run("get", "dev").failed(6, "denied AssumeRole", "user/sts-user (the access key of profile base)", words)
    role.config.write_text(profile("dev", "source_profile = base", "external_id = tenant-7"))
    role.get("dev")


# Mixtures. Each way to begin, then two roles, then another profile that passes through the first.


@pytest.fixture(params=["access key", "environment", "process", "EC2", "ECS", "web identity", "SSO"])
def beginning(request: pytest.FixtureRequest, role: Home, strict: Strict, offline_front: Front) -> Iterator[str]:
    """The lines of a role that begins a chain."""
    keys = {"AccessKeyId": THEIRS, "SecretAccessKey": SECRET}
    end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def answer(asked: Asked) -> tuple[int, object]:
        if asked.path.startswith("/federation"):
            given = {"accessKeyId": THEIRS, "secretAccessKey": SECRET, "sessionToken": "token"}
            return 200, {"roleCredentials": given | {"expiration": int(datetime.now(UTC).timestamp() + 3600) * 1000}}
        is_token, is_list = asked.method == "PUT", asked.path.endswith("security-credentials/")
        if is_token or is_list:
            return 200, b"imds-token" if is_token else b"instance-role"
        return 200, keys | {"Token": "token", "Expiration": end, "Code": "Success"}

    def web(call: Call) -> Reply | None:
        if call.action != "AssumeRoleWithWebIdentity":
            return strict(call)
        return session(access_key_id=THEIRS, SessionToken="token")(call)

    offline_front.behaviour = web
    with serving(answer) as canned:
        match request.param:
            case "access key":
                yield "source_profile = base"
            case "environment":
                role.environ |= {"AWS_ACCESS_KEY_ID": THEIRS, "AWS_SECRET_ACCESS_KEY": SECRET}
                yield "credential_source = Environment"
            case "process":
                (role.folder / "printed.json").write_text(json.dumps(keys | {"Version": 1, "SessionToken": "token"}))
                yield f"source_profile = me\n[profile me]\ncredential_process = cat '{role.folder}/printed.json'"
            case "EC2":
                del role.environ["AWS_EC2_METADATA_DISABLED"]
                role.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = canned.url
                yield "credential_source = Ec2InstanceMetadata"
            case "ECS":
                role.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{canned.url}/creds"
                yield "credential_source = EcsContainer"
            case "web identity":
                (role.folder / "token").write_text("a.web.token")
                yield f"web_identity_token_file = {role.folder}/token"
            case _:
                logged_in(role.folder / ".aws" / "sso" / "cache", end)
                role.environ["AWS_ENDPOINT_URL_SSO"] = canned.url
                yield (
                    "source_profile = me\n[profile me]\nsso_start_url = https://corp.invalid/start\n"
                    "sso_region = us-east-1\nsso_account_id = 123456789012\nsso_role_name = Reader"
                )


def logged_in(cache: Path, end: str) -> None:
    cache.mkdir(parents=True)
    token = {"startUrl": "https://corp.invalid/start", "region": "us-east-1", "accessToken": "x", "expiresAt": end}
    name = hashlib.sha1(token["startUrl"].encode(), usedforsecurity=False).hexdigest()
    (cache / f"{name}.json").write_text(json.dumps(token))


def test_each_link_of_a_chain_is_cached_and_shared_wherever_it_begins(
    role: Home, offline_front: Front, beginning: str
) -> None:
    role.config.write_text(
        profile("dev", "source_profile = middle")
        + profile("ops", "source_profile = middle")
        + profile("middle", "source_profile = hub")
        + profile("hub", beginning)
    )
    role.get("dev")
    assert assumed(offline_front) == ["hub", "middle", "dev"]
    role.get("ops")
    assert assumed(offline_front) == ["hub", "middle", "dev", "ops"]
    role.get("middle")
    role.get("hub")
    assert len(offline_front.calls) == 4
    assert len(role.entries()) == 4 + ("sso_account_id" in beginning), "the login's own session is kept, too"
    signers = [call.access_key_id for call in offline_front.calls]
    assert len(set(signers)) == 3
    assert signers[2] == signers[3], "the session of the role in the middle"
