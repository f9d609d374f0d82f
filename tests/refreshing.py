"""A program that refreshes a session over and over, is killed with -9 at random points, and looks what is left.

    python refreshing.py HOME SECONDS

Everything is the helper's own but the answer of STS, which is made here, each one with a number in all its parts.
Prints what was seen as JSON: refreshes, kills, and each count of what must never be.
"""

import fcntl
import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import filelock
from hit_answers import fresh_document
from running import into

from assume_helper import hit
from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Answer, Credentials
from assume_helper.sessions import provider
from assume_helper.sources import access_key, mfa
from assume_helper.sts import calls
from assume_helper.system.context import CallContext, Clock

# Imported once, and not again by every child that is killed.
LOADED = (filelock, mfa, access_key)
# Far more than one refresh takes, on any machine.
_STUCK = 30.0


def answer(number: int) -> Answer:
    """An answer of STS that cannot be mixed with another unseen. Every other one is good for a hit."""
    expiration = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3600 if number % 2 else 500)
    token = f"{number:08d}" * random.randint(20, 200)
    credentials = Credentials(f"ASIA{number:016d}", f"{number:08d}" * 5, token, expiration)
    return Answer(credentials, expiration, 3600, "arn:aws:sts::123456789012:assumed-role/dev/x", "123456789012")


def answer_with(number: int) -> None:
    """From now on STS gives this answer."""
    given = answer(number)
    calls.request_session = lambda *_arguments: given


def call_context(environ: dict[str, str], warn: Callable[[object], None]) -> CallContext:
    return CallContext(
        environ=environ,
        clock=Clock(),
        started=time.time(),
        started_monotonic=time.monotonic(),
        host="a-host",
        session_name=lambda: "a-name",
        warn=warn,
    )


def refresh_for_ever(environ: dict[str, str], done: int) -> None:
    """In a process of its own; says each refresh with a byte."""
    number = random.randrange(1_000_000)
    while True:
        number += 1
        answer_with(number)
        warnings: list[str] = []
        entry = provider.get_credentials("dev", call_context(environ, into(warnings)))
        if warnings or not is_one(entry):
            os.write(2, f"{warnings}\n".encode())
            os._exit(3)
        os.write(done, b".")
        if number % 2:
            for path in Path(environ["ASSUME_HELPER_CACHE_DIR"]).glob("*.entry"):
                path.unlink()


def is_one(entry: entries.Entry) -> bool:
    """Whether session and document are of one answer."""
    number = entry.session.credentials.access_key_id[-8:]
    document = json.loads(entry.document)
    parts = (document["AccessKeyId"], document["SecretAccessKey"], document["SessionToken"])
    return all(part[-8:] == part[:8].replace("ASIA0000", number) == number for part in parts)


def read_for_ever(environ: dict[str, str]) -> None:
    """In a process of its own: ends with 3 when a document is not whole, with 0 on SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    store = Cache(environ["ASSUME_HELPER_CACHE_DIR"], lambda _warning: os._exit(4))
    while True:
        time.sleep(0.001)
        found = fresh_document("dev", environ, time.time())
        if found is not None and not found[0].endswith(b'"AccountId":"123456789012"}\n'):
            os._exit(3)
        for path in Path(environ["ASSUME_HELPER_CACHE_DIR"]).glob("*.entry"):
            entry = entries.read(store, path.stem)
            if entry is not None and not is_one(entry):
                os._exit(3)


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(5)
    return child


def torn(directory: Path) -> int:
    """How many files of the cache are not whole."""
    count = 0
    for path in directory.iterdir():
        if path.suffix in {".entry", ".failure", ".hit"}:
            try:
                hit.unseal(hit.read_private(str(path)))
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                count += 1
    return count


def is_locked(directory: Path) -> bool:
    for path in directory.glob("*.lock"):
        with path.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def main(home: str, seconds: float) -> None:
    environ = {"HOME": home, "ASSUME_HELPER_CACHE_DIR": str(Path(home) / "cache")}
    directory = Path(environ["ASSUME_HELPER_CACHE_DIR"])
    seen = {"refreshes": 0, "kills": 0, "left": 0, "most_left": 0, "torn": 0, "wedged": 0, "failed": 0}
    reader = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, say = os.pipe()
        child = forked(lambda say=say: refresh_for_ever(environ, say))  # type: ignore[misc]
        os.close(say)
        if not select.select([done], [], [], _STUCK)[0]:
            seen["wedged"] += 1
        time.sleep(random.uniform(0, 0.15))  # anywhere in the refreshes that follow the first
        os.kill(child, signal.SIGKILL)
        seen["failed"] += os.waitpid(child, 0)[1] != signal.SIGKILL
        seen["kills"] += 1
        while said := os.read(done, 65536):
            seen["refreshes"] += len(said)
        os.close(done)
        seen["torn"] += torn(directory)
        seen["wedged"] += is_locked(directory)
        left = len(list(directory.glob("tmp-*")))
        seen["left"] += left
        seen["most_left"] = max(seen["most_left"], left)
        if not reader:
            reader = forked(lambda: read_for_ever(environ))
    os.kill(reader, signal.SIGTERM)
    seen["failed"] += os.waitpid(reader, 0)[1] != 0
    answer_with(1)
    for path in directory.glob("*.entry"):
        path.unlink()
    provider.get_credentials("dev", call_context(environ, lambda _warning: None))
    print(json.dumps(seen | {"left_at_last": len(list(directory.glob("tmp-*")))}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
