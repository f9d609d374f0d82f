"""A change of a profile: what is there before it, what it writes, and what happens when another program is faster."""

from pathlib import Path

import pytest
from running import WRITTEN

from assume_helper.configure import change, writer
from assume_helper.configure.change import Change
from assume_helper.errors import ChangedMeanwhile, ConfigurationError

ROLE = "arn:aws:iam::123456789012:role"
CONFIG = f"""[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = dummy
[profile dev]
role_arn = {ROLE}/dev
source_profile = base
[profile pair]
credential_process = {WRITTEN} get dev
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config").write_text(CONFIG)
    return {
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }


def added(environ: dict[str, str], name: str = "dev", **values: str) -> Change:
    loaded = change.load(environ)
    present = change.read(loaded, environ, name, values)
    return change.add_helper(loaded, environ, [change.edit(loaded, present, values, fastest=False)])


def removed(environ: dict[str, str], *names: str) -> Change:
    return change.remove_helper(change.load(environ), environ, names)


def text(environ: dict[str, str]) -> str:
    return Path(environ["AWS_CONFIG_FILE"]).read_text()


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("dev", {}, (True, True, False)),
        ("base", {}, (False, False, False)),
        ("new", {}, (False, False, False)),
        ("pair", {}, (False, False, True)),
        ("pair", {"role_arn": f"{ROLE}/x"}, (False, False, False)),
    ],
)
def test_what_a_profile_has(
    environ: dict[str, str], name: str, values: dict[str, str], expected: tuple[bool, bool, bool]
) -> None:
    present = change.read(change.load(environ), environ, name, values)
    assert (present.has_role, present.has_source, present.is_pair) == expected


def test_a_process_of_another_program_becomes_the_helper_s_source_and_is_not_shown(environ: dict[str, str]) -> None:
    before = "[profile dev]\ncredential_process = /x/other --token abc\n"
    Path(environ["AWS_CONFIG_FILE"]).write_text(before)
    made = added(environ)
    assert made.text == (
        f"[profile dev]\ncredential_process = {WRITTEN} get dev\n"
        "assume_helper_credential_process = /x/other --token abc\n"
    )
    assert "abc" not in str(made.diff)
    change.write(made, environ, None)
    assert change.read(change.load(environ), environ, "dev", {}).kind == "process"
    assert removed(environ, "dev").text == before


def test_adding_and_removing_the_helper_gives_the_same_file(environ: dict[str, str]) -> None:
    first = added(environ)
    _, backup = change.write(first, environ, None)
    assert text(environ) == first.text != CONFIG
    assert backup is not None
    assert f"-role_arn = {ROLE}/dev\n-source_profile = base\n+credential_process" in Path(backup).read_text()
    assert "dummy" not in Path(backup).read_text()
    assert not added(environ).is_needed
    change.write(removed(environ, "dev"), environ, None)
    assert text(environ) == CONFIG


def test_a_new_source_removes_the_other_kind(environ: dict[str, str]) -> None:
    new = added(environ, credential_source="Environment").text
    assert "assume_helper_credential_source = Environment\n" in new
    assert "source_profile" not in new


def test_what_a_person_has_seen_is_written_or_nothing(environ: dict[str, str]) -> None:
    seen = added(environ)
    Path(environ["AWS_CONFIG_FILE"]).write_text(CONFIG + "[profile other]\n")
    with pytest.raises(ChangedMeanwhile):
        change.write(seen, environ, None)
    assert text(environ) == CONFIG + "[profile other]\n"


def test_without_a_person_the_change_is_made_anew(environ: dict[str, str]) -> None:
    seen = added(environ)
    Path(environ["AWS_CONFIG_FILE"]).write_text(CONFIG + "[profile other]\nregion = x\n")
    written, _ = change.write(seen, environ, lambda: added(environ))
    assert text(environ) == written.text
    assert written.text.endswith("[profile other]\nregion = x\n")
    assert "assume_helper_role_arn = " in written.text


def test_a_file_that_always_changes_is_given_up(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def replace(*_arguments: object) -> None:
        tries.append(1)
        raise ChangedMeanwhile("it was changed", "run it again")

    monkeypatch.setattr(writer, "replace", replace)
    with pytest.raises(ChangedMeanwhile):
        change.write(added(environ), environ, lambda: added(environ))
    assert len(tries) == 21


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (f"role_arn = {ROLE}/dev\nsource_profile = base\n", "role_arn, source_profile"),
        ("sso_account_id = 1\nsso_role_name = r\n", "sso_account_id, sso_role_name"),
        ("login_session = x\n", "login_session"),
        ("web_identity_token_file = /t\n", "web_identity_token_file"),
    ],
)
@pytest.mark.parametrize("config", [CONFIG, CONFIG.replace("[profile dev]", "[profile dev2]")])
def test_a_role_in_the_credentials_file_is_refused_until_it_is_moved(
    environ: dict[str, str], keys: str, named: str, config: str
) -> None:
    Path(environ["AWS_CONFIG_FILE"]).write_text(config)
    credentials = Path(environ["AWS_SHARED_CREDENTIALS_FILE"])
    credentials.write_text(f"[dev]\n{keys}")
    with pytest.raises(ConfigurationError) as caught:
        added(environ, role_arn=f"{ROLE}/dev", source_profile="base")
    said = str(caught.value)
    assert said.startswith(
        f"{credentials} has {named} of [dev], which would win; move what it has to [profile dev] of "
    )
    assert text(environ) == config


def test_a_role_that_was_moved_from_the_credentials_file_is_configured(environ: dict[str, str]) -> None:
    Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text("[dev]\nregion = x\n")
    assert "credential_process" in added(environ).text


@pytest.mark.parametrize("section", ["[profile Foo Bar]", "[Profile Foo Bar]", "[profile Foo Bar] # [x]"])
def test_a_section_that_is_not_read_gets_no_second_one_beside_it(environ: dict[str, str], section: str) -> None:
    Path(environ["AWS_CONFIG_FILE"]).write_text(f"{CONFIG}{section}\nregion = x\n")
    with pytest.raises(ConfigurationError, match=r'name it \[profile "Foo Bar"\]'):
        change.read(change.load(environ), environ, "Foo Bar", {})
