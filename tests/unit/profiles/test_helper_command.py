"""The command by which SDKs call this helper: read alike by shlex and by sh, and known again whoever wrote it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import PACKAGE, SCRIPT

from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.profiles import command_words, helper_command
from assume_helper.profiles.helper_command import HelperCommand
from assume_helper.text import has_control_character

# In quotes that are none on Windows.
QUOTED = [
    "'/opt/with space/assume-helper' get dev",
    r"'C:\Program Files\assume-helper.exe' get dev",
    r"'C:\Python\python.exe' -I -S 'C:\lib\assume_helper\__main__.py' get dev",
] * (sys.platform != "win32")


@pytest.mark.parametrize(
    "command",
    [
        "assume-helper get dev",
        "/opt/bin/assume-helper get dev",
        '"/opt/with space/assume-helper" get "dev"',
        "assume-helper.exe get dev",
        "../bin/assume-helper  get\tdev",
        "python -m assume_helper get dev",
        "/usr/bin/python3.12 -I -m assume_helper get dev",
        "python3 -I -S /opt/assume_helper/__main__.py get dev",
        f"{SCRIPT} get dev",
        f"{sys.executable} -I -S {PACKAGE}/__main__.py get dev",
        *QUOTED,
    ],
)
def test_a_command_of_the_helper_s_is_known(command: str) -> None:
    assert helper_command.target(command) == "dev"


def test_a_quoted_profile_s_name_is_known() -> None:
    assert helper_command.target('assume-helper get "a b"') == "a b"


@pytest.mark.parametrize(
    "command",
    [
        None,
        "",
        "   ",
        "get dev",
        "assume-helper",
        "assume-helper get",
        "assume-helper list",
        "assume-helper get dev more",
        "assume-helper clear dev",
        "assume-helper-other get dev",
        "not-assume-helper get dev",
        "aws-vault get dev",
        "assume-helper/other get dev",
        "'assume-helper get dev",
        "sudo assume-helper get dev",
        "python -m other get dev",
        "python assume_helper get dev",
        "python /opt/other/__main__.py get dev",
        "cat assume_helper/__main__.py get dev",
    ],
)
def test_another_command_is_not_the_helper_s(command: str | None) -> None:
    assert helper_command.target(command) is None


@pytest.mark.parametrize(
    ("command", "program", "arguments"),
    [
        ("assume-helper get dev", 1, ("get", "dev")),
        ('"/a b/assume-helper" get "my dev"', 1, ("get", "my dev")),
        ('/"a b"/assume-helper get "my dev"', 1, ("get", "my dev")),
        ("/x/assume-helper get dev --read-only", 1, ("get", "dev", "--read-only")),
        ("/x/python3 -I -S /y/assume_helper/__main__.py get dev", 4, ("get", "dev")),
        ("python3 -m assume_helper get dev", 3, ("get", "dev")),
        ("/x/assume-helper-python get dev", 1, ("get", "dev")),
        ("/x/assume-helper get", 1, ("get",)),
    ],
)
def test_a_get_is_split_into_program_and_arguments(command: str, program: int, arguments: tuple[str, ...]) -> None:
    found = helper_command.parse(command)
    assert found is not None
    assert (len(found.program), found.arguments) == (program, arguments)
    assert found.is_fastest == (program > 1)


@pytest.mark.parametrize("command", ["/x/other get dev", "/x/assume-helper exec dev", "assume-helper 'get", "", None])
def test_anything_else_is_no_get(command: str | None) -> None:
    assert helper_command.parse(command) is None


@pytest.mark.parametrize(
    "words", [["/x/assume-helper"], ["assume-helper", "exec", "dev"], ["python", "-m", "assume_helper"]]
)
def test_a_command_without_get_is_recognised_too(words: list[str]) -> None:
    found = helper_command.recognise(words)
    assert found is not None
    assert not found.gets


def test_no_words_are_no_command() -> None:
    assert helper_command.recognise([]) is None


def test_the_path_of_the_package_is_known() -> None:
    found = helper_command.parse("/x/python3 -I -S /y/assume_helper/__main__.py get dev")
    assert found is not None
    assert found.module_path == "/y/assume_helper/__main__.py"
    for program in (("/x/assume-helper",), ("python3", "-m", "assume_helper")):
        assert HelperCommand(program).module_path is None


def test_which_profile_it_is_for() -> None:
    assert HelperCommand(("x",), ("get", "--read-only", "dev")).is_for("dev")
    assert not HelperCommand(("x",), ("get", "dev")).is_for("get")


# The line that `configure` writes.

PLAIN = st.text(st.sampled_from("abcXYZ019@+=:,./_- é" + "%" * (sys.platform != "win32")), min_size=1, max_size=12)


@given(PLAIN, PLAIN)
def test_every_client_reads_the_words_that_were_meant(folder: str, profile: str) -> None:
    words = [f"/{folder}/assume-helper", "get", profile]
    line = helper_command.command_line(words[:1], words[1:])
    assert command_words.split(line) == words
    assert helper_command.target(line) == profile


@pytest.mark.parametrize("profile", ["dev", "my dev", "50%", "a@b+c=d:e,f./_-g", "jörg"])
def test_sh_reads_them_too(profile: str) -> None:
    line = helper_command.command_line(["/a b/assume-helper"], ["get", profile])
    done = subprocess.run(["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout.splitlines() == ["/a b/assume-helper", "get", profile]


def test_only_what_has_blanks_is_quoted_and_never_the_beginning_of_a_path() -> None:
    line = helper_command.command_line(["/a b/assume-helper"], ["get", "my dev"])
    if sys.platform == "win32":
        assert line == '"/a b/assume-helper" get "my dev"'
    else:
        assert line == '/"a b"/assume-helper get "my dev"'  # Go's first SDK takes away quotes that it begins with
    assert helper_command.command_line(["/x/assume-helper"], ["get", "dev"]) == "/x/assume-helper get dev"


# To a shell; cmd changes a `%`, and a backslash or a tilde is part of Windows' own paths.
ODD = "$`\"';&|<>()*?[]{}!#^\t\n\x1b\u2028\xa0" + ("\\~" if sys.platform != "win32" else "%")


@pytest.mark.parametrize("odd", [*ODD, ""])
def test_what_a_shell_would_change_is_refused(odd: str) -> None:
    name = f"a{odd}b" if odd else ""
    with pytest.raises(ConfigurationError, match="cannot stand in a credential_process") as raised:
        helper_command.check_profile_name(name)
    assert not has_control_character(str(raised.value))
    with pytest.raises(ConfigurationError, match="install assume-helper in another place"):
        helper_command.command_line([f"/{odd}/assume-helper" if odd else ""], ["get", "dev"])


@pytest.mark.parametrize("name", ["-x", "--undo", " a", "a "])
def test_a_name_that_click_or_the_config_would_take_for_another_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="taken for an option"):
        helper_command.check_profile_name(name)


# Where this installation is.


@pytest.fixture
def script(tmp_path: Path) -> Path:
    script = tmp_path / "bin" / Path(SCRIPT).name
    script.parent.mkdir()
    script.touch(mode=0o755)
    return script


def test_the_script_is_the_one_that_was_called_links_and_all(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "assume-helper"
    link.symlink_to(script)
    monkeypatch.chdir(tmp_path)
    for called in ("./assume-helper", str(link)):
        monkeypatch.setattr(sys, "argv", [called])
        assert helper_command.program(fastest=False) == [str(link)]


def test_called_in_another_way_it_is_beside_the_interpreter_or_on_the_path(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "assume_helper" / "__main__.py")])
    monkeypatch.setattr(sys, "executable", str(script.parent / "python"))
    assert helper_command.program(fastest=False) == [str(script)]
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(script.parent))
    assert helper_command.program(fastest=False) == [str(script)]
    script.chmod(0o644) if sys.platform != "win32" else script.unlink()
    with pytest.raises(AssumeHelperError, match="the command assume-helper is not found; use --fastest"):
        helper_command.program(fastest=False)


def test_windows_takes_exe_from_the_script_s_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.rename(script.with_suffix(".exe"))
    called = str(script).removesuffix(".exe")
    monkeypatch.setattr(sys, "argv", [called])
    assert helper_command.program(fastest=False) == [f"{called}.exe"]


def test_the_fastest_form_is_the_interpreter_and_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    program = helper_command.program(fastest=True)
    assert program[:3] == [sys.executable, "-I", "-S"]
    assert Path(program[3]).samefile(Path(helper_command.__file__).parents[1] / "__main__.py")
    line = helper_command.command_line(program, ["get", "dev"])
    assert helper_command.parse(line) == HelperCommand(tuple(program), ("get", "dev"))
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(AssumeHelperError, match="leave --fastest out"):
        helper_command.program(fastest=True)


@pytest.fixture
def front(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The front has started this Python, which lies elsewhere."""
    monkeypatch.setattr(sys, "_xoptions", {"assume_helper_called": "whatever it was called by"})
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return script


