"""docs/how-to/prompt.md: what it says to write into a start-up file, in the real shells."""

import subprocess

import pexpect
import pytest
from assuming import START, required
from running import Home

from tests.project import documents

PAGE = documents.DOCS / "how-to" / "prompt.md"
