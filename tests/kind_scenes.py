"""A home with one profile of a kind, and the service or program behind it: how often it was asked, and its failure."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import identity_center as ic
from behaviours import status
from botocore.credentials import Credentials
from front import ACCOUNT, Behaviour, Front, error
from identity_center import Center, ConsoleFile, SsoFile
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home, no_warning
from strict import Role, Strict

from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry

KINDS = ("permission set", "legacy permission set", "console login", "process", "access key")
NAME = "dev"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role"
# What a kind's service is asked for; a process, and an access key, have none of these services.
OPERATIONS = {
    "permission set": "GetRoleCredentials",
    "legacy permission set": "GetRoleCredentials",
    "console login": "CreateOAuth2Token",
}
# How a process's own session is named: the account that it says.
PROCESS_ACCOUNT = "210987654321"
PREFIX = "assume_helper_"


def timestamp(seconds: float) -> str:
    """The moment so many seconds from now, as a document has it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(
    access_key_id: str = "ASIAPROCESS000000000", seconds: float | None = 3600, **fields: str
) -> dict[str, Any]:
    """What a credential process prints: temporary keys, or with `seconds` of None the keys of a user."""
    found: dict[str, Any] = {"Version": 1, "AccessKeyId": access_key_id, "SecretAccessKey": SECRET}
    if seconds is not None:
        found |= {"SessionToken": "ProcessToken", "Expiration": timestamp(seconds)}
    return found | fields


@dataclass
class Scene:
    """A home whose profile `dev` is of `kind`; roles are assumed at `front`, which is as strict as STS.

    `program` is what a process runs: it notes each run in `ran`, and prints the file `printed`.
    """

    home: Home
    center: Center
    front: Front
    kind: str
    is_prefixed: bool = False
    sts: Strict = field(default_factory=lambda: Strict(Credentials(ACCESS_KEY_ID, SECRET), otherwise=Role()))
    login: SsoFile | ConsoleFile | None = None

    def __post_init__(self) -> None:
        self.center.issuer.sts = self.sts
        self.front.behaviour = self.sts
        self.home.environ |= self.center.environ()
        self.home.environ |= {"AWS_ENDPOINT_URL_STS": self.front.url, "AWS_REGION": ic.REGION}
        folder = self.home.folder
        self.ran, self.printed, self.program = folder / "ran", folder / "printed", folder / "program"
        self.program.write_text(f"#!/bin/sh\necho run >>{self.ran}\nexec cat {self.printed}\n")
        self.program.chmod(0o700)
        self.prints(document(AccountId=PROCESS_ACCOUNT))
        self.home.config.write_text(self.config())
        if "permission set" in self.kind:
            self.login = self.center.log_in(self.home, None if self.kind.startswith("legacy") else ic.SESSION)
        elif self.kind == "console login":
            # near its end: the first who needs it renews it
            self.login = self.center.console_log_in(self.home, expires=200)

    def keys(self) -> dict[str, str]:
        """The keys of the profile, bare."""
        match self.kind:
            case "permission set" | "legacy permission set":
                text = ic.permission_set(NAME, session_name=None if self.kind.startswith("legacy") else ic.SESSION)
                return dict(line.split(" = ", 1) for line in text.splitlines()[1:])
            case "console login":
                return {"login_session": ic.USER}
            case "process":
                return {"credential_process": str(self.program)}
        return {"aws_access_key_id": ACCESS_KEY_ID, "aws_secret_access_key": SECRET}

    def config(self, name: str = NAME, **more: str) -> str:
        """The config with the profile, under `name`, with `more` keys beside its own."""
        prefix = PREFIX if self.is_prefixed else ""
        lines = [f"{prefix}{key} = {value}" for key, value in self.keys().items()]
        lines += [f"{key} = {value}" for key, value in more.items()]
        if self.is_prefixed:
            lines.append(f"credential_process = {SCRIPT} get {name}")
        return ic.sso_session() + "\n".join((f"[profile {name}]", *lines, ""))

    def prints(self, given: object) -> None:
        """Have the process print this from now on."""
        self.printed.write_text(json.dumps(given))

    @property
    def asked(self) -> int:
        """How often new credentials were asked for of what the kind has behind it."""
        if self.kind in OPERATIONS:
            return self.center.calls(OPERATIONS[self.kind])
        if self.kind == "process":
            return len(self.ran.read_text().splitlines()) if self.ran.exists() else 0
        return sum(call.action == "GetSessionToken" for call in self.front.calls)

    def breaks(self) -> None:
        """Have it out of order from now on."""
        if self.kind in OPERATIONS:
            self.center.always(OPERATIONS[self.kind], status(503))
        elif self.kind == "process":
            self.printed.rename(self.printed.with_suffix(".away"))
        else:
            self.front.behaviour = error(503, "ServiceUnavailable", "out of order")

    def works(self) -> None:
        """Have it work again."""
        if self.kind in OPERATIONS:
            self.center.as_usual(OPERATIONS[self.kind])
        elif self.kind == "process":
            self.prints(document(AccountId=PROCESS_ACCOUNT))
        else:
            self.front.behaviour = self.sts

    def waits(self, behaviour: Callable[[Behaviour], Behaviour]) -> None:
        """Have STS behave so, around what it does."""
        self.front.behaviour = behaviour(self.sts)

    def end_in(self, seconds: float) -> None:
        """Have all that is cached end so many seconds from now, and a console login's own file with it."""
        store = Cache(str(self.home.cache), no_warning)
        end = datetime.fromtimestamp(int(time.time() + seconds), UTC)
        for file in self.home.entries():
            entry = entries.read(store, file.stem)
            assert entry is not None
            issued = time.time() - max(0.0, entry.session.lifetime - seconds)
            moved = replace(entry.session, expiration=end, printed_expiration=end, issued=issued)
            entries.write(store, file.stem, Entry(moved, credential_document(moved.credentials, end, moved.account_id)))
        if isinstance(self.login, ConsoleFile):
            token = self.login.read()["accessToken"]
            self.login.change(accessToken=token | {"expiresAt": timestamp(seconds)})

    def lifetime(self) -> int:
        """The lifetime of the one cached session, in seconds."""
        (file,) = self.home.entries()
        entry = entries.read(Cache(str(self.home.cache), no_warning), file.stem)
        assert entry is not None
        return entry.session.lifetime

    def remembered(self) -> dict[str, Any]:
        """The document of the profile, once a hit can answer: the token file has settled, and all is remembered."""
        self.home.get(NAME)
        self.home.get(NAME)
        return self.home.get(NAME)


