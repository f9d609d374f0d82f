"""Windows: a lock on one byte of an open file. The kernel releases it when the file is closed by its process.

A byte that is locked cannot be read by others; one behind the end of the file can be locked as well.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import msvcrt

    # LockFileEx: LOCKFILE_FAIL_IMMEDIATELY, LOCKFILE_EXCLUSIVE_LOCK. What it says of a byte that another one has
    # locked: ERROR_LOCK_VIOLATION, ERROR_IO_PENDING.
    _AT_ONCE, _EXCLUSIVE = 1, 2
    _HELD = (33, 997)

    def try_lock(descriptor: int, at: int = 0, *, shared: bool = False) -> bool:
        """Whether the byte at offset `at` is locked now. Others may lock it as well where all are `shared`.

        Raises OSError where there are no locks.
        """
        api = ctypes.WinDLL("kernel32", use_last_error=True)
        how = _AT_ONCE | (0 if shared else _EXCLUSIVE)
        if api.LockFileEx(_handle(descriptor), how, 0, 1, 0, _overlapped(at)):
            return True
        if ctypes.get_last_error() not in _HELD:
            raise ctypes.WinError(ctypes.get_last_error())
        return False

    def unlock(descriptor: int, at: int = 0) -> None:
        """Unlock the byte now: closing the file does that, too, but it may take a while (LockFileEx, "Remarks")."""
        ctypes.WinDLL("kernel32").UnlockFileEx(_handle(descriptor), 0, 1, 0, _overlapped(at))

    def _handle(descriptor: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))

    def _overlapped(at: int) -> ctypes.Array[ctypes.c_uint32]:
        """OVERLAPPED: four words of the system's, the offset, an event."""
        return (ctypes.c_uint32 * 8)(0, 0, 0, 0, at)
