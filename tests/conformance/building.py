"""What is built of the clients: outside the work tree, once for what their lock files say."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from conformance.clients import Client

# What a build is called that is whole: it holds a fingerprint of the folder that was built.
STAMP = "built"


def cache() -> Path:
    """Where builds are kept from run to run."""
    if "CONFORMANCE_CACHE" in os.environ:  # in the tests, whose home is none
        return Path(os.environ["CONFORMANCE_CACHE"])
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "assume-helper-conformance"


def directory(client: Client) -> Path:
    """Where `client` is, or is to be, built."""
    if client.built_at is not None:
        return Path(client.built_at)
    digest = hashlib.sha256(b"\0".join((client.path / lock).read_bytes() for lock in client.locks))
    return cache() / f"{client.name}-{digest.hexdigest()[:12]}"


def is_built(client: Client) -> bool:
    """Whether what is there is what the folder says now."""
    if client.built_at is not None:
        return True
    try:
        return (directory(client) / STAMP).read_text(encoding="utf-8") == _fingerprint(client.path)
    except OSError:
        return False


def build(client: Client, log: TextIO) -> bool:
    """Build `client`; whether that went well is returned, what it says goes to `log`."""
    into = directory(client)
    into.mkdir(parents=True, exist_ok=True)
    environ = os.environ | {"PYTHON": getattr(sys, "_base_executable", sys.executable)}
    command = ["./build.sh", str(into)]
    done = subprocess.run(
        command, cwd=client.path, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
    )
    if done.returncode == 0:
        (into / STAMP).write_text(_fingerprint(client.path), encoding="utf-8")
    return done.returncode == 0


def _fingerprint(folder: Path) -> str:
    """Of the names and contents of all that is in `folder`."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()
