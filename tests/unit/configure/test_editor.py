"""A profile's section, edited as text: what is said changes, and not one byte more."""

import configparser
import io
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assume_helper.configure import editor
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig

COMMAND = "/opt/assume-helper get dev"
SECRET = "DummySecretAccessKey0123456789+/abcdefgh"


def configured(text: str, name: str = "dev", /, **values: str | None) -> str:
    return editor.configured(text, name, COMMAND, values)


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


@pytest.mark.parametrize("key", [*editor.ROLE_KEYS, "sso_session", "sso_account_id", "sso_x", "login_session"])
def test_keys_that_make_sdks_bypass_the_helper_are_prefixed(key: str) -> None:
    text = configured(f"[profile dev]\n{key} = a\n")
    assert text == f"[profile dev]\ncredential_process = {COMMAND}\nassume_helper_{key} = a\n"


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
        editor.check_rest(loaded(tmp_path, before), loaded(tmp_path, configured(before)), "dev")


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
    assert editor.undone(before, "dev", ours=True) == after


def test_another_program_s_process_stays() -> None:
    text = "[profile dev]\ncredential_process = other\n"
    assert editor.undone(text, "dev", ours=False) == text


def test_nothing_is_undone_over_a_bare_key() -> None:
    with pytest.raises(ConfigurationError, match="has both role_arn and"):
        editor.undone("[profile dev]\nrole_arn = a\nassume_helper_role_arn = b\n", "dev", ours=True)


# Whatever the file looks like.

ENDS = st.sampled_from(["\n", "\r\n"])
PRINTABLE = st.text(st.sampled_from("abcXYZ019 =:#;[]%\"'\\/$é\t"), max_size=12)
VALUES = PRINTABLE.map(str.strip)
KEYS = [*editor.ROLE_KEYS, "region", "Role_Session_Name", "s3", "sso_session", "output", "x y", "mfa_process"]


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """The lines of one section, with comments, blank lines, values of many lines, and any depth."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique_by=str.lower, max_size=6))
    lines, depth = [], draw(st.integers(0, 3))
    for key in keys:
        depth = draw(st.integers(0, depth))
        lines.append(" " * depth + key + draw(st.sampled_from([" = ", "=", ":", " :", "\t=\t"])) + draw(VALUES))
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
    profile = {f"assume_helper_{k}" if editor.is_for_the_helper(k) else k: v for k, v in old["profile dev"].items()}
    assert new == old | {"profile dev": profile | {"credential_process": COMMAND}}


@given(files())
def test_undoing_gives_every_byte_back(file: tuple[str, str, str]) -> None:
    text = "".join(file)
    readable(text)
    assert editor.undone(configured(text), "dev", ours=True) == text


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


# What is shown of it.


@pytest.mark.parametrize(
    "beside",
    [
        f"aws_secret_access_key = {SECRET}\n",
        f"aws_secret_access_key =\n\n  {SECRET}\n",
        "aws_secret_access_key = alllowercasewithoutadigit\n  andmorelowercaseofit\n",
        f"# aws_secret_access_key = {SECRET}\n",
        f"#was {SECRET}\n",
        "aws_session_token=alllowercasewithoutadigit\r\n",
        "AWS_SECURITY_TOKEN : alllowercasewithoutadigit\n",
        "credential_process = /bin/x --password alllowercasewithoutadigit\n",
        "mfa_process = oathtool alllowercasewithoutadigit\n",
        "my_password = alllowercasewithoutadigit\n",
    ],
)
def test_no_secret_beside_the_change_is_shown(beside: str) -> None:
    before = f"[profile a]\n{beside}[profile dev]\nrole_arn = a\n"
    shown = "\n".join(editor.difference(before, configured(before), "config"))
    assert "+assume_helper_role_arn = a" in shown
    for secret in (SECRET, "alllowercasewithoutadigit", "andmorelowercaseofit"):
        assert secret not in shown


def test_a_process_of_ours_is_shown_whatever_its_options() -> None:
    before = "[profile dev]\ncredential_process: /old/assume-helper get dev --read-only\n"
    shown = editor.difference(before, configured(before), "config")
    assert "-credential_process: /old/assume-helper get dev --read-only" in shown
    assert f"+credential_process: {COMMAND}" in shown


def test_what_is_shown_is_the_change_and_what_stands_beside_it() -> None:
    before = "[profile dev]\n  region = c\n  role_arn = a\x1b[31m\n"
    assert editor.difference(before, configured(before), "/x\n/config") == [
        "--- /x\\n/config",
        "+++ /x\\n/config",
        "@@ -1,3 +1,4 @@",
        " [profile dev]",
        f"+  credential_process = {COMMAND}",
        "   region = c",
        "-  role_arn = a\\x1b[31m",
        "+  assume_helper_role_arn = a\\x1b[31m",
    ]


# What still makes SDKs bypass the helper.


@pytest.mark.parametrize(
    ("config", "credentials", "words"),
    [
        ("", "role_arn = a\nregion = b\n", "has role_arn for this profile and wins: SDKs will not"),
        ("", "aws_access_key_id = a\n", "has aws_access_key_id for this profile"),
        ("", "credential_process = a\n", "has credential_process for this profile"),
        (
            "aws_access_key_id = a\n",
            "",
            "the SDKs of Go, JavaScript, Kotlin, C++ and Ruby use this profile's access key",
        ),
        ("sso_session = a\n", "", "the profile's login (sso_..., login_session) would win"),
        ("role_arn = a\n[DEFAULT]\nrole_arn = a\n", "", "[DEFAULT] has role_arn for every profile"),
    ],
)
def test_warnings(config: str, credentials: str, words: str, tmp_path: Path) -> None:
    config = f"[profile dev]\n{config}"
    before = loaded(tmp_path, config, f"[dev]\n{credentials}")
    after = loaded(tmp_path, configured(config), f"[dev]\n{credentials}")
    (warning,) = editor.warnings(before, after, "dev")
    assert words in warning
    assert os.linesep not in warning


def test_where_sdks_call_the_helper_there_is_no_warning(tmp_path: Path) -> None:
    config = "[profile dev]\nrole_arn = a\nregion = b\n"
    before = loaded(tmp_path, config, "[dev]\nregion = b\n[me]\naws_access_key_id = a\n")
    after = loaded(tmp_path, configured(config), "[dev]\nregion = b\n[me]\naws_access_key_id = a\n")
    assert editor.warnings(before, after, "dev") == []
