"""A profile's section, edited as text: what is said changes, and not one byte more."""

import configparser
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assume_helper.configure import editor
from assume_helper.configure.editor import Edit
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.double_quotes import unquoted

COMMAND = "/opt/assume-helper get dev"


def configured(text: str, name: str = "dev", /, **values: str | None) -> str:
    return editor.configured(text, [Edit(name, COMMAND, values)])


def undone(text: str, *, ours: bool = True) -> str:
    return editor.undone(text, {"dev": ours})


def loaded(folder: Path, config: str, credentials: str = "") -> AwsConfig:
    (folder / "credentials").write_text(credentials)
    environ = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return aws_config.load(environ, config)


# What changes, line by line.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[profile dev]\nrole_arn = a\nsource_profile = b\nregion = c\n",
            f"[profile dev]\ncredential_process = {COMMAND}\nassume_helper_role_arn = a\n"
            "assume_helper_source_profile = b\nregion = c\n",
        ),
        # comments, blank lines, spelling, delimiters, trailing blanks and line ends stay
        (
            "# mine\r\n\r\n[profile dev]  # here\r\n; why\r\nRole_ARN:a  \r\n\r\n  # deep\r\nsource_profile=b",
            f"# mine\r\n\r\n[profile dev]  # here\r\ncredential_process = {COMMAND}\r\n; why\r\n"
            "assume_helper_Role_ARN:a  \r\n\r\n  # deep\r\nassume_helper_source_profile=b",
        ),
        # the same depth, or the next key would be a part of the value
        (
            "[profile dev]\n    role_arn = a\n    source_profile = b\n",
            f"[profile dev]\n    credential_process = {COMMAND}\n    assume_helper_role_arn = a\n"
            "    assume_helper_source_profile = b\n",
        ),
        # a line of a value is no key
        (
            "[profile dev]\ns3 =\n  role_arn = 1\nrole_arn = a\n",
            f"[profile dev]\ncredential_process = {COMMAND}\ns3 =\n  role_arn = 1\nassume_helper_role_arn = a\n",
        ),
        ("[profile dev]", f"[profile dev]\ncredential_process = {COMMAND}\n"),
        ("[default]\nrole_arn = a\n", f"[default]\nrole_arn = a\n\n[profile dev]\ncredential_process = {COMMAND}\n"),
        ("", f"[profile dev]\ncredential_process = {COMMAND}\n"),
        ("# nothing", f"# nothing\n\n[profile dev]\ncredential_process = {COMMAND}\n"),
        ("[a]\n\n", f"[a]\n\n[profile dev]\ncredential_process = {COMMAND}\n"),
        ("[a]\r\n", f"[a]\r\n\r\n[profile dev]\r\ncredential_process = {COMMAND}\r\n"),
        # the path of the last time
        (
            "[profile dev]\nregion = c\ncredential_process=/old/assume-helper get dev\n  # by me\n",
            f"[profile dev]\nregion = c\ncredential_process={COMMAND}\n  # by me\n",
        ),
        ('["profile" dev]\n', f'["profile" dev]\n\n[profile dev]\ncredential_process = {COMMAND}\n'),
        ('[profile "dev"]\n', f'[profile "dev"]\ncredential_process = {COMMAND}\n'),
    ],
)
def test_configured(before: str, after: str) -> None:
    assert configured(before) == after
    assert configured(after) == after


@pytest.mark.parametrize(
    "key",
    [
        *editor.ROLE_KEYS,
        *editor.ACCESS_KEY_KEYS,
        *["sso_session", "sso_account_id", "sso_registration_scopes", "sso_x", "login_session", "credential_process"],
    ],
)
def test_keys_that_make_sdks_bypass_the_helper_are_prefixed(key: str) -> None:
    before = f"[profile dev]\n{key} = a\n"
    text = configured(before)
    assert text == f"[profile dev]\ncredential_process = {COMMAND}\nassume_helper_{key} = a\n"
    assert configured(text) == text
    assert undone(text) == before


def test_an_access_key_stays_where_it_is_not_to_be_moved() -> None:
    before = "[profile dev]\naws_access_key_id = a\nsso_session = b\n"
    assert editor.configured(before, [Edit("dev", COMMAND, moves_access_key=False)]) == (
        f"[profile dev]\ncredential_process = {COMMAND}\naws_access_key_id = a\nassume_helper_sso_session = b\n"
    )


def test_another_program_s_process_keeps_its_lines_and_the_helper_s_comes_before_all_keys() -> None:
    before = "[profile dev]\r\n  output = json\r\n credential_process =\r\n   /x/other\r\n   --why\r\n"
    assert configured(before) == (
        f"[profile dev]\r\n  credential_process = {COMMAND}\r\n  output = json\r\n"
        " assume_helper_credential_process =\r\n   /x/other\r\n   --why\r\n"
    )
    assert undone(configured(before)) == before


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("a=b  ", '"a=b"  '),
        ('"a=b"', '""a=b""'),
        ('""a=b""\t', '"""a=b"""\t'),
        ('"a"', '"a"'),
        ('"a" = "b"', '"a" = "b"'),
    ],
)
def test_quotes_are_added_for_php_and_taken_away_again(value: str, moved: str) -> None:
    before = f"[profile dev]\nsso_start_url = {value}\n"
    text = configured(before)
    assert text.endswith(f"\nassume_helper_sso_start_url = {moved}\n")
    assert configured(text) == text
    assert undone(text) == before


