"""What people would pick instead: which of it is here, or can be installed, and how it is asked for credentials."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from installed import Environment, aws_cli_2, environment, last_line
from measure import Run, problem, ran
from scene import SDK_ROLE, USER, Scene

HERE = Path(__file__).resolve().parent
# Compiled programs: shown only where they are on PATH, or named by `--peer`, and so run in the same run.
_COMMANDS: dict[str, tuple[str, ...]] = {
    "aws-vault": ("aws-vault", "export", "--format=json", SDK_ROLE),
    "granted": ("granted", "credential-process", "--profile", SDK_ROLE),
    "aws-runas": ("aws-runas", "-O", "json", SDK_ROLE),
}


@dataclass(frozen=True)
class Peer:
    """A program and its version, how it is asked, and whether it remembers what it got."""

    name: str
    version: str
    run: Run = field(repr=False)
    remembers: bool


@dataclass
class Found:
    """The peers that answer, and why the others are not measured."""

    peers: list[Peer] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, peer: Peer) -> None:
        """Ask it once: that fills its cache, and shows whether it answers."""
        trouble = problem(peer.run)
        if trouble is None:
            self.peers.append(peer)
        else:
            self.left_out[peer.name] = trouble


def found(scene: Scene, folder: Path, ours: Environment, named: Sequence[str], *, install: bool) -> Found:
    """All that can be had; `named` are further ones, as NAME=COMMAND."""
    peers = Found()
    environ = scene.environ()
    scripts = HERE / "scripts"
    boto3 = "boto3 " + ours.version("boto3")
    role = [str(scripts / "assume_role.py"), USER, scene.role_arn]
    peers.add(Peer("boto3, AssumeRole", boto3, Run([ours.python, *role], environ), remembers=False))
    cached = [ours.python, str(scripts / "file_cache.py"), SDK_ROLE]
    peers.add(Peer("boto3 with a file cache", boto3, Run(cached, environ), remembers=True))
    if install:
        for name, make in _installable(scene, folder):
            try:
                for peer in make():
                    peers.add(peer)
            except subprocess.CalledProcessError as error:
                peers.left_out[name] = "cannot be installed: " + last_line(error.stderr)
            except (OSError, ValueError, StopIteration) as error:
                peers.left_out[name] = f"cannot be installed ({type(error).__name__})"
    here = shutil.which("aws", path=os.defpath)
    if here is not None:
        for peer in _aws_cli("AWS CLI of the system", here, scene, takes_endpoints=False):
            peers.add(peer)
    for name, command in _COMMANDS.items():
        path = shutil.which(command[0])
        if path is None:
            peers.left_out.setdefault(name, "not on PATH")
        else:
            peers.add(Peer(name, "", Run([path, *command[1:]], environ | _FOR_VAULT), remembers=True))
    for text in named:
        name, _, line = text.partition("=")
        words = [word.replace("{profile}", SDK_ROLE) for word in line.split()]
        peers.left_out.pop(name, None)
        peers.add(Peer(name, "", Run(words, environ | _FOR_VAULT), remembers=True))
    return peers


# Without a keyring of the desktop's.
_FOR_VAULT = {"AWS_VAULT_BACKEND": "file", "AWS_VAULT_FILE_PASSPHRASE": "benchmark"}
_Making = Callable[[], Iterator[Peer]]


def _installable(scene: Scene, folder: Path) -> list[tuple[str, _Making]]:
    def cli_1() -> Iterator[Peer]:
        made = environment(folder, "awscli")
        yield from _aws_cli("AWS CLI v1", made.script("aws"), scene, remembers=False)

    def cli_2() -> Iterator[Peer]:
        yield from _aws_cli("AWS CLI v2", str(aws_cli_2(folder)), scene)

    def export_credentials() -> Iterator[Peer]:
        made = environment(folder, "aws-export-credentials", "boto3<1.35", pinned=False)
        cache = str(scene.home / ".cache" / "exported.json")
        os.makedirs(os.path.dirname(cache), exist_ok=True)
        command = [made.script("aws-export-credentials"), "--profile", SDK_ROLE, "--cache-file", cache]
        version = made.version("aws-export-credentials")
        yield Peer("aws-export-credentials", version, Run(command, scene.environ()), remembers=True)

    def credential_process() -> Iterator[Peer]:
        made = environment(folder, "aws-credential-process", "keyrings.alt", pinned=False)
        command = [made.script("aws-credential-process"), "--assume-role-arn", scene.role_arn]
        version = made.version("aws-credential-process")
        environ = scene.environ(PYTHON_KEYRING_BACKEND="keyrings.alt.file.PlaintextKeyring")
        yield Peer("aws-credential-process", version, Run(command, environ), remembers=True)

    return [
        ("AWS CLI v1", cli_1),
        ("AWS CLI v2", cli_2),
        ("aws-export-credentials", export_credentials),
        ("aws-credential-process", credential_process),
    ]


def _aws_cli(
    name: str, aws: str, scene: Scene, *, remembers: bool = True, takes_endpoints: bool = True
) -> Iterator[Peer]:
    """Its two ways: a role that is assumed anew, and what `configure export-credentials` remembers (v2 only).

    Where it `takes_endpoints` from the config it finds the local STS there.
    """
    environ = scene.environ()
    said = ran(Run([aws, "--version"], environ))
    version = (said.stdout or said.stderr).decode("utf-8", "replace").split()[0].rpartition("/")[2]
    role = ["--profile", USER, "--role-arn", scene.role_arn, "--role-session-name", "benchmark", "--output", "json"]
    endpoint = [] if takes_endpoints else ["--endpoint-url", scene.url]
    command = [aws, "sts", "assume-role", *role, *endpoint]
    yield Peer(f"{name}, sts assume-role", version, Run(command, environ), remembers=False)
    if remembers:
        # One that does not take endpoints finds what the other v2 has left in the cache that they share.
        command = [aws, "configure", "export-credentials", "--profile", SDK_ROLE]
        yield Peer(f"{name}, export-credentials", version, Run(command, environ), remembers=True)
