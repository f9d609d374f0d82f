"""`assume` at the prompt of the real shells: it is renewed, chosen, completed and shown there."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from assuming import LOAD, PROMPT, SHELLS, START, STATUS, Counting, Script, Terminal, export, is_due, with_path
from front import Front
from needs import needs_strace
from running import Home

ROLE = "arn:aws:iam::123456789012:role"
DOWN = "\x1b[B"


@pytest.fixture
def ready(granted: Home, offline_front: Front, native: Path) -> Home:
    """Three roles; the native front is on the PATH."""
    offline_front.behaviour = Counting()
    granted.config.write_text(
        "".join(f"[profile {n}]\nrole_arn = {ROLE}/{n}\nsource_profile = base\n" for n in ("dev", "ops", "audit"))
    )
    granted.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    with_path(granted, native.parent)
    return granted


@pytest.fixture(params=SHELLS)
def script(request: pytest.FixtureRequest, ready: Home) -> Script:
    return Script(ready, request.param)


# The hook, called as the prompt calls it.


def test_what_is_due_is_renewed_as_it_was_asked_for(script: Script, offline_front: Front) -> None:
    script.do("assume dev --read-only", "rm -r .cache", is_due(script.shell), PROMPT[script.shell]).show()
    (seen,) = script.run(AWS_PROFILE="base")
    assert (seen["AWS_ACCESS_KEY_ID"], seen["AWSUME_PROFILE"], script.stderr) == ("ASIA2", "dev", "")
    assert [call.parameters["PolicyArns.member.1.arn"][-14:] for call in offline_front.calls] == ["ReadOnlyAccess"] * 2


def test_what_the_environment_named_is_renewed_too(script: Script) -> None:
    script.do("assume --read-only", "rm -r .cache", is_due(script.shell), PROMPT[script.shell]).show().do("assume -")
    seen, after = script.show().run(AWS_PROFILE="ops")
    assert (seen["AWS_ACCESS_KEY_ID"], seen["AWSUME_PROFILE"]) == ("ASIA2", "ops")
    assert after["AWS_PROFILE"] == "ops"


def test_a_renewal_begins_with_the_person_s_own_keys(script: Script, offline_front: Front) -> None:
    own = {"AWS_ACCESS_KEY_ID": "AKIAOWN", "AWS_SECRET_ACCESS_KEY": "x"}
    script.do(f"assume {ROLE}/x", "rm -r .cache", is_due(script.shell), PROMPT[script.shell]).show().do(
        "assume -"
    ).show()
    seen, after = script.run(**own)
    assert seen["AWS_ACCESS_KEY_ID"] == "ASIA2"
    assert [call.access_key_id for call in offline_front.calls] == ["AKIAOWN"] * 2
    assert after["AWS_ACCESS_KEY_ID"] == "AKIAOWN"


def test_a_region_exported_since_counts_for_the_renewal(script: Script) -> None:
    script.do("assume dev").export("AWS_REGION", "eu-west-3").do("rm -r .cache", is_due(script.shell))
    seen, after = script.do(PROMPT[script.shell]).show().do("assume -").show().run()
    assert (seen["AWS_ACCESS_KEY_ID"], seen["AWS_REGION"], after["AWS_REGION"]) == ("ASIA2", "eu-west-3", "eu-west-3")


def test_where_that_fails_what_is_good_stays_and_it_is_said_once(script: Script) -> None:
    again = [is_due(script.shell), PROMPT[script.shell]]
    script.do("assume dev", "rm -r .cache .aws/config", *again).show().do(*again).show()
    first, second = script.run()
    assert first["AWS_ACCESS_KEY_ID"] == second["AWS_ACCESS_KEY_ID"] == "ASIA1"
    assert script.stderr.startswith("assume-helper: dev: there is no such profile")
    assert script.stderr.count("\n") == 1


def test_what_was_cleared_or_replaced_since_is_not_renewed(script: Script, offline_front: Front) -> None:
    fish = script.shell == "fish"
    clear = "assume-helper env --unset | source" if fish else 'eval "$(assume-helper env --unset)"'
    script.do("assume dev", clear, "rm -r .cache", is_due(script.shell), PROMPT[script.shell]).show()
    (seen,) = script.run()
    assert ("AWS_ACCESS_KEY_ID" in seen, len(offline_front.calls)) == (False, 1)


def test_it_tries_once_a_minute_and_not_before_it_is_due(script: Script) -> None:
    """After a try that brings the same session, the next one is later; a session of an hour is not due at once."""
    due = "$__assume_helper_due" if script.shell == "fish" else "$_assume_helper_due"
    script.do("assume dev", f"echo {due}", is_due(script.shell), PROMPT[script.shell], f"echo {due}", "date +%s")
    in_a_while, next_try, now = script.run()
    assert 2090 <= in_a_while - now <= 2100, "25 minutes before the end of an hour"
    assert 55 <= next_try - now <= 60


def test_the_end_is_read_right(script: Script) -> None:
    """The shells work out the seconds since the epoch by themselves: also of leap days and turns of the year."""
    apply = "__assume_helper_apply" if script.shell == "fish" else "_assume_helper_apply"
    due = "$__assume_helper_due" if script.shell == "fish" else "$_assume_helper_due"
    ends = {"2032-02-29T23:59:59Z": 1961711999, "2100-03-01T00:00:00Z": 4107542400, "2031-01-01T08:09:00Z": 1925021340}
    for end in ends:
        script.do(f'{apply} "{export(script.shell, "AWS_CREDENTIAL_EXPIRATION", end)}"', f"echo {due}")
    assert script.run() == [end - 1500 for end in ends.values()]


def test_bash_without_a_clock_of_its_own_asks_once(ready: Home) -> None:
    """As bash 3.2 on macOS, whose printf has no times."""
    script = Script(ready, "bash").do("enable -n printf", "builtin() { return 1; }", "assume dev")
    script.do("echo $_assume_helper_due", "echo $(( $(date +%s) ))", "date() { echo no; }", PROMPT["bash"])
    due, now = script.run()
    assert 2000 <= due - now <= 2100
    assert script.stderr == ""


@needs_strace
@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_started_while_nothing_is_due(ready: Home, shell: str, tmp_path: Path) -> None:
    """Counted by strace: the shell itself knows the time."""
    counts = []
    for times in (0, 0, 40):  # the first time, completion is set up
        script = Script(ready, shell).do("assume dev", *[PROMPT[shell]] * times)
        log = tmp_path / "calls"
        command = ["strace", "-qq", "-e", "trace=clone,clone3,fork,vfork", "-o", str(log), *START[shell], "-c"]
        subprocess.run(
            [*command, "\n".join(script.lines)],
            env=ready.environ,
            cwd=ready.folder,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        counts.append(len(re.findall(r"^(?:clone3?|v?fork)\((?!.*CLONE_THREAD)", log.read_text(), re.MULTILINE)))
    assert counts[1] == counts[2] > 0


# At a terminal.


@pytest.fixture(params=SHELLS)
def terminal(request: pytest.FixtureRequest, ready: Home) -> Iterator[Terminal]:
    with_terminal = Terminal(ready, request.param)
    yield with_terminal
    with_terminal.child.close(force=True)


def test_alone_it_lets_one_choose_and_what_was_used_last_is_first(terminal: Terminal) -> None:
    terminal.answer("assume ops")
    terminal.answer("assume audit")
    terminal.child.sendline("assume; echo e''nd $AWSUME_PROFILE")
    terminal.child.expect_exact("Which one?")
    terminal.child.expect(r"audit.*ops.*dev")
    terminal.child.send(DOWN + "\r")
    terminal.child.expect_exact("end ops")
    terminal.answer("assume ops")  # a hit: the log does not have it
    terminal.answer("assume audit")
    terminal.child.sendline("assume --read-only; echo e''nd $AWSUME_PROFILE $AWS_ACCESS_KEY_ID")
    terminal.child.expect_exact("Which one?")
    terminal.child.expect(r"audit.*ops.*dev")
    terminal.child.send("\r")
    terminal.child.expect(r"end audit ASIA\d")


def test_a_profile_in_the_environment_is_not_taken_where_one_chooses(terminal: Terminal) -> None:
    terminal.answer(export(terminal.shell, "AWS_PROFILE", "base"))
    terminal.child.sendline("assume; echo e''nd $AWSUME_PROFILE")
    terminal.child.expect_exact("Which one?")
    terminal.child.send("ops\r")
    terminal.child.expect_exact("end ops")
    terminal.answer("assume -")
    assert "base" in terminal.answer("echo $AWS_PROFILE")


def test_who_chooses_nothing_has_no_old_credentials(terminal: Terminal) -> None:
    terminal.answer("assume dev")
    terminal.child.sendline(f"assume; echo e''nd {STATUS[terminal.shell]} \"+$AWS_ACCESS_KEY_ID+\"")
    terminal.child.expect_exact("Which one?")
    terminal.child.send("\x1b")
    terminal.child.expect_exact("end 130 ++")


def test_the_prompt_renews_and_keeps_the_status(terminal: Terminal) -> None:
    terminal.answer("assume dev")
    terminal.child.sendline(f"rm -r .cache; {is_due(terminal.shell)}; sh -c 'exit 7'")
    terminal.child.expect_exact("<7> ")
    assert "ASIA2" in terminal.answer("echo $AWS_ACCESS_KEY_ID")


def test_the_prompt_never_asks(terminal: Terminal, ready: Home, offline_front: Front) -> None:
    """The source of the role wants a code from now on: the renewal fails, and what is good stays."""
    terminal.answer("assume dev")
    serial = "mfa_serial = arn:aws:iam::123456789012:mfa/me"
    ready.config.write_text(f"[profile dev]\nrole_arn = {ROLE}/dev\nsource_profile = base\n{serial}\n")
    terminal.child.sendline(f"rm -r .cache; {is_due(terminal.shell)}; sh -c 'exit 7'")
    terminal.child.expect_exact("<7> ")
    said = re.sub(r"\s", "", terminal.child.before)
    assert "assume-helper:dev:" in said, said
    assert "setASSUME_HELPER_MFA_TOKEN" in said
    assert "ASIA1" in terminal.answer("echo $AWS_ACCESS_KEY_ID")
    assert len(offline_front.calls) == 1


def test_tab_completes_profiles_and_options(terminal: Terminal) -> None:
    if terminal.shell == "zsh":
        terminal.answer("setopt zle")
    for typed, expected in (("au", "audit"), ("dev --read-", "dev --read-only")):
        terminal.child.send(f"assume {typed}\t")
        terminal.child.send("\x01printf '<%s>' \x05 'e''nd'\r")
        terminal.child.expect_exact("<end>")
        assert terminal.child.before.rpartition("<assume>")[2] == "".join(f"<{word}>" for word in expected.split())


@pytest.mark.parametrize("own", ["x=1", "x=1;", "x=1; ", "x=1 # why\n", "", 'x="a;b"'])
def test_bash_s_own_prompt_command_stays(ready: Home, own: str) -> None:
    terminal = Terminal(ready, "bash", f"PROMPT_COMMAND={own!r}".replace("\\n", "'$'\\n''"), LOAD["bash"])
    terminal.answer("assume dev")
    terminal.child.sendline(f"rm -r .cache; x=; {is_due('bash')}; sh -c 'exit 7'")
    terminal.child.expect_exact("<7> ")
    found = terminal.answer(
        'echo "+$x+" $AWS_ACCESS_KEY_ID $(grep -o _assume_helper_prompt <<< "${PROMPT_COMMAND[*]}" | wc -l)'
    )
    assert f"+{'' if not own else 'a;b' if 'a;b' in own else '1'}+ ASIA2 1" in found
    terminal.child.close(force=True)


def test_so_does_an_array_of_them(ready: Home) -> None:
    terminal = Terminal(ready, "bash", "PROMPT_COMMAND=('x=1' 'y=$?')")
    terminal.child.sendline(f"assume dev; rm -r .cache; {is_due('bash')}; sh -c 'exit 7'")
    terminal.child.expect_exact("<7> ")
    assert "1 7 ASIA2" in terminal.answer("echo $x $y $AWS_ACCESS_KEY_ID")
    terminal.child.close(force=True)


def test_so_do_zsh_s_hooks(ready: Home) -> None:
    terminal = Terminal(ready, "zsh", "precmd_functions=(mine); mine() { x=$?; }", LOAD["zsh"])
    terminal.child.sendline(f"assume dev; rm -r .cache; {is_due('zsh')}; sh -c 'exit 7'")
    terminal.child.expect_exact("<7> ")
    assert "7 ASIA2 2" in terminal.answer("echo $x $AWS_ACCESS_KEY_ID ${#precmd_functions}")
    terminal.child.close(force=True)
