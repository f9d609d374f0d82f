"""Orphans: a first process that does not collect them is told."""

import json
import subprocess
import sys

import pytest
from needs import needs_root

from assume_helper.doctor import orphans

# The first process of a namespace: starts the check, and collects nothing but that.
FIRST = """
import json, os, sys, time
child = os.fork()
if child == 0:
    from assume_helper.doctor import orphans
    print(json.dumps([[check.status, check.what, check.mend] for check in orphans.examine()]), flush=True)
    os._exit(0)
if sys.argv[1] == "reaps":
    while True:
        if os.wait()[0] == child:
            break
else:
    os.waitpid(child, 0)
"""
# A /proc of the namespace's own, which nobody else sees: also in a chroot, where --mount-proc cannot be.
OWN_PROC = 'mount --make-private /proc && mount -t proc proc /proc && exec "$@"'
NAMESPACE = ["unshare", "--pid", "--fork", "--mount", "--propagation", "unchanged", "sh", "-c", OWN_PROC, "sh"]


@needs_root
@pytest.mark.parametrize(("how", "found"), [("reaps", []), ("waits", ["warn"])])
def test_a_first_process_that_collects_nothing_is_told(how: str, found: list[str]) -> None:
    ran = subprocess.run([*NAMESPACE, sys.executable, "-c", FIRST, how], capture_output=True, check=True, timeout=60)
    checks = json.loads(ran.stdout)
    assert [status for status, _, _ in checks] == found
    for _, what, mend in checks:
        assert "process 1 does not collect" in what
        assert "--init" in mend


def test_without_a_shell_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert orphans.examine() == []
