"""Calls of the logins wing against the local services: in this process, and in processes of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from identity_center import ACCOUNT, REGION, ROLE, SESSION, START_URL, USER, Center, ConsoleFile, SsoFile
from running import Home

from assume_helper.credentials import Answer
from assume_helper.errors import AssumeHelperError
from assume_helper.logins import console_login, identity_center, login_lock
from assume_helper.profiles import login_record
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, LoginService, PermissionSet
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline

LOG_IN = "assume-helper login --sso-session corp"
LOG_IN_CONSOLE = "assume-helper login me"
TESTS = Path(__file__).parent


def services(center: Center, region: str = REGION, **urls: str) -> LoginService:
    """The services of a login in `region`, all of them local; `urls` are others, by a name with `_` for `-`."""
    path = None if region == center.region else region
    known = {name: center.server.url(name, path) for name in center.server.services}
    return LoginService(region, known | {name.replace("_", "-"): url for name, url in urls.items()})


def permission_set(
    file: SsoFile, where: LoginService, *, account: str = ACCOUNT, role: str = ROLE, legacy: bool = False
) -> PermissionSet:
    name = None if legacy else SESSION
    return PermissionSet("dev", account, role, IdentityCenterLogin(START_URL, name, str(file.path), LOG_IN, where))


def console(file: ConsoleFile, where: LoginService, login_session: str = USER) -> ConsoleLogin:
    return ConsoleLogin("me", login_session, str(file.path), LOG_IN_CONSOLE, where)


def limit(seconds: float = 30, throttled: float | None = None) -> Deadline:
    now = time.monotonic()
    return Deadline(now + seconds, now + (seconds if throttled is None else throttled))


def get(
    wanted: PermissionSet | ConsoleLogin, environ: Mapping[str, str], seconds: float = 30, clock: Clock | None = None
) -> Answer:
    """The credentials of a permission set or a console login, within `seconds`."""
    clock = clock or Clock()
    if isinstance(wanted, ConsoleLogin):
        return console_login.credentials(wanted, environ, clock, clock.now(), limit(seconds), lambda: None)
    return identity_center.credentials(wanted, environ, clock, clock.now(), limit(seconds), lambda: None)


def start(
    wanted: PermissionSet | ConsoleLogin, home: Home, seconds: float = 30, prefix: tuple[str, ...] = ()
) -> "subprocess.Popen[bytes]":
    """The same in a process of its own: it prints the access key id, or the error and its exit code."""
    given = {"kind": type(wanted).__name__, "fields": asdict(wanted), "seconds": seconds}
    return subprocess.Popen(
        [*prefix, sys.executable, str(TESTS / "login_calls.py"), json.dumps(given)],
        env=home.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def printed(process: "subprocess.Popen[bytes]") -> Any:
    """What a process that `start` began has printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def renewal_processes(file: SsoFile | ConsoleFile) -> list[int]:
    """The processes that have the lock of a login open: by then only the one that renews it."""
    lock = login_record.beside(str(file.path), login_record.LOCK)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (
                any(os.readlink(entry) == lock for entry in (folder / "fd").iterdir())
                and int(folder.name) != os.getpid()
            ):
                found.append(int(folder.name))
    return found


@contextmanager
def held_lock(file: SsoFile | ConsoleFile) -> Iterator[int]:
    """The lock of a login, held by this process."""
    descriptor = login_lock.try_acquire(str(file.path))
    assert descriptor is not None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _main() -> None:
    given = json.loads(sys.argv[1])
    fields = given["fields"]
    wanted: PermissionSet | ConsoleLogin
    if given["kind"] == "ConsoleLogin":
        fields |= {"service": LoginService(**fields["service"])}
        fields.pop("resolution")
        wanted = ConsoleLogin(**fields)
    else:
        login = fields["login"] | {"service": LoginService(**fields["login"]["service"])}
        fields.pop("resolution")
        wanted = PermissionSet(**fields | {"login": IdentityCenterLogin(**login)})
    try:
        answer = get(wanted, dict(os.environ), given["seconds"])
    except AssumeHelperError as error:
        print(json.dumps({"error": str(error), "kind": type(error).__name__, "code": error.exit_code}))
    else:
        print(json.dumps({"key": answer.credentials.access_key_id}))


if __name__ == "__main__":
    _main()
