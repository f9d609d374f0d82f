"""`log`: every issue of credentials is a line, and a person can read them."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from front import Front, session
from needs import full_disk
from running import SCRIPT, SECRET, Home


@pytest.fixture
def dev(role: Home, offline_front: Front) -> Home:
    """A home with the role dev, which STS issues, and one that has no credentials."""
    offline_front.behaviour = session()
    with role.config.open("a") as config:
        config.write("[profile broken]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = nobody\n")
    return role


def logged(home: Home) -> list[dict[str, Any]]:
    return [json.loads(line) for line in home.log.read_bytes().splitlines()] if home.log.exists() else []


def outcomes(home: Home) -> list[str]:
    return [line["outcome"] for line in logged(home)]


def test_a_call_to_sts_is_a_line_with_who_got_what(dev: Home) -> None:
    document = dev.get("dev")
    (line,) = logged(dev)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    name = line.pop("session_name")
    assert "@" in name
    assert line == {
        "event": "issue",
        "profile": "dev",
        "kind": "role",
        "outcome": "miss",
        "account": "123456789012",
        "role": "dev",
        "access_key": document["AccessKeyId"][-4:],
        "caller": Path(f"/proc/{os.getpid()}/comm").read_text().strip(),
    }
    assert stat.S_IMODE(dev.log.stat().st_mode) == 0o600


def test_no_secret_is_in_the_log(dev: Home) -> None:
    document = dev.get("dev")
    text = dev.log.read_text()
    for secret in (document["SecretAccessKey"], document["SessionToken"], document["AccessKeyId"], SECRET):
        assert secret not in text


def test_a_hit_is_no_line_unless_that_is_wanted(dev: Home) -> None:
    dev.get("dev")
    dev.get("dev")
    dev.get("dev", ASSUME_HELPER_LOG_HITS="0")
    assert outcomes(dev) == ["miss"]
    dev.get("dev", ASSUME_HELPER_LOG_HITS="1")
    assert outcomes(dev) == ["miss", "hit"]


def test_logging_hits_changes_nothing_of_what_is_printed(dev: Home, offline_front: Front) -> None:
    assert dev.get("dev", ASSUME_HELPER_LOG_HITS="1") == dev.get("dev") == dev.get("dev", ASSUME_HELPER_LOG_HITS="1")
    assert len(offline_front.calls) == 1


def test_what_the_full_way_finds_in_the_cache_is_a_hit(dev: Home) -> None:
    dev.get("dev")
    for remembered in dev.cache.glob("*.hit"):
        remembered.unlink()
    dev.get("dev")
    assert outcomes(dev) == ["miss"]
    dev.get("dev", ASSUME_HELPER_LOG_HITS="1")
    assert outcomes(dev) == ["miss", "hit"]


def test_the_caller_is_who_had_the_shell_run_it(dev: Home, tmp_path: Path) -> None:
    program = tmp_path / "some-sdk"
    program.symlink_to(sys.executable)
    code = f"import subprocess; subprocess.run({SCRIPT + ' get dev; true'!r}, shell=True, check=True)"
    environ = dev.environ | {"PYTHONHOME": sys.base_prefix}
    subprocess.run([str(program), "-c", code], env=environ, capture_output=True, check=True)
    assert [line["caller"] for line in logged(dev)] == ["some-sdk"]


def test_credentials_that_could_not_be_printed_were_not_issued(dev: Home) -> None:
    with full_disk() as full:
        done = subprocess.run([SCRIPT, "get", "dev"], env=dev.environ, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert [line["event"] for line in logged(dev)] == ["failure"]


def test_a_log_that_cannot_be_written_is_ignored(dev: Home) -> None:
    dev.log.parent.parent.mkdir(parents=True)
    dev.log.parent.write_text("a file")
    dev.get("dev")


# The command.


def test_in_a_pipe_it_is_columns_with_tabs_between(dev: Home) -> None:
    dev.get("dev")
    dev.run("get", "broken")
    ran = dev.run("log")
    assert (ran.code, ran.stderr) == (0, "")
    issue, failure = (line.split("\t") for line in ran.stdout.decode().splitlines())
    assert len(issue) == len(failure) == 9
    assert issue[1:5] == ["miss", "dev", "123456789012", "dev"]
    assert issue[-1] == ""
    assert failure[1:3] == ["failure", "broken"]
    assert "nobody" in failure[-1]


def test_json_is_what_was_logged_line_by_line(dev: Home) -> None:
    dev.get("dev")
    dev.run("get", "broken")
    ran = dev.run("log", "--json")
    assert [json.loads(line) for line in ran.stdout.splitlines()] == logged(dev)


def test_the_last_n_of_a_profile(dev: Home) -> None:
    for _ in range(3):
        dev.run("get", "broken")
        dev.run("get", "nothing")
    said = [json.loads(line) for line in dev.run("log", "--json", "--profile", "broken", "-n", "2").stdout.splitlines()]
    assert said == [line for line in logged(dev) if line["profile"] == "broken"][1:]
    assert dev.run("log", "--profile", "other").stdout == b""
    dev.run("log", "-n", "0").failed(2, "0")


def test_fifty_are_shown_and_the_log_that_was_put_aside_is_read_too(dev: Home) -> None:
    dev.log.parent.mkdir(parents=True)
    for file, numbers in ((dev.log.with_name("log.jsonl.1"), range(40)), (dev.log, range(40, 60))):
        file.touch(mode=0o600)
        file.write_text(
            "".join(json.dumps({"time": "t", "event": "warning", "message": str(n)}) + "\n" for n in numbers)
        )
    messages = [line.rpartition("\t")[2] for line in dev.run("log").stdout.decode().splitlines()]
    assert messages == [str(n) for n in range(10, 60)]


def test_control_characters_in_the_log_are_escaped_on_the_terminal(dev: Home) -> None:
    dev.log.parent.mkdir(parents=True)
    dev.log.touch(mode=0o600)
    hostile = "\x1b[31m\t\n\u202e\x7f\ud800[bold]x[/bold]"
    dev.log.write_text(
        json.dumps({"time": hostile, "event": hostile, "profile": hostile, "message": hostile}) + "\ntorn{"
    )
    columns = dev.run("log").stdout.decode()
    assert columns.count("\t") == 8
    assert columns.count("\n") == 1
    assert columns.replace("\t", "").replace("\n", "").isprintable()
    as_json = dev.run("log", "--json").stdout.decode()
    assert json.loads(as_json)["message"] == hostile
    assert as_json[:-1].isprintable()


def test_a_log_that_is_open_to_others_is_said(dev: Home) -> None:
    dev.get("dev")
    dev.log.chmod(0o644)
    dev.run("log").failed(1, "is open to other users", "remove it")


def on_a_terminal(home: Home, *arguments: str, width: int = 120) -> str:
    environ = home.environ | {"TERM": "xterm"}
    child = pexpect.spawn(
        SCRIPT, [*arguments], env=environ, cwd=str(home.folder), encoding="utf-8", timeout=60, dimensions=(40, width)
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    text: str = child.before
    return text


def test_on_a_terminal_it_is_a_table(dev: Home) -> None:
    dev.get("dev")
    dev.run("get", "broken")
    text = on_a_terminal(dev, "log")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert plain != text, "there are colours"
    assert plain.split()[:2] == ["Time", "What"]
    assert re.search(r"miss +dev +\S.* role dev in 123456789012 as \S+, key \.\.\.", plain)
    assert re.search(r"failure +broken .*nobody", plain)
    assert max(len(line.rstrip("\r")) for line in plain.split("\n")) <= 120


def test_on_a_narrow_terminal_nothing_is_lost(dev: Home) -> None:
    dev.run("get", "broken")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal(dev, "log", width=60))
    assert "..." not in plain
    assert "…" not in plain
    assert max(len(line.rstrip("\r")) for line in plain.split("\n")) <= 60


def test_markup_is_text(dev: Home) -> None:
    dev.run("get", "[bold]x[/bold]")
    assert "[bold]x[/bold]" in on_a_terminal(dev, "log", width=200)


def test_an_empty_log_says_so_on_a_terminal(dev: Home) -> None:
    assert on_a_terminal(dev, "log") == "assume-helper: nothing is logged yet\r\n"
    assert on_a_terminal(dev, "log", "--profile", "dev") == "assume-helper: nothing is logged yet for dev\r\n"
    assert dev.run("log").stdout == b""


def test_no_sdk_is_imported(dev: Home) -> None:
    ran = dev.run("-X", "importtime", SCRIPT, "log", command=[sys.executable])
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines() if "|" in line}
    assert not names & {"boto3", "botocore", "questionary", "rich"}
