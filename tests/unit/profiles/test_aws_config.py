"""The AWS config is read as botocore reads it, and what cannot be read is said without a word of it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import botocore.session
import pytest
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigParseError
from hypothesis import given, settings
from hypothesis import strategies as st

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig

SECRET = "hunter2CanarySecret0123456789"
Nested = dict[str, dict[str, str | dict[str, str]]]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return environ_of(tmp_path)


def environ_of(folder: Path) -> dict[str, str]:
    return {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }


def written(folder: Path, config: str, credentials: str = "") -> dict[str, str]:
    (folder / "config").write_text(config, encoding="utf-8", newline="")
    (folder / "credentials").write_text(credentials, encoding="utf-8", newline="")
    return environ_of(folder)


def botocore_reads(environ: Mapping[str, str]) -> tuple[Nested, Nested]:
    """botocore's profiles and services. Raises ConfigParseError."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", environ["AWS_CONFIG_FILE"])
    session.set_config_variable("credentials_file", environ["AWS_SHARED_CREDENTIALS_FILE"])
    return session.full_config["profiles"], session.full_config["services"]


def nested(sections: Mapping[str, Mapping[str, str]]) -> Nested:
    """Our values with indented blocks taken apart, as botocore has them."""
    return {
        name: {
            key: aws_config.parse_nested(value) if value.startswith("\n") else value for key, value in values.items()
        }
        for name, values in sections.items()
    }


def assert_read_alike(environ: Mapping[str, str]) -> None:
    config = aws_config.load(environ)
    assert (nested(config.profiles), nested(config.services)) == botocore_reads(environ)


NAMES = st.text("abcé\"'\\ #;:=.]-", max_size=8)
SECTIONS = st.one_of(
    st.sampled_from(["default", "DEFAULT", "profile default", "preview", "services s", "sso-session s", "profilex y"]),
    NAMES.map("profile {}".format),
    NAMES.map("services {}".format),
    NAMES,
).map("[{}]".format)
KEYS = st.sampled_from(["region", "Region", "role_arn", "a key", "sts", "x"])
VALUES = st.one_of(st.sampled_from(["", "eu-central-1", "a = b", "a ; b", "a # b", "[x]", '"a"', "é"]), NAMES)
LINES = st.one_of(
    SECTIONS,
    st.builds("{}{}{}".format, KEYS, st.sampled_from(["=", " = ", ":", ": ", " =", "\t=\t"]), VALUES),
    st.builds("  {} = {}".format, KEYS, VALUES),
    VALUES.map("  {}".format),
    st.sampled_from(["# a comment", "; a comment", "  # indented", "", "   ", "sts =\n  endpoint_url = http://x", "x"]),
)
TEXTS = st.builds(str.join, st.sampled_from(["\n", "\r\n"]), st.lists(LINES, max_size=12))
# Texts without errors are rare among the others: most sections here have a name and keys of their own.
GOOD_TEXTS = st.dictionaries(SECTIONS, st.dictionaries(KEYS.map(str.lower), VALUES, max_size=3), max_size=4).map(
    lambda sections: "\n".join(
        line
        for section, values in sections.items()
        for line in (section, *(f"{key} = {value}" for key, value in values.items()))
    )
)


