"""A credential_process, as each kind of client runs it."""

import os
import sys
from pathlib import Path

import pytest
from doctor_checks import environ, one, script
from running import PACKAGE, SCRIPT, SECRET

from assume_helper.doctor import process_command
from assume_helper.doctor.check import Check

BY_SH = " and by sh -c" if sys.platform != "win32" else ""


def process(command: str, folder: Path, *, start: bool = False, **more: str) -> list[Check]:
    return process_command.credential_process(command, "dev", environ(folder) | more, start=start)


def test_this_helper_is_started_both_ways(tmp_path: Path) -> None:
    one(process(f"{SCRIPT} get dev", tmp_path, start=True), "ok", "assume-helper 0", f"without a shell{BY_SH}")


def test_a_python_that_looks_in_the_callers_folder_first_is_warned_of(tmp_path: Path) -> None:
    form = f"{sys.executable} -m assume_helper get dev"
    one(process(form, tmp_path, start=False), "warn", "looks for programs in the folder that it is called in")


@pytest.mark.parametrize("form", ["{0} -I -S {1}/__main__.py get dev", "{0} -P -m assume_helper get dev"])
def test_the_other_forms_of_this_helper_are_started_too(tmp_path: Path, form: str) -> None:
    one(process(form.format(sys.executable, PACKAGE), tmp_path, start=True), "ok", "(assume-helper ")


def test_another_program_is_checked_and_not_started(tmp_path: Path) -> None:
    script(tmp_path / "a broker", f"#!/bin/sh\ntouch {tmp_path}/started\n")
    one(process(f'{tmp_path}/"a broker" --token {SECRET}', tmp_path, start=True), "ok", "a broker")
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ('"/bin/sh', "fail", "an unclosed quote"),
        ("~/bin/broker", "fail", "a ~"),
        ("$HOME/bin/broker", "fail", "a $"),
        ('"$HOME/bin/broker"', "fail", "a $"),
        ("TOKEN=x /bin/sh", "fail", "a variable before"),
        ("/bin/sh | cat", "warn", "'|'"),
        ("/bin/sh $(cat x)", "warn", "a $"),
        ("/bin/sh *.json", "warn", "'*'"),
        ("/bin/sh '$x' '*' \\$", "ok", ""),
        ("bin/broker", "fail", "the working directory"),
        ("no-such-broker", "fail", "not on the PATH"),
        ('"/bin/sh"', "warn", "begins with a double quote, which Go v1 and rclone"),
        ("sh", "warn", "write /"),
        ("/no/such/broker", "fail", "does not exist"),
        ("/", "fail", "a folder"),
    ],
)
def test_a_command_that_not_every_client_runs_is_reported(
    tmp_path: Path, command: str, status: str, words: str
) -> None:
    one(process(f"{command} --token {SECRET}", tmp_path), status, words)


def test_a_tilde_is_reported_with_the_path_that_it_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    check = one(process("~/bin/assume-helper get dev", tmp_path), "fail")
    assert check.mend == f"write {tmp_path}/bin/assume-helper in place of ~/bin/assume-helper"


def test_a_program_that_is_not_executable(tmp_path: Path) -> None:
    program = script(tmp_path / "broker", mode=0o644)
    assert one(process(str(program), tmp_path), "fail").mend == f"chmod +x {program}"


def test_a_script_whose_interpreter_is_gone(tmp_path: Path) -> None:
    program = script(tmp_path / "broker", "#!/gone/bin/python3 -I\n")
    one(process(str(program), tmp_path), "fail", "/gone/bin/python3", "no longer exists")


def test_an_upgrade_that_has_moved_the_package_is_noticed(tmp_path: Path) -> None:
    command = f"{sys.executable} -I -S {tmp_path}/old/assume_helper/__main__.py get dev"
    one(process(command, tmp_path), "fail", "an upgrade moved it", str(PACKAGE / "__main__.py"))


def test_another_installation_is_reported(tmp_path: Path) -> None:
    module = script(tmp_path / "other" / "assume_helper" / "__main__.py")
    one(process(f"{sys.executable} -I -S {module} get dev", tmp_path), "warn", "another installation")
    python = script(tmp_path / "venv" / "bin" / "python3")
    program = script(tmp_path / "venv" / "bin" / "assume-helper", f"#!{python}\n")
    one(process(f"{program} get dev", tmp_path), "warn", "another installation")


@pytest.mark.parametrize("path", ["{0}", "'{0}'", '"{0}"'])  # uv and pip quote what has blanks, in their own ways
def test_the_interpreter_of_a_script_for_a_long_path_is_the_one_of_its_second_line(tmp_path: Path, path: str) -> None:
    python = tmp_path / ("x" * 120) / "bin" / "python3"
    text = f"#!/bin/sh\n'''exec' {path.format(python)} \"$0\" \"$@\"\n' '''\nimport sys\n"
    program = script(tmp_path / "bin" / "assume-helper", text)
    one(process(f"{program} get dev", tmp_path), "fail", str(python), "no longer exists")
    script(python)
    one(process(f"{program} get dev", tmp_path), "warn", "another installation")


