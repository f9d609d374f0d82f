"""Windows' access lists, as bytes: who may use a file beside its user."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper import access_list, hit

FULL, READ, WRITE = 0x1F01FF, 0x120089, 0x120116
HARMLESS = 0x1200A8  # read its attributes, its access list, and go through
ALLOW, DENY, OBJECT = 0, 1, 5
PASSED_ON_ONLY = 0x0B


def sid(*parts: int) -> bytes:
    """S-1-..., in its binary form."""
    authority, *rest = parts
    return bytes([1, len(rest)]) + authority.to_bytes(6, "big") + b"".join(struct.pack("<I", part) for part in rest)


ME, OTHER = sid(5, 21, 1, 2, 3, 1001), sid(5, 21, 1, 2, 3, 1002)
SYSTEM, ADMINISTRATORS, OWNER_RIGHTS, CREATOR_OWNER = sid(5, 18), sid(5, 32, 544), sid(3, 4), sid(3, 0)
EVERYONE, USERS = sid(1, 0), sid(5, 32, 545)


def entry(who: bytes, rights: int = FULL, kind: int = ALLOW, flags: int = 3) -> bytes:
    return struct.pack("<BBHI", kind, flags, 8 + len(who), rights) + who


def descriptor(*entries: bytes, owner: bytes = ME, control: int = 0x8004) -> bytes:
    """A self-relative security descriptor."""
    listed = struct.pack("<BBHHH", 2, 0, 8 + sum(map(len, entries)), len(entries), 0) + b"".join(entries)
    return struct.pack("<BBHIIII", 1, 0, control, 20, 0, 0, 20 + len(owner)) + owner + listed + bytes(64)


@pytest.mark.parametrize("owner", [ME, SYSTEM, ADMINISTRATORS])
def test_what_is_the_user_s_and_the_system_s_is_private(owner: bytes) -> None:
    listed = [entry(who) for who in (ME, SYSTEM, ADMINISTRATORS, OWNER_RIGHTS, CREATOR_OWNER)]
    assert access_list.fault(descriptor(*listed, owner=owner), ME) == ""
    assert access_list.fault(descriptor(), ME) == "", "an empty list lets nobody in"


def test_what_another_user_owns_is_not() -> None:
    assert access_list.fault(descriptor(entry(ME), owner=OTHER), ME) == "belongs to another user"


@pytest.mark.parametrize(
    ("who", "name"), [(EVERYONE, "S-1-1-0"), (USERS, "S-1-5-32-545"), (OTHER, "S-1-5-21-1-2-3-1002")]
)
@pytest.mark.parametrize(
    "rights", [FULL, READ, WRITE, 0x1000_0000, 0x8000_0000, 1, 2, 4, 0x10, 0x40, 0x100, 0x10000, 0x40000]
)
def test_whoever_else_may_read_or_write_is_named(who: bytes, name: str, rights: int) -> None:
    found = access_list.fault(descriptor(entry(ME), entry(who, rights)), ME)
    assert found == f"is open to other users ({name})"


def test_what_is_only_passed_on_to_new_files_counts() -> None:
    assert "S-1-1-0" in access_list.fault(descriptor(entry(ME), entry(EVERYONE, READ, flags=PASSED_ON_ONLY)), ME)


def test_rights_that_show_nothing_and_entries_that_deny_do_not() -> None:
    listed = descriptor(entry(EVERYONE, WRITE, kind=DENY), entry(ME), entry(EVERYONE, HARMLESS))
    assert access_list.fault(listed, ME) == ""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (descriptor(entry(ME), control=0x8000), "no access list"),
        (descriptor(entry(ME))[:16] + bytes(4) + descriptor(entry(ME))[20:], "no access list"),
        (descriptor(entry(ME, kind=OBJECT)), "unknown kind"),
        (descriptor(entry(ME)[:2] + b"\4\0" + entry(ME)[4:]), "too short"),
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
