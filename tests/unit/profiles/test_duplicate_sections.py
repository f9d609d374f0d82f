"""Sections that define the same thing: found with their lines, and served as botocore serves them."""

from pathlib import Path

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.profiles import aws_config, duplicate_sections

# Headers by what they define. Some define nothing.
HEADERS = {
    "default": ["default", "profile default", 'profile "default"', "profile\tdefault", "profile 'default'"],
    "a": ["profile a", 'profile "a"', "profile  a", "profile 'a'", "profile \\a", 'profile "a" ', "profiles a"],
    "a b": ['profile "a b"', "profile a\\ b", "profile 'a b'"],
    "services s": ["services s", 'services "s"'],
    "sso-session s": ["sso-session s", 'sso-session "s"', "sso-session  s"],
    "": ["profile", "profile a b", "a", " profile a", 'profile "a', "preview", "Profile a", "DEFAULT"],
}
ALL = [header for headers in HEADERS.values() for header in headers]


def environ_of(folder: Path, text: str) -> dict[str, str]:
    (folder / "config").write_bytes(text.encode())
    return {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}


@given(headers=st.lists(st.sampled_from(ALL), unique=True, max_size=8), end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_they_are_served_as_botocore_serves_them_and_found_with_their_lines(
    tmp_path: Path, headers: list[str], end: str
) -> None:
    text = "".join(f"# one{end}[{header}]{end}region = r{index}{end}" for index, header in enumerate(headers))
    environ = environ_of(tmp_path, text)
    session = botocore.session.Session()
    session.set_config_variable("config_file", environ["AWS_CONFIG_FILE"])
    session.set_config_variable("credentials_file", environ["AWS_SHARED_CREDENTIALS_FILE"])
    config = aws_config.load(environ)
    served = {name: dict(values) for name, values in config.profiles.items()}
    assert served == session.full_config["profiles"]
    assert dict(config.services) == session.full_config["services"]
    expected = []
    for same in HEADERS.values():
        sections = [(header, 3 * headers.index(header) + 2) for header in headers if header in same]
        if len(sections) > 1 and same is not HEADERS[""]:
            expected.append(sections)
    found = duplicate_sections.find(environ)
    assert sorted([(s.header, s.line) for s in each.sections] for each in found) == sorted(expected)
    for each in found:
        defined = aws_config.profile_name(each.sections[-1].header)
        if defined is not None:  # the last one is the one that is served
            assert served[defined] == {"region": f"r{headers.index(each.sections[-1].header)}"}


def test_both_sections_and_their_lines_are_named() -> None:
    text = "[default]\nregion = x\n\n[profile a]\n[profile default]\n[profile 'a']\n"
    first, second = duplicate_sections.in_text(text, "/c")
    assert first.what.startswith("[default] (line 1) and [profile default] (line 5) are the same: ")
    assert second.what.startswith("[profile a] (line 4) and [profile 'a'] (line 6) are the same: ")
    assert str(first.warning).endswith("/c; merge them into one section")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "region = x\n",
        "[profile a]\ns3 =\n  [profile 'a']\n  x = y\n",  # within a value
        "# [profile 'a']\n[profile a]\n",
        "[profile a]\n[profile A]\n",
        "[default]\n[profile x]\nservices = s\n[services x]\n",
    ],
)
def test_what_only_looks_so_is_none(tmp_path: Path, text: str) -> None:
    assert duplicate_sections.find(environ_of(tmp_path, text)) == []


@pytest.mark.parametrize("text", ["[profile a]\n[profile 'a']\nx\n", "[profile a]\n[profile a]\n[profile 'a']\n"])
def test_a_file_that_cannot_be_read_has_none(tmp_path: Path, text: str) -> None:
    environ = environ_of(tmp_path, text)
    assert duplicate_sections.find(environ) == []
    assert duplicate_sections.find(environ | {"AWS_CONFIG_FILE": str(tmp_path)}) == []
