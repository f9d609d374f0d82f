"""Several profiles, and all of them: one change, with those that are left and the reason."""

from pathlib import Path

import pytest
from running import WRITTEN

from assume_helper.configure import change, every_profile
from assume_helper.configure.change import Change
from assume_helper.errors import AssumeHelperError

ROLE = "arn:aws:iam::123456789012:role"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }


def added(environ: dict[str, str], *names: str) -> Change:
    loaded = change.load(environ)
    edits = [change.edit(loaded, change.read(loaded, environ, name, {}), {}, fastest=False) for name in names]
    return change.add_helper(loaded, environ, edits)


def removed(environ: dict[str, str], *names: str) -> Change:
    return change.remove_helper(change.load(environ), environ, names)


def everywhere(environ: dict[str, str], *, fastest: bool | None = None) -> Change:
    return every_profile.add_helper(change.load(environ), environ, fastest=fastest)


KINDS = {
    "role": f"role_arn = {ROLE}/dev\nsource_profile = base\n",
    "web": f"role_arn = {ROLE}/web\nweb_identity_token_file = /t\n",
    "set": "sso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Developer\n",
    "legacy": "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\n"
    "sso_role_name = Developer\n",
    "console": "login_session = arn:aws:iam::123456789012:user/me\n",
    "process": "credential_process = /x/other --token abc\n",
    "key": "aws_access_key_id = AKIAKEY\naws_secret_access_key = dummy\n",
}
SESSION = "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"


def kinds(environ: dict[str, str], more: str = "") -> str:
    config = "".join(f"[profile {name}]\n{keys}" for name, keys in KINDS.items())
    config += f"{SESSION}[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = dummy\n{more}"
    Path(environ["AWS_CONFIG_FILE"]).write_text(config)
    return config


def test_all_profiles_are_one_change_and_one_undo(environ: dict[str, str]) -> None:
    before = kinds(environ, "[profile nothing]\nregion = eu-west-1\n")
    made = everywhere(environ)
    assert [profile.name for profile in made.profiles] == [*KINDS, "base"]
    assert made.left == {"nothing": "it has neither a role nor credentials"}
    assert SESSION in made.text
    change.write(made, environ, None)
    again = everywhere(environ)
    assert not again.is_needed
    assert again.left == {**dict.fromkeys([*KINDS, "base"], "it goes through the helper already"), **made.left}
    loaded = change.load(environ)
    assert {name: change.read(loaded, environ, name, {}).kind for name in KINDS} == {
        "role": "role",
        "web": "role",
        "set": "permission set",
        "legacy": "permission set",
        "console": "console login",
        "process": "process",
        "key": "access key",
    }
    assert every_profile.remove_helper(loaded, environ).text == before


def test_undo_of_all_leaves_a_profile_that_only_asks_for_another(environ: dict[str, str]) -> None:
    pair = f"[profile pair]\ncredential_process = {WRITTEN} get set\n"
    before = kinds(environ, f"{pair}[profile above]\nrole_arn = {ROLE}/above\nsource_profile = pair\n")
    change.write(everywhere(environ), environ, None)
    undone = every_profile.remove_helper(change.load(environ), environ)
    assert undone.text == before
    assert undone.left == {"pair": "it has nothing but the helper; name it to remove that"}
    assert pair not in removed(environ, "pair").text


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (f"[profile x]\nrole_arn = {ROLE}/x\nsource_profile = nobody\n", "names profile nobody, which is not there"),
        (f"[profile x]\nrole_arn = {ROLE}/x\n", "nothing to assume it with"),
        ("[profile x]\nsso_account_id = 123456789012\nsso_session = corp\n", "sso_account_id and no sso_role_name"),
        (
            "[profile x]\nsso_account_id = 1\nsso_role_name = r\nsso_session = crop\n",
            "= crop, which is not there",
        ),
        ("[profile x]\nsso_account_id = 1\nsso_role_name = r\nsso_region = e\n", "[x] has no sso_start_url"),
        ("[profile x]\naws_access_key_id = AKIA\n", "no aws_secret_access_key"),
        ("[profile x]\nassume_helper_role_anr = x\nlogin_session = y\n", "did you mean assume_helper_role_arn?"),
        ("[profile x]\nlogin_session = y\ninclude_profile = z\n", "includes profile z, which is not there"),
        ('[profile "x;y"]\nlogin_session = y\n', "cannot stand in a credential_process"),
        (f"[profile x]\ncredential_process = {WRITTEN} get x --read-only\nrole_arn = a\n", "not the ARN of a role"),
    ],
)
def test_a_profile_that_cannot_be_served_is_left_with_the_reason_and_named_alone_it_is_refused(
    environ: dict[str, str], section: str, reason: str
) -> None:
    kinds(environ, section)
    made = everywhere(environ)
    (name,) = made.left
    assert reason in made.left[name]
    assert section in made.text
    assert len(made.profiles) == len(KINDS) + 1
    with pytest.raises(AssumeHelperError) as caught:
        added(environ, name)
    assert reason in str(caught.value)


