"""docs/reference/commands.md: the help of every command, as the program prints it.

python reference.py            # writes the page
python reference.py --check    # exit 1 if the page is out of date
"""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
PROGRAM = Path(sys.executable).parent / "assume-helper"
HEAD = """\
# Commands

This page is generated from the program's own help (`make docs`). The same text is shown by
`assume-helper --help` and `assume-helper COMMAND --help`.

"""


def main() -> int:
    text = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/reference/commands.md is out of date: make docs", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(sections())


def sections(*command: str) -> list[str]:
    """The section of a command, and those of the commands below it."""
    text = help_of(*command)
    names = re.findall(r"^  (\S+)", text.partition("\nCommands:\n")[2], flags=re.M)
    below = [each for name in names for each in sections(*command, name)]
    return [section(" ".join(["assume-helper", *command]), text), *below]


def section(title: str, text: str) -> str:
    return f"## {title}\n\n```text\n{text}```\n"


def help_of(*command: str) -> str:
    """The help of `command`, 100 columns wide and without trailing blanks."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"} or name.startswith("COV")}
    done = subprocess.run(
        [PROGRAM, *command, "--help"], env=kept | {"COLUMNS": "100"}, capture_output=True, text=True, check=True
    )
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


if __name__ == "__main__":
    sys.exit(main())
