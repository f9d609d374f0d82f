"""A local AWS to try things on: moto's server on 127.0.0.1, with IAM enforced once `close` is called.

As a program it serves until its standard input ends, so that it never outlives what started it; as a module it starts
that program and stops it.
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def started() -> Iterator[str]:
    """Start the local AWS in a process of its own; yields its URL. Until `close` is called, anybody may do anything."""
    environ = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    environ |= {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"}
    with subprocess.Popen(
        [sys.executable, os.path.abspath(__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line:
                raise RuntimeError("the local AWS did not start")
            yield json.loads(line)["url"]
        finally:
            server.terminate()


def close(url: str) -> None:
    """From now on every request must be signed with a key that is known, and allowed by its policies."""
    request = urllib.request.Request(
        f"{url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        answer.read()


def serve() -> None:
    """Serve on a free port of 127.0.0.1, say where, and stop when standard input ends."""
    import botocore.auth
    from moto.server import ThreadedMotoServer

    # moto checks signatures with botocore's own signer, which leaves this header out; Java's first SDK signs it.
    botocore.auth.SIGNED_HEADERS_BLACKLIST.remove("user-agent")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(json.dumps({"url": f"http://{host}:{port}"}), flush=True)
    sys.stdin.buffer.read()
    server.stop()


if __name__ == "__main__":
    serve()
