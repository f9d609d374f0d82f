"""A hit: what it reads, what it does not do, and when it is none. What it costs is in test_cost_of_a_hit."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from front import Front, session
from running import PACKAGE, SCRIPT, Home

# The interpreter that the virtual environment was made with.
BASE: str = getattr(sys, "_base_executable", sys.executable)


@pytest.fixture
def warm(role: Home, offline_front: Front) -> Home:
    """A home whose profile `dev` is cached."""
    offline_front.behaviour = session()
    role.unmeasured()
    role.get("dev")
    return role


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_hit_takes_no_lock_and_does_not_read_the_config(warm: Home) -> None:
    trace = warm.folder / "trace"
    command = ["strace", "-f", "-o", str(trace), sys.executable, "-I", "-S", str(PACKAGE / "__main__.py")]
    assert warm.run("get", "dev", command=command).code == 0
    calls = trace.read_text()
    assert "flock(" not in calls
    opened = re.findall(rf'open(?:at)?\((?:AT_FDCWD, )?"({re.escape(str(warm.folder))}[^"]*)"', calls)
    assert [Path(path).suffix for path in opened] == [".hit", ".entry"]
    assert not re.search(r"\b(socket|connect|fork|vfork|clone3?)\(", calls)


def test_a_hit_does_not_need_the_sdk_or_any_other_library(warm: Home) -> None:
    """The interpreter alone, with `-S`, has no site-packages."""
    ran = warm.run("-I", "-S", str(PACKAGE / "__main__.py"), "get", "dev", command=[BASE])
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.document["Version"] == 1


def test_an_interpreter_without_the_libraries_says_so_in_one_line(warm: Home, tmp_path: Path) -> None:
    copy = tmp_path / "alone" / "assume_helper"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    ran = warm.run(
        "-I", "-S", str(copy / "__main__.py"), "exec", "dev", "--refresh", command=[str(tmp_path / "bare/bin/python")]
    )
    ran.failed(1, "is not installed for", "install assume-helper again")


def test_ten_thousand_profiles_do_not_make_a_hit_longer(warm: Home, offline_front: Front) -> None:
    """The same system calls, and the same bytes read, as with one profile."""
    others = "".join(f"[profile other-{n}]\nregion = eu-central-1\n" for n in range(10_000))
    with warm.config.open("a") as config:
        config.write(others)
    warm.get("dev")
    assert len(offline_front.calls) == 1, "another profile is no reason to call STS"
    if shutil.which("strace"):
        trace = warm.folder / "trace"
        command = ["strace", "-o", str(trace), sys.executable, "-I", "-S", str(PACKAGE / "__main__.py")]
        assert warm.run("get", "dev", command=command).code == 0
        assert not re.search(r'openat\(AT_FDCWD, "[^"]*/\.aws/', trace.read_text())


def test_an_edit_of_the_config_counts_on_the_very_next_call_and_going_back_finds_the_old_entry(
    warm: Home, offline_front: Front
) -> None:
    text = warm.config.read_text()
    warm.config.write_text(text.replace("role/dev", "role/ops"))
    warm.get("dev")
    assert [c.parameters["RoleArn"][-3:] for c in offline_front.calls] == ["dev", "ops"]
    warm.config.write_text(text)
    warm.get("dev")
    assert len(offline_front.calls) == 2


def test_an_edit_of_the_same_size_that_puts_the_mtime_back_counts_too(warm: Home, offline_front: Front) -> None:
    before = warm.config.stat()
    warm.config.write_text(warm.config.read_text().replace("role/dev", "role/ops"))
    os.utime(warm.config, ns=(before.st_atime_ns, before.st_mtime_ns))
    warm.get("dev")
    assert [c.parameters["RoleArn"][-3:] for c in offline_front.calls] == ["dev", "ops"]


def test_another_access_key_in_the_credentials_file_counts_on_the_very_next_call(
    warm: Home, offline_front: Front
) -> None:
    warm.credentials.write_text(warm.credentials.read_text().replace("AKIACANARY", "AKIAOTHER0"))
    warm.get("dev")
    assert len({c.access_key_id for c in offline_front.calls}) == 2


def test_a_config_that_goes_away_counts_on_the_very_next_call(warm: Home) -> None:
    warm.config.rename(warm.config.with_name("moved"))
    warm.run("get", "dev").failed(3, "no such profile")


def test_two_shells_with_different_settings_do_not_push_each_other_out(warm: Home, offline_front: Front) -> None:
    other = warm.folder / "other-config"
    other.write_text(warm.config.read_text().replace("role/dev", "role/ops"))
    program = [sys.executable, "-I", "-S", str(PACKAGE / "__main__.py")]
    for _ in range(3):
        warm.get("dev")
        warm.get("dev", AWS_CONFIG_FILE=str(other))
    assert len(offline_front.calls) == 2
    assert len(list(warm.cache.glob("*.hit"))) == 2
    assert warm.run("get", "dev", command=program, AWS_CONFIG_FILE=str(other)).code == 0


def test_the_document_of_a_hit_is_the_one_of_the_miss_to_the_byte(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    miss, again, hit = (role.run("get", "dev").stdout for _ in range(3))
    assert miss == again == hit
    assert json.loads(hit)["Version"] == 1


def test_the_installers_script_is_what_calls_the_entry() -> None:
    assert SCRIPT.startswith(sysconfig.get_path("scripts"))
    assert "from assume_helper.start import main" in Path(SCRIPT).read_text()
