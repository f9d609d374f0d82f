"""The walkthrough on a local AWS: what took five steps by hand takes none.

`make demo` runs it. Nothing is left behind: the server, its account and the folder with the keys go when it ends.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import boto3
import local_aws
import prepare

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
BIN = Path(sys.executable).parent


def paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def step(number: int, title: str) -> None:
    print(f"\n{paint(f'{number}. {title}', '1')}")


def run(environ: dict[str, str], *command: str, allowed: bool = True) -> str:
    """Run a command as a person would type it, and show what it says; stop where it does not go as it should."""
    print(paint(f"   $ {' '.join(command)}", "36"))
    # not the script `aws`: where there is a blank in the path its first line does not work
    words = [sys.executable, "-m", "awscli", *command[1:]]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    said = (done.stdout + done.stderr).strip()
    for line in said.splitlines():
        if line.strip():
            print(f"   {line.strip()}")
    if (done.returncode == 0) is not allowed:
        raise SystemExit(f"   this should have been {'allowed' if allowed else 'denied'} (exit {done.returncode})")
    return done.stdout


def timed(environ: dict[str, str]) -> tuple[dict[str, str], float]:
    """The helper's document, and the milliseconds that it took."""
    begun = time.perf_counter()
    done = subprocess.run(
        [str(BIN / "assume-helper"), "get", prepare.ROLE],
        env=environ, capture_output=True, stdin=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return json.loads(done.stdout), (time.perf_counter() - begun) * 1000


def walkthrough(url: str, home: Path) -> None:
    administrator = boto3.Session("local", "local", region_name="us-east-1")
    administrator.client("s3", endpoint_url=url).create_bucket(Bucket="walkthrough-bucket")
    aws = home / ".aws"
    aws.mkdir(mode=0o700)
    prepare.prepare(administrator, url, aws, prepare.helper_command())
    local_aws.close(url)

    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}
    print(paint("assume-helper, on a local AWS that enforces IAM", "1"))
    step(1, f"The user {prepare.USER}: an access key, and no right but to assume {prepare.ROLE}")
    run(environ, "aws", "sts", "get-caller-identity", "--profile", prepare.USER, "--query", "Arn", "--output", "text")
    step(2, "So the user sees no buckets")
    run(environ, "aws", "s3", "ls", "--profile", prepare.USER, allowed=False)
    step(3, "A profile in ~/.aws/config, and that is all there is to do")
    _, _, profile = (aws / "config").read_text().partition(f"[profile {prepare.ROLE}]")
    print(f"   [profile {prepare.ROLE}]{profile.rstrip()}".replace("\n", "\n   "))
    step(4, "With it, the same command is allowed")
    run(environ, "aws", "s3", "ls", "--profile", prepare.ROLE)
    run(environ, "aws", "sts", "get-caller-identity", "--profile", prepare.ROLE, "--query", "Arn", "--output", "text")
    step(5, "What the AWS CLI does not wait for: the second call comes from the cache")
    _, cold = timed({**environ, "ASSUME_HELPER_CACHE_DIR": str(home / "empty-cache")})
    document, warm = timed(environ)
    print(f"   assume-helper get {prepare.ROLE}   {cold:6.0f} ms   with an empty cache, asking STS")
    print(f"   assume-helper get {prepare.ROLE}   {warm:6.0f} ms   from the cache")
    step(6, "Until the credentials run out, and new ones are fetched")
    left = datetime.fromisoformat(document["Expiration"]) - datetime.now(UTC)
    print(f"   {document['AccessKeyId']} expires {document['Expiration']}: in {left.total_seconds() / 60:.0f} minutes")


def main() -> int:
    for name in list(os.environ):  # nothing of yours is used: no profile, key, bundle or proxy
        if name.upper().startswith("AWS_") or name.upper().endswith("_PROXY"):
            del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="assume-helper-demo-") as folder, local_aws.started() as url:
        walkthrough(url, Path(folder))
    print("\nThe local AWS is stopped, and its keys are gone.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
