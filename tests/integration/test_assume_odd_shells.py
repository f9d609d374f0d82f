"""`assume` in shells that are set up in other ways: their options, variables, traps, and what was started in them."""

import re
import subprocess
from pathlib import Path

import pytest
from assuming import LOAD, PROMPT, SHELLS, START, Script, Terminal, is_due, required, with_path
from front import Front, session
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper.cli.shell_functions import FUNCTIONS, is_name

OWN = {"AWS_PROFILE": "base", "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture
def ready(granted: Home, native: Path) -> Home:
    """The role dev; the native front is on the PATH."""
    with_path(granted, native.parent)
    return granted


@pytest.fixture(params=SHELLS)
def script(request: pytest.FixtureRequest, ready: Home) -> Script:
    return Script(ready, request.param)


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("zsh", "setopt ksh_arrays sh_word_split nounset"),
        ("zsh", "setopt warn_create_global err_return no_global_export"),
        ("zsh", "setopt glob_subst rc_expand_param extended_glob null_glob posix_builtins"),
        ("zsh", "IFS=' _e=:'"),
        ("zsh", "printf() { echo no; }; date() { echo no; }"),
        ("bash", "set -o posix"),
        ("bash", "shopt -s nocasematch extglob failglob; name=a entry=b end=c text=d"),
        ("bash", "shopt -s localvar_inherit 2>/dev/null; name=a entry=b end=c text=d now=1 changed=AWS_REGION"),
        ("bash", "IFS=' _e=:'"),
        ("bash", "trap 'x=1' DEBUG; trap 'echo no' ERR"),
        ("bash", "printf() { echo no; }; date() { echo no; }"),
        ("fish", "function date; echo no; end; set -g name a; set -g rest b; set -g text c; set -g code 9"),
    ],
)
def test_options_of_the_shell_change_nothing(ready: Home, shell: str, line: str) -> None:
    script = Script(ready, shell)
    script.lines.insert(0, line)
    script.do("assume dev --read-only").show().do(is_due(shell), PROMPT[shell]).show().do("assume -").show()
    assumed, renewed, after = script.run(**OWN)
    assert assumed["AWSUME_PROFILE"] == "dev"
    assert renewed == assumed
    assert after.items() >= OWN.items()
    assert "AWSUME_PROFILE" not in after
    assert script.stderr == ""


def test_what_was_exported_without_a_value_comes_back_so(script: Script) -> None:
    empty = dict.fromkeys(["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECURITY_TOKEN", "AWS_DEFAULT_REGION"], "")
    assumed, after = script.do("assume dev").show().do("assume -").show().run(**empty)
    assert not {"AWS_PROFILE", "AWS_SECURITY_TOKEN"} & assumed.keys()
    assert after.items() >= empty.items()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_REGION"])
def test_a_readonly_variable_is_said_and_nothing_is_mixed(ready: Home, shell: str, name: str) -> None:
    script = Script(ready, shell).do(f"readonly {name}=mine", "assume dev").say_status().show()
    status, failed, after = script.do("assume -").show().run(**OWN)
    assert status == 1
    assert script.stderr == f"assume-helper: {name} is readonly in this shell; start one in which it is not\n"
    assert not (OWN.keys() | {"AWSUME_PROFILE"}) - {name} & failed.keys()
    assert after.items() >= (OWN | {name: "mine"} if name in OWN else OWN).items()


def test_a_universal_variable_of_fish_is_not_taken_from_all_shells(ready: Home) -> None:
    """No program can be kept from seeing an exported one; one that is not exported is no program's business."""
    script = Script(ready, "fish")
    script.is_configured = True
    script.do("set -U AWS_PROFILE mine", "assume dev").show().do("set -qU AWS_PROFILE; and echo '\"there\"'")
    script.do("set -Ux AWS_PROFILE base", "assume dev").say_status().show().do("set -qU AWS_PROFILE; and echo 1")
    assumed, there, status, failed, still = script.do("assume -").run(AWS_ACCESS_KEY_ID="AKIAOLD")
    assert ("AWS_PROFILE" in assumed, assumed["AWSUME_PROFILE"], there) == (False, "dev", "there")
    assert (status, failed.get("AWS_PROFILE"), still) == (1, "base", 1)
    assert not {"AWSUME_PROFILE", "AWS_ACCESS_KEY_ID"} & failed.keys()
    assert script.stderr.startswith("assume-helper: AWS_PROFILE is universal: all shells would lose it; run `set")


def test_a_shell_that_is_started_from_it_has_the_same_and_a_dash_clears_it(ready: Home) -> None:
    """What was there before is known to the first shell alone: it is not handed on."""
    for shell in SHELLS:
        inner = Script(ready, shell).show().do("assume -").say_status().show()
        words = [required(shell), *START[shell][1:], "-c"]
        (ready.folder / "inner").write_text("\n".join(inner.lines))
        read = "(cat inner | string collect)" if shell == "fish" else '"$(cat inner)"'
        script = Script(ready, shell).do("assume dev", f"{' '.join(words)} {read}").show()
        same, status, cleared, outer = script.run(**OWN)
        assert (same["AWSUME_PROFILE"], status, outer["AWSUME_PROFILE"]) == ("dev", 0, "dev")
        assert not (OWN.keys() | {"AWSUME_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"}) & cleared.keys()
        assert script.stderr == ""


