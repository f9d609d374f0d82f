"""Windows: whether a file or directory is its user's alone, by its owner and its access list.

An access list says who may do what. Who is none of these must not be in it with a right to the content: this user, the
owner (OWNER RIGHTS, CREATOR OWNER), SYSTEM and Administrators, who may take any file. What a directory passes on to new
files counts as well. Entries that deny are not looked at: they only take rights away.

A hit reads both. That costs it the import of `ctypes`; nothing else in Python reads an access list. The native front
does the same by itself (front/access_list_windows.c).
"""

import os
import sys

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Well-known SIDs ([MS-DTYP] 2.4.2.4), in their binary form: revision, count, authority, sub-authorities.
_CREATOR_OWNER = bytes.fromhex("010100000000000300000000")  # S-1-3-0
_OWNER_RIGHTS = bytes.fromhex("010100000000000304000000")  # S-1-3-4
_SYSTEM = bytes.fromhex("010100000000000512000000")  # S-1-5-18
_ADMINISTRATORS = bytes.fromhex("01020000000000052000000020020000")  # S-1-5-32-544
# Rights that show no content and change none ([MS-DTYP] 2.4.3, [MS-FSCC]): SYNCHRONIZE, READ_CONTROL, attributes (of
# both kinds) read, traverse.
_HARMLESS = 0x0010_0000 | 0x0002_0000 | 0x80 | 0x08 | 0x20
# Those to look at the content: FILE_READ_DATA (of a folder, its names), and all of its kind (GENERIC_READ, _EXECUTE).
READ = 0x01 | 0x8000_0000 | 0x2000_0000
# SECURITY_DESCRIPTOR.Control: there is an access list. Without one everybody may do everything.
_HAS_LIST = 0x0004
# ACE types ([MS-DTYP] 2.4.4.1): those that deny, and those that allow and have the SID right behind the mask.
_DENY = (1, 6, 10, 12)
_ALLOW = (0, 9)
# How often a file that is being replaced is opened again, each 5 ms.
_TRIES = 40


def fault(descriptor: bytes, user: bytes, others: int = 0) -> str:
    """Why what has this self-relative security descriptor is not only `user`'s, a binary SID; "" where it is.

    It says who may read or write it, but for the rights `others`, which others may have. What cannot be read counts as
    everybody's. ([MS-DTYP] 2.4.6, SECURITY_DESCRIPTOR)
    """
    try:
        ours = (user, _SYSTEM, _ADMINISTRATORS)
        if _sid(descriptor, int.from_bytes(descriptor[4:8], "little")) not in ours:
            return "belongs to another user"
        for sid, mask in _entries(descriptor):
            if sid not in (*ours, _OWNER_RIGHTS, _CREATOR_OWNER) and mask & ~(_HARMLESS | others):
                return f"is open to other users ({text(sid)})"
    except ValueError as error:
        return f"is open to other users ({error})"
    return ""


def _entries(descriptor: bytes) -> "Iterator[tuple[bytes, int]]":
    """The SID and the rights of each entry that allows. Raises ValueError."""
    start = int.from_bytes(descriptor[16:20], "little")
    if not int.from_bytes(descriptor[2:4], "little") & _HAS_LIST or not start:
        raise ValueError("it has no access list")
    if len(descriptor) < start + 8:
        raise ValueError("its access list is too short")
    at = start + 8
    for _ in range(int.from_bytes(descriptor[start + 4 : start + 6], "little")):
        kind, size = descriptor[at : at + 1], int.from_bytes(descriptor[at + 2 : at + 4], "little")
        if size < 8 or len(descriptor) < at + size:
            raise ValueError("its access list is too short")
        if kind[0] in _ALLOW:
            yield _sid(descriptor[: at + size], at + 8), int.from_bytes(descriptor[at + 4 : at + 8], "little")
        elif kind[0] not in _DENY:
            raise ValueError("its access list has an entry of an unknown kind")
        at += size


