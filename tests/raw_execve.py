"""Executes a program with an environment that no mapping can hold: two entries of one name, entries without `=`.

    python -I -S raw_execve.py ENTRIES PROGRAM ARGUMENT...

ENTRIES is a file, its entries end with NUL. Without PROGRAM's name: `--nameless PROGRAM` executes it with argc 0.
"""

import ctypes
import os
import sys
from collections.abc import Sequence


def _array(words: Sequence[bytes]) -> "ctypes.Array[ctypes.c_char_p]":
    return (ctypes.c_char_p * (len(words) + 1))(*words, None)


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        entries = file.read().split(b"\0")
    words = [os.fsencode(word) for word in sys.argv[2:]]
    is_nameless = words[0] == b"--nameless"
    program = words[1] if is_nameless else words[0]
    if b"/" not in program:
        folders = os.environ["PATH"].encode().split(b":")
        program = next(path for folder in folders if os.access(path := folder + b"/" + program, os.X_OK))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.execve(program, _array([] if is_nameless else words), _array(entries))
    os.write(2, os.strerror(ctypes.get_errno()).encode())
    os._exit(120)


main()