def roles(count: int, source: str = NAME) -> str:
    """The config's sections of so many roles over one source."""
    return "".join(
        f"[profile role-{n}]\nrole_arn = {ROLE_ARN}/role-{n}\nsource_profile = {source}\n" for n in range(count)
    )


@dataclass
class Done:
    """A process that has ended: its exit code, and what it said."""

    profile: str
    code: int
    stdout: bytes
    stderr: str


@contextmanager
def at_one_gate(home: Home, profiles: Sequence[str], **environ: str) -> Iterator[list[Any]]:
    """Processes of `get`, one for each of `profiles`: all are there, and become the helper when the gate opens."""
    import fcntl

    command = ["flock", "--shared", "--no-fork", str(home.folder / "gate"), SCRIPT]
    with open(home.folder / "gate", "wb") as gate, ExitStack() as stack:
        fcntl.flock(gate, fcntl.LOCK_EX)
        started = [stack.enter_context(home.start("get", name, command=command, **environ)) for name in profiles]
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield started


def together(home: Home, profiles: Sequence[str], **environ: str) -> list[Done]:
    """What `get` of each of `profiles` ends with, all started at once."""
    with at_one_gate(home, profiles, **environ) as started:
        ended = []
        for name, process in zip(profiles, started, strict=True):
            out, err = process.communicate(timeout=120)
            ended.append(Done(name, process.returncode, out, err.decode()))
    return ended


def logged(home: Home) -> list[dict[str, Any]]:
    """The log, line by line."""
    return [json.loads(line) for line in home.log.read_text().splitlines()] if home.log.exists() else []


def token_folder(home: Home) -> Path:
    """Where the token files of Identity Center are."""
    return home.folder / ".aws" / "sso" / "cache"
