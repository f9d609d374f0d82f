"""The documents' commands with their real output, and pictures of some of them, on a local AWS.

    python show.py            # runs every `$ ...` line of a ```console block, and writes what it prints
    python show.py --check    # says which documents and pictures are out of date; exit 1 if any is

Each document starts in a home of its own. What differs from run to run (times, keys, names) is masked.
"""

import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import boto3

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "examples" / "walkthrough"), str(ROOT / "tests")]

import local_aws  # noqa: E402
import pictures  # noqa: E402
import prepare  # noqa: E402

BIN = Path(sys.executable).parent
CONFIG = """\
[profile dev]
credential_process = /home/me/.local/bin/assume-helper get dev
assume_helper_role_arn = {role}
assume_helper_source_profile = me
region = eu-central-1

[profile ops]
role_arn = arn:aws:iam::123456789012:role/ops
source_profile = me
mfa_serial = arn:aws:iam::123456789012:mfa/me

[profile audit]
role_arn = arn:aws:iam::210987654321:role/audit
source_profile = dev
"""
# What is replaced in outputs: by a pattern, in this order.
_TIME = r"\d+ (?:d|h|min|s)(?: \d+ (?:h|min|s))?"


def documents() -> list[Path]:
    """The documents that show what commands print."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if "\n```console\n" in path.read_text(encoding="utf-8")]


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    for name in list(os.environ):  # nothing of yours is used: no profile, key, bundle or proxy
        if name.upper().startswith("AWS_") or name.upper().endswith("_PROXY"):
            del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="assume-helper-show-") as folder, local_aws.started() as url:
        home, environ = prepared(Path(folder), url)
        pristine = Path(folder) / "pristine"
        shutil.copytree(home, pristine, symlinks=True)
        mask = masks(home, url)
        told = {path: path.read_text(encoding="utf-8") for path in documents()}
        written = {}
        for path, text in told.items():
            renew(home, pristine)
            written[path] = with_outputs(text, lambda line: mask(typed(line, home, environ)))
        renew(home, pristine)
        typed("assume-helper get dev", home, environ)
        drawn = pictures.of_profiles(home, environ, mask) | pictures.of_logins(Path(folder), environ, mask)
    stale = {path: written[path] for path in told if steady(written[path]) != steady(told[path])}
    for name, svg in drawn.items():
        path = HERE / f"{name}.svg"
        if not path.exists() or steady(pictures.words(path.read_text(encoding="utf-8"))) != steady(pictures.words(svg)):
            stale[path] = svg
    for path, text in stale.items():  # what differs in times and keys alone stays as it is
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: make docs", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def renew(home: Path, pristine: Path) -> None:
    """Make `home` a fresh copy of `pristine`."""
    shutil.rmtree(home)
    shutil.copytree(pristine, home, symlinks=True)


def prepared(folder: Path, url: str) -> tuple[Path, dict[str, str]]:
    """A home as the documents describe it, on a local AWS where `me` may only assume `dev`."""
    home = folder / "me"
    aws, made = home / ".aws", folder / "made"
    aws.mkdir(parents=True, mode=0o700)
    made.mkdir()
    (home / ".local" / "bin").mkdir(parents=True)
    (home / ".local" / "bin" / "assume-helper").symlink_to(BIN / "assume-helper")
    administrator = boto3.Session("local", "local", region_name="eu-central-1")
    administrator.client("s3", endpoint_url=url).create_bucket(
        Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    prepare.prepare(administrator, url, made, "assume-helper")
    local_aws.close(url)
    role = re.search(r"role_arn = (\S+)", (made / "config").read_text())
    assert role is not None
    (aws / "config").write_text(CONFIG.format(role=role.group(1)).replace("/home/me", str(home)))
    (aws / "credentials").write_text((made / "credentials").read_text().replace("[sts-user]", "[me]"))
    (aws / "credentials").chmod(0o600)
    environ = {
        "PATH": f"{home}/.local/bin:{BIN}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_ENDPOINT_URL": url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "TERM": "xterm-256color",
        "SHELL": "/bin/bash",
        "COLUMNS": str(pictures.WIDTH),
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
    }
    return home, environ


def with_outputs(text: str, output: Callable[[str], str]) -> str:
    """`text` with the output of each `$ ...` line of its console blocks written after it."""

    def block(found: re.Match[str]) -> str:
        lines = [line for line in found.group(1).splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"{line}\n{output(line[2:])}" for line in lines) + "```\n"

    return re.sub(r"^```console\n(.*?)^```\n", block, text, flags=re.M | re.S)


def typed(line: str, home: Path, environ: dict[str, str]) -> str:
    """What a person sees who types `line`."""
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        env=environ,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        start_new_session=True,
    )
    said = done.stdout.decode("utf-8", "replace")
    return "".join(line.rstrip() + "\n" for line in said.splitlines())


def masks(home: Path, url: str) -> Callable[[str], str]:
    """What is one run's, written in one way."""
    who = f"{getpass.getuser()}@{socket.gethostname().partition('.')[0]}"

    def mask(text: str) -> str:
        text = text.replace(str(home), "/home/me").replace(url, "http://127.0.0.1:5000").replace(who, "me@laptop")
        text = text.replace("user/sts-user", "user/me").replace("sts-role", "dev-role")
        text = re.sub(r"(user id  )[a-z0-9]{20}\b", r"\1AIDA...", text)
        text = re.sub(r"((?:SECRET_ACCESS_KEY|SESSION_TOKEN)=)\S+", r"\1'...'", text)
        text = re.sub(r'("(?:SecretAccessKey|SessionToken)": ?)"[^"]*"', r'\1"..."', text)
        text = re.sub(r"\b(A[SK]IA)[A-Z0-9]{12}([A-Z0-9]{4})\b", r"\1...\2", text)
        return re.sub(r"\b(AIDA|AROA)[A-Z0-9]{17}\b", r"\1...", text)

    return mask


def steady(text: str) -> str:
    """`text` without what differs from run to run."""
    text = re.sub(_TIME, "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?\S*", "WHEN", text)
    text = re.sub(r"\.\.\.[A-Z0-9]{4}", "...KEY", text)
    text = re.sub(r"\d+\.\d+ s\b", "TIME", text)
    text = re.sub(r"\t[A-Z0-9]{4}\t", "\tKEY\t", text)
    return re.sub(r"[ \u00a0]+", " ", text)


if __name__ == "__main__":
    sys.exit(main())
