"""What the front knows of the package, written as a C header: python front/generate.py OUTPUT_HEADER.

It needs nothing but the standard library: it runs while a wheel is built.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def header() -> str:
    """The header's text."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f'#define VERSION "{project["version"]}"\n'


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(header(), encoding="ascii", newline="\n")
