"""`get` for Windows: a miss, a hit, what fails, and many at once."""

from front import Front, denied, session
from wine import WindowsHome


def test_a_miss_asks_once_and_a_hit_does_not(granted: WindowsHome, offline_front: Front) -> None:
    first = granted.completed("get", "dev")
    assert (first.returncode, first.stderr) == (0, b"")
    again = granted.completed("get", "dev")
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, b"")
    assert b"\r" not in first.stdout
    assert len(offline_front.calls) == 1
