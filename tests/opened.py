"""Files and folders that others may use: by their mode, on Windows by their access list."""

import ctypes
import sys
from pathlib import Path

from assume_helper import access_list

# How the helper says so, and who they are on Windows: everyone.
OPEN = "is open to other users" + (" (S-1-1-0)" if sys.platform == "win32" else "")
_DACL_SECURITY_INFORMATION = 4


def open_modes(*modes: int) -> list[int]:
    """Those of `modes` that are open to others. On Windows the right to go through a folder alone opens nothing."""
    return [mode for mode in modes if sys.platform != "win32" or mode & 0o066]


def open_to_others(path: Path | str, mode: int) -> None:
    """Give `path` this mode; on Windows everyone gets what the group and others have in it."""
    if sys.platform != "win32":
        Path(path).chmod(mode)
        return
    rights = "".join(name for bits, name in ((0o44, "FR"), (0o22, "FW"), (0o11, "FX")) if mode & bits)
    listed = f"D:P(A;;FA;;;{access_list.text(access_list.own_sid())})" + (f"(A;;{rights};;;WD)" if rights else "")
    api = ctypes.WinDLL("advapi32", use_last_error=True)
    made = ctypes.c_void_p()
    convert = api.ConvertStringSecurityDescriptorToSecurityDescriptorW
    assert convert(ctypes.c_wchar_p(listed), 1, ctypes.byref(made), None), ctypes.get_last_error()
    assert api.SetFileSecurityW(ctypes.c_wchar_p(str(path)), _DACL_SECURITY_INFORMATION, made), ctypes.get_last_error()
