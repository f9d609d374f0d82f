"""A credential_process that calls this helper is known by its words, whoever wrote it."""

import sys

import pytest
from running import PACKAGE, SCRIPT

from assume_helper.profiles.helper_command import OurCommand, helper_target, our_command


@pytest.mark.parametrize(
    "command",
    [
        "assume-helper get dev",
        "/opt/bin/assume-helper get dev",
        "'/opt/with space/assume-helper' get dev",
        '"/opt/with space/assume-helper" get "dev"',
        r"'C:\Program Files\assume-helper.exe' get dev",
        "assume-helper.exe get dev",
        "../bin/assume-helper  get\tdev",
        "python -m assume_helper get dev",
        "/usr/bin/python3.12 -I -m assume_helper get dev",
        "python3 -I -S /opt/assume_helper/__main__.py get dev",
        r"'C:\Python\python.exe' -I -S 'C:\lib\assume_helper\__main__.py' get dev",
        f"{SCRIPT} get dev",
        f"{sys.executable} -I -S {PACKAGE}/__main__.py get dev",
    ],
)
def test_a_command_of_the_helper_s_is_known(command: str) -> None:
    assert helper_target(command) == "dev"


def test_a_quoted_profile_s_name_is_known() -> None:
    assert helper_target("assume-helper get 'a b'") == "a b"


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
    assert helper_target(command) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("assume-helper get dev", OurCommand(False, ("get", "dev"))),
        ('"/a b/assume-helper" get "my dev"', OurCommand(False, ("get", "my dev"))),
        ('/"a b"/assume-helper get "my dev"', OurCommand(False, ("get", "my dev"))),
        ("/x/assume-helper get dev --read-only", OurCommand(False, ("get", "dev", "--read-only"))),
        ("/x/python3 -I -S /y/assume_helper/__main__.py get dev", OurCommand(True, ("get", "dev"))),
        ("python3 -m assume_helper get dev", OurCommand(True, ("get", "dev"))),
        ("/x/other get dev", None),
        ("/x/assume-helper exec dev", None),
        ("/x/assume-helper get", OurCommand(False, ("get",))),
        ("assume-helper 'get", None),
        ("", None),
    ],
)
def test_our_own_command_is_known(command: str, expected: OurCommand | None) -> None:
    assert our_command(command) == expected


def test_whom_it_asks_for() -> None:
    assert OurCommand(False, ("get", "--read-only", "dev")).asks_for("dev")
    assert not OurCommand(False, ("get", "dev")).asks_for("get")
