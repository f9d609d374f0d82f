"""`login` for a console login runs the AWS CLI's `aws login`, with a config file that holds that login alone."""

import os
from pathlib import Path

import aws_login
import pytest
from identity_center import USER, Center
from running import Home

OTHER = USER.replace(":user/me", ":user/other")
PROFILE = (
    f"[profile con]\nassume_helper_login_session = {USER}\nregion = eu-central-1\ncredential_process = x get con\n"
)


@pytest.fixture
def somebody(home: Home, center: Center) -> Home:
    home.environ |= center.environ() | {"DISPLAY": ":0"}
    home.config.write_text(PROFILE)
    return home


def test_aws_login_is_run_with_a_config_of_ours_and_the_profile_is_served(
    somebody: Home, center: Center, tmp_path: Path
) -> None:
    environ = aws_login.prepared(somebody, center, tmp_path)
    keys = {"AWS_PROFILE": "con", "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": "x"}
    ran = somebody.run("login", **environ | keys)
    assert ran.code == 0, ran.stderr
    assert ran.stdout.startswith(b"profile con is logged in until")
    assert "Attempting to open" in ran.stderr
    (told,) = aws_login.told(tmp_path)
    assert told["words"] == ["login", "--profile", "assume-helper"]
    assert told["keys"] == {"region": "eu-central-1", "login_session": USER}
    assert told["sections"] == ["profile assume-helper"]
    assert not {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(told["variables"])
    assert somebody.get("con")["AccessKeyId"].startswith("ASIA")
    assert somebody.config.read_text() == PROFILE


def test_the_config_of_ours_is_gone_afterwards(somebody: Home, center: Center, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = aws_login.prepared(somebody, center, tmp_path) | {"TMPDIR": str(temporary)}
    assert somebody.run("login", "con", **environ).code == 0
    assert list(temporary.iterdir()) == []


def test_a_good_login_runs_nothing(somebody: Home, center: Center, tmp_path: Path) -> None:
    center.console_log_in(somebody)
    ran = somebody.run("login", "con", **aws_login.installed(tmp_path))
    assert (ran.code, ran.stderr) == (0, "")
    assert somebody.run("login", "con", "--check").code == 0
    assert aws_login.told(tmp_path) == []


def test_one_that_can_be_renewed_is_renewed_without_it(somebody: Home, center: Center, tmp_path: Path) -> None:
    center.console_log_in(somebody, expires=-60)
    ran = somebody.run("login", "con", **aws_login.installed(tmp_path))
    assert (ran.code, ran.stderr) == (0, "")
    assert center.calls("CreateOAuth2Token") == 1
    assert aws_login.told(tmp_path) == []


def test_one_that_has_ended_is_logged_in_to_anew(somebody: Home, center: Center, tmp_path: Path) -> None:
    center.end(center.console_log_in(somebody, expires=-60))
    assert somebody.run("login", "con", "--check").code == 0  # nothing is sent: it looks as if it could be renewed
    assert somebody.run("login", "con", **aws_login.prepared(somebody, center, tmp_path)).code == 0
    assert somebody.get("con")


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [(["--device-code"], {}), (["--no-browser"], {}), ([], {"SSH_TTY": "x"}), ([], {"CI": "1"}), ([], {"DISPLAY": ""})],
)
def test_without_a_browser_here_it_is_the_remote_login(
    somebody: Home, center: Center, tmp_path: Path, arguments: list[str], environ: dict[str, str]
) -> None:
    ran = somebody.run("login", "con", *arguments, **aws_login.prepared(somebody, center, tmp_path) | environ)
    assert ran.code == 0, ran.stderr
    assert aws_login.told(tmp_path)[0]["words"] == ["login", "--profile", "assume-helper", "--remote"]


def last(text: str) -> str:
    return text.splitlines()[-1]


def test_without_the_aws_cli_it_says_what_to_install(somebody: Home, tmp_path: Path) -> None:
    ran = somebody.run("login", "con", PATH=str(tmp_path))
    ran.failed(4, "made by the AWS CLI (`aws login`), which is not here", "install AWS CLI 2.32 or newer",
               "assume-helper login con")  # fmt: skip


def test_an_old_aws_cli_is_to_be_updated(somebody: Home, tmp_path: Path) -> None:
    program = tmp_path / "aws"
    program.write_text("#!/bin/sh\necho 'Invalid choice' >&2\nexit 252\n")
    program.chmod(0o700)
    ran = somebody.run("login", "con", PATH=f"{tmp_path}:{os.defpath}")
    assert ran.code == 4
    assert "(exit 252); it says why; install AWS CLI 2.32 or newer" in last(ran.stderr)


def test_one_that_is_given_up_is_exit_4(somebody: Home, tmp_path: Path) -> None:
    ran = somebody.run("login", "con", **aws_login.installed(tmp_path))
    assert ran.code == 4
    assert "`aws login` has failed for profile con (exit 255)" in last(ran.stderr)
    assert "to try again, run: assume-helper login con" in last(ran.stderr)


def test_a_login_as_somebody_else_is_told(somebody: Home, center: Center, tmp_path: Path) -> None:
    ran = somebody.run("login", "con", **aws_login.prepared(somebody, center, tmp_path, OTHER))
    assert ran.code == 4
    assert f"left no login of {USER}; log in as that user, or correct login_session of [con]" in last(ran.stderr)


def test_a_folder_of_its_own_for_logins_is_the_aws_clis_too(somebody: Home, center: Center, tmp_path: Path) -> None:
    folder = tmp_path / "logins"
    environ = aws_login.prepared(somebody, center, tmp_path) | {"AWS_LOGIN_CACHE_DIRECTORY": str(folder)}
    assert somebody.run("login", "con", **environ).code == 0
    assert len(list(folder.glob("*.json"))) == 1
