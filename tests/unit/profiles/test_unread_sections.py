"""Sections that are not read as they were meant: each is named with its line, and what is named as the mend mends."""

from pathlib import Path

import pytest

from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.unread_sections import UnreadSection


def loaded(folder: Path, config: str, credentials: str = "") -> AwsConfig:
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "credentials").write_text(credentials, encoding="utf-8")
    paths = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return aws_config.load(paths)


def only(config: AwsConfig) -> UnreadSection:
    (section,) = config.unread_sections
    return section


OK = "[profile ok]\nregion = x\n"


@pytest.mark.parametrize(
    ("line", "name", "why", "right"),
    [
        ("[profile Foo Bar]", "Foo Bar", "a name with blanks needs quotes", '[profile "Foo Bar"]'),
        ("[profile Foo  Bar]", "Foo  Bar", "needs quotes", '[profile "Foo  Bar"]'),
        ("[profile it's mine]", "it's mine", "a quote is not closed", '[profile "it\'s mine"]'),
        ("[profile dev] # see [wiki]", "dev", "ends at the last ]", "[profile dev]"),
        ("[profile dev] ; [1]", "dev", "ends at the last ]", "[profile dev]"),
        ("[profile dev]#[wiki]", "dev", "ends at the last ]", "[profile dev]"),
        ("[profile a b] # [wiki]", "a b", "ends at the last ]", '[profile "a b"]'),
        ("[default] # [wiki]", "default", "ends at the last ]", "[default]"),
        ("[[profile dev]]", "dev", "ends at the last ]", "[profile dev]"),
        ('[profile "dev]', "dev", "a quote is not closed", "[profile dev]"),
        ("[Profile x]", "x", "small letters", "[profile x]"),
        ("[PROFILE x]", "x", "small letters", "[profile x]"),
        ("[Profile Foo Bar]", "Foo Bar", "small letters", '[profile "Foo Bar"]'),
        ("[Default]", "default", "small letters", "[default]"),
        ("[ profile x]", "x", "a blank comes before", "[profile x]"),
        ("[profile:x]", "x", "a blank has to follow", "[profile x]"),
        ("[profile-x]", "x", "a blank has to follow", "[profile x]"),
        ("[profile-x]", "profile-x", "a blank has to follow", "[profile profile-x]"),
        ("[x]", "x", "is no profile there", "[profile x]"),
    ],
)
def test_a_section_that_is_not_read_is_named_and_the_mend_makes_it_one(
    tmp_path: Path, line: str, name: str, why: str, right: str
) -> None:
    section = only(loaded(tmp_path, f"{OK}# a comment\n{line}\nregion = y\n"))
    assert section.what.startswith(f"{tmp_path / 'config'}, line 4 has a section [")
    assert why in section.what
    assert section.written(name) == right
    assert right in section.mend(name)
    assert name in section.names
    mended = loaded(tmp_path, f"{OK}{section.written(name)}\nregion = y\n")
    assert mended.profiles[name] == {"region": "y"}
    assert mended.unread_sections == ()


@pytest.mark.parametrize("kind", ["services", "sso-session"])
@pytest.mark.parametrize("form", ["[{} a b]", "[{} a b] # [x]", "[ {} a b]"])
def test_sections_of_other_kinds_are_named_too(tmp_path: Path, kind: str, form: str) -> None:
    section = only(loaded(tmp_path, f"{OK}{form.format(kind)}\nx = y\n"))
    assert (section.kind, section.line, section.written()) == (kind, 3, f'[{kind} "a b"]')
    assert loaded(tmp_path, f"{OK}{section.written()}\nx = y\n").unread_sections == ()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("[profile x]", "x"),
        ("[Profile Foo Bar]", "Foo Bar"),
        ("[x] # [wiki]", "x"),
        ('["a b"]', "a b"),
        ("['x']", "x"),
        ("[ x ]", "x"),
        ("[Default]", "default"),
    ],
)
def test_a_section_of_the_credentials_file_has_the_bare_name(tmp_path: Path, line: str, name: str) -> None:
    section = only(loaded(tmp_path, OK, f"[ok]\na = b\n{line}\na = c\n"))
    assert section.what.startswith(f"{tmp_path / 'credentials'}, line 3 has a section [")
    assert section.written(name) == f"[{name}]"
    mended = loaded(tmp_path, OK, f"[ok]\na = b\n{section.written(name)}\na = c\n")
    assert mended.profiles[name] == {"a": "c"}
    assert mended.unread_sections == ()


@pytest.mark.parametrize("header", ["sso-session corp", "services s"])
def test_what_belongs_into_the_config_is_sent_there(tmp_path: Path, header: str) -> None:
    section = only(loaded(tmp_path, OK, f"[{header}]\na = b\n"))
    assert section.mend() == f"move it to {tmp_path / 'config'}, as [{header}]"


@pytest.mark.parametrize("blanks", [" ", "\t", "    "])
def test_a_section_that_is_indented_below_a_key_is_named(tmp_path: Path, blanks: str) -> None:
    section = only(loaded(tmp_path, f"{OK}{blanks}[profile dev]\nrole_arn = y\n"))
    assert "line 3 has a section [profile dev]" in section.what
    assert "a part of the value before it" in section.what
    assert "remove the blanks" in section.mend()
    section = only(loaded(tmp_path, OK, f"[ok]\na = b\n{blanks}[dev]\nc = d\n"))
    assert "credentials, line 3" in section.what


@pytest.mark.parametrize(
    "text",
    [
        "[default]\nx = y\n",
        "[profile default]\nx = y\n",
        '[profile "Foo Bar"]\nx = y\n',
        "[profile 'Foo Bar']\nx = y\n",
        "[profile Foo\\ Bar]\nx = y\n",
        "[profile dev] # a comment\nx = y\n",
        "[sso-session corp]\nx = y\n",
        '[sso-session "a b"]\nx = y\n',
        "[services s]\nsts =\n  endpoint_url = http://x\n",
        "[plugins]\nx = y\n[preview]\n[cli]\n[toolkit x]\n",
        "  [profile a]\nx = y\n",
        "[profile a]\n  [profile b]\nx = y\n",
        "[profile a]\nx =\n  [1,\n  [2]\n",
        "[DEFAULT]\nx = y\n",
    ],
)
def test_sections_that_are_read_are_not_named(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text, "[a]\nx = y\n[a b]\nx = y\n[default]\nx = y\n").unread_sections == ()


def test_one_file_for_both_has_sections_of_either_form(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile a]\nx = y\n[b]\nx = y\n")
    path = str(tmp_path / "config")
    assert aws_config.load({"AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": path}).unread_sections == ()


def test_what_looks_like_a_secret_in_a_section_s_line_is_covered(tmp_path: Path) -> None:
    secret = "CanarySecretAccessKey0123456789+/abcdefg"
    assert secret not in only(loaded(tmp_path, f"[profile a] # [{secret}]\nx = y\n")).what
