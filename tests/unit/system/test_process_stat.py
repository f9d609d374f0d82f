"""What the system tells of a process, by its number or as this one."""

import os
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
