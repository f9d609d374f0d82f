"""The key of encrypted entries in the Linux kernel's keyring of the user (keyrings(7), user-keyring(7)).

By the system calls themselves (keyctl(2), add_key(2)): glibc has no functions for them, and a hit has no time for a
library. The kernel keeps the key until the machine restarts, or the user's last process ends.
"""

import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes

DESCRIPTION = "assume-helper:cache key"
_TYPE = b"user"
# keyctl(2): operations, and keyrings by their names.
_JOIN_SESSION_KEYRING, _LINK, _SEARCH, _READ = 1, 8, 10, 11
_PROCESS_KEYRING, _USER_KEYRING = -2, -4
# The numbers of add_key and keyctl (the kernel's system call tables), by the machine and by how it runs 32 bits.
_GENERIC = (217, 219)
_NUMBERS = {
    "x86_64": (248, 250), "i386": (286, 288), "aarch64": _GENERIC, "riscv64": _GENERIC, "loongarch64": _GENERIC,
    "arm": (309, 311), "ppc64": (269, 271), "ppc64le": (269, 271), "s390x": (278, 280),
}  # fmt: skip
_OF_32_BITS = {"x86_64": "i386", "i486": "i386", "i586": "i386", "i686": "i386", "aarch64": "arm"}


def find() -> bytes | None:
    """The key; None where there is none. Raises OSError where the kernel has no keyring for this process."""
    # Only a process whose keyrings contain a key may read it. A service's process may lack the user's keyring.
    _keyctl(_LINK, _USER_KEYRING, _PROCESS_KEYRING)
    try:
        serial = _keyctl(_SEARCH, _USER_KEYRING, _TYPE, DESCRIPTION.encode(), 0)
    except OSError:
        return None
    return _read(serial)


def add(key: bytes) -> bytes:
    """Have the kernel keep `key`; what it keeps by now. Raises OSError."""
    return _read(_add_key(_TYPE, DESCRIPTION.encode(), key, len(key), _USER_KEYRING))


def join_session_keyring() -> None:
    """Have an empty session keyring of this process's own: what it starts inherits that, not the caller's.

    Raises OSError. A kernel without keyrings, or a container that closes them, has none to read.
    """
    try:
        _keyctl(_JOIN_SESSION_KEYRING, 0)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise


def _read(serial: int) -> bytes:
    import ctypes

    # More than a key takes: what is longer is none.
    content = ctypes.create_string_buffer(64)
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
