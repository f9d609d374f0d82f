"""Ways to damage a file of the cache, and a file's mode."""

import os
import stat
from pathlib import Path


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def enlarged(path: Path) -> None:
    os.truncate(path, 1 << 30)


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def made_a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def made_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)
