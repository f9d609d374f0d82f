"""The documents: short lines, links that lead somewhere, commands and profiles that work."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from project.documents import (
    DOCS,
    PAGES,
    README,
    ROOT,
    anchors,
    blocks,
    code,
    commands,
    links,
    mentions,
    name,
    prose,
    rows,
)
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper import answers
from assume_helper.cli import app as cli
from assume_helper.cli import command_group

PACKAGE = ROOT / "assume_helper"
WITH_INI = [path for path in PAGES if blocks(path, "ini")]
WITH_COMMANDS = [path for path in PAGES if commands(path)]


def test_readme_has_at_most_180_lines_of_120_characters() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 180
    assert [line for line in lines if len(line) > 120] == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_line_has_at_most_120_characters(path: Path) -> None:
    """But for tables, the names of tests, and what programs print."""
    lines = prose(path).splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith(("|", "- `test_"))] == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_lead_to_files_and_headings(path: Path) -> None:
    for link in links(path):
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), link
        assert file.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(file), link


def test_every_page_is_reached_from_readme() -> None:
    reached = {(README.parent / link.partition("#")[0]).resolve() for link in links(README)}
    assert set(PAGES) - {README} <= reached


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_pictures_are_drawings_that_fetch_nothing(path: Path) -> None:
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", prose(path)):
        svg = (path.parent / picture).read_text(encoding="utf-8")
        assert svg.startswith("<svg")
        assert "http://" not in re.sub(r'xmlns="[^"]*"', "", svg).replace("http://127.0.0.1:5000", "")


def parse(words: list[str]) -> None:
    """Parse a command line as the program does. Raises click.UsageError."""
    group = command_group.assume_helper
    # With the group's own settings: a command keeps the names of its help option as it is first asked for them.
    with click.Context(group, info_name="assume-helper", **group.context_settings) as context:
        if not words or words[0].startswith("-"):
            group.parse_args(context, words)
            return
        command = group.get_command(context, words[0])
        if command is None:
            raise click.UsageError(f"no such command: {words[0]}")
        command.make_context(words[0], words[1:], parent=context)


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=name)
def test_commands_and_their_options_exist(path: Path) -> None:
    for words in commands(path):
        try:
            parse(list(words))
        except click.exceptions.Exit:
            pass  # --help, --version
        except click.UsageError as error:
            pytest.fail(f"assume-helper {' '.join(words)}: {error.format_message()}")


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_commands_that_are_named_exist(path: Path) -> None:
    assert mentions(path) - {"--help", "--version"} <= set(cli.COMMANDS)


def test_a_command_that_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text('```sh\neval "$(assume-helper env dev --nonsense)" && assume-helper nonsense # why\n```\n')
    assert commands(page) == [["env", "dev", "--nonsense"], ["nonsense"]]
    for words in commands(page):
        with pytest.raises(click.UsageError):
            parse(words)


def test_every_command_is_in_readme_and_in_the_reference() -> None:
    for path in (README, DOCS / "reference" / "commands.md"):
        assert {words[0] for words in commands(path)} | mentions(path) >= set(cli.COMMANDS)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_shell_blocks_are_shell(path: Path) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    for block in blocks(path, "sh"):
        done = subprocess.run([bash, "-n"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block


@pytest.mark.parametrize("path", WITH_INI, ids=name)
def test_profiles_shown_are_read_as_they_stand(path: Path, home: Home) -> None:
    home.credentials.write_text(f"[me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    for block in blocks(path, "ini"):
        home.config.write_text(block)
        listed = home.run("list", "--json")
        assert (listed.code, listed.stderr) == (0, ""), block
        found = json.loads(listed.stdout)
        assert found, block
        assert [profile for profile in found if profile["problem"] is not None] == []
        profiles = re.findall(r"^\[profile (.+)\]$", block, flags=re.M)
        for asked in re.findall(r"^credential_process = \S+/assume-helper get (.+)$", block, flags=re.M):
            assert asked in profiles


def test_make_targets_exist() -> None:
    typed = "\n".join(block for path in PAGES for block in blocks(path, "sh", "console"))
    targets = set(re.findall(r"^make (\w+)", typed, flags=re.M))
    targets |= {target for path in PAGES for target in re.findall(r"`make (\w+)`", prose(path))}
    assert {"demo", "check", "test", "faults", "docs", "conformance"} <= targets
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_commands_page_is_what_the_program_says() -> None:
    script = ROOT / "examples" / "commands" / "reference.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_line_of_each_wing_is_the_first_of_its_docstring() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| wing | what it is |")[2].partition("\n\n")[0]
    told = {code(wing)[0]: line for wing, line in rows(f"| wing | what it is |{table}\n")}
    found = {}
    for path in PACKAGE.glob("*/__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.parent.name] = docstring.partition("\n")[0]
    assert told == found


def test_the_changelog_has_the_version_and_what_comes_next() -> None:
    version = answers.VERSION
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", text, flags=re.M)
    assert headings[:2] == ["Unreleased", version]
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, flags=re.M)) <= kinds
