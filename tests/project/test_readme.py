"""README's first screen, and the program's own help."""

import json
import re
import subprocess

from project.documents import README, ROOT, blocks
from running import ACCESS_KEY_ID, SECRET, Home

from assume_helper.cli import app as cli


def test_the_first_screen_has_the_sentence_the_config_the_command_and_its_output() -> None:
    screen = "\n".join(README.read_text(encoding="utf-8").splitlines()[:40])
    for needed in ("credential_process", "pipx install", "```ini", "```console", '"Version": 1'):
        assert needed in screen


def test_the_profile_shown_is_the_role_shown_with_its_source(home: Home) -> None:
    home.config.write_text("".join(blocks(README, "ini")))
    home.credentials.write_text(f"[me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    listed, source = json.loads(home.run("list", "--json").stdout)
    assert (source["profile"], source["kind"]) == ("me", "access key")
    assert (listed["profile"], listed["role_arn"]) == ("dev", "arn:aws:iam::123456789012:role/dev")
    assert listed["source"] == "me"


def test_the_help_of_every_command_has_an_example(home: Home) -> None:
    for command in cli.COMMANDS:
        ran = home.run(command, "--help")
        assert (ran.code, ran.stderr) == (0, "")
        assert re.search(rf"^ +\$ assume-helper {command} \S+( --task .+)?$", ran.stdout.decode(), flags=re.M)
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