@pytest.mark.parametrize("fastest", [False, True])
def test_a_front_is_the_command_and_the_fastest_form(
    front: Path, fastest: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for called in (str(front), "bin/assume-helper"):
        monkeypatch.setattr(sys, "argv", [called])
        assert helper_command.program(fastest=fastest) == [str(front)]


@pytest.mark.parametrize("fastest", [False, True])
def test_a_front_that_was_called_by_a_bare_name_is_on_the_path(
    front: Path, fastest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["assume-helper"])
    monkeypatch.setenv("PATH", str(front.parent))
    assert helper_command.program(fastest=fastest) == [str(front)]


def test_a_link_of_another_name_is_written_as_what_it_leads_to(
    front: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ah").symlink_to(front)
    for called in ("ah", str(tmp_path / "ah")):
        monkeypatch.setattr(sys, "argv", [called])
        assert helper_command.program(fastest=True) == [str(front)]


def test_a_front_that_is_not_found_again(front: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["assume-helper"])
    with pytest.raises(AssumeHelperError, match="call it by its own name"):
        helper_command.program(fastest=True)


@pytest.mark.parametrize(
    ("command", "starts"),
    [
        ("/x/assume-helper get dev", False),
        ("/x/assume-helper-python get dev", True),
        ("/x/python3 -I -S /y/assume_helper/__main__.py get dev", True),
    ],
)
def test_which_commands_start_python_past_a_front(command: str, starts: bool) -> None:
    found = helper_command.parse(command)
    assert found is not None
    assert found.starts_python == starts
