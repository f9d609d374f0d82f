"""A client at work: in a home of its own, with nothing but a `credential_process` in the config file."""

import configparser
import os
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from conformance import building
from conformance.account import Account
from conformance.clients import AS_IT_IS, HIDDEN, IN_ERROR, Client
from running import SCRIPT, Home

BUCKET = "a-bucket"
PROFILE = "sts-role"
ROLE = "arn:aws:iam::123456789012:role/sts-role"
ASSUMED = re.compile(r"arn:aws:sts::123456789012:assumed-role/sts-role/\S+")
# Far more than any client takes, also where many run at once.
_LONGEST = 600


@dataclass(frozen=True)
class Seen:
    """What a client's process has left: how it ended, and what it said. What it said may hold keys: not in `repr`."""

    code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)

    def shown(self, profile: str) -> str:
        """In which way the helper's own line about its failure for `profile` is shown."""
        line = f"assume-helper: {profile}: "
        if any(said.startswith(line) for said in self.stderr.splitlines()):
            return AS_IT_IS
        return IN_ERROR if line in self.stderr else HIDDEN


@dataclass(frozen=True)
class Scene:
    """A home, and the account before which the client is at work."""

    home: Home
    account: Account
    source: str = field(repr=False)

    def configure(self, profile: str = PROFILE, command: str | None = None, *, helper: str = SCRIPT) -> None:
        """One profile for all: SDKs see its process, the helper its role."""
        process = command or f"{helper} get {profile}"
        self._write(
            f"[profile {profile}]\ncredential_process = {process}\n"
            f"assume_helper_role_arn = {ROLE}\nassume_helper_source_profile = sts-user\n"
        )

    def configure_pair(self) -> None:
        """Two profiles: one with the process, for SDKs, and one with the role, for the helper."""
        self._write(
            f"[profile {PROFILE}]\ncredential_process = {SCRIPT} get the-role\n",
            f"[profile the-role]\nrole_arn = {ROLE}\nsource_profile = sts-user\n",
        )

    def configure_kind(self, keys: Mapping[str, str], *sections: str) -> None:
        """One profile for all: SDKs see its process, the helper the `keys`, which `configure` moves to the prefix."""
        bare = "".join(f"{key} = {value}\n" for key, value in keys.items())
        self._write(f"[profile {PROFILE}]\n{bare}")
        with self.home.config.open("a", encoding="utf-8") as config:
            config.writelines(f"\n{section}" for section in sections)
        moved = self.home.run("configure", PROFILE, "--yes")
        assert moved.code == 0, moved.stderr

    def _write(self, *profiles: str) -> None:
        where = f"region = us-east-1\nendpoint_url = {self.account.url}\n"
        text = "\n".join(profile + where for profile in (*profiles, "[profile sts-user]\n"))
        self.home.config.write_text(text, encoding="utf-8")
        self.home.credentials.write_text(self.source, encoding="utf-8")

    def _copy_processes(self) -> None:
        """Write each process of the config into the credentials file, too, as the documents say."""
        config = configparser.RawConfigParser()
        config.read(self.home.config, encoding="utf-8")
        lines = [
            f"[{section.removeprefix('profile ')}]\ncredential_process = {config[section]['credential_process']}\n"
            for section in config.sections()
            if "credential_process" in config[section]
        ]
        text = "\n".join([self.source, *lines])
        if self.home.credentials.read_text(encoding="utf-8") != text:  # others may be reading it
            self.home.credentials.write_text(text, encoding="utf-8")

    def start(
        self,
        client: Client,
        *arguments: str,
        profile: str = PROFILE,
        stdin: int = subprocess.DEVNULL,
        streams: tuple[int | IO[bytes], int | IO[bytes]] = (subprocess.PIPE, subprocess.PIPE),
        environ: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """The client's program, with the environment that the documents tell people to have, and `environ`."""
        given = {
            "LANG": "C.UTF-8",
            "AWS_PROFILE": profile,
            "AWS_CONFIG_FILE": str(self.home.config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.home.credentials),
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.account.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "BUCKET": BUCKET,
            "ASSUME_HELPER": SCRIPT,
        }
        if client.reads_credentials_file:
            self._copy_processes()
        return subprocess.Popen(
            [str(client.path / client.script), str(building.directory(client)), *arguments],
            env=self.home.environ | given | dict(environ or {}),
            stdin=stdin,
            stdout=streams[0],
            stderr=streams[1],
            cwd=self.home.folder,
            start_new_session=True,
        )

    def run(
        self,
        client: Client,
        *arguments: str,
        profile: str = PROFILE,
        stdin: int = subprocess.DEVNULL,
        environ: Mapping[str, str] | None = None,
    ) -> Seen:
        """The client's program, until it ends and its pipes are closed."""
        return ended(self.start(client, *arguments, profile=profile, stdin=stdin, environ=environ))

    def is_role(
        self, client: Client, seen: Iterable[Seen], rounds: int = 1, whose: "re.Pattern[str]" = ASSUMED
    ) -> None:
        """Each of `seen` was the role, `rounds` times, by what it says and by what the server saw.

        `whose` is the ARN of the role's session.
        """
        for one in seen:
            assert one.code == 0, one.stderr
            lines = one.stdout.splitlines()
            assert sum(line.startswith(BUCKET) for line in lines) == rounds, one.stdout
            assert sum(whose.fullmatch(line) is not None for line in lines) == rounds * client.tells_arn, one.stdout
        signed_by = self.account.signed_by()
        assert signed_by
        assert signed_by <= set(self.account.ends), "something was signed by other keys than the role's"

    def script(self, name: str, text: str) -> Path:
        """A program beside the helper."""
        path = self.home.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o700)
        return path


def ended(process: "subprocess.Popen[bytes]") -> Seen:
    """What `process` has left when its pipes are closed; one that hangs is killed, with all that it has started."""
    try:
        stdout, stderr = process.communicate(timeout=_LONGEST)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return Seen(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))
