"""Windows' access lists, as bytes: who may use a file beside its user."""

import os
from pathlib import Path

import access_lists
import pytest
from access_lists import EVERYONE, OBJECT, OTHER, OTHERS, descriptor, entry, sid
from hypothesis import given
from hypothesis import strategies as st

from assume_helper import access_list, hit

ME = sid(5, 21, 1, 2, 3, 1001)
LISTS = access_lists.of(ME)


@pytest.mark.parametrize("name", LISTS)
def test_only_what_is_the_user_s_and_the_system_s_is_private(name: str) -> None:
    found, is_closed = LISTS[name]
    assert (access_list.fault(found, ME) == "") == is_closed


def test_what_another_user_owns_is_named() -> None:
    assert access_list.fault(descriptor(entry(ME), owner=OTHER), ME) == "belongs to another user"


@pytest.mark.parametrize(
    ("who", "name"),
    [(EVERYONE, "S-1-1-0"), (OTHERS["Users"], "S-1-5-32-545"), (OTHER, "S-1-5-21-1-2-3-1002")],
)
def test_whoever_else_may_read_or_write_is_named(who: bytes, name: str) -> None:
    found = access_list.fault(descriptor(entry(ME), entry(who), owner=ME), ME)
    assert found == f"is open to other users ({name})"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (descriptor(entry(ME), owner=ME, control=0x8000), "no access list"),
        (descriptor(entry(ME), owner=ME, has_list=False), "no access list"),
        (descriptor(entry(ME, kind=OBJECT), owner=ME), "unknown kind"),
        (descriptor(entry(ME)[:2] + b"\4\0" + entry(ME)[4:], owner=ME), "too short"),
        (descriptor(entry(ME), owner=ME)[:-1], "too short"),
        (descriptor(entry(ME), owner=ME)[:50], "too short"),
        (b"", "damaged"),
    ],
)
def test_what_cannot_be_read_counts_as_open(data: bytes, why: str) -> None:
    found = access_list.fault(data, ME)
    assert found.startswith("is open to other users (")
    assert why in found


@given(st.binary(max_size=200))
def test_any_bytes_are_a_fault_or_none(data: bytes) -> None:
    assert access_list.fault(data, ME) == "" or "other" in access_list.fault(data, ME)


def test_a_sid_is_written_as_windows_does() -> None:
    assert access_list.text(ME) == "S-1-5-21-1-2-3-1001"


def test_a_file_that_is_being_replaced_is_opened_a_moment_later(tmp_path: Path) -> None:
    """As Windows refuses it meanwhile."""
    (tmp_path / "file").write_bytes(b"x")
    paused: list[int] = []
    real = os.open

    def refused(path: str, flags: int) -> int:
        if len(paused) < 3:
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", refused)
        descriptor = access_list.open_again(str(tmp_path / "file"), os.O_RDONLY, lambda: paused.append(1))
    os.close(descriptor)
    with pytest.raises(hit.NotPrivate, match="is not a plain file"):
        access_list.open_again(str(tmp_path), os.O_RDONLY)
