"""The line that makes SDKs call the helper: read alike by shlex and by sh, and known again."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.profiles import helper_line
from assume_helper.profiles.helper_command import OurCommand, helper_target, our_command
from assume_helper.text import CONTROL_CHARACTERS

PLAIN = st.text(st.sampled_from("abcXYZ019@%+=:,./_- é"), min_size=1, max_size=12)


@given(PLAIN, PLAIN)
def test_every_client_reads_the_words_that_were_meant(folder: str, profile: str) -> None:
    words = [f"/{folder}/assume-helper", "get", profile]
    line = helper_line.command_line(words[:1], words[1:])
    assert shlex.split(line) == words
    assert helper_target(line) == profile


@pytest.mark.parametrize("profile", ["dev", "my dev", "50%", "a@b+c=d:e,f./_-g", "jörg"])
def test_sh_reads_them_too(profile: str) -> None:
    line = helper_line.command_line(["/a b/assume-helper"], ["get", profile])
    done = subprocess.run(["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, check=True, encoding="utf-8")
    assert done.stdout.splitlines() == ["/a b/assume-helper", "get", profile]


def test_only_what_has_blanks_is_quoted_and_never_the_beginning_of_a_path() -> None:
    line = helper_line.command_line(["/a b/assume-helper"], ["get", "my dev"])
    assert line == '/"a b"/assume-helper get "my dev"'  # Go's first SDK takes away quotes that it begins with
    assert helper_line.command_line(["/x/assume-helper"], ["get", "dev"]) == "/x/assume-helper get dev"


@pytest.mark.parametrize("odd", [*"$`\"'\\;&|<>()*?[]{}!#~^\t\n\x1b\u2028\xa0", ""])
def test_what_a_shell_would_change_is_refused(odd: str) -> None:
    name = f"a{odd}b" if odd else ""
    with pytest.raises(ConfigurationError, match="cannot stand in a credential_process") as raised:
        helper_line.check_profile_name(name)
    assert not CONTROL_CHARACTERS.search(str(raised.value))
    with pytest.raises(ConfigurationError, match="install assume-helper in another place"):
        helper_line.command_line([f"/{odd}/assume-helper" if odd else ""], ["get", "dev"])


@pytest.mark.parametrize("name", ["-x", "--undo", " a", "a "])
def test_a_name_that_click_or_the_config_would_take_for_another_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="taken for an option"):
        helper_line.check_profile_name(name)


# Where this installation is.


@pytest.fixture
def script(tmp_path: Path) -> Path:
    script = tmp_path / "bin" / "assume-helper"
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
        assert helper_line.program(fastest=False) == [str(link)]


def test_called_in_another_way_it_is_beside_the_interpreter_or_on_the_path(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "assume_helper" / "__main__.py")])
    monkeypatch.setattr(sys, "executable", str(script.parent / "python"))
    assert helper_line.program(fastest=False) == [str(script)]
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(script.parent))
    assert helper_line.program(fastest=False) == [str(script)]
    script.chmod(0o644)
    with pytest.raises(AssumeHelperError, match="console script assume-helper is not found"):
        helper_line.program(fastest=False)


def test_windows_takes_exe_from_the_script_s_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.rename(script.with_suffix(".exe"))
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert helper_line.program(fastest=False) == [f"{script}.exe"]


def test_the_fastest_form_is_the_interpreter_and_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    program = helper_line.program(fastest=True)
    assert program[:3] == [sys.executable, "-I", "-S"]
    assert Path(program[3]).samefile(Path(helper_line.__file__).parents[1] / "__main__.py")
    line = helper_line.command_line(program, ["get", "dev"])
    assert our_command(line) == OurCommand(True, ("get", "dev"))
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(AssumeHelperError, match="leave --fastest out"):
        helper_line.program(fastest=True)
