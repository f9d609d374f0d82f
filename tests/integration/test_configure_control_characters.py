"""No control character is ever written into the config, whichever way a value came."""

from collections.abc import Sequence

import pytest
from configuring import CONFIG, ROLE, ended, terminal
from running import SCRIPT, Home

NEXT_LINE = "assume_helper_mfa_process = touch /tmp/run"
CONTROLS = ["\n", "\r", "\r\n", "\t", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x85", "\u2028", "\u202e", "\udcff"]
# What makes a value good for the option but for the control character in it.
OPTIONS = {
    "--role-arn": f"{ROLE}/x",
    "--source-profile": "base",
    "--credential-source": "Environment",
    "--mfa-serial": "arn:aws:iam::123456789012:mfa/me",
    "--external-id": "an-id",
    "--role-session-name": "me",
    "--duration-seconds": "3600",
    "--region": "us-east-1",
}


def nothing_written(home: Home, *arguments: str, command: Sequence[str] = (SCRIPT,)) -> None:
    ran = home.run("configure", *arguments, command=command)
    assert ran.code in {2, 3}, (ran.code, ran.stderr)
    assert "Traceback" not in ran.stderr
    assert all(character.isprintable() for character in ran.stderr.rstrip("\n").replace("\n", ""))
    assert ran.stderr.count("\n") == 1
    assert home.config.read_text() == CONFIG
    assert sorted(path.name for path in home.config.parent.iterdir()) == ["config", "credentials"]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("profile", ["dev", "new"])
def test_no_option_writes_a_line_of_its_own(folk: Home, option: str, profile: str) -> None:
    source = ["--source-profile", "base"] if option not in {"--source-profile", "--credential-source"} else []
    role = ["--role-arn", f"{ROLE}/x"] if option != "--role-arn" else []
    for end in ("\n", "\r", "\n  "):
        value = f"{OPTIONS[option]}{end}{NEXT_LINE}"
        nothing_written(folk, profile, "--yes", *source, *role, option, value)


@pytest.mark.parametrize("character", CONTROLS, ids=ascii)
@pytest.mark.parametrize("place", ["begin", "middle", "end"])
def test_no_control_character_is_written_wherever_it_stands(folk: Home, character: str, place: str) -> None:
    value = {"begin": f"{character}ab", "middle": f"a{character}b", "end": f"ab{character}"}[place]
    nothing_written(folk, "dev", "--external-id", value, "--yes")
    nothing_written(folk, "dev", "--region", value, "--yes")


@pytest.mark.parametrize("character", CONTROLS, ids=ascii)
def test_no_name_has_one(folk: Home, character: str) -> None:
    role = ["--role-arn", f"{ROLE}/x", "--source-profile", "base", "--yes"]
    nothing_written(folk, f"a{character}b", *role)
    nothing_written(folk, f"dev{character}", *role)
    nothing_written(folk, f"a{character}b", "--undo", "--yes")


def test_a_program_s_path_has_none(folk: Home) -> None:
    link = folk.folder / "a\nb = c" / "assume-helper"
    link.parent.mkdir()
    link.symlink_to(SCRIPT)
    nothing_written(folk, "dev", "--yes", command=[str(link)])


def test_no_answer_to_a_question_is_written_with_one(folk: Home) -> None:
    folk.config.write_text(f'{CONFIG}[profile "a\x0bb"]\nregion = us-east-1\n')
    before = folk.config.read_text()
    with terminal(folk, "new", "--yes") as child:
        child.expect_exact("ARN of the role: ")
        child.sendline(f"{ROLE}/\x16\x0bx")  # Ctrl-V: the next key as it is
        child.expect_exact("is not the ARN of a role")
        child.sendline(f"{ROLE}/new")
        child.expect_exact("Profile that assumes it: ")
        child.sendline("a\x16\x0bb")
        code, said = ended(child)
    assert code == 3
    assert "source_profile of [new] has a control character in it: a\\x0bb" in said
    assert folk.config.read_text() == before


def test_what_is_there_already_stays_as_it_is(folk: Home) -> None:
    """A tab between a key and its value is another's, and no reason to write nothing."""
    folk.config.write_text(CONFIG.replace("role_arn = ", "role_arn\t=\t"))
    assert folk.run("configure", "dev", "--yes").code == 0
    assert f"assume_helper_role_arn\t=\t{ROLE}/dev\n" in folk.config.read_text()