@settings(max_examples=300 if sys.platform != "win32" else 20)
@given(config=TEXTS | GOOD_TEXTS, credentials=TEXTS | GOOD_TEXTS)
def test_any_text_is_read_as_botocore_reads_it_or_refused_as_botocore_refuses_it(config: str, credentials: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environ = written(Path(folder), config, credentials)
        try:
            for path in environ.values():
                raw_config_parse(path, parse_subsections=False)
        except ConfigParseError:
            with pytest.raises(ConfigurationError):
                aws_config.load(environ)
            return
        loaded = aws_config.load(environ)
        try:
            profiles, services = botocore_reads(environ)
        except ConfigParseError:  # an indented block without =: refused by ours when that block is wanted
            return
        assert nested(loaded.profiles) == profiles
        assert nested(loaded.services) == services


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a comment\n",
        "[default]\nregion = a\n",
        "[profile default]\nregion = a\n[default]\nregion = b\n",
        "[default]\nregion = b\n[profile default]\nregion = a\n",
        '[profile "a b"]\nregion = a\n',
        "[profile 'a b']\nregion = a\n",
        "[profile a\\ b]\nregion = a\n",
        '[profile "a]\nregion = a\n',
        '[profile ""]\nregion = a\n',
        "[profile a b]\nregion = a\n",
        "[profile]\nregion = a\n",
        "[profile  a ]\nregion = a\n",
        "[profile\ta]\nregion = a\n",
        "[profilex y]\nregion = a\n",
        "[Profile a]\nregion = a\n",
        "[a]\nregion = a\n",
        "[DEFAULT]\nregion = a\noutput = text\n[profile x]\nregion = b\n",
        "[profile a]\nregion = b # c\noutput = d ; e\n",
        "[profile a]\n# region = b\n; output = c\n  # d\n",
        "[profile a] # and more\nregion = a\n",
        "[profile a]\nregion: eu-central-1\nendpoint_url = http://x:8000\n",
        "[profile a]\nREGION = eu-central-1\nRole_Arn = x\n",
        "[profile a]\nregion =\noutput=\n",
        "[profile a]\nregion = first\n  second\n  third\noutput = x\n",
        "[profile a]\nregion = first\n\n  after a blank line\n",
        "[profile a]\n  region = indented\n",
        "[profile a]\ns3 =\n  addressing_style = path\n  x=y=z\nregion = b\n",
        "[profile a]\nx = %(region)s ${HOME} ~\n",
        "[services s]\nsts =\n  endpoint_url = http://x\ns3 =\n  endpoint_url = http://y\n[profile a]\nservices = s\n",
        '[services "s t"]\nsts =\n  endpoint_url = http://x\n',
        "[profile a]\r\nregion = b\r\n",
        "[profile a]\rregion = b\r",
        "[profile a]\nregion = \u00fcber\u20ac\n",
    ],
)
def test_an_odd_config_is_read_as_botocore_reads_it(tmp_path: Path, text: str) -> None:
    assert_read_alike(written(tmp_path, text))


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        ("[profile a]\nregion = b\nx = config\n", "[a]\nx = credentials\ny = z\n"),
        ("[default]\nregion = b\n", "[default]\naws_access_key_id = k\n"),
        ("", "[only there]\naws_access_key_id = k\n"),
        ("[profile a]\nx = 1\n", "[profile a]\nx = 2\n"),
        ("[profile a]\nx = 1\n", '["a"]\nx = 2\n'),
    ],
)
def test_the_credentials_file_is_merged_over_the_config_as_botocore_merges_it(
    tmp_path: Path, config: str, credentials: str
) -> None:
    assert_read_alike(written(tmp_path, config, credentials))


def test_the_credentials_file_wins(tmp_path: Path) -> None:
    config = aws_config.load(written(tmp_path, "[profile a]\nx = 1\ny = 1\n", "[a]\nx = 2\n"))
    assert config.profiles["a"] == {"x": "2", "y": "1"}


def test_which_file_a_value_came_from_is_kept(tmp_path: Path) -> None:
    config = aws_config.load(written(tmp_path, "[profile a]\nx = 1\n", "[a]\ny = 2\n"))
    assert config.config_profiles == {"a": {"x": "1"}}
    assert config.credentials_profiles == {"a": {"y": "2"}}


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert aws_config.load(written(tmp_path, "\ufeff[profile a]\nx = 1\n")).profiles == {"a": {"x": "1"}}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_system_s_line_ends_are_read(tmp_path: Path, end: str) -> None:
    text = end.join(["[profile a]", "x = 1", "y = 2", ""])
    assert aws_config.load(written(tmp_path, text)).profiles == {"a": {"x": "1", "y": "2"}}


def test_files_that_are_not_there_are_empty(environ: dict[str, str]) -> None:
    config, credentials = environ["AWS_CONFIG_FILE"], environ["AWS_SHARED_CREDENTIALS_FILE"]
    assert aws_config.load(environ) == AwsConfig(config, credentials, {}, {}, {}, {})


def test_a_path_below_a_file_is_empty(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "file").touch()
    assert aws_config.load(environ | {"AWS_CONFIG_FILE": str(tmp_path / "file" / "config")}).profiles == {}


def test_the_null_device_is_empty(environ: dict[str, str]) -> None:
    assert aws_config.load(environ | {"AWS_CONFIG_FILE": os.devnull}).profiles == {}


def test_a_link_is_followed(tmp_path: Path) -> None:
    environ = written(tmp_path, "[profile a]\nx = 1\n")
    (tmp_path / "link").symlink_to(tmp_path / "config")
    assert "a" in aws_config.load(environ | {"AWS_CONFIG_FILE": str(tmp_path / "link")}).profiles


def test_variables_and_the_home_are_expanded_in_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = written(tmp_path, "[profile a]\nx = 1\n", "[b]\ny = 2\n")
    for name in ("HOME", "USERPROFILE", "SOMEWHERE"):
        monkeypatch.setenv(name, str(tmp_path))
    environ |= {"AWS_CONFIG_FILE": "~/config", "AWS_SHARED_CREDENTIALS_FILE": "$SOMEWHERE/credentials"}
    assert aws_config.load(environ).profiles == {"a": {"x": "1"}, "b": {"y": "2"}}


