"""The sandbox's first step: the filter of system calls, run here as the kernel runs it."""

import errno
import struct

import pytest

from assume_helper.export import sandbox_first_step

TIOCSTI, TIOCLINUX, TIOCGWINSZ = 0x5412, 0x541C, 0x5413
ALLOWED, REFUSED, KILLED = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
X86_64, I386, AARCH64, ARM = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000028


def answer(machine: str, arch: int, number: int, request: int = 0) -> int:
    """What the filter for `machine` says of one call (linux/bpf_common.h, and struct seccomp_data of seccomp(2))."""
    steps = list(struct.iter_unpack("HBBI", sandbox_first_step.filtering(machine)))
    data = struct.pack("=IIQ6Q", number, arch, 0, 0, request, 0, 0, 0, 0)
    at, value = 0, 0
    while True:
        code, if_so, if_not, operand = steps[at]
        at += 1
        if code == 0x20:
            value = int(struct.unpack_from("=I", data, operand)[0])
        elif code == 0x54:
            value &= operand
        elif code == 0x15:
            at += if_so if value == operand else if_not
        else:
            assert code == 0x06
            return int(operand)


@pytest.mark.parametrize(
    ("machine", "arch", "ioctl"),
    [
        ("x86_64", X86_64, 16),
        ("x86_64", X86_64, 514 | 0x40000000),  # x32
        ("x86_64", X86_64, 16 | 0x40000000),
        ("x86_64", I386, 54),
        ("i686", I386, 54),
        ("aarch64", AARCH64, 29),
        ("aarch64", ARM, 54),
        ("armv7l", ARM, 54),
        ("riscv64", 0xC00000F3, 29),
        ("ppc64le", 0xC0000015, 54),
        ("s390x", 0x80000016, 54),
    ],
)
def test_nothing_is_pushed_into_a_terminal(machine: str, arch: int, ioctl: int) -> None:
    for request in (TIOCSTI, TIOCLINUX, TIOCSTI | 1 << 32):  # the kernel looks at the low half alone
        assert answer(machine, arch, ioctl, request) == REFUSED
    assert answer(machine, arch, ioctl, TIOCGWINSZ) == ALLOWED
    assert answer(machine, arch, 1, TIOCSTI) == ALLOWED  # another call


@pytest.mark.parametrize(
    ("machine", "arch", "numbers"),
    [
        ("x86_64", X86_64, (248, 249, 250)),
        ("x86_64", X86_64, (248 | 0x40000000, 250 | 0x40000000)),
        ("x86_64", I386, (286, 287, 288)),
        ("aarch64", AARCH64, (217, 218, 219)),
        ("aarch64", ARM, (309, 310, 311)),
    ],
)
def test_no_keyring_is_read(machine: str, arch: int, numbers: tuple[int, ...]) -> None:
    assert {answer(machine, arch, number) for number in numbers} == {REFUSED}
    assert answer(machine, arch, numbers[-1] + 1) == ALLOWED


def test_a_kind_of_call_that_is_not_known_ends_the_program() -> None:
    assert answer("x86_64", AARCH64, 1) == KILLED


def test_a_machine_that_is_not_known_has_no_filter() -> None:
    assert sandbox_first_step.is_known("x86_64")
    assert not sandbox_first_step.is_known("pdp11")
    with pytest.raises(KeyError):
        sandbox_first_step.filtering("pdp11")
