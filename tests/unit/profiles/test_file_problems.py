"""Why a file cannot be read: the line that is wrong, not one that is wrong because of it; and the mend mends."""

import configparser
import subprocess
from pathlib import Path

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config, file_problems


def refused(folder: Path, data: bytes | str) -> str:
    (folder / "config").write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(ConfigurationError) as caught:
        aws_config.load(paths(folder))
    said = str(caught.value)
    assert said.startswith(f"{folder / 'config'}, line ")
    return said.removeprefix(f"{folder / 'config'}, ")


def paths(folder: Path) -> dict[str, str]:
    return {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}


A = "[profile a]\nregion = x\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{A}[profile b\nregion = y\n", "line 3: * its closing ] is missing; add the ]"),
        (f"{A}[profile b\noutput = y\n", "line 3: * its closing ] is missing; add the ]"),
        (f"{A}[profile b)\nregion = y\n", "line 3: * its closing ] is missing; add the ]"),
        (f"{A}[profile b=c\nregion = y\n", "line 3: * its closing ] is missing; add the ]"),
        (f"{A}[profile b # see\nregion = y\n[profile c]\n[profile c]\n", "line 3: * its closing ] is missing"),
        (f"{A}[b\nregion = y\n", "line 3: * its closing ] is missing; add the ]"),
        ("[profile a\nregion = x\n[profile b]\nregion = y\n", "line 1: * its closing ] is missing"),
        (f"{A}profile b]\nregion = y\n", "line 3: * its opening [ is missing; add the ["),
        ("default]\nregion = y\n", "line 1: * its opening [ is missing; add the ["),
        (f"{A}rubbish\nregion = y\n", "line 3: a line is neither a [section] nor key = value; correct that line"),
        (f"{A} [profile b]\nregion = y\n", "line 3: a [section] is indented: * remove the blanks"),
        (f"{A}\t[profile b\nregion = y\n", "line 3: a [section] is indented: * remove the blanks"),
        (f"{A}\ufeff[profile b]\nregion = y\n", "line 3: * a byte order mark is before it"),
        (f"{A}region = y\n", "line 3: a key appears twice in one section"),
        (f"{A}[profile a]\nregion = y\n", "line 3: a section appears twice"),
    ],
)
def test_the_first_line_that_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    told = refused(tmp_path, text)
    for part in said.split("*"):
        assert part.strip() in told


ENCODINGS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_of_wide_characters_is_named_and_the_mend_mends(tmp_path: Path, encoding: str) -> None:
    said = refused(tmp_path, A.encode(encoding))
    assert said.startswith(f"line 1 is not UTF-8: the file is {encoding[:6].upper()}; ")
    mended(tmp_path, said)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_latin_1_is_named_with_its_line_and_the_mend_mends(tmp_path: Path, encoding: str, mark: bytes) -> None:
    said = refused(tmp_path, mark + A.encode() + "output = gr\u00fcn\n".encode(encoding))
    assert said.startswith("line 3 is not UTF-8")
    mended(tmp_path, said)


def test_on_windows_no_program_is_named_that_is_not_there() -> None:
    assert file_problems.save_as_utf_8("iconv", "win32") == "save the file as UTF-8"
    assert file_problems.save_as_utf_8("iconv", "linux") == "save the file as UTF-8 (iconv does it)"


def mended(folder: Path, said: str) -> None:
    """The command that the message names makes a file that is read."""
    command = said.rpartition("(")[2].removesuffix(" does it)")
    command = command.replace("FILE", "config") if "FILE" in command else f"{command} config"
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True)
    (folder / "config").write_bytes(done.stdout)
    assert aws_config.load(paths(folder)).profiles["a"]["region"] == "x"


def test_one_bad_line_in_a_file_of_utf_8_is_to_be_written_anew_and_not_the_file_converted(tmp_path: Path) -> None:
    said = refused(tmp_path, f"{A}# gr\u00fcn\n".encode() + "output = gr\u00fcn\n".encode("latin-1"))
    assert said == "line 4 is not UTF-8, as other lines are; write that line anew and save the file as UTF-8"


def test_what_configparser_does_not_explain_has_no_line() -> None:
    found = file_problems.of_text(configparser.Error("something"), "[a]\n")
    assert found.what == ": it is not in the format of the AWS config"
    assert found.mend.startswith("correct it: ")
