"""README's commands and pictures: they are run again, and show what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOW = ROOT / "examples" / "commands" / "show.py"


def test_what_is_shown_is_what_the_commands_print() -> None:
    environ = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, str(SHOW), "--check"],
        env=environ | {"PATH": os.environ["PATH"], "HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_is_shown_and_every_picture_is_there() -> None:
    from assume_helper.cli import app

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.COMMANDS:
        assert re.search(rf"^(\$ )?.*assume-helper {command}\b", readme, re.M), command
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme):
        svg = (ROOT / picture).read_text(encoding="utf-8")
        assert svg.startswith("<svg")
        assert "http://" not in re.sub(r'xmlns="[^"]*"', "", svg).replace("http://127.0.0.1:5000", "")
