"""What a test needs of the machine: where that is missing it is skipped, and in CI it fails."""

import ctypes
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from front import wait_for

_MUST = os.environ.get("CI") == "true"
_IS_ROOT = sys.platform != "win32" and os.geteuid() == 0

needs_root = pytest.mark.skipif(not _IS_ROOT and not _MUST, reason="needs root, to mount and to make namespaces")
gives_away = pytest.mark.skipif(not _IS_ROOT, reason="only root can give a folder away")
needs_ps = pytest.mark.skipif(not os.path.exists("/bin/ps"), reason="there is no ps here, which macOS is asked by")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None and not _MUST, reason="needs strace")
needs_php = pytest.mark.skipif(shutil.which("php") is None and not _MUST, reason="needs php (Debian's php-cli)")
needs_setpriv = pytest.mark.skipif(
    _IS_ROOT and shutil.which("setpriv") is None and not _MUST,
    reason="needs setpriv, for root writes anywhere",
)
needs_aws_cli = pytest.mark.skipif(
    shutil.which("/usr/bin/aws") is None and not _MUST, reason="needs the AWS CLI of version 2 (Debian's awscli)"
)
needs_chromium = pytest.mark.skipif(
    shutil.which("chromium") is None and not _MUST, reason="needs a real browser (Debian's chromium)"
)
needs_sandbox = pytest.mark.skipif(
    (not _IS_ROOT or None in map(shutil.which, ("bwrap", "pasta", "ip", "unshare"))) and not _MUST,
    reason="needs root, bwrap, pasta and ip (Debian's bubblewrap, passt and iproute2)",
)
needs_secret_service = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("dbus-daemon", "gnome-keyring-daemon")) and not _MUST,
    reason="needs a Secret Service (Debian's gnome-keyring and dbus)",
)

_NEW_MOUNTS = 0x20000  # CLONE_NEWNS of unshare(2) and setns(2), which Python has from 3.12 on only


def in_place_of(path: str, file: Path) -> list[str]:
    """Before a command: `file` is at `path` for it alone. It needs root."""
    mount = f'mount --bind "$0" {path} && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, str(file)]


@contextmanager
def full_disk() -> Iterator[int]:
    """A descriptor that everything can be written to and nothing gets into: /dev/full, which is never made here."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    try:
        assert stat.S_ISCHR(os.fstat(descriptor).st_mode)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def mounts_of_its_own() -> Iterator[None]:
    """What is mounted meanwhile is seen by this thread and by what it starts alone, and is gone afterwards."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder = os.getcwd()
    before = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
    try:
        assert libc.unshare(_NEW_MOUNTS) == 0, os.strerror(ctypes.get_errno())
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        yield
    finally:
        # Not while a thread that shares this one's folder is still ending.
        wait_for(lambda: bool(libc.setns(before, _NEW_MOUNTS) == 0))
        os.close(before)
        os.chdir(folder)


def injected(*faults: str, into: str = "/dev/null") -> list[str]:
    """Before a command: the kernel answers its system calls with these faults, each as strace's `inject=` takes it, or
    only names what is to be seen. What is seen goes `into` a file.
    """
    names = ",".join(fault.partition(":")[0] for fault in faults)
    given = [word for fault in faults if ":" in fault for word in ("-e", f"inject={fault}")]
    return ["strace", "-f", "-qq", "-o", into, "-e", f"trace={names}", "-e", "signal=none", *given]