@pytest.mark.parametrize(
    "key",
    ["region", "output", "endpoint_url", "services", "session_tags", "session_policy", "mfa_process", "cli_pager"],
)
def test_what_sdks_are_to_read_or_ignore_stays(key: str) -> None:
    assert f"\n{key} = a\n" in configured(f"[profile dev]\n{key} = a\n")


def test_values_are_set_added_and_removed() -> None:
    before = (
        "[profile dev]\nrole_arn = a\ncredential_source = Environment\n# kept\nassume_helper_mfa_serial=\nregion = c\n"
    )
    values = {"role_arn": "b", "credential_source": None, "source_profile": "me", "mfa_serial": "m", "region": "d"}
    assert configured(before, **values) == (
        f"[profile dev]\ncredential_process = {COMMAND}\nassume_helper_source_profile = me\n"
        "assume_helper_role_arn = b\n# kept\nassume_helper_mfa_serial= m\nregion = d\n"
    )


def test_a_value_of_many_lines_becomes_one() -> None:
    before = "[profile dev]\nrole_arn =\n  a\n  # why\n\n[b]\n"
    assert configured(before, role_arn="b") == (
        f"[profile dev]\ncredential_process = {COMMAND}\nassume_helper_role_arn = b\n  # why\n\n[b]\n"
    )


def test_a_new_key_comes_behind_the_process_also_at_the_end_of_the_file() -> None:
    before = f"[profile dev]\n  region = c\n  credential_process = {COMMAND}"
    assert configured(before, external_id="x") == before + "\n  assume_helper_external_id = x\n"


@pytest.mark.parametrize(
    ("name", "title"), [("default", "default"), ("my dev", 'profile "my dev"'), ("x", "profile x")]
)
def test_a_new_profile_has_the_title_that_the_cli_reads(name: str, title: str, tmp_path: Path) -> None:
    text = configured("", name, role_arn="a", region="r", source_profile=None)
    assert text == f"[{title}]\ncredential_process = {COMMAND}\nassume_helper_role_arn = a\nregion = r\n"
    assert list(loaded(tmp_path, text).profiles) == [name]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[profile dev]\n[profile "dev"]\n', "profile dev has 2 sections"),
        ("[profile dev]\nrole_arn = a\nassume_helper_role_arn = b\n", "has both role_arn and assume_helper_role_arn"),
        ("[profile dev]\nsso_x = a\nassume_helper_sso_x = b\n", "has both sso_x and assume_helper_sso_x"),
        (
            "[profile dev]\ncredential_process = a\nassume_helper_credential_process = b\n",
            "has both credential_process and assume_helper_credential_process",
        ),
        ("[profile dev]\rrole_arn = a\r", "cannot be edited without changing its other lines"),
        ("role_arn = a\n", "cannot be edited"),
        ("[profile dev]\nnothing\n", "cannot be edited"),
    ],
)
def test_what_cannot_be_edited_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        configured(text)


def test_a_change_of_more_than_the_profile_is_refused(tmp_path: Path) -> None:
    """As where a section's title has blanks before it: behind a key it is a part of its value."""
    before = "[profile dev]\n [profile a]\nrole_arn = b\n"
    with pytest.raises(ConfigurationError, match="cannot be changed without changing other profiles too"):
        editor.check_rest(loaded(tmp_path, before), loaded(tmp_path, configured(before)), ["dev"])


# And back.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[profile dev]\ncredential_process = x\nassume_helper_Role_Arn=a\n", "[profile dev]\nRole_Arn=a\n"),
        ("[profile dev]\nASSUME_HELPER_role_arn=a\n", "[profile dev]\nrole_arn=a\n"),
        ("[profile dev]\nassume_helper_region = a\n", "[profile dev]\nassume_helper_region = a\n"),
        ("[profile dev]\n credential_process = x\n # c\n\n[b]\n", "[profile dev]\n # c\n\n[b]\n"),
        ("[profile b]\nassume_helper_role_arn=a\n", "[profile b]\nassume_helper_role_arn=a\n"),
    ],
)
def test_undone(before: str, after: str) -> None:
    assert undone(before) == after


def test_another_program_s_process_stays() -> None:
    text = "[profile dev]\ncredential_process = other\n"
    assert undone(text, ours=False) == text


def test_nothing_is_undone_over_a_bare_key() -> None:
    with pytest.raises(ConfigurationError, match="has both role_arn and"):
        undone("[profile dev]\nrole_arn = a\nassume_helper_role_arn = b\n")


# Whatever the file looks like.

