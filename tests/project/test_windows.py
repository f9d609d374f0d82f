"""What `make windows` leaves out of the unit tests: each is there, and each has one reason."""

import tomllib

from windows import windows_unit


def test_what_is_left_out_on_windows_is_there() -> None:
    assert windows_unit.stale() == []


def test_each_has_one_reason() -> None:
    listed = tomllib.loads(windows_unit.LIST.read_text(encoding="utf-8"))
    names = [name for group in listed.values() for name in group]
    assert sorted(names) == sorted(set(names))
    whole = {name for name in names if "::" not in name}
    assert not [name for name in names if "::" in name and name.partition("::")[0] in whole]
    assert all(reason.endswith(".") and group for reason, group in listed.items())
