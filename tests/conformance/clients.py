"""The clients: one row each, with what it needs, how it is run, and what it is known to do by itself.

A row's folder in `examples/sdk` has `run.sh BUILD_DIR [N]`, and `build.sh BUILD_DIR` where something is to be built.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import powershell

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "sdk"

# What the person sees when the helper fails: its line as the client's own error, its line as the helper wrote it, or
# only what the client makes of it.
IN_ERROR = "in its error"
AS_IT_IS = "as it is"
HIDDEN = "hidden"


@dataclass(frozen=True)
class Client:
    """One client. `needs` are the commands that must be there to build and to run it, each with what brings it.

    `built_at` is where it is when nothing is to be built; `version` is a file of its folder or a command, and the
    expression that finds the version in it. `absent` says, check by check, why that one cannot be made with it.
    """

    name: str
    label: str
    folder: str
    version: tuple[str | tuple[str, ...], str]
    failure: str
    needs: Mapping[str, str] = field(default_factory=dict)
    built_at: str | None = None
    # Build inputs that make the build's directory another one.
    locks: tuple[str, ...] = ()
    # It can say who it is: otherwise only the server can tell.
    tells_arn: bool = True
    # Keys in the environment win over AWS_PROFILE.
    environment_wins: bool = True
    # It finds profiles whose names have letters beyond ASCII.
    reads_all_letters: bool = True
    # It reads the credentials file alone: the process stands there too.
    reads_credentials_file: bool = False
    # It does not come back before the end, but when it has been refused; it then goes on.
    is_refused_first: bool = False
    # A request that it makes while a new session comes may be refused: its program makes it once more.
    may_mix_sessions: bool = False
    # Cheap enough for every check in `make test`.
    is_light: bool = False
    # One of those that are checked together: they share a session.
    shares: bool = False
    # Where there is much to build, it is built first.
    build_minutes: float = 0.0
    absent: Mapping[str, str] = field(default_factory=dict)
    # What of its folder is run.
    script: str = "run.sh"

    @property
    def path(self) -> Path:
        return EXAMPLES / self.folder

    def missing(self) -> list[str]:
        """What must be installed before it can be built and run, in words."""
        return [f"{command} ({brings})" for command, brings in self.needs.items() if not shutil.which(command)]

    def found_version(self) -> str:
        """The version that is run."""
        where, expression = self.version
        if isinstance(where, str):
            text = (self.path / where).read_text(encoding="utf-8")
        else:
            done = subprocess.run(where, capture_output=True, text=True, check=True)
            text = done.stdout + done.stderr
        match = re.search(expression, text, flags=re.M)
        assert match is not None, (self.name, expression)
        return match.group(1)


GO = {"go": "Go"}
JDK = {"java": "a JDK", "mvn": "Maven"}
NODE = {"node": "Node.js", "npm": "Node.js"}
REQUIREMENTS = ("requirements.txt",)
PACKAGES = ("package-lock.json",)

# PowerShell, which loads the SDK's assemblies: nothing is compiled.
DOTNET = powershell.folder() or Path("/nowhere")
_PWSH = str(DOTNET / "powershell" / "pwsh")
_VERSION_OF_DOTNET = (
    "env", *(f"{name}={value}" for name, value in powershell.QUIET.items()), _PWSH, "-NoProfile", "-Command",
    f"(Get-Item '{DOTNET}/awssdk/AWSSDK.Core.dll').VersionInfo.FileVersion",
)  # fmt: skip

OBSTORE = Client(
    "obstore",
    "obstore, by `exec`",
    "obstore",
    version=("requirements.txt", r"^obstore==(.+)$"),
    failure=AS_IT_IS,
    locks=REQUIREMENTS,
    tells_arn=False,
    environment_wins=False,
    absent={
        "half": "it runs no process: exec hands it the credentials",
        "refresh": "what stands in its environment stays as it is",
    },
)

CLIENTS = (
    Client(
        "boto3",
        "boto3",
        "boto3",
        version=("requirements.txt", r"^boto3==(.+)$"),
        failure=IN_ERROR,
        built_at=sys.prefix,
        is_light=True,
        shares=True,
    ),
    Client(
        "boto3-1.26",
        "boto3, of 2022",
        "boto3-1.26",
        version=("requirements.txt", r"^boto3==(.+)$"),
        failure=IN_ERROR,
        locks=REQUIREMENTS,
    ),
    Client(
        "s3fs",
        "s3fs, aiobotocore",
        "s3fs",
        version=("requirements.txt", r"^aiobotocore==(.+)$"),
        failure=IN_ERROR,
        locks=REQUIREMENTS,
    ),
    Client(
        "cli-v1",
        "AWS CLI v1",
        "cli",
        version=((f"{sys.prefix}/bin/aws", "--version"), r"aws-cli/(1\S+)"),
        failure=IN_ERROR,
        built_at=sys.prefix,
        is_light=True,
        shares=True,
    ),
    Client(
        "cli-v2",
        "AWS CLI v2",
        "cli",
        version=(("/usr/bin/aws", "--version"), r"aws-cli/(2\S+)"),
        failure=IN_ERROR,
        needs={"/usr/bin/aws": "Debian's awscli"},
        built_at="/usr",
        shares=True,
    ),
    Client(
        "javascript-v3",
        "JavaScript v3",
        "javascript-v3",
        version=("package.json", r'"@aws-sdk/client-s3": "(.+)"'),
        failure=HIDDEN,
        needs=NODE,
        locks=PACKAGES,
        environment_wins=False,
        reads_all_letters=False,
        shares=True,
    ),
    Client(
        "javascript-v2",
        "JavaScript v2",
        "javascript-v2",
        version=("package.json", r'"aws-sdk": "(.+)"'),
        failure=HIDDEN,
        needs=NODE,
        locks=PACKAGES,
    ),
    Client(
        "go-v2",
        "Go v2",
        "go-v2",
        version=("go.mod", r"aws-sdk-go-v2/config v(\S+)"),
        failure=AS_IT_IS,
        needs=GO,
        locks=("go.mod", "go.sum"),
        build_minutes=2.2,
        shares=True,
    ),
    Client(
        "go-v1",
        "Go v1",
        "go-v1",
        version=("go.mod", r"aws-sdk-go v(\S+)"),
        failure=AS_IT_IS,
        needs=GO,
        locks=("go.mod", "go.sum"),
        build_minutes=0.5,
    ),
    Client(
        "java-v2",
        "Java v2",
        "java-v2",
        version=("pom.xml", r"<version>(2\.[0-9.]+)</version>"),
        failure=HIDDEN,
        needs=JDK,
        locks=("pom.xml",),
        build_minutes=0.6,
        reads_all_letters=False,
        shares=True,
    ),
    Client(
        "java-v1",
        "Java v1",
        "java-v1",
        version=("pom.xml", r"<version>(1\.12[0-9.]+)</version>"),
        failure=HIDDEN,
        needs=JDK,
        locks=("pom.xml",),
        build_minutes=0.5,
    ),
    Client(
        "kotlin",
        "Kotlin",
        "kotlin",
        version=("pom.xml", r"<aws\.sdk\.version>([0-9.]+)<"),
        failure=IN_ERROR,
        needs=JDK,
        locks=("pom.xml",),
        build_minutes=0.9,
    ),
    Client(
        "rust",
        "Rust",
        "rust",
        version=("Cargo.lock", r'^name = "aws-config"\nversion = "(.+)"$'),
        failure=IN_ERROR,
        needs={"cargo": "Rust", "cc": "a C compiler"},
        locks=("Cargo.lock",),
        build_minutes=6.0,
        reads_all_letters=False,
        shares=True,
    ),
    Client(
        "ruby",
        "Ruby",
        "ruby",
        version=(("ruby", "-e", 'require "aws-sdk-core"; puts Aws::CORE_GEM_VERSION'), r"^([0-9.]+)$"),
        failure=AS_IT_IS,
        needs={"ruby": "Debian's ruby and ruby-aws-sdk-s3"},
        locks=("list_buckets.rb",),
    ),
    Client(
        "dotnet",
        ".NET",
        "dotnet",
        version=(_VERSION_OF_DOTNET, r"^([0-9]+\.[0-9]+\.[0-9]+)"),
        failure=IN_ERROR,
        needs={_PWSH: "../shared/pwsh"},
        built_at=str(DOTNET),
        may_mix_sessions=True,
    ),
    Client(
        "pyarrow",
        "C++ (pyarrow)",
        "pyarrow",
        version=("requirements.txt", r"^pyarrow==(.+)$"),
        failure=HIDDEN,
        locks=REQUIREMENTS,
        tells_arn=False,
        reads_all_letters=False,
    ),
    Client(
        "duckdb",
        "C++ (duckdb)",
        "duckdb",
        version=("requirements.txt", r"^duckdb==(.+)$"),
        failure=HIDDEN,
        locks=REQUIREMENTS,
        tells_arn=False,
        environment_wins=False,
        reads_all_letters=False,
        is_refused_first=True,
    ),
    Client(
        "awscrt",
        "CRT (awscrt)",
        "awscrt",
        version=("requirements.txt", r"^awscrt==(.+)$"),
        failure=HIDDEN,
        locks=REQUIREMENTS,
        reads_all_letters=False,
    ),
    Client(
        "rclone",
        "rclone",
        "rclone",
        version=(("rclone", "version"), r"^rclone v?([0-9.]+)"),
        failure=AS_IT_IS,
        needs={"rclone": "Debian's rclone"},
        built_at="/usr",
        tells_arn=False,
    ),
    Client(
        "terraform",
        "Terraform's S3 backend",
        "terraform",
        version=(("terraform", "version"), r"^Terraform v(\S+)"),
        failure=AS_IT_IS,
        needs={"terraform": "Terraform"},
        built_at="/usr",
        tells_arn=False,
        shares=True,
    ),
    Client(
        "restic",
        "restic (minio-go)",
        "restic",
        version=(("restic", "version"), r"^restic ([0-9.]+)"),
        failure=HIDDEN,
        needs={"restic": "Debian's restic"},
        built_at="/usr",
        tells_arn=False,
        reads_credentials_file=True,
        absent={"odd-names": "it splits the command at blanks"},
    ),
    OBSTORE,
    replace(
        OBSTORE,
        name="obstore-refresh",
        label="obstore, by `exec --refresh`",
        absent={"half": "it runs no process: it asks the endpoint of exec --refresh"},
        script="run-refresh.sh",
    ),
)
