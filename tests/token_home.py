"""A home whose profile `dev` is a role over a token of an identity provider, and the STS that takes such tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from canned import Asked, Canned, serving
from front import ACCOUNT, Front
from running import Home
from strict_tokens import SAML_PROVIDER, Issuer, SAMLProvider, StrictTokens

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/dev"
JOB = "/pipelines/1/idtoken?api-version=2.0"
JOB_SECRET = "CanaryRequestTokenOfTheJob0123456789"


@dataclass
class TokenHome:
    """The home; `program` is a command that notes each run in `ran`, and prints the file `printed`."""

    home: Home
    front: Front
    sts: StrictTokens = field(default_factory=StrictTokens)
    issuer: Issuer = field(default_factory=Issuer)

    def __post_init__(self) -> None:
        self.front.behaviour = self.sts
        self.home.environ |= {"AWS_ENDPOINT_URL_STS": self.front.url, "AWS_REGION": "us-east-1"}
        folder = self.home.folder
        self.ran, self.printed, self.program = folder / "ran", folder / "printed", folder / "token-program"
        self.does(f"cat {self.printed}")
        self.prints(self.issuer.token() + "\n")

    def does(self, command: str) -> None:
        """Have the program do this from now on."""
        text = f"#!/bin/sh\necho run >>{self.ran}\n{command}\n"
        if not self.program.exists() or self.program.read_text() != text:
            self.program.write_text(text)
            self.program.chmod(0o700)

    def prints(self, text: str) -> None:
        """Have the program print this from now on."""
        self.printed.write_text(text)

    def configure(self, *lines: str, name: str = "dev") -> None:
        """The profile `name` has its role and these lines."""
        text = "".join(f"{line}\n" for line in lines)
        with self.home.config.open("a") as config:
            config.write(f"[profile {name}]\nrole_arn = {ROLE_ARN[:-3]}{name}\n{text}")

    @property
    def runs(self) -> int:
        """How often the program was run."""
        return len(self.ran.read_text().splitlines()) if self.ran.exists() else 0

    def written(self) -> bytes:
        """All that is in the home's cache and log."""
        folders = (self.home.cache, self.home.log.parent)
        return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


def assertion(**more: float) -> str:
    """An assertion for the role of `dev`."""
    return SAMLProvider().assertion(f"{ROLE_ARN},{SAML_PROVIDER}", **more)


@contextmanager
def github(issuer: Issuer) -> Iterator[tuple[Canned, dict[str, str]]]:
    """GitHub's token service, and the variables of a job that may ask it."""

    def answer(asked: Asked) -> tuple[int, object]:
        if asked.headers.get("authorization") != f"bearer {JOB_SECRET}":
            return 401, {"message": "bad token"}
        return 200, {"count": 1, "value": issuer.token(audience=asked.path.rpartition("&audience=")[2])}

    with serving(answer) as canned:
        url = f"{canned.url}{JOB}"
        yield canned, {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": JOB_SECRET}


def eks(folder: Path, token: str, **more: str) -> dict[str, str]:
    """The variables that EKS sets in a pod, with the token in its file."""
    path = folder / "eks-token"
    path.write_text(token)
    variables = {"AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/pod", "AWS_WEB_IDENTITY_TOKEN_FILE": str(path)}
    return variables | {"AWS_ROLE_SESSION_NAME": "pod-7"} | more