ENDS = st.sampled_from(["\n", "\r\n"])
PRINTABLE = st.text(st.sampled_from("abcXYZ019 =:#;[]%\"'\\/$é\t"), max_size=12)
VALUES = PRINTABLE.map(str.strip) | st.builds("{1}{0}{1}".format, PRINTABLE, st.sampled_from(['"', '""']))
KEYS = [
    *editor.ROLE_KEYS,
    *editor.ACCESS_KEY_KEYS,
    *["sso_session", "SSO_Start_URL", "sso_region", "sso_account_id", "sso_role_name", "sso_x", "login_session"],
    *["credential_process", "region", "Role_Session_Name", "s3", "output", "x y", "mfa_process"],
]


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """The lines of one section, with comments, blank lines, values of many lines, and any depth."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique_by=str.lower, max_size=6))
    lines, depth = [], draw(st.integers(0, 3))
    for key in keys:
        depth = draw(st.integers(0, depth))
        beside = draw(st.sampled_from([" = ", "=", ":", " :", "\t=\t"]))
        lines.append(" " * depth + key + beside + draw(VALUES) + draw(st.sampled_from(["", "", "  ", "\t"])))
        for _ in range(draw(st.integers(0, 2))):
            more = draw(st.sampled_from(["", "  ", "# note", "   ; note", "; assume_helper_role_arn = x", "+"]))
            lines.append(" " * (depth + 1) + "more" + draw(VALUES) if more == "+" else more)
    return "".join(line + draw(ENDS) for line in lines)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, str]:
    """A config file: what comes before the profile dev, its section, what comes after."""
    others = ["default", "profile a", 'profile "b c"', "services s", "sso-session s", "profile devel", "DEFAULT"]
    titles = draw(st.lists(st.sampled_from(others), unique=True, max_size=4))
    sections = [f"[{title}]{draw(st.sampled_from(['', ' # x']))}{draw(ENDS)}{draw(bodies())}" for title in titles]
    at = draw(st.integers(0, len(sections)))
    before = draw(st.sampled_from(["", "\n", "# first\r\n", "; x\n\n"])) + "".join(sections[:at])
    after = "".join(sections[at:])
    own = f"[profile dev]{draw(ENDS)}{draw(bodies())}"
    return before, own, after if draw(st.booleans()) else after.rstrip("\r\n")


def parsed(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    parser.read_file(io.StringIO(text, newline=None))
    return {section: dict(parser._sections[section]) for section in parser.sections()}  # type: ignore[attr-defined]


def readable(text: str) -> dict[str, dict[str, str]]:
    """What Python reads in `text`, which must be readable at all."""
    try:
        return parsed(text)
    except configparser.Error:
        assume(False)
        raise


@given(files())
def test_not_one_byte_outside_of_the_profile_changes(file: tuple[str, str, str]) -> None:
    before, own, after = file
    old = readable(before + own + after)
    text = configured(before + own + after)
    assert text.startswith(before)
    assert text.endswith(after)
    new = parsed(text)
    profile = {f"assume_helper_{k}" if editor.is_movable(k) else k: v for k, v in old["profile dev"].items()}
    changed = new.pop("profile dev")
    assert changed.pop("credential_process") == COMMAND
    assert changed.keys() == profile.keys()
    assert [key for key, value in changed.items() if profile[key] not in {value, unquoted(value)}] == []
    assert new == {title: section for title, section in old.items() if title != "profile dev"}


@given(files())
def test_undoing_gives_every_byte_back(file: tuple[str, str, str]) -> None:
    text = "".join(file)
    readable(text)
    assert undone(configured(text)) == text


@given(files())
def test_a_second_time_changes_nothing(file: tuple[str, str, str]) -> None:
    text = "".join(file)
    readable(text)
    assert configured(configured(text)) == configured(text)


@given(files())
def test_several_profiles_are_edited_and_undone_as_one_after_the_other(file: tuple[str, str, str]) -> None:
    text = "".join(file)
    sections = {"default": "default", "profile a": "a", 'profile "b c"': "b c", "profile dev": "dev"}
    names = [sections[title] for title, keys in readable(text).items() if title in sections and keys]
    one_by_one = text
    for name in names:
        one_by_one = configured(one_by_one, name)
    assert editor.configured(text, [Edit(name, COMMAND) for name in names]) == one_by_one
    assert editor.undone(one_by_one, dict.fromkeys(names, True)) == text


@given(files(), st.dictionaries(st.sampled_from([*editor.ROLE_KEYS, "region"]), st.sampled_from(["v", "w x", None])))
def test_values_are_what_is_read_afterwards_and_once_is_enough(
    file: tuple[str, str, str], values: dict[str, str | None]
) -> None:
    text = "".join(file)
    old = readable(text)
    edited = configured(text, **values)
    new = parsed(edited)
    assert {n: s for n, s in new.items() if n != "profile dev"} == {n: s for n, s in old.items() if n != "profile dev"}
    for key, value in values.items():
        assert new["profile dev"].get(key if key == "region" else f"assume_helper_{key}") == value
    assert configured(edited, **values) == edited


@given(files())
def test_a_new_profile_changes_no_other(file: tuple[str, str, str]) -> None:
    text = "".join(file)
    old = readable(text)
    edited = configured(text, "new", role_arn="a")
    assert edited.startswith(text)
    assert parsed(edited) == old | {"profile new": {"credential_process": COMMAND, "assume_helper_role_arn": "a"}}
