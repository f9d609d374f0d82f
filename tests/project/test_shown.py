"""The commands and pictures in the documents: they are run again, and show what is there."""

import os
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
