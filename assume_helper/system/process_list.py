"""Windows: which processes there are, and which of them called this one.

Other systems tell it by `/proc`, or not at all. A process that was called by one that has ended may be told the name of
another one, which has its number by now: whoever calls the helper waits for it, so that is rare.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping

from assume_helper.light import dataclass

# What an installer puts before the program: its launcher, and the native front.
_OUR_OWN = {"assume-helper", "assume-helper-python"}
# More than any SDK has between itself and this program.
_MOST = 8
# `cmd`, which is to run a command and to end: the options before `/c` have one letter each, and may have a value.
_RUNS_A_COMMAND = re.compile(r'(?:"[^"]*"|\S+)(?:\s*/[a-z](?::\w+)?)*?\s*/[cr]', re.IGNORECASE)


@dataclass(frozen=True)
class Process:
    """A process: its parent's number, and the name of its program's file without `.exe`."""

    parent: int
    name: str


def caller(processes: Mapping[int, Process], own: int, redirector: str, command_line: Callable[[int], str]) -> str:
    """The name of the program that started the process `own`, past what stands between; "" where it is not known.

    That is the launcher of an installer, the front, `cmd /c`, by which SDKs start a credential process, and the
    `redirector` of a virtual environment: the name of its python.exe, "" where there is none.
    """
    number = own
    for step in range(_MOST):
        if number not in processes or processes[number].parent not in processes:
            return ""
        number = processes[number].parent
        name = processes[number].name
        folded = name.lower()
        if folded in _OUR_OWN or (step == 0 and redirector and folded == redirector.lower()):
            continue
        if folded == "cmd" and _RUNS_A_COMMAND.match(command_line(number)):
            continue
        return name
    return ""


def without_ending(file_name: str) -> str:
    """The name of a program's file without `.exe`."""
    return file_name[:-4] if file_name.lower().endswith(".exe") else file_name


def redirector(executable: str, base_executable: str) -> str:
    """The name of the virtual environment's own python.exe, which starts the real one; "" outside of one."""
    return without_ending(re.split(r"[\\/]", executable)[-1]) if executable != base_executable else ""


if sys.platform == "win32":
    import ctypes

    # Windows API: TH32CS_SNAPPROCESS; PROCESS_QUERY_LIMITED_INFORMATION; ProcessCommandLineInformation (since 8.1).
    _PROCESSES = 2
    _LIMITED = 0x1000
    _COMMAND_LINE = 60
    _NO_HANDLE = ctypes.c_void_p(-1).value

    class _Entry(ctypes.Structure):
        """PROCESSENTRY32W."""

        _fields_ = (
            ("size", ctypes.c_uint32),
            ("usage", ctypes.c_uint32),
            ("number", ctypes.c_uint32),
            ("heap", ctypes.c_void_p),
            ("module", ctypes.c_uint32),
            ("threads", ctypes.c_uint32),
            ("parent", ctypes.c_uint32),
            ("priority", ctypes.c_int32),
            ("flags", ctypes.c_uint32),
            ("file", ctypes.c_wchar * 260),
        )

    def running() -> dict[int, Process]:
        """The processes that there are, by their numbers. Raises OSError."""
        api = ctypes.WinDLL("kernel32", use_last_error=True)
        api.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
        handle = api.CreateToolhelp32Snapshot(_PROCESSES, 0)
        if handle == _NO_HANDLE:
            raise ctypes.WinError(ctypes.get_last_error())
        found = {}
        try:
            entry = _Entry(size=ctypes.sizeof(_Entry))
            is_there = api.Process32FirstW(ctypes.c_void_p(handle), ctypes.byref(entry))
            while is_there:
                found[entry.number] = Process(entry.parent, without_ending(entry.file))
                is_there = api.Process32NextW(ctypes.c_void_p(handle), ctypes.byref(entry))
        finally:
            api.CloseHandle(ctypes.c_void_p(handle))
        return found

    def began(number: int) -> int:
        """When a process began, in units of 100 ns (FILETIME); 0 where that is not told."""
        api = ctypes.WinDLL("kernel32")
        api.OpenProcess.restype = ctypes.c_void_p
        handle = api.OpenProcess(_LIMITED, 0, number)
        if not handle:
            return 0
        times = (ctypes.c_uint64 * 4)()  # created, ended, and the time in both modes
        is_told = api.GetProcessTimes(ctypes.c_void_p(handle), *(ctypes.byref(times, 8 * at) for at in range(4)))
        api.CloseHandle(ctypes.c_void_p(handle))
        return times[0] if is_told else 0

    def command_line(number: int) -> str:
        """The command line of a process of ours; "" where it is not told."""
        api = ctypes.WinDLL("kernel32")
        api.OpenProcess.restype = ctypes.c_void_p
        handle = api.OpenProcess(_LIMITED, 0, number)
        if not handle:
            return ""
        buffer, needed = ctypes.create_string_buffer(66_000), ctypes.c_uint32()  # 32,767 characters at most
        status = ctypes.WinDLL("ntdll").NtQueryInformationProcess(
            ctypes.c_void_p(handle), _COMMAND_LINE, buffer, len(buffer), ctypes.byref(needed)
        )
        api.CloseHandle(ctypes.c_void_p(handle))
        if status:
            return ""
        # UNICODE_STRING: the length in bytes, and a pointer to the text, which lies behind it.
        length = int.from_bytes(buffer.raw[:2], "little")
        at = ctypes.c_void_p.from_buffer(buffer, ctypes.sizeof(ctypes.c_void_p)).value or 0
        start = at - ctypes.addressof(buffer)
        return buffer.raw[start : start + length].decode("utf-16-le", "replace")

    def calling_program() -> str:
        """The name of the program that started this process; "" where it is not known. Raises OSError."""
        own_redirector = redirector(sys.executable, getattr(sys, "_base_executable", sys.executable))
        return caller(running(), os.getpid(), own_redirector, command_line)

    def program_name(number: int) -> str:
        """The name of the program that runs as process `number`; "" where there is none. Raises OSError."""
        found = running().get(number)
        return found.name if found is not None else ""

else:

    def calling_program() -> str:
        """Other systems are not asked so."""
        raise NotImplementedError

    def program_name(_number: int) -> str:
        """Other systems are not asked so."""
        raise NotImplementedError