def test_a_key_in_the_credentials_file_leaves_the_profile_and_named_alone_it_is_a_warning(
    environ: dict[str, str],
) -> None:
    kinds(environ)
    credentials = Path(environ["AWS_SHARED_CREDENTIALS_FILE"])
    keys = "[key]\naws_access_key_id = AKIATHEIRS\naws_secret_access_key = theirs\n"
    credentials.write_text(keys + keys.replace("[key]", "[only]") + keys.replace("[key]", "[role]"))
    made = everywhere(environ)
    said = f"{credentials} has its aws_access_key_id, aws_secret_access_key, which SDKs use; move them to [profile "
    assert made.left.keys() == {"role", "key", "only"}
    assert all(made.left[name].startswith(f"{said}{name}]") for name in made.left)
    alone = added(environ, "key")
    assert "\naws_access_key_id = AKIAKEY\n" in alone.text  # with the prefix it would win over the other
    (warning,) = alone.profiles[0].warnings
    assert warning.startswith(f"{credentials} has aws_access_key_id, aws_secret_access_key for this profile and wins")
    assert credentials.read_text().startswith(keys)


def test_a_profile_that_goes_through_the_helper_is_mended_where_a_bare_key_goes_round_it(
    environ: dict[str, str],
) -> None:
    config = kinds(environ)
    line = "credential_process = /old/assume-helper get set\n"
    Path(environ["AWS_CONFIG_FILE"]).write_text(config.replace("[profile set]\n", f"[profile set]\n{line}"))
    assert "set" in [profile.name for profile in everywhere(environ).profiles]
    prefixed = line + KINDS["set"].replace("sso_", "assume_helper_sso_")
    Path(environ["AWS_CONFIG_FILE"]).write_text(config.replace(KINDS["set"], prefixed))
    assert everywhere(environ).left == {"set": "it goes through the helper already"}
    assert "set" in [profile.name for profile in everywhere(environ, fastest=True).profiles]


def test_a_pair_keeps_its_other_profile_and_its_access_key(environ: dict[str, str]) -> None:
    pair = f"[profile ops]\ncredential_process = {WRITTEN} get role\naws_access_key_id = AKIA\n"
    kinds(environ, pair)
    assert everywhere(environ).left == {"ops": "it goes through the helper already"}
    made = added(environ, "ops")
    assert not made.is_needed
    assert "use this profile's access key, not the helper" in made.profiles[0].warnings[0]


def test_a_copied_section_gets_a_process_of_its_own(environ: dict[str, str]) -> None:
    kinds(environ, f"[profile copy]\ncredential_process = {WRITTEN} get role\n{KINDS['console']}")
    made = added(environ, "copy")
    assert made.text.endswith(
        f"[profile copy]\ncredential_process = {WRITTEN} get copy\nassume_helper_{KINDS['console']}"
    )


def test_of_several_the_one_that_fails_is_looked_at_last(environ: dict[str, str]) -> None:
    kinds(environ, "[profile x]\naws_access_key_id = AKIA\n")
    loaded = change.load(environ)
    looked_at: list[str] = []
    names = ["set", "x", "console"]
    edits = [change.edit(loaded, change.read(loaded, environ, name, {}), {}, fastest=None) for name in names]
    with pytest.raises(AssumeHelperError):
        change.add_helper(loaded, environ, edits, looking_at=looked_at.append)
    assert looked_at == [*names, "set", "x"]


HAND_WRITTEN = (
    f"[profile own]\ncredential_process = {WRITTEN} get own\nassume_helper_role_arn = {ROLE}/own\n"
    f"assume_helper_source_profile = set  # mine\n[profile pair]\ncredential_process = {WRITTEN} get set\n"
    "[profile set]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"
    f"[profile both]\ncredential_process = {WRITTEN} get both\nlogin_session = me\n"
    "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1\n"
)


def test_undo_of_all_gives_back_the_bytes_where_the_last_change_was_all(environ: dict[str, str]) -> None:
    config = Path(environ["AWS_CONFIG_FILE"])
    config.write_text(HAND_WRITTEN)
    change.write(everywhere(environ), environ, None)
    assert "assume_helper_login_session" in config.read_text()
    undone = every_profile.remove_helper(change.load(environ), environ)
    assert undone.text == HAND_WRITTEN
    assert [profile.name for profile in undone.profiles] == ["set", "both"]


def test_undo_of_all_after_another_change_takes_the_helper_from_what_is_there(environ: dict[str, str]) -> None:
    config = Path(environ["AWS_CONFIG_FILE"])
    config.write_text(HAND_WRITTEN)
    change.write(everywhere(environ), environ, None)
    config.write_text(config.read_text() + "# edited\n")
    undone = every_profile.remove_helper(change.load(environ), environ)
    assert [profile.name for profile in undone.profiles] == ["own", "set", "both"]
    assert undone.left.keys() == {"pair"}