def test_secrets_are_not_in_the_representation(tmp_path: Path) -> None:
    config = aws_config.load(written(tmp_path, "", f"[a]\naws_secret_access_key = {SECRET}\n"))
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (f"[profile a]\nx = 1\n[profile a]\ny = {SECRET}\n".encode(), 3, "section"),
        (f"[profile a]\nx = 1\nx = {SECRET}\n".encode(), 3, "twice"),
        (f"[profile a]\nx = 1\nX = {SECRET}\n".encode(), 3, "twice"),
        (f"x = {SECRET}\n[profile a]\n".encode(), 1, "before the first"),
        (f"# a comment\n{SECRET}\n".encode(), 2, "before the first"),
        (f"[profile a]\nx = 1\n{SECRET}\n".encode(), 3, "neither"),
        (f"[profile a]\n= {SECRET}\n".encode(), 2, "neither"),
        (f"[profile a]\n[profile {SECRET}\n".encode(), 2, "neither"),
        (f"[profile a]\nx = 1\ny = {SECRET} gr\u00fcn\n".encode("latin-1"), 3, "UTF-8"),
        (f"[profile a]\nx = {SECRET}\n".encode("utf-16"), 1, "UTF-8"),
        (f"[profile a]\nx = {SECRET}\n".encode("utf-16-be"), 1, "UTF-16"),
        (f"[profile a]\x00\nx = {SECRET}\n\xff".encode("latin-1"), 3, "UTF-8"),
    ],
)
@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_what_cannot_be_read_is_named_by_file_and_line_and_never_quoted(
    environ: dict[str, str], variable: str, data: bytes, line: int, problem: str
) -> None:
    Path(environ[variable]).write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        aws_config.load(environ)
    assert caught.value.message.startswith(f"{environ[variable]}, line {line}")
    assert problem in caught.value.message
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_directory_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "config").mkdir()
    with pytest.raises(ConfigurationError, match="config is a directory; set AWS_CONFIG_FILE"):
        aws_config.load(environ)


def test_a_fifo_is_named_and_not_waited_for(tmp_path: Path, environ: dict[str, str]) -> None:
    assert sys.platform != "win32"
    os.mkfifo(tmp_path / "config")
    program = "import os; from assume_helper.profiles import aws_config; aws_config.load(os.environ)"
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert "ConfigurationError" in ran.stderr
    assert "config is not a regular file" in ran.stderr


def test_an_unreadable_file_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environ = written(Path(folder), f"[profile a]\nx = {SECRET}\n")
        Path(folder).chmod(0o755)
        Path(environ["AWS_CONFIG_FILE"]).chmod(0)
        with as_a_user_without_rights(), pytest.raises(ConfigurationError) as caught:
            aws_config.load(environ)
    assert f"{environ['AWS_CONFIG_FILE']} cannot be read (Permission denied)" in caught.value.message


def test_a_path_that_none_can_be_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="AWS_CONFIG_FILE"):
        aws_config.load(environ | {"AWS_CONFIG_FILE": "/a\0b"})


def test_a_path_s_control_characters_are_escaped(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "a\x1b[31m").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        aws_config.load(environ | {"AWS_CONFIG_FILE": str(tmp_path / "a\x1b[31m")})
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("", {}),
        ("\na = b", {"a": "b"}),
        ("\na = b = c\n\n  d=e  ", {"a": "b = c", "d": "e"}),
        ("\na =", {"a": ""}),
    ],
)
def test_an_indented_block_is_taken_apart(value: str, pairs: dict[str, str]) -> None:
    assert aws_config.parse_nested(value) == pairs


def test_an_indented_line_without_an_equals_sign_is_refused() -> None:
    with pytest.raises(ValueError, match="without ="):
        aws_config.parse_nested("\na = b\nc")


@contextmanager
def as_a_user_without_rights() -> Iterator[None]:
    """Root reads everything; the effective user of this thread does not need to be root."""
    assert sys.platform != "win32"
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_names_are_those_of_a_full_reading_whatever_ends_a_line(tmp_path: Path, end: str) -> None:
    lines = ["[default]", "region = x", "[profile a]", "[profile 'b c'] # d", " [profile no]", "[services e]", ""]
    environ = written(tmp_path, end.join(lines), end.join(["[a]", "[f]", ""]))
    assert aws_config.profile_names(environ) == ["a", "b c", "default", "f"]
