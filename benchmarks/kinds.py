"""What each kind of profile costs: a hit, a miss, and how many requests fifty processes make that start at once.

    python benchmarks/kinds.py [--rounds N]

Against the local STS and the local Identity Center of the tests. In each round every kind runs once, in turn. Ratios
are those of medians: of a hit to the bare interpreter, of a miss to a role's. Writes kinds.json beside this file.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "examples" / "walkthrough")]

import identity_center
from front import Front, session
from measure import Run, in_turn, rows
from running import SCRIPT, Home

import assume_helper

BARE = "the bare interpreter"
AT_ONCE = 50
_USER = identity_center.USER
_ROLE = f"arn:aws:iam::{identity_center.ACCOUNT}:role/dev"
_KEY = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = " + "s" * 40 + "\n"
# Each kind's profile, by its name.
PROFILES = {
    "role": f"[profile role]\nrole_arn = {_ROLE}\nsource_profile = key\n",
    "permission-set": identity_center.permission_set("permission-set"),
    "console-login": f"[profile console-login]\nlogin_session = {_USER}\n",
    "process": "[profile process]\ncredential_process = {process}\n",
    "access-key": f"[profile access-key]\n{_KEY}",
}


@dataclass(frozen=True)
class Scene:
    """A home with a profile of each kind, logged in, and the services that were asked."""

    home: Home
    front: Front
    center: identity_center.Center
    ran: Path

    def forget(self) -> None:
        """As if nobody had asked yet."""
        shutil.rmtree(self.home.cache, ignore_errors=True)
        self.home.cache.mkdir(parents=True, mode=0o700)

    def requests(self) -> int:
        """How many requests were made, and how often the process ran."""
        runs = len(self.ran.read_text().splitlines()) if self.ran.exists() else 0
        operations = ("GetRoleCredentials", "CreateToken", "CreateOAuth2Token")
        return len(self.front.calls) + sum(map(self.center.calls, operations)) + runs


@contextmanager
def set_up(folder: Path) -> Iterator[Scene]:
    """Start the services, and make the home in `folder`."""
    front = Front("", session())
    front.start()
    try:
        with identity_center.serving() as center:
            ran, process = folder / "ran", folder / "process"
            document = {"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "s" * 40, "SessionToken": "t"}
            text = json.dumps(document | {"Expiration": "2099-01-01T00:00:00Z"})
            process.write_text(f"#!/bin/sh\necho run >> {ran}\necho '{text}'\n")
            process.chmod(0o700)
            home = Home(folder)
            home.environ |= {**center.environ(), "AWS_ENDPOINT_URL_STS": front.url, "AWS_REGION": "us-east-1"}
            sections = "".join(PROFILES.values()).replace("{process}", str(process))
            home.config.write_text(f"{identity_center.sso_session()}[profile key]\n{_KEY}{sections}")
            center.log_in(home)
            center.console_log_in(home)
            yield Scene(home, front, center, ran)
    finally:
        front.stop()


def _getting(scene: Scene, name: str, before: Callable[[], None] = lambda: None) -> Run:
    entry = str(Path(assume_helper.__path__[0], "__main__.py"))
    return Run([_python(), "-I", "-S", entry, "get", name], scene.home.environ, before)


def _python() -> str:
    """The interpreter itself: a shim in front of it would be what is measured."""
    return str(getattr(sys, "_base_executable", sys.executable))


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, set_up(Path(folder)) as scene:
        script = {name: Run([SCRIPT, "get", name], scene.home.environ, scene.forget) for name in PROFILES}
        miss = rows(in_turn(script, rounds), "role")
        scene.forget()
        for name in PROFILES:
            in_turn({name: Run([SCRIPT, "get", name], scene.home.environ)}, 2)
        bare = Run([_python(), "-I", "-S", "-c", "pass"], scene.home.environ)
        hits = {BARE: bare, **{name: _getting(scene, name) for name in PROFILES}}
        hit = rows(in_turn(hits, rounds), BARE)
        calls = {}
        for name in PROFILES:
            scene.forget()
            before = scene.requests()
            in_turn({name: Run([SCRIPT, "get", name], scene.home.environ)}, 1, AT_ONCE)
            calls[name] = scene.requests() - before
    found = {"hit": hit, "miss": miss, f"requests of {AT_ONCE} processes": calls}
    (HERE / "kinds.json").write_text(json.dumps(found, indent=1) + "\n")
    for name in PROFILES:
        print(
            f"{name:15} hit {hit[name]['ratio']:.2f} of the interpreter, miss {miss[name]['ratio']:.2f} of a role's, "
            f"{calls[name]} request of {AT_ONCE} processes"
        )


if __name__ == "__main__":
    main()
