"""What is measured in: a local STS, and homes with the same two profiles, alone or among thousands."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "examples" / "walkthrough"), str(ROOT / "tests")]

import boto3
import local_aws
import prepare
from front import Front, session

# The role that SDKs assume by themselves; assume-helper's is the walkthrough's own.
SDK_ROLE = "sdk-role"
HELPED = prepare.ROLE
USER = prepare.USER


@dataclass(frozen=True)
class Scene:
    """The local AWS, the role's ARN, and the homes by the number of profiles in their config.

    `quick` is a home with an STS that answers at once, and asks nothing: what is left of a miss is the client's own.
    `encrypted` is one whose sessions are encrypted on disk.
    """

    url: str
    role_arn: str
    homes: dict[int, Path]
    quick: Path
    encrypted: Path

    @property
    def home(self) -> Path:
        return self.homes[1]

    def environ(self, profiles: int = 1, **more: str) -> dict[str, str]:
        """The environment of a process that is at home there: nothing else of this one's."""
        return self.environ_of(self.homes[profiles], **more)

    def environ_of(self, home: Path, **more: str) -> dict[str, str]:
        """The same in another home."""
        return {
            "HOME": str(home),
            "PATH": os.defpath,
            "AWS_EC2_METADATA_DISABLED": "true",
            **more,
        }

    def forget(self) -> None:
        """As if nobody had asked yet, assume-helper or boto3."""
        for cache in (".cache/assume-helper", ".aws/boto/cache"):
            for home in (self.home, self.quick):
                shutil.rmtree(home / cache, ignore_errors=True)

    def edit_config(self) -> None:
        """A change of the config that changes no profile."""
        self._edit(self.home)

    def edit_quick_config(self) -> None:
        """The same in the home with the quick STS."""
        self._edit(self.quick)

    def _edit(self, home: Path) -> None:
        with (home / ".aws" / "config").open("a") as config:
            config.write("# edited\n")


@contextmanager
def set_up(folder: Path, sizes: tuple[int, ...]) -> Iterator[Scene]:
    """Start the local AWS, and make the homes in `folder`."""
    with local_aws.started() as url:
        homes = {size: folder / f"home-{size}" for size in sizes}
        first = homes[sizes[0]] / ".aws"
        first.mkdir(parents=True)
        prepare.prepare(boto3.Session("local", "local", region_name="us-east-1"), url, first, "assume-helper")
        local_aws.close(url)
        config = (first / "config").read_text()
        role_arn = config.partition("assume_helper_role_arn = ")[2].partition("\n")[0]
        config += (
            f"\n[profile {SDK_ROLE}]\nrole_arn = {role_arn}\nsource_profile = {USER}\n"
            f"region = us-east-1\nendpoint_url = {url}\n"
        )
        for size, home in homes.items():
            others = (f"[profile other-{n}]\nrole_arn = {role_arn}\nsource_profile = x\n" for n in range(size - 1))
            _make(home, config + "".join(others), first)
        quick_sts = Front("", session())
        quick_sts.start()
        try:
            quick, encrypted = folder / "home-quick", folder / "home-encrypted"
            _make(quick, config.replace(url, quick_sts.url), first)
            key = f"[profile {HELPED}]\n"
            _make(encrypted, config.replace(key, f"{key}assume_helper_cache = encrypted\n"), first)
            yield Scene(url, role_arn, homes, quick, encrypted)
        finally:
            quick_sts.stop()


def _make(home: Path, config: str, first: Path) -> None:
    """A home with this config, and the credentials that are in `first`."""
    (home / ".aws").mkdir(parents=True, exist_ok=True)
    (home / ".aws" / "config").write_text(config)
    if home != first.parent:
        shutil.copy(first / "credentials", home / ".aws" / "credentials")
