"""`exec` for a pattern: a command in each profile that matches."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest
from front import Call, Front, Reply, denied, session, wait_for
from native_front import Scene
from running import SCRIPT, Home

ROLE = "arn:aws:iam::123456789012:role"
WHO = "echo $AWSUME_PROFILE $AWS_ACCESS_KEY_ID"


def by_role(call: Call) -> Reply | None:
    """A session whose key says of which role it is; none for what is forbidden."""
    name = call.parameters["RoleArn"].rpartition("/")[2]
    return denied(call) if "forbidden" in name else session(access_key_id="ASIA" + name.upper().replace("-", ""))(call)


@pytest.fixture
def team(granted: Home, offline_front: Front) -> Home:
    """The roles team-b, team-a, team-forbidden and other, and a profile that is none."""
    offline_front.behaviour = by_role
    names = ("team-b", "team-forbidden", "team-a", "other")
    granted.config.write_text(
        "".join(f"[profile {n}]\nrole_arn = {ROLE}/{n}\nsource_profile = base\n" for n in names)
        + "[profile team-region]\nregion = us-east-1\n"
    )
    granted.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    return granted


def test_each_in_the_config_s_order_with_its_name_before_each_line(team: Home) -> None:
    ran = team.run("exec", "team-[ab]", "--", "sh", "-c", f"{WHO}; echo second")
    assert ran.stdout.decode() == (
        "team-b: team-b ASIATEAMB\nteam-b: second\nteam-a: team-a ASIATEAMA\nteam-a: second\n"
    )
    assert (ran.code, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("team-?", ["team-b", "team-a"]),
        ("*a", ["team-a"]),
        ("team-[!a]", ["team-b"]),
        ("te[a-m]m-[ab]", ["team-b", "team-a"]),
        ("[o]ther", ["other"]),
    ],
)
def test_what_patterns_match(team: Home, pattern: str, names: list[str]) -> None:
    ran = team.run("exec", pattern, "--", "sh", "-c", "echo")
    assert ran.stdout.decode() == "".join(f"{name}: \n" for name in names)


def test_a_hostile_name_is_said_escaped_and_the_others_follow(team: Home) -> None:
    with team.config.open("a") as config:
        for name in ("x-\x1b[31mred", "x-a\u202eb", "x-plain"):
            config.write(f"[profile {name}]\nrole_arn = {ROLE}/x\nsource_profile = base\n")
    ran = team.run("exec", "x-*", "--", "sh", "-c", "echo")
    assert (ran.code, ran.stdout) == (3, b"x-plain: \n")
    assert "\x1b" not in ran.stderr
    assert "\u202e" not in ran.stderr
    assert [line.split(": ")[1] for line in ran.stderr.splitlines()] == [r"x-\x1b[31mred", r"x-a\u202eb"]


def test_standard_input_is_one_for_all(team: Home) -> None:
    done = subprocess.run(
        [SCRIPT, "exec", "team-[ab]", "--", "sh", "-c", "read line; echo $line"],
        env=team.environ,
        input=b"first\nsecond\n",
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == b"team-b: first\nteam-a: second\n"


def test_streams_stay_apart_and_bytes_as_they_are(team: Home) -> None:
    program = "printf 'a\\377\\0b\\r\\n\\nno end'; printf 'wrong\\n' >&2"
    ran = team.run("exec", "team-[ab]", "--", "sh", "-c", program)
    assert ran.stdout == b"".join(
        b"%s: a\xff\x00b\r\n%s: \n%s: no end\n" % ((name,) * 3) for name in (b"team-b", b"team-a")
    )
    assert ran.stderr == "team-b: wrong\nteam-a: wrong\n"


def test_a_long_line_is_one_line(team: Home) -> None:
    ran = team.run("exec", "othe?", "--", sys.executable, "-c", "print('x' * 1_000_000); print('y')")
    assert ran.stdout == b"other: " + b"x" * 1_000_000 + b"\nother: y\n"


def test_it_goes_on_after_a_failure_and_ends_with_the_first_code(team: Home) -> None:
    ran = team.run("exec", "team-*", "--", "sh", "-c", "echo $AWSUME_PROFILE; [ $AWSUME_PROFILE != team-a ] || exit 9")
    assert (ran.code, ran.stdout.decode()) == (6, "team-b: team-b\nteam-a: team-a\n")
    assert ran.stderr.startswith("assume-helper: team-forbidden: ")
    assert ran.stderr.count("\n") == 1
    ran = team.run("exec", "team-[ab]", "--", "sh", "-c", "[ $AWSUME_PROFILE = team-a ] || kill -9 $$")
    assert ran.code == 128 + 9


def test_what_cannot_be_started_is_said_for_each(team: Home) -> None:
    ran = team.run("exec", "team-[ab]", "--", "no-such-program")
    assert (ran.code, ran.stdout, ran.stderr.count("no-such-program cannot be started")) == (127, b"", 2)


def test_a_profile_of_exactly_that_name_comes_before_the_pattern(team: Home) -> None:
    with team.config.open("a") as config:
        config.write(f"[profile team-*]\nrole_arn = {ROLE}/star\nsource_profile = base\n")
    ran = team.run("exec", "team-*", "--", "sh", "-c", WHO)
    assert (ran.code, ran.stdout.decode()) == (0, "team-* ASIASTAR\n")


def test_options_are_each_one_s(team: Home, offline_front: Front) -> None:
    assert team.run("exec", "--read-only", "team-[ab]", "--duration-seconds=900", "--", "true").code == 0
    calls = offline_front.assumed()
    assert [call.parameters["RoleArn"] for call in calls] == [f"{ROLE}/team-b", f"{ROLE}/team-a"]
    assert all("PolicyArns.member.1.arn" in call.parameters for call in calls)
    assert {call.parameters["DurationSeconds"] for call in calls} == {"900"}


def test_what_matches_nothing_or_cannot_be(team: Home) -> None:
    team.run("exec", "x*", "--", "true").failed(3, "no profile matches x*; `assume-helper list`")
    team.run("exec", "team-re*", "--", "true").failed(3, "no profile matches")
    team.run("exec", "team-*").failed(2, "a pattern is for a command")
    for option in ("--refresh", "--sandbox"):
        team.run("exec", option, "team-*", "--", "true").failed(2, "leave --refresh and --sandbox out")
    team.run("exec", "team-*", "--source-profile", "x", "--", "true").failed(2, "--source-profile is for a role's ARN")


def test_the_front_hands_a_pattern_on_and_nobody_waits_for_it(cold: Scene) -> None:
    """A second one runs beside the first: the pattern is not a session that somebody is asking for."""
    mark = cold.home.folder / "mark"
    first = cold.home.start(
        "exec", "d?v", "--", "sh", "-c", f"touch {mark}; cat /dev/zero | sleep 60", command=[str(cold.native)]
    )
    try:
        wait_for(mark.exists, 60)
        began = time.monotonic()
        done = cold.home.run("exec", "d?v", "--", "sh", "-c", "echo $AWSUME_PROFILE", command=[str(cold.native)])
        assert (done.code, done.stdout) == (0, b"dev: dev\n")
        assert time.monotonic() - began < 30
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()


def test_what_reads_the_output_may_end(team: Home) -> None:
    command = f"{SCRIPT} exec 'team-[ab]' -- yes | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        env=team.environ,
        capture_output=True,
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == b"team-b: y\n"


@pytest.mark.parametrize("to_all", [True, False])
def test_ctrl_c_ends_all(team: Home, to_all: bool) -> None:
    """The program has got it too, and is waited for."""
    mark = team.folder / "mark"
    program = team.folder / "program.py"
    program.write_text(
        f"import time\ntry:\n    open({str(mark)!r}, 'a').write('x')\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('tidied', flush=True)\n"
    )
    command = ["exec", "team-[ab]", "--", sys.executable, str(program)]
    child = pexpect.spawn(SCRIPT, command, env=team.environ, encoding="utf-8", timeout=60)
    wait_for(lambda: mark.exists() and mark.read_text() == "x", 60)
    if to_all:
        child.sendintr()
    else:  # to the program alone: it ends, and the next one follows
        subprocess.run(["pkill", "-INT", "-P", str(child.pid)], check=True)
        child.expect_exact("team-b: tidied")
        wait_for(lambda: mark.read_text() == "xx", 60)
        child.sendintr()
    child.expect_exact(f"team-{'b' if to_all else 'a'}: tidied")
    child.expect_exact("interrupted")
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, mark.read_text()) == (130, "x" if to_all else "xx")


def test_a_signal_that_ends_it_ends_the_program(team: Home) -> None:
    mark = team.folder / "mark"
    child = team.start(
        "exec", "team-[ab]", "--", "sh", "-c", f"echo $$ > {mark}.new; mv {mark}.new {mark}; exec sleep 60"
    )
    wait_for(mark.exists, 60)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 143
    wait_for(lambda: not Path(f"/proc/{mark.read_text().strip()}").exists(), 60)
