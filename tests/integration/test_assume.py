"""`assume`, the function of `init`, in the real bash, zsh and fish: it sets this shell's credentials, and no output."""

import json
import subprocess
from pathlib import Path

import pytest
from assuming import LOAD, SHELLS, START, Script, required, with_path
from front import Call, Front, Reply, denied, session
from running import ACCESS_KEY_ID, SECRET, Home

OWN = {
    "AWS_PROFILE": "base",
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_VAULT": "their's $HOME",
}
KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWSUME_PROFILE", "ASSUME_HELPER_PROFILE"}
ROLE = "arn:aws:iam::123456789012:role"


def numbered(call: Call) -> Reply | None:
    """A session whose key says of which role it is."""
    return session(access_key_id="ASIA" + call.parameters["RoleArn"].rpartition("/")[2].upper())(call)


@pytest.fixture
def ready(granted: Home, offline_front: Front, native: Path) -> Home:
    """The roles dev, with a region, and other, without; the native front is on the PATH."""
    offline_front.behaviour = numbered
    with granted.config.open("a") as config:
        config.write(f"[profile other]\nrole_arn = {ROLE}/other\nsource_profile = base\n")
    granted.environ["AWS_ENDPOINT_URL_STS"] = offline_front.url
    with_path(granted, native.parent)
    return granted


@pytest.fixture(params=SHELLS)
def script(request: pytest.FixtureRequest, ready: Home) -> Script:
    return Script(ready, request.param)


def test_it_sets_the_credentials_and_a_dash_brings_back_what_was_there(script: Script) -> None:
    script.show().do("assume dev").show().do("assume other").show().do("assume -").show().say_status()
    before, dev, other, after, status = script.run(**OWN)
    assert (script.stderr, status) == ("", 0)
    assert dev["AWS_ACCESS_KEY_ID"] == "ASIADEV"
    assert dev["AWSUME_PROFILE"] == dev["ASSUME_HELPER_PROFILE"] == "dev"
    assert dev["AWS_REGION"] == dev["AWS_DEFAULT_REGION"] == "us-east-1"
    assert not {"AWS_PROFILE", "AWS_VAULT"} & dev.keys()
    assert (other["AWS_ACCESS_KEY_ID"], other["AWSUME_PROFILE"]) == ("ASIAOTHER", "other")
    assert not {"AWS_REGION", "ASSUME_HELPER_REGION"} & other.keys(), "that was the other profile's"
    assert before.items() >= OWN.items()
    assert after == before


def test_what_was_not_exported_comes_back_so(script: Script) -> None:
    own = "set -g AWS_PROFILE mine" if script.shell == "fish" else "AWS_PROFILE=mine"
    script.do(own, "assume dev", "assume -").show().do('echo "\\"$AWS_PROFILE\\""')
    seen, value = script.run()
    assert ("AWS_PROFILE" in seen, value) == (False, "mine")


def test_a_failure_leaves_no_old_credentials_and_its_status(script: Script) -> None:
    script.do("assume dev", "assume nobody").say_status().show().do("assume -").show()
    status, failed, after = script.run(**OWN)
    assert status == 3
    assert not (KEYS | OWN.keys() | {"AWS_REGION"}) & failed.keys()
    assert script.stderr.startswith("assume-helper: nobody: there is no such profile")
    assert script.stderr.count("\n") == 1
    assert after.items() >= OWN.items()


def test_a_refusal_too(script: Script, offline_front: Front) -> None:
    offline_front.behaviour = denied
    status, failed = script.export("AWS_SESSION_TOKEN", "old").do("assume dev").say_status().show().run()
    assert (status, KEYS & failed.keys()) == (6, set())


def test_where_the_program_has_gone_nothing_old_stays(script: Script) -> None:
    script.do(
        "assume dev", "set -gx PATH /bin /usr/bin" if script.shell == "fish" else "PATH=/bin:/usr/bin", "assume dev"
    )
    status, failed = script.say_status().show().run(**OWN)
    assert (status, KEYS & failed.keys()) == (127, set())


def test_options_pass_on(script: Script, offline_front: Front) -> None:
    (seen,) = script.do("assume dev --read-only --session-tag 'a=b c'").show().run()
    (call,) = offline_front.assumed("dev")
    assert call.parameters["PolicyArns.member.1.arn"].endswith("ReadOnlyAccess")
    assert call.parameters["Tags.member.1.Value"] == "b c"
    assert seen["AWSUME_PROFILE"] == "dev"


def test_a_role_s_arn_is_shown_as_such(script: Script) -> None:
    (seen,) = script.do(f"assume {ROLE}/x --source-profile base").show().run(AWS_REGION="us-east-1")
    assert (seen["AWS_ACCESS_KEY_ID"], seen["AWSUME_PROFILE"]) == ("ASIAX", f"{ROLE}/x")


def test_each_call_begins_with_what_was_there_before_the_first(script: Script, offline_front: Front) -> None:
    """The keys that assume a role's ARN are the person's own, not those of the role that was assumed before."""
    script.do("assume dev", f"assume {ROLE}/x").show().do("assume -").show()
    seen, after = script.run(**OWN, AWS_REGION="us-east-1")
    assert seen["AWS_ACCESS_KEY_ID"] == "ASIAX"
    assert [call.access_key_id for call in offline_front.calls] == [ACCESS_KEY_ID] * 2
    assert after.items() >= OWN.items()


