"""What a test needs of the machine: where that is missing it is skipped, and in CI it fails."""

import os
import shutil

import pytest

_MUST = os.environ.get("CI") == "true"

needs_root = pytest.mark.skipif(os.geteuid() != 0 and not _MUST, reason="needs root, to mount and to make namespaces")
needs_strace = pytest.mark.skipif(shutil.which("strace") is None and not _MUST, reason="needs strace")
needs_setpriv = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None and not _MUST,
    reason="needs setpriv, for root writes anywhere",
)


def injected(*faults: str, into: str = "/dev/null") -> list[str]:
    """Before a command: the kernel answers its system calls with these faults, each as strace's `inject=` takes it, or
    only names what is to be seen. What is seen goes `into` a file.
    """
    names = ",".join(fault.partition(":")[0] for fault in faults)
    given = [word for fault in faults if ":" in fault for word in ("-e", f"inject={fault}")]
    return ["strace", "-f", "-qq", "-o", into, "-e", f"trace={names}", "-e", "signal=none", *given]
