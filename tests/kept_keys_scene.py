"""A user with one access key, which the credentials file has, and a profile whose name no other test has."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from front import Front
from iam_users import User
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home, Ran

from assume_helper.sources import kept_keys
from assume_helper.system import kernel_keyring

# What puts a key into the kernel's keyring without a question, and the user's key as it is piped.
KERNEL = ("--keyring", "kernel", "--yes")
TWO_LINES = f"{ACCESS_KEY_ID}\n{SECRET}\n"


def file_of(name: str, access_key_id: str, secret: str) -> str:
    """A credentials file with comments, blanks and another profile."""
    return (
        f"# mine\n[{name}]\naws_access_key_id = {access_key_id}   \n# the secret\naws_secret_access_key={secret}\n"
        "region = eu-west-1\n\n[other]\naws_access_key_id = AKIAOTHER00000000000\naws_secret_access_key = other\n"
    )


@dataclass
class Scene:
    """A home, its profile `name`, and the user whose key it has; STS and IAM are the front."""

    home: Home
    front: Front
    user: User
    name: str

    def run(self, *arguments: str, given: str = "", **environ: str) -> Ran:
        """`assume-helper keys` with `given` on standard input."""
        done = subprocess.run(
            [SCRIPT, "keys", *arguments], env=self.home.environ | environ, input=given.encode(), capture_output=True,
            cwd=self.home.folder, start_new_session=True, timeout=180, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    def done(self, *arguments: str, given: str = "", **environ: str) -> str:
        """What it prints where all goes well."""
        ran = self.run(*arguments, given=given, **environ)
        assert ran.code == 0, ran.stderr
        assert SECRET not in ran.stdout.decode() + ran.stderr
        assert "CanaryMade" not in ran.stdout.decode() + ran.stderr
        return ran.stdout.decode()

    def move(self) -> None:
        """Move the key of the file into the kernel's keyring."""
        self.done("add", self.name, "--from-file", "--keyring", "kernel", "--yes")

    def kept(self, *, is_next: bool = False) -> "kept_keys.KeyPair | None":
        """The key that the kernel's keyring has."""
        return kept_keys.read(self.name, "kernel", 5, is_next=is_next)

    def in_file(self) -> tuple[str, str]:
        """The id and the secret that the credentials file has."""
        lines = self.home.credentials.read_text().splitlines()
        values = [line.partition("=")[2].strip() for line in lines if line.startswith("aws_")]
        return values[0], values[1]

    def notes(self) -> Path:
        """The folder of our notes."""
        return self.home.folder / ".local" / "state" / "assume-helper" / "keys"

    def rotations(self) -> list[Path]:
        """The notes of rotations that have not ended."""
        return sorted(self.notes().glob("*.rotation"))

    def hits_open_nothing(self) -> None:
        """A cached hit is served where no keyring can be opened."""
        before = len(self.front.calls)
        self.home.get(self.name, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
        assert len(self.front.calls) == before

    def rows(self, *words: str) -> list[dict[str, object]]:
        """What `keys list` says."""
        found: list[dict[str, object]] = json.loads(self.done("list", *words, "--json"))
        return found


@contextmanager
def scene(home: Home, front: Front) -> Iterator[Scene]:
    """The scene; what the kernel's keyring has of it goes at the end."""
    user = User()
    user.key(ACCESS_KEY_ID, SECRET)
    front.behaviour = user
    home.environ |= {"AWS_ENDPOINT_URL": front.url, "AWS_REGION": "us-east-1"}
    name = f"me-{uuid.uuid4().hex[:12]}"
    home.credentials.write_text(file_of(name, ACCESS_KEY_ID, SECRET))
    os.utime(home.credentials, ns=(0, 1_700_000_000_123_456_789))  # settled long ago
    try:
        yield Scene(home, front, user, name)
    finally:
        for what in ("access key", "next access key"):
            kernel_keyring.remove(f"assume-helper:{what} of {name}")


def without_files(found: Scene) -> Scene:
    """The same, with no key in a file."""
    found.home.credentials.write_text("")
    return found
