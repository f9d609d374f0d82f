"""Each kind of profile, its keys bare and prefixed: what it is, whose it is, and what it cannot have."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assume_helper.errors import OptionNotTaken
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.origin import CredentialProcess, MFADevice, StaticKeys
from assume_helper.profiles.role import Profile

Read = Callable[..., Profile]
Refused = Callable[..., str]

USER = "arn:aws:iam::123456789012:user/me"
SECTION = "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
SESSION = {"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "Reader"}
LEGACY = {
    "sso_start_url": "https://x.awsapps.com/start",
    "sso_region": "eu-west-1",
    "sso_account_id": "123456789012",
    "sso_role_name": "Reader",
}
CONSOLE = {"login_session": USER}
PROCESS = {"credential_process": "vault login --token s3cret"}
KEY = {"aws_access_key_id": "AKIADEV", "aws_secret_access_key": "s3cret"}
KINDS = [
    (SESSION, "permission set", "123456789012/Reader", PermissionSet),
    (LEGACY, "permission set", "123456789012/Reader", PermissionSet),
    (CONSOLE, "console login", USER, ConsoleLogin),
    (PROCESS, "process", "dev", CredentialProcess),
    (KEY, "access key", "AKIADEV", StaticKeys),
]
each_prefix = pytest.mark.parametrize("prefix", ["", "assume_helper_"])
each_kind = pytest.mark.parametrize(("keys", "kind", "identity", "source"), KINDS)


def profile(keys: Mapping[str, str], prefix: str = "", more: str = "") -> str:
    lines = "".join(f"{prefix}{key} = {value}\n" for key, value in keys.items())
    return f"[profile dev]\n{lines}{more}{SECTION}"


@each_prefix
@each_kind
def test_a_profile_is_what_its_keys_say(
    read: Read, prefix: str, keys: dict[str, str], kind: str, identity: str, source: type
) -> None:
    found = read(profile(keys, prefix))
    assert (found.kind, found.identity, found.role_arn) == (kind, identity, None)
    assert isinstance(found.source, source)
    assert list(found.links()) == [found]
    assert found.names() == ["dev"]
    assert "s3cret" not in repr(found)


@each_prefix
@each_kind
def test_a_role_over_a_profile_has_its_very_session_for_a_source(
    read: Read, prefix: str, keys: dict[str, str], kind: str, identity: str, source: type
) -> None:
    text = f"[profile over]\nrole_arn = ROLE/over\nsource_profile = dev\n{profile(keys, prefix)}"
    over, own = read(text, "over"), read(text)
    if source is StaticKeys:  # it assumes roles by itself
        assert over.source == own.source
    else:
        assert over.source == own
        assert isinstance(over.source, Profile)
        assert over.source.session_inputs() == own.session_inputs()
        assert over.names() == ["over", "dev"]
    assert over.origin == own.origin


@each_kind
def test_a_region_is_for_programs_and_shapes_no_session(
    read: Read, keys: dict[str, str], kind: str, identity: str, source: type
) -> None:
    own, other = read(profile(keys)), read(profile(keys, more="region = eu-central-1\n"))
    assert (own.region, other.region) == (None, "eu-central-1")
    assert own.session_inputs() == other.session_inputs()


def test_all_kinds_have_keys_of_their_own(read: Read) -> None:
    found = [read(profile(keys)).session_inputs() for keys, *_ in KINDS]
    # Both forms of a permission set have another token file.
    assert len({repr(inputs) for inputs in found}) == len(KINDS)


@pytest.mark.parametrize(
    ("keys", "account"),
    [(SESSION, "123456789012"), (LEGACY, "123456789012"), (CONSOLE, "123456789012"), (PROCESS, None)],
)
def test_the_account_is_known_before_a_call_where_the_config_says_it(
    read: Read, keys: dict[str, str], account: str | None
) -> None:
    assert read(profile(keys)).account_id == account


@pytest.mark.parametrize("keys", [SESSION, CONSOLE, PROCESS, KEY])
def test_a_role_written_for_the_helper_comes_before_bare_keys(read: Read, keys: dict[str, str]) -> None:
    ours = "assume_helper_role_arn = ROLE/dev\nassume_helper_source_profile = base\n"
    assert read(profile(keys, more=ours)).kind == "role"


@pytest.mark.parametrize(
    ("keys", "kind"), [(SESSION, "permission set"), (CONSOLE, "console login"), (PROCESS, "process")]
)
def test_what_is_written_for_the_helper_comes_before_a_bare_role(read: Read, keys: dict[str, str], kind: str) -> None:
    bare = "role_arn = ROLE/dev\nsource_profile = base\n"
    assert read(profile(keys, "assume_helper_", bare)).kind == kind


@each_prefix
def test_an_access_key_written_for_the_helper_comes_before_a_bare_process(read: Read, prefix: str) -> None:
    found = read(profile(KEY, prefix, "credential_process = tool\n"))
    assert found.kind == ("access key" if prefix else "process")


def test_the_helper_s_own_command_is_no_process(read: Read) -> None:
    found = read(profile(KEY, more="credential_process = assume-helper get dev\n"))
    assert found.kind == "access key"


# What only a role's session can have.


@each_prefix
@pytest.mark.parametrize(
    "line",
    [
        "policy_arns = arn:aws:iam::aws:policy/ReadOnlyAccess",
        "session_tags = team=a",
        "transitive_session_tags = team",
        "source_identity = jane",
    ],
)
@pytest.mark.parametrize(
    ("keys", "kind"),
    [(SESSION, "a permission set"), (CONSOLE, "a console login"), (PROCESS, "a process"), (KEY, "an access key")],
)
def test_what_narrows_a_session_is_refused_where_it_would_be_ignored(
    refused: Refused, prefix: str, keys: dict[str, str], kind: str, line: str
) -> None:
    said = refused(profile(keys, more=f"{prefix}{line}\n"))
    key = line.partition(" ")[0]
    assert said == (
        f"[dev] is {kind} and has {key}, which only a role's session can have; "
        "narrow it with session_policy, or use the profile as the source_profile of a role"
    )


@pytest.mark.parametrize(
    ("keys", "option", "named"),
    [
        (SESSION, {"read_only": "true"}, "--read-only"),
        (CONSOLE, {"session_tags": "team=a"}, "--session-tag"),
        (PROCESS, {"role_session_name": "me"}, "--role-session-name"),
        (KEY, {"policy_arns": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "--policy-arn"),
        (KEY | {"aws_session_token": "t"}, {"read_only": "true"}, "--read-only"),
        (KEY | {"aws_security_token": "t"}, {"role_session_name": "me"}, "--role-session-name"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(
    tmp_path: Path, keys: dict[str, str], option: dict[str, str], named: str
) -> None:
    (tmp_path / "config").write_text(profile(keys))
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    with pytest.raises(OptionNotTaken, match=f"which takes no {named}; narrow it with --session-policy"):
        role_chain.read_profile(aws_config.load(environ), environ, "dev", option)


# An access key: the user's own session.


def test_temporary_keys_need_no_code_and_have_no_duration_of_ours(read: Read) -> None:
    more = "aws_session_token = t\nmfa_serial = arn:aws:iam::123456789012:mfa/me\nduration_seconds = 900\n"
    found = read(profile(KEY, more=more))
    assert (found.user_session, found.mfa, found.duration_seconds) == (None, None, None)
    assert not found.asks_for_code


def test_a_user_s_session_is_the_default_of_half_a_day_without_a_device(read: Read) -> None:
    session = read(profile(KEY)).user_session
    assert session is not None
    assert (session.duration_seconds, session.device, session.partition) == (43_200, None, "aws")


@each_prefix
@pytest.mark.parametrize("seconds", [900, 129_600])
def test_a_user_s_session_lasts_as_long_as_the_profile_says(read: Read, prefix: str, seconds: int) -> None:
    session = read(profile(KEY, more=f"{prefix}duration_seconds = {seconds}\n")).user_session
    assert session is not None
    assert session.duration_seconds == seconds


@pytest.mark.parametrize("seconds", ["899", "129601", "soon"])
def test_a_duration_that_get_session_token_does_not_take_is_refused(refused: Refused, seconds: str) -> None:
    said = refused(profile(KEY, more=f"duration_seconds = {seconds}\n"))
    assert "duration_seconds of [dev]" in said
    assert "129600" in said


def test_a_role_s_duration_is_no_longer_for_that(refused: Refused) -> None:
    role = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\nduration_seconds = 43201\n"
    assert "duration_seconds of [dev]" in refused(role)


@each_prefix
def test_temporary_keys_have_no_session_of_their_own(read: Read, prefix: str) -> None:
    found = read(profile(KEY | {"aws_session_token": "t"}, prefix, "mfa_serial = GAHT12345678\n"))
    assert (found.kind, found.user_session) == ("access key", None)


def test_a_token_of_the_other_file_is_another_key_s(read: Read) -> None:
    config = profile({"aws_session_token": "of-another"})
    found = read(config, credentials="[dev]\naws_access_key_id = AKIA\naws_secret_access_key = s\n")
    assert found.source == StaticKeys("dev", "AKIA", "s", None)
    assert found.user_session is not None


def test_roles_with_mfa_over_a_user_share_the_user_s_own_session_where_it_lasts_as_long(read: Read) -> None:
    text = (
        "[profile me]\nmfa_serial = GAHT12345678\naws_access_key_id = AKIAME\naws_secret_access_key = s\n"
        "[profile one]\nrole_arn = ROLE/one\nsource_profile = me\nregion = eu-west-1\n"
        "[profile two]\nrole_arn = ROLE/two\nsource_profile = me\n"
        "[profile short]\nrole_arn = ROLE/short\nsource_profile = me\nmfa_session_duration_seconds = 900\n"
    )
    sessions = {name: read(text, name).user_session for name in ("me", "one", "two", "short")}
    inputs = {name: session.session_inputs() for name, session in sessions.items() if session is not None}
    assert inputs["me"] == inputs["one"] == inputs["two"]
    assert inputs["short"] != inputs["me"]
    assert all((session is not None and session.device == MFADevice("GAHT12345678")) or name == "short"
               for name, session in sessions.items())  # fmt: skip
    assert read(text, "me").session_inputs() == inputs["me"]


def test_only_an_access_key_has_a_device_of_its_own(read: Read) -> None:
    serial = "mfa_serial = GAHT12345678\n"
    devices = {kind: read(profile(keys, more=serial)).mfa_device for keys, kind, *_ in KINDS}
    assert {kind for kind, device in devices.items() if device is not None} == {"access key"}