@pytest.mark.parametrize("second", ["'''exec' 'unclosed", "exec cat", ""])
def test_a_shell_s_own_script_is_one(tmp_path: Path, second: str) -> None:
    program = script(tmp_path / "bin" / "assume-helper", f"#!/bin/sh\n{second}\n")
    one(process(f"{program} get dev", tmp_path), "ok")


@pytest.fixture
def front(tmp_path: Path) -> Path:
    """A program that is called assume-helper, and nothing beside it."""
    program = script(tmp_path / "venv" / "bin" / "assume-helper", "")
    program.write_bytes(Path("/bin/true").read_bytes())
    return program


def test_the_front_is_of_the_installation_whose_entry_point_is_beside_it(tmp_path: Path, front: Path) -> None:
    python = script(front.parent / "python3")
    entry_point = script(front.parent / "assume-helper-python", f"#!{python}\n")
    (tmp_path / "assume-helper").symlink_to(front)  # as pipx and uv make one
    for path in (front, tmp_path / "assume-helper"):
        one(process(f"{path} get dev", tmp_path), "warn", "another installation")
    entry_point.write_text(f"#!{sys.executable}\n")
    one(process(f"{front} get dev", tmp_path), "ok")
    entry_point.write_text("#!/gone/bin/python3\n")
    one(process(f"{front} get dev", tmp_path), "fail", "/gone/bin/python3", "no longer exists")
    entry_point.unlink()
    one(process(f"{front} get dev", tmp_path), "fail", "assume-helper-python is not beside it", "install")


@pytest.mark.parametrize(
    "form", ["{0} -I -S {1}/__main__.py get dev", "{2}/assume-helper-python get dev --read-only"]
)  # fmt: skip
def test_a_form_that_passes_the_front_by_is_offered_the_front(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "assume-helper-python", f"#!{sys.executable}\n")
    command = form.format(sys.executable, PACKAGE, tmp_path)
    one(process(command, tmp_path), "ok")
    monkeypatch.setattr(sys, "_xoptions", {"assume_helper_called": "assume-helper"})
    check = one(process(command, tmp_path), "warn", "starts Python")
    assert check.mend == "run `assume-helper configure dev --fastest`"


def test_the_command_itself_is_offered_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_xoptions", {"assume_helper_called": SCRIPT})
    one(process(f"{SCRIPT} get dev", tmp_path), "ok")


def test_this_helper_without_get_and_a_name(tmp_path: Path) -> None:
    check = one(process(f"{SCRIPT} dev", tmp_path), "fail", "without `get NAME`")
    assert check.mend.endswith(f"{os.sep}{Path(SCRIPT).name} get dev")


@pytest.mark.parametrize(
    ("text", "words"),
    [("#!/bin/sh\nexit 3\n", "exit 3"), ("#!/bin/sh\necho something else\n", "prints no version")],
)
def test_a_helper_that_does_not_start_is_a_failure(tmp_path: Path, text: str, words: str) -> None:
    program = script(tmp_path / "assume-helper", text)
    one(process(f"{program} get dev", tmp_path, start=True), "fail", words, "install")


def test_a_helper_that_no_system_can_start_is_a_failure(tmp_path: Path) -> None:
    program = script(tmp_path / "assume-helper", "\0")
    one(process(f"{program} get dev", tmp_path, start=True), "fail", "cannot be started without a shell")


def test_a_helper_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_command, "_PATIENCE", 0.2)
    program = script(tmp_path / "assume-helper", "#!/bin/sh\nexec sleep 60\n")
    one(process(f"{program} get dev", tmp_path, start=True), "fail", "prints no version within")


@pytest.mark.parametrize("comment", ["# main", "  # see [wiki]", "# it's mine", '# "a', "# $HOME `x` ~/y", "\t# x"])
@pytest.mark.parametrize("command", [f"{SCRIPT} get dev", "/bin/sh"])
def test_a_comment_behind_a_command_is_a_failure(tmp_path: Path, command: str, comment: str) -> None:
    check = one(process(f"{command} {comment}", tmp_path, start=True), "fail", "a comment behind it", "hand its words")
    assert check.mend == "put the comment on a line of its own"


@pytest.mark.parametrize("argument", ["a#b", "'# x'", '"a # b"'])
def test_a_sign_that_begins_no_comment_is_none(tmp_path: Path, argument: str) -> None:
    assert "comment" not in repr(process(f"/bin/sh {argument}", tmp_path))
