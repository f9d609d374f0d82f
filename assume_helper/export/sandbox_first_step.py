"""The first step inside the sandbox: what can only be done there, then the program in its place.

It runs as a file of its own (`python -I -S -c`), without this package, which may not be in sight: it imports nothing
of ours. It filters system calls: nothing is pushed into the terminal's input (TIOCSTI and TIOCLINUX of ioctl(2)), so
that the terminal with its job control can stay the program's, and no keyring is read (keyrings(7)): before Linux 5.3 a
user's keyring is the same one in all user namespaces.
"""

import ctypes
import os
import signal
import struct
import sys

# For each kind of system call of a machine (seccomp(2)): its AUDIT_ARCH, the numbers of ioctl, and of add_key,
# request_key and keyctl (the kernel's system call tables). A machine has that of 32 bits as well.
_X86 = ((0xC000003E, (16, 514), (248, 249, 250)), (0x40000003, (54,), (286, 287, 288)))
_ARM = ((0xC00000B7, (29,), (217, 218, 219)), (0x40000028, (54,), (309, 310, 311)))
_PPC = tuple((arch, (54,), (269, 270, 271)) for arch in (0xC0000015, 0x80000015, 0x14))
_S390 = tuple((arch, (54,), (278, 279, 280)) for arch in (0x80000016, 0x16))
_MACHINES = {
    "x86_64": _X86, "i386": _X86, "i486": _X86, "i586": _X86, "i686": _X86,
    "aarch64": _ARM, "armv6l": _ARM, "armv7l": _ARM, "armv8l": _ARM,
    "riscv64": ((0xC00000F3, (29,), (217, 218, 219)),),
    "loongarch64": ((0xC0000102, (29,), (217, 218, 219)),),
    "ppc64": _PPC, "ppc64le": _PPC, "s390x": _S390,
}  # fmt: skip
_REFUSED = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
# The x32 calls of x86-64 have this bit; no other call has.
_X32 = 0x40000000
# Classic BPF (linux/bpf_common.h), and what the filter returns (seccomp(2)).
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
# Offsets in struct seccomp_data: the call's number, the kind, and the low half of the second argument.
_NUMBER, _ARCH, _REQUEST = 0, 4, 24 + 4 * (sys.byteorder == "big")
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 22, 38, 2
_NOT_FOUND, _NOT_RUNNABLE, _CONFIGURATION = 127, 126, 3


# Before the program: whether it leads a process group of its own.
_IS_LEADER, _IS_NONE = "leader", "member"


def words(python: str, *, is_shell: bool) -> list[str]:
    """The command line of the step, before that of the program.

    `is_shell`: it is a person's shell, which hands the terminal to the process group that it found there when it ends.
    So that is to be its own: the caller's has no number inside.
    """
    with open(__file__, encoding="utf-8") as file:
        return [python, "-I", "-S", "-c", file.read(), _IS_LEADER if is_shell else _IS_NONE]


def is_known(machine: str) -> bool:
    """Whether the system calls of `machine` (uname(2)) are known."""
    return machine in _MACHINES


def filtering(machine: str) -> bytes:
    """The filter: an array of struct sock_filter. Raises KeyError where `machine` is not known."""
    kinds = []
    for arch, ioctls, keyrings in _MACHINES[machine]:
        checks = [(_LOAD, 0, 0, _NUMBER), (_AND, 0, 0, 0xFFFFFFFF & ~_X32)]
        for number in keyrings:
            checks += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
        for number in ioctls:
            requests = [step for request in _REFUSED for step in ((_EQUAL, 0, 1, request), (_RETURN, 0, 0, _EPERM))]
            checks += [(_EQUAL, 0, 2 + len(requests), number), (_LOAD, 0, 0, _REQUEST), *requests]
            checks += [(_RETURN, 0, 0, _ALLOW)]
        checks += [(_RETURN, 0, 0, _ALLOW)]
        kinds += [(_EQUAL, 0, len(checks), arch), *checks]
    steps = [(_LOAD, 0, 0, _ARCH), *kinds, (_RETURN, 0, 0, _KILL)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _install(code: bytes) -> None:
    """Have the kernel filter the calls of this process, and of all that it becomes and starts. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    steps = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("HP", len(code) // 8, ctypes.addressof(steps)))
    for call in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))):
        arguments = [ctypes.c_ulong(word) for word in (*call, 0, 0, 0)[:5]]
        if library.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _leave(code: int, message: str) -> None:
    os.write(2, f"assume-helper: {message}\n".encode("utf-8", "backslashreplace"))
    os._exit(code)


if sys.platform != "win32":

    def _lead() -> None:
        """Have a process group of this process's own, and the terminal be that one's."""
        try:
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # this group is not yet the terminal's
            os.tcsetpgrp(0, os.getpid())
        except OSError:
            pass  # there is no terminal

    def main(group: str, command: list[str]) -> None:
        """Become `command`, with the filter, no signal blocked, and no descriptor but the standard streams."""
        if group == _IS_LEADER:
            _lead()
        try:
            _install(filtering(os.uname().machine))
        except (KeyError, OSError) as error:
            _leave(_CONFIGURATION, f"the sandbox cannot filter system calls ({error}); run it on a kernel with seccomp")
        for name in os.listdir("/proc/self/fd"):
            try:
                os.set_inheritable(int(name), int(name) <= 2)
            except OSError:
                pass  # the listing's own, or a standard stream that is closed
        # Python ignores these two, and the program would inherit that.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        try:
            os.execvp(command[0], command)  # noqa: S606 - the user's own command
        except OSError as error:
            shown = command[0].encode("unicode_escape", "surrogatepass").decode()
            code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUNNABLE
            _leave(code, f"{shown} cannot be started in the sandbox ({error.strerror}); correct the command after --")

    if __name__ == "__main__":
        main(sys.argv[1], sys.argv[2:])
