"""What the Linux kernel keeps in the user's own keyring (keyrings(7), user-keyring(7)), each under its description.

By the system calls themselves (keyctl(2), add_key(2)): glibc has no functions for them, and a hit has no time for a
library. The kernel keeps it until the machine restarts, or the user's last process ends.
"""

import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes

_TYPE = b"user"
# keyctl(2): operations, and keyrings by their names.
_JOIN_SESSION_KEYRING, _LINK, _UNLINK, _SEARCH, _READ = 1, 8, 9, 10, 11
_PROCESS_KEYRING, _USER_KEYRING = -2, -4
# There is none, or it has expired or was revoked. (Not every system has all of these.)
_NOT_KEPT = {getattr(errno, name, 0) for name in ("ENOKEY", "EKEYEXPIRED", "EKEYREVOKED")}
# The numbers of add_key and keyctl (the kernel's system call tables), by the machine and by how it runs 32 bits.
_GENERIC = (217, 219)
_NUMBERS = {
    "x86_64": (248, 250), "i386": (286, 288), "aarch64": _GENERIC, "riscv64": _GENERIC, "loongarch64": _GENERIC,
    "arm": (309, 311), "ppc64": (269, 271), "ppc64le": (269, 271), "s390x": (278, 280),
}  # fmt: skip
_OF_32_BITS = {"x86_64": "i386", "i486": "i386", "i586": "i386", "i686": "i386", "aarch64": "arm"}


def find(description: str, longest: int = 64) -> bytes | None:
    """What is kept as `description`, at most `longest` bytes of it; None where nothing is.

    Raises OSError where the kernel has no keyring for this process.
    """
    serial = _search(description)
    return None if serial is None else _read(serial, longest)


def add(description: str, content: bytes, longest: int = 64) -> bytes:
    """Have the kernel keep `content` as `description`, in place of what it kept; what it keeps now. Raises OSError."""
    serial = _add_key(_TYPE, description.encode(), content, len(content), _USER_KEYRING)
    return _read(serial, longest)


def remove(description: str) -> None:
    """Have the kernel keep nothing as `description`. Raises OSError."""
    serial = _search(description)
    if serial is not None:
        _keyctl(_UNLINK, serial, _USER_KEYRING)


def _search(description: str) -> int | None:
    # Only a process whose keyrings contain a key may read it. A service's process may lack the user's keyring.
    _keyctl(_LINK, _USER_KEYRING, _PROCESS_KEYRING)
    try:
        return _keyctl(_SEARCH, _USER_KEYRING, _TYPE, description.encode(), 0)
    except OSError as error:
        if error.errno not in _NOT_KEPT:
            raise
        return None


def join_session_keyring() -> None:
    """Have an empty session keyring of this process's own: what it starts inherits that, not the caller's.

    Raises OSError. A kernel without keyrings, or a container that closes them, has none to read.
    """
    try:
        _keyctl(_JOIN_SESSION_KEYRING, 0)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise


def _read(serial: int, longest: int) -> bytes:
    import ctypes

    content = ctypes.create_string_buffer(longest)
    length = _keyctl(_READ, serial, content, len(content))
    return content.raw[:length]


def _keyctl(*arguments: "int | bytes | ctypes.Array[ctypes.c_char]") -> int:
    return _call(_numbers()[1], *arguments)


def _add_key(*arguments: int | bytes) -> int:
    return _call(_numbers()[0], *arguments)


def _numbers() -> tuple[int, int]:
    """The numbers of add_key and keyctl here. Raises OSError (ENOSYS) where they are not known."""
    unknown = OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if sys.platform != "linux":
        raise unknown
    machine = os.uname().machine
    if machine.startswith("armv"):
        machine = "arm"
    if sys.maxsize < 2**32:  # also on a kernel of 64 bits
        machine = _OF_32_BITS.get(machine, machine)
    if machine not in _NUMBERS:
        raise unknown
    return _NUMBERS[machine]


def _call(*arguments: "int | bytes | ctypes.Array[ctypes.c_char]") -> int:
    """What the system call returns. Raises OSError."""
    import ctypes

    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    found = syscall(*(ctypes.c_long(word) if isinstance(word, int) else word for word in arguments))
    if found == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(found)
