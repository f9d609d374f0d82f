"""What a hit costs, counted and not timed: instructions, calls and modules, which a busy machine does not change.

Each is compared with what the same interpreter takes to do nothing. The ceilings leave a tenth of the whole, or of the
calls that are ours; `make bench` measures the time.
"""

import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest
from front import Front, session
from running import PACKAGE, SCRIPT, Home

BARE = [sys.executable, "-I", "-S", "-c", "pass"]
FASTEST = [sys.executable, "-I", "-S", str(PACKAGE / "__main__.py"), "get", "dev"]
CONSOLE = [sys.executable, SCRIPT, "get", "dev"]
# Instructions as a ratio to BARE's; measured: 1.15 with Python 3.11 and 3.12, 1.22 with 3.13; 1.31 with site.
MOST_INSTRUCTIONS = 1.27 if sys.version_info < (3, 13) else 1.34
MOST_INSTRUCTIONS_WITH_SITE = 1.45
# System calls beyond BARE's; measured: 101 with Python 3.11 and 3.12, 82 with 3.13; 222 with site.
MOST_CALLS = 112
MOST_CALLS_WITH_SITE = 245
# Modules beyond those of `python -c pass`; measured: assume_helper, assume_helper.start, assume_helper.hit.
MODULES = {"assume_helper", "assume_helper.start", "assume_helper.hit"}

counts_instructions = pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
counts_calls = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
# Some installations import much at start, by .pth files: what `site` costs is then not known beforehand.
plain_site = pytest.mark.skipif(
    sys.prefix == sys.base_prefix, reason="what `site` costs is known for virtual environments only"
)


@pytest.fixture
def warm(role: Home, offline_front: Front) -> Home:
    """A home whose profile `dev` is cached, every form started once: its modules are compiled."""
    offline_front.behaviour = session()
    role.unmeasured()
    role.get("dev")
    for form in (FASTEST, CONSOLE):
        assert role.run(command=form).code == 0
    return role


def instructions(home: Home, command: Sequence[str]) -> int:
    """How many instructions a run takes, the starting of the process aside."""
    counting = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    ran = home.run(command=[*counting, *command])
    assert ran.code == 0, ran.stderr
    found = re.search(r"Collected : ([0-9]+)", ran.stderr)
    assert found is not None, ran.stderr
    return int(found.group(1))


def calls(home: Home, command: Sequence[str]) -> int:
    """How many system calls a run makes."""
    trace = home.folder / "calls"
    assert home.run(command=["strace", "-f", "-c", "-o", str(trace), *command]).code == 0
    found = re.search(r"^100\.00 +\S+ +\S+ +([0-9]+) .*total$", trace.read_text(), flags=re.M)
    assert found is not None
    return int(found.group(1))


@counts_instructions
def test_the_fastest_form_takes_few_instructions_more_than_the_interpreter_itself(warm: Home) -> None:
    assert instructions(warm, FASTEST) <= instructions(warm, BARE) * MOST_INSTRUCTIONS


@counts_instructions
@plain_site
def test_the_console_script_takes_few_instructions_more_than_the_interpreter_itself(warm: Home) -> None:
    with_site = instructions(warm, [sys.executable, "-c", "pass"])
    assert instructions(warm, CONSOLE) <= max(instructions(warm, BARE) * MOST_INSTRUCTIONS_WITH_SITE, with_site * 1.1)


@counts_instructions
def test_ten_thousand_profiles_take_no_more_instructions_than_one(warm: Home, offline_front: Front) -> None:
    before = instructions(warm, FASTEST)
    with warm.config.open("a") as config:
        config.writelines(f"[profile other-{n}]\nregion = eu-central-1\n" for n in range(10_000))
    warm.get("dev")
    warm.get("dev")
    assert instructions(warm, FASTEST) <= before * 1.02
    assert len(offline_front.calls) == 1


@counts_calls
def test_the_fastest_form_makes_few_calls_more_than_the_interpreter_itself(warm: Home) -> None:
    assert calls(warm, FASTEST) - calls(warm, BARE) <= MOST_CALLS


@counts_calls
@plain_site
def test_the_console_script_makes_few_calls_more_than_the_interpreter_itself(warm: Home) -> None:
    assert calls(warm, CONSOLE) - calls(warm, BARE) <= MOST_CALLS_WITH_SITE


def imported(home: Home, *command: str) -> set[str]:
    """The modules that a run imports, by the interpreter's own account."""
    ran = home.run("-X", "importtime", *command, command=[sys.executable])
    assert ran.code == 0, ran.stderr
    return {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if "|" in line}


def test_a_hit_imports_start_and_hit_and_nothing_else(warm: Home) -> None:
    """What `site` brings for whatever is installed here is not ours."""
    with_os = imported(warm, "-I", "-S", "-c", "import os, sys, time")
    assert imported(warm, *FASTEST[1:]) - with_os == MODULES
    more = imported(warm, *CONSOLE[1:]) - imported(warm, "-c", "import sys")
    assert {name for name in more if name.startswith("assume_helper")} == MODULES
    # The installer's own lines may need `re` (older pips), and that brings a dozen.
    assert len(more - MODULES) <= (20 if "re.sub" in Path(SCRIPT).read_text() else 2)


@pytest.mark.parametrize(
    "words", [["env", "dev", "--shell", "sh"], ["exec", "dev", "--", "true"], ["--version"]], ids=" ".join
)
def test_a_hit_of_exec_and_env_and_the_version_have_one_module_more(warm: Home, words: list[str]) -> None:
    """Each package level costs 22 system calls: what they need beside a hit is at the root."""
    form = [*FASTEST[1:-2], *words]
    for _ in range(2):
        imported(warm, *form)
    ours = {name for name in imported(warm, *form) if name.startswith("assume_helper")}
    assert ours == MODULES | {"assume_helper.answers"}


@counts_calls
def test_a_miss_loads_no_client_of_the_sdk(role: Home, offline_front: Front) -> None:
    """It would load the endpoints of every service, documentation and waiters: more than half of a miss."""
    offline_front.behaviour = session()
    role.unmeasured()
    trace = role.folder / "trace"
    command = ["strace", "-f", "-e", "trace=openat", "-o", str(trace), SCRIPT]
    assert role.run("get", "dev", command=command).code == 0
    opened = set(re.findall(r'openat\([^"]*"([^"]+)"[^)]*\) += [0-9]', trace.read_text()))
    packages = sysconfig.get_path("purelib")
    assert not [path for path in opened if path.startswith(f"{packages}/botocore/data/sts/")]
    modules = {path.rpartition("/")[2].partition(".")[0] for path in opened if path.startswith(f"{packages}/botocore/")}
    assert not modules & {"client", "session", "credentials", "waiter", "paginate", "docs", "handlers", "configloader"}


@counts_instructions
def test_one_module_too_many_would_be_found(warm: Home) -> None:
    """`json` alone is more than the ceiling leaves."""
    with_json = instructions(warm, [sys.executable, "-I", "-S", "-c", "import json"])
    assert with_json > instructions(warm, BARE) * MOST_INSTRUCTIONS