def _sid(data: bytes, at: int) -> bytes:
    """The SID that begins there. Raises ValueError."""
    size = 8 + 4 * int.from_bytes(data[at + 1 : at + 2], "little")
    if not 0 < at <= len(data) - size:
        raise ValueError("its access list is damaged")
    return data[at : at + size]


def text(sid: bytes) -> str:
    """A SID as Windows writes it: S-1-5-18."""
    parts = [int.from_bytes(sid[at : at + 4], "little") for at in range(8, len(sid), 4)]
    return "-".join(map(str, ("S", sid[0], int.from_bytes(sid[2:8], "big"), *parts)))


def open_again(path: str, flags: int, pause: "Callable[[], None] | None" = None) -> int:
    """A descriptor of the file at `path`, which Windows refused to open: while it is being replaced it does, for a
    moment. Raises OSError: NotPrivate for a directory, which it opens never.
    """
    if os.path.isdir(path):
        raise hit.NotPrivate("is not a plain file")
    for _ in range(_TRIES):
        try:
            return os.open(path, flags)
        except PermissionError:
            (pause or _pause)()
    return os.open(path, flags)


def _pause() -> None:
    import time  # a built-in module

    time.sleep(0.005)


if sys.platform == "win32":
    import ctypes
    import msvcrt

    # Windows API: OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION; TOKEN_QUERY; TokenUser.
    _OWNER_AND_LIST = 1 | 4
    _TOKEN_QUERY = 8
    _REPARSE_POINT = 0x400
    _TOKEN_USER = 1
    _LARGEST = 64 * 1024 + 512  # an access list has 64 KiB at most
    _user = b""

    def check(where: str | int, status: os.stat_result, others: int = 0) -> None:
        """Raise NotPrivate unless what lies at a path, or is open as a descriptor, is ours alone. Raises OSError.

        `status` is what it has. Others may have the rights `others`.
        """
        if status.st_file_attributes & _REPARSE_POINT:  # a junction looks like a directory
            raise hit.NotPrivate("is a link")
        found = fault(_descriptor(where), own_sid(), others)
        if found:
            raise hit.NotPrivate(found)

    def _descriptor(where: str | int) -> bytes:
        api = ctypes.WinDLL("advapi32", use_last_error=True)
        call = api.GetFileSecurityW if isinstance(where, str) else api.GetKernelObjectSecurity
        what = ctypes.c_wchar_p(where) if isinstance(where, str) else ctypes.c_void_p(msvcrt.get_osfhandle(where))
        needed = ctypes.c_uint32(512)
        while True:
            buffer = ctypes.create_string_buffer(needed.value)
            if call(what, _OWNER_AND_LIST, buffer, len(buffer), ctypes.byref(needed)):
                return buffer.raw
            if not len(buffer) < needed.value <= _LARGEST:
                raise ctypes.WinError(ctypes.get_last_error())

    def own_sid() -> bytes:
        """The SID of the user that this process runs as. Raises OSError."""
        global _user
        if not _user:
            api = ctypes.WinDLL("advapi32", use_last_error=True)
            token, needed = ctypes.c_void_p(), ctypes.c_uint32()
            buffer = ctypes.create_string_buffer(256)  # a SID has 68 bytes at most
            this_process = ctypes.c_void_p(-1)
            if not api.OpenProcessToken(this_process, _TOKEN_QUERY, ctypes.byref(token)):
                raise ctypes.WinError(ctypes.get_last_error())
            found = api.GetTokenInformation(token, _TOKEN_USER, buffer, len(buffer), ctypes.byref(needed))
            error = ctypes.get_last_error()
            ctypes.WinDLL("kernel32").CloseHandle(token)
            if not found:
                raise ctypes.WinError(error)
            # TOKEN_USER begins with a pointer to the SID, which lies behind it.
            at = ctypes.c_void_p.from_buffer(buffer).value or 0
            _user = _sid(b"\0" + buffer.raw, 1 + at - ctypes.addressof(buffer))
        return _user

else:

    def check(_where: str | int, _status: os.stat_result, _others: int = 0) -> None:
        """Other systems have owner and mode, and are not asked this."""
        raise NotImplementedError
