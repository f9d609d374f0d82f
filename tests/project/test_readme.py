"""What README says is so: its profiles resolve, its commands run, its tables are those of the code."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
from front import Front, session
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper import errors, hit
from assume_helper.cli import app
from assume_helper.profiles import aws_config, role_chain, settings
from assume_helper.system import environment

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its first two lines."""
    section = README.partition(f"\n{heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", section, flags=re.M)
    assert table is not None, heading
    return [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.group().splitlines()[2:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture
def told(home: Home) -> Home:
    """A home with the config that README shows."""
    home.config.write_text("".join(blocks("ini")))
    home.credentials.write_text(f"[me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return home


def test_the_profiles_shown_resolve(told: Home) -> None:
    config = aws_config.load(told.environ)
    assert [
        p.names() for p in (role_chain.read_profile(config, told.environ, name) for name in ("dev", "ops", "ops-role"))
    ] == [
        ["dev"],
        ["ops-role", "dev"],
        ["ops-role", "dev"],
    ]


def test_the_command_shown_prints_what_is_shown(told: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    block = blocks("console")[0]
    command, shown = block.splitlines()
    words = command.removeprefix("$ ").split()
    assert words[0] == "assume-helper"
    ran = told.run(*words[1:], AWS_ENDPOINT_URL=offline_front.url)
    assert ran.code == 0
    expected, printed = json.loads(shown), ran.document
    assert list(printed) == list(expected)
    assert printed["AccountId"] == expected["AccountId"]
    assert re.sub(r"\d", "0", printed["Expiration"]) == re.sub(r"\d", "0", expected["Expiration"])


def test_the_first_screen_has_the_sentence_the_config_the_command_and_its_output() -> None:
    screen = "\n".join(README.splitlines()[:40])
    for needed in ("credential_process", "pipx install", "```ini", "```console", '{"Version":1'):
        assert needed in screen


def test_the_exit_codes_are_those_of_the_code() -> None:
    told = {int(row[0]) for row in rows("## Exit codes")}
    known = {0, app.USAGE, app.INTERRUPTED, app.TERMINATED}
    classes: list[type[errors.AssumeHelperError]] = [errors.AssumeHelperError]
    for error in classes:
        known.add(error.exit_code)
        classes.extend(error.__subclasses__())
    assert told == known


def test_the_environment_variables_are_those_that_the_code_reads() -> None:
    told = {name for row in rows("## Environment") for name in code(row[0])}
    read = set()
    for path in (ROOT / "assume_helper").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read |= set(re.findall(r"\b(?:AWS|ASSUME_HELPER)_[A-Z_]*[A-Z]\b", node.value))
    mentioned = set(re.findall(r"`((?:AWS|ASSUME_HELPER)_[A-Z_]+)`", README))
    assert read == mentioned, "what the code names, README names"
    assert mentioned - told == {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_DATA_PATH"} <= set(environment.HIDDEN)
    assert set(hit.WATCHED) <= told


def test_the_keys_are_those_that_are_read() -> None:
    told = {name for row in rows("## Profiles") for name in code(row[0])}
    of_a_source = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process"}
    assert told | of_a_source == settings.KEYS | {settings.STORAGE_KEY}


def test_the_files_are_those_of_the_package_with_their_titles() -> None:
    section = README.partition("\n## Work on it\n")[2]
    told = dict(re.findall(r"^\| `([\w/]+\.py)` \| (.+) \|$", section, flags=re.M))
    titles = {}
    for path in (ROOT / "assume_helper").rglob("*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert docstring is not None, path
        if path.name != "__init__.py":
            titles[path.relative_to(ROOT / "assume_helper").as_posix()] = docstring.partition("\n\n")[0].replace(
                "\n", " "
            )
    assert told == titles


def test_the_make_targets_are_there() -> None:
    targets = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), flags=re.M)
    assert {"demo", "test", "bench", "newer"} <= set(targets)
    for target in targets:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_help_of_every_command_has_an_example(home: Home) -> None:
    for command in app.COMMANDS:
        ran = home.run(command, "--help")
        assert (ran.code, ran.stderr) == (0, "")
        assert re.search(rf"^ +\$ assume-helper {command} \S+$", ran.stdout.decode(), flags=re.M)
        assert "\\b" not in ran.stdout.decode()


def test_the_version_is_the_packages(home: Home) -> None:
    ran = home.run("--version")
    assert re.fullmatch(rb"assume-helper \d+\.\d+\.\d+\n", ran.stdout)


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    files = [ROOT / name for name in listed.stdout.splitlines()] or list(ROOT.glob("*.*"))
    assert ROOT / "README.md" in files
    parts = ("/ro" + "ot/", "/wo" + "rk/", "/op" + "t/wheels", "py" + "pi.org", "python" + "hosted")
    for path in files:
        if path.is_file() and path.suffix not in {".png", ".svg"}:
            text = path.read_text(encoding="utf-8", errors="replace")  # seeds of the fuzzer are any bytes
            assert not [part for part in parts if part in text], path
