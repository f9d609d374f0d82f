"""What the system tells of a process, by its number or as this one."""

import os
import subprocess
import sys

import pytest

from assume_helper.system import process_stat


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/PID/stat")
def test_a_process_s_fields_are_those_behind_its_name() -> None:
    found = process_stat.fields("self")
    assert found[process_stat.STATE] == b"R"
    assert int(found[process_stat.PARENT]) == os.getppid()
    assert int(found[process_stat.BEGAN]) > 0
    assert len(process_stat.fields(os.getpid())) == len(found)


def test_nothing_is_told_of_a_process_that_is_not_there() -> None:
    assert process_stat.fields(2**22 + 1) == []  # more than the kernel ever gives (proc(5), pid_max)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/PID/stat")
def test_the_age_of_this_process_goes_on_from_when_it_was_made() -> None:
    first = process_stat.age()
    assert 0 < first < process_stat.age() + 0.02  # it is told in hundredths of a second
    made = subprocess.run(
        [sys.executable, "-c", "from assume_helper.system import process_stat; print(process_stat.age())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert 0 <= float(made.stdout) < first + 60


def test_where_the_system_does_not_tell_the_age_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_stat, "fields", lambda _process: [])
    assert process_stat.age() == 0
