"""docs/how-to/prompt.md: what it has people write into a start-up file, at the prompt of the real shells."""

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pexpect
import pytest
from assuming import LOAD, START, export, required, with_path
from front import Front, session
from running import Home

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "prompt.md").read_text(encoding="utf-8")
USUAL = {
    "bash": "PS1='usual> '",
    "zsh": "PROMPT='usual> '; unsetopt zle",
    "fish": "function fish_prompt; echo 'usual> '; end",
}
# Names that a prompt could take apart.
NAMES = ["dev", "two words", "a%b", "$(touch pwned)", "`touch pwned`", "back\\slash"]


def blocks(heading: str, language: str) -> list[str]:
    """The blocks of the page's section `heading`."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", section, re.M | re.S)
    assert found
    return found


@pytest.fixture
def ready(granted: Home, offline_front: Front, native: Path) -> Home:
    offline_front.behaviour = session()
    with_path(granted, native.parent)
    return granted


def spawned(home: Home, shell: str, *lines: str) -> Any:
    required(shell)
    child: Any = pexpect.spawn(
        START[shell][0],
        [*START[shell][1:], "-i"],
        env=home.environ,
        cwd=str(home.folder),
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 200),
    )
    for line in (USUAL[shell], *(line for block in lines for line in block.splitlines()), "echo lo''aded"):
        child.sendline(line)
    child.expect_exact("loaded\r\n")
    return child


@pytest.mark.parametrize(("shell", "language"), [("bash", "sh"), ("zsh", "sh"), ("fish", "fish")])
def test_the_prompt_says_whose_the_credentials_are(ready: Home, shell: str, language: str) -> None:
    child = spawned(ready, shell, blocks(shell, language)[0], LOAD[shell])
    child.sendline("assume dev")
    child.expect_exact("[dev]")
    for name in NAMES:
        quoted = name if shell != "fish" else name.replace("\\", "\\\\")
        child.sendline(export(shell, "ASSUME_HELPER_PROFILE", quoted) + "; echo s''et")
        child.expect_exact("set\r\n")
        child.expect_exact(f"[{name}]")
    child.sendline("assume -; echo clea''red")
    child.expect_exact("cleared\r\n")
    child.sendline("echo e''nd")
    child.expect_exact("end\r\n")
    assert "usual>" in child.before
    assert "[dev" not in child.before
    assert not (ready.folder / "pwned").exists()
    child.close(force=True)


def test_the_end_can_be_shown_too(ready: Home) -> None:
    child = spawned(ready, "bash", blocks("bash", "sh")[1], LOAD["bash"])
    child.sendline("assume dev")
    child.expect(r"\[until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\] usual>")
    child.close(force=True)


def test_starship_and_oh_my_posh_are_given_what_they_can_parse(ready: Home) -> None:
    """starship itself, where it is on the PATH."""
    (toml,), (segment,) = blocks("starship", "toml"), blocks("oh-my-posh", "json")
    assert "$profile" in tomllib.loads(toml)["aws"]["format"]
    assert "AWSUME_PROFILE" in json.loads(segment)["template"]
    if shutil.which("starship") is None:
        return
    (ready.folder / "starship.toml").write_text(toml)
    environ = {"STARSHIP_CONFIG": str(ready.folder / "starship.toml"), "AWS_REGION": "eu-west-1"}
    ran = ready.run("exec", "dev", "--", "starship", "module", "aws", **environ)
    assert "dev" in ran.stdout.decode()
    assert "eu-west-1" in ran.stdout.decode()