def test_a_region_that_the_person_exported_goes_on_counting(script: Script) -> None:
    script.do("assume dev").show().do("assume other").show().do("assume -").show()
    dev, other, after = script.run(AWS_REGION="eu-west-3")
    assert [each["AWS_REGION"] for each in (dev, other, after)] == ["eu-west-3"] * 3
    assert not {"AWS_DEFAULT_REGION", "ASSUME_HELPER_REGION"} & after.keys()


def test_so_does_one_that_is_exported_later(script: Script) -> None:
    script.do("assume dev").export("AWS_REGION", "eu-west-3").do("assume dev").show().do("assume other").show()
    dev, other, after = script.do("assume -").show().run()
    assert [each["AWS_REGION"] for each in (dev, other, after)] == ["eu-west-3"] * 3


@pytest.mark.parametrize("option", ["--json", "--unset", "--shell=sh", "--shell sh"])
def test_options_that_print_something_else_are_refused(script: Script, option: str) -> None:
    status, seen = script.do("assume dev", f"assume dev {option}").say_status().show().run()
    assert (status, seen["AWSUME_PROFILE"]) == (2, "dev"), "a mistyped line changes nothing"
    assert option.replace(" ", "=").partition("=")[0] in script.stderr


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_not_evaluated(script: Script, option: str) -> None:
    status, seen = script.do(f"assume dev {option}").say_status().show().run()
    assert (status, KEYS & seen.keys()) == (0, set())
    assert script.stderr.startswith("usage: assume PROFILE")


HOSTILE = [
    "two words",
    "it's",
    'dou"ble',
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "back\\slash",
    "st*r",
    "~",
    "-n x",
]


def test_names_that_shells_take_apart(ready: Home) -> None:
    sections = "".join(f"[{name}]\nrole_arn = {ROLE}/h{n}\nsource_profile = base\n" for n, name in enumerate(HOSTILE))
    with ready.credentials.open("a") as credentials:
        credentials.write(sections)
    for shell in SHELLS:
        script = Script(ready, shell)
        for name in HOSTILE:
            quoted = name.replace("\\", "\\\\").replace("'", "\\'") if shell == "fish" else name.replace("'", "'\\''")
            script.do(f"assume -- '{quoted}'").show()
        seen = script.run(AWS_REGION="us-east-1")
        assert [each["AWSUME_PROFILE"] for each in seen] == HOSTILE, (shell, script.stderr)
        assert not (ready.folder / "pwned").exists()


@pytest.mark.parametrize("name", ["aws-as", "a_b"])
def test_it_may_have_another_name(ready: Home, name: str) -> None:
    for shell in SHELLS:
        script = Script(ready, shell)
        script.lines = [LOAD[shell].replace(f"init {shell}", f"init {shell} --command {name}"), f"{name} dev"]
        (seen,) = script.show().run()
        assert seen["AWSUME_PROFILE"] == "dev"


@pytest.mark.parametrize("name", ["", "a b", "1a", "-a", "a;b", "assume-helper", "a" * 33, "a.b", "ä", "if", "unset"])
def test_a_name_that_is_none_is_a_usage_error(home: Home, name: str) -> None:
    home.run("init", "bash", f"--command={name}").failed(2, "--command is no name for a function")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("options", [["-e"], ["-u"], ["-eu"], ["-f"]])
def test_strict_shells_take_it_twice(ready: Home, shell: str, options: list[str]) -> None:
    script = (
        Script(ready, shell).do(LOAD[shell], "assume dev", "_assume_helper_prompt", "assume -", "assume dev").show()
    )
    (seen,) = script.run(*options)
    assert (seen["AWSUME_PROFILE"], script.stderr) == ("dev", "")


def test_an_alias_of_that_name_is_replaced(ready: Home) -> None:
    for shell in ("bash", "zsh"):
        line = "shopt -s expand_aliases" if shell == "bash" else "setopt aliases"
        script = Script(ready, shell)
        script.lines = [f"{line}\nalias assume='echo no'\n{LOAD[shell]}\nassume dev"]
        (seen,) = script.show().run()
        assert seen["AWSUME_PROFILE"] == "dev"


def test_the_saved_values_are_not_exported(ready: Home) -> None:
    """What was there is kept in the shell: its programs see no secret that they did not see before."""
    for shell in SHELLS:
        script = Script(ready, shell).do("assume dev", f"printenv | grep -c {SECRET}")
        assert script.run(AWS_SECRET_ACCESS_KEY=SECRET) == [0]


def test_inside_exec_it_is_back_to_exec_s(ready: Home) -> None:
    for shell in SHELLS:
        script = Script(ready, shell).do("assume other").show().do("assume -").show()
        run = script.home.run("exec", "dev", "--", required(shell), *START[shell][1:], "-c", "\n".join(script.lines))
        other, after = (json.loads(line) for line in run.stdout.splitlines())
        assert (other["AWSUME_PROFILE"], "AWS_REGION" in other) == ("other", False)
        assert (after["AWSUME_PROFILE"], after["AWS_REGION"]) == ("dev", "us-east-1")
        assert "ASSUME_HELPER_ENV" not in after


def test_no_shell_finds_fault_with_the_text(home: Home) -> None:
    from assume_helper.cli.shell_functions import named

    for shell in SHELLS:
        done = subprocess.run(
            [required(shell), "-n"], input=named(shell, "assume"), capture_output=True, check=False, encoding="utf-8"
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_a_usage_error(home: Home) -> None:
    home.run("init", "tcsh").failed(2, "'tcsh' is not one of", "assume-helper init --help")