def test_credentials_that_were_set_by_hand_are_cleared_too(script: Script) -> None:
    by_hand = "assume-helper env dev | source" if script.shell == "fish" else 'eval "$(assume-helper env dev)"'
    seen, after = script.do(by_hand).show().do("assume -").show().run()
    assert (seen["AWSUME_PROFILE"], "AWSUME_PROFILE" in after, "AWS_ACCESS_KEY_ID" in after) == ("dev", False, False)


def test_ctrl_c_leaves_no_credentials_either_and_a_dash_brings_them_back(ready: Home, offline_front: Front) -> None:
    """Some shells end the whole function there."""
    for shell in SHELLS:
        ready.environ |= OWN
        offline_front.behaviour = session()
        terminal = Terminal(ready, shell)
        terminal.answer("assume dev")
        offline_front.behaviour = offline_front.hang
        offline_front.arrived.clear()
        terminal.child.sendline("assume dev --read-only")
        assert offline_front.arrived.wait(60)
        terminal.child.sendintr()
        terminal.child.expect_exact("interrupted; run it again")
        terminal.child.expect(r"<(1|130)> ")
        show = 'echo "+$AWS_ACCESS_KEY_ID+$AWS_PROFILE+$AWSUME_PROFILE+"'
        assert "++++" in terminal.answer(show), shell
        terminal.answer("assume -")
        assert f"+{ACCESS_KEY_ID}+base++" in terminal.answer(show)
        terminal.child.close(force=True)


CLOCK = {
    "bash": "t=0; _assume_helper_now() { now=$(( t += 10 )); }",
    "zsh": "zmodload -u zsh/datetime; date() { echo >> t; echo $(( $(wc -l < t) * 10 )); }",
    "fish": "set -g t 0; function __assume_helper_now; set -g t (math $t + 10); echo $t; end",
}


def test_the_longer_a_failure_took_the_later_is_the_next_try(script: Script) -> None:
    """By this clock each takes ten seconds: the prompt does not wait for a dead network again and again."""
    due = "$__assume_helper_due" if script.shell == "fish" else "$_assume_helper_due"
    script.do("assume dev", "rm -r .cache .aws/config", CLOCK[script.shell], is_due(script.shell))
    assert script.do(PROMPT[script.shell], f"echo {due}").run() == [20 + 60 + 20 * 10]


def test_bash_without_compopt_completes_files_too(ready: Home) -> None:
    """As bash 3.2 on macOS."""
    (ready.folder / "a-file.json").write_text("")
    terminal = Terminal(ready, "bash", "enable -n compopt", "bind 'set enable-bracketed-paste off'")
    for typed in ("assume-helper exec dev -- cat", "assume dev --session-policy", "assume-helper get --session-policy"):
        terminal.child.send(f"{typed} a-fi\t")
        terminal.child.send("\x01printf '<%s>' \x05 'e''nd'\r")
        terminal.child.expect_exact("<end>")
        assert "<a-file.json>" in terminal.child.before
    terminal.child.close(force=True)


def test_where_the_program_is_not_installed_the_line_does_no_harm(ready: Home) -> None:
    """The line of the start-up file stays there when the program goes."""
    for shell in SHELLS:
        done = subprocess.run(
            [required(shell), *START[shell][1:], "-c", f"{LOAD[shell]}\necho go''es on"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(ready.folder)}, capture_output=True, check=True, timeout=60,
            encoding="utf-8", stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.stdout == "goes on\n", shell
        assert "assume-helper" in done.stderr


def test_in_a_pipe_or_a_subshell_nothing_is_printed_either(script: Script) -> None:
    printed = "set x (assume dev); echo [(count $x)]" if script.shell == "fish" else 'x=$(assume dev); echo "[${#x}]"'
    assert script.do("assume dev | cat", "assume nobody | cat", "assume - | cat", printed).run() == [[0]]
    assert script.stderr.startswith("assume-helper: nobody: there is no such profile")
    assert script.stderr.count("\n") == 1


WORDS = {
    "bash": "compgen -bk",
    "zsh": "print -l ${(k)builtins} ${(k)reswords}",
    "fish": "builtin -n",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_function_cannot_take_the_name_of_what_the_text_itself_calls(shell: str) -> None:
    """It would call itself without end."""
    command = [required(shell), *START[shell][1:], "-c", WORDS[shell]]
    builtins = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout.split()
    used = set(re.findall(r"[A-Za-z_-]+", FUNCTIONS[shell]))
    assert {"if", "return"} <= used & set(builtins)
    assert [name for name in builtins if name in used and is_name(name)] == []
