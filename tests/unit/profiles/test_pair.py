"""The pair form: what the first profile says reaches the session, or is refused by name."""

from collections.abc import Callable

import pytest

from assume_helper.profiles.role import Profile

Read = Callable[..., Profile]
Refused = Callable[..., str]

PAIR = """
    [profile dev]
    credential_process = assume-helper get role
    {first}
    [profile role]
    role_arn = ROLE/dev
    source_profile = base
    region = eu-west-1
    [profile shared]
    duration_seconds = 900
"""


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
@pytest.mark.parametrize(
    "line",
    [
        'session_policy = {"Version": "2012-10-17", "Statement": []}',
        "policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess",
        "session_tags = team=a",
        "transitive_session_tags = team",
        "source_identity = jane",
        "duration_seconds = 900",
        "role_session_name = jane",
        "external_id = customer",
        "mfa_serial = arn:aws:iam::123456789012:mfa/me",
        "mfa_process = code",
        "mfa_session_duration_seconds = 900",
        "source_profile = base",
        "credential_source = Environment",
    ],
)
def test_what_shapes_a_session_is_refused_by_its_name(refused: Refused, prefix: str, line: str) -> None:
    said = refused(PAIR.format(first=prefix + line))
    assert said.startswith(f"[dev] has {line.split(' = ', maxsplit=1)[0]}, and its session is that of [role]")
    assert said.endswith("move it to [role], or take it out")


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_a_web_identity_comes_before_the_pair_and_wants_its_role(refused: Refused, prefix: str) -> None:
    """botocore: AssumeRoleWithWebIdentityProvider comes before ProcessProvider."""
    said = refused(PAIR.format(first=f"{prefix}web_identity_token_file = token"))
    assert said.startswith("[dev] has web_identity_token_file and no role_arn; add role_arn")


@pytest.mark.parametrize(
    "line",
    ["assume_helper_cache = encrypted", "assume_helper_endpoint_url = http://127.0.0.1", "assume_helper_ca_bundle = x"],
)
def test_what_only_this_helper_reads_is_refused_too(refused: Refused, line: str) -> None:
    assert f"[dev] has {line.split(' = ', maxsplit=1)[0]}," in refused(PAIR.format(first=line))


def test_several_are_named_at_once(refused: Refused) -> None:
    said = refused(PAIR.format(first="external_id = customer\n    duration_seconds = 900"))
    assert "[dev] has duration_seconds, external_id," in said


def test_an_included_profile_s_keys_count(refused: Refused) -> None:
    assert "[dev] has duration_seconds," in refused(PAIR.format(first="include_profile = shared"))


def test_the_first_profile_of_a_source_is_read_alike(refused: Refused) -> None:
    config = PAIR.format(first="session_tags = team=a") + "[profile ops]\nrole_arn = ROLE/ops\nsource_profile = dev\n"
    assert "[dev] has session_tags," in refused(config.replace("\n    ", "\n"), name="ops")


def test_so_is_each_of_several_in_a_row(refused: Refused) -> None:
    config = PAIR.format(first="duration_seconds = 900") + (
        "    [profile outer]\n    credential_process = assume-helper get dev\n"
    )
    assert "[dev] has duration_seconds," in refused(config, name="outer")


@pytest.mark.parametrize(
    "line",
    [
        "endpoint_url = https://localhost",
        "services = local",
        "ca_bundle = bundle.pem",
        "sts_regional_endpoints = legacy",
        "output = json",
        "cli_pager =",
        "session_tags =",
    ],
)
def test_what_only_sdks_read_is_theirs(read: Read, line: str) -> None:
    config = PAIR.format(first=line)
    assert read(config) == read(config, "role")


def test_the_region_is_the_programs_and_the_session_stays_the_same(read: Read) -> None:
    config = PAIR.format(first="region = eu-central-1")
    pair, role = read(config), read(config, "role")
    assert (pair.region, role.region) == ("eu-central-1", "eu-west-1")
    assert pair.session_inputs() == role.session_inputs()
    assert read(config, environ={"AWS_REGION": "eu-north-1"}).region == "eu-north-1"


def test_the_call_s_own_options_reach_the_role(tmp_path_factory: pytest.TempPathFactory) -> None:
    from assume_helper.profiles import aws_config, role_chain

    folder = tmp_path_factory.mktemp("pair")
    text = PAIR.format(first="").replace("ROLE/", "arn:aws:iam::123456789012:role/").replace("\n    ", "\n")
    (folder / "config").write_text(text)
    (folder / "credentials").write_text("[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n")
    config = aws_config.load(
        {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    )
    assert role_chain.read_profile(config, {}, "dev", {"duration_seconds": "1800"}).duration_seconds == 1800
