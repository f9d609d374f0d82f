"""`exec --sandbox`: whether it can be, what its program sees, and the program's run."""

import os
import shutil
import sys
import tempfile
import urllib.parse
from collections.abc import Mapping, Sequence

import click

from assume_helper.cli import audit_log
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError, SettingFault
from assume_helper.export import (
    guarded,
    hidden_places,
    left_for_git,
    mount_points,
    protected_repository,
    sandbox,
    sandbox_first_step,
    sandbox_process,
    sandbox_variables,
)
from assume_helper.export.guarded import Guarded
from assume_helper.export.sandbox import Network, Places, is_in
from assume_helper.light import Any, dataclass, replace
from assume_helper.profiles import aws_config, session_policy
from assume_helper.system import private_files
from assume_helper.text import printable

# Only these leave a session fewer rights than its role has.
_NARROWING = ("read_only", "session_policy", "policy_arns")
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")  # noqa: S104 - compared with, not bound to
# Of name servers: those, and what the metadata services' addresses are closed with (Amazon's, Kubernetes' NodeLocal).
_OUT_OF_REACH = (*_LOOPBACK, "169.254.", "fd00:ec2:")
_LONGEST_POLICY = 64 * 1024  # bytes
_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - its variable
_PREFIX = "assume-helper-sandbox-"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that can be set up: the paths of its programs, the working directory, and whose it is.

    `python` is the interpreter itself, not a virtual environment's link to it, which may lie in a hidden place.
    `machine` is as uname(2) has it, `policy` the file of --session-policy, or "".
    """

    programs: tuple[str, ...]
    working: str
    python: str
    machine: str
    user: int
    group: int
    policy: str

    def guarded(self, environ: Mapping[str, str]) -> Guarded:
        """What it cannot change in the working directory: what Git runs, and policies, which the next run would use.

        Raises ConfigurationError where that cannot be kept.
        """
        found = [protected_repository.protected(self.working)]
        for file in (self.policy, *session_policy.files(aws_config.load(environ))):
            path = guarded.within(os.path.abspath(file), self.working) if file else None
            if path is not None and os.path.lexists(path):
                found.append(guarded.guarded(path, self.working))
        return guarded.joined(found)

    def places(self, environ: Mapping[str, str], kept: Guarded) -> Places:
        """What a program sees of the files as they are now. Raises ConfigurationError where it would see too much."""
        log = audit_log.path()
        hidden = hidden_places.hidden(environ, self.working, [os.path.dirname(log)] if log else [])
        _require_working(self.working, hidden, hidden_places.homes(environ))
        base = os.path.realpath(sys.base_prefix)
        is_hidden = any(is_in(base, place) for place in (*hidden, *sandbox.SCRATCH)) and not is_in(base, self.working)
        needed = (base,) if is_hidden else ()
        return Places(self.working, hidden, kept.pinned, kept.read_only, kept.absent, needed)

    def run(
        self, invocation: Invocation, name: str, given: Mapping[str, str], command: Sequence[str], *, is_shell: bool
    ) -> int:
        """Run `command` with the variables that are `given` for the profile `name`; its exit code.

        `is_shell`: it is the user's shell.

        Raises SettingFault where the sandbox cannot be set up.
        """
        environ = sandbox_variables.environment(invocation.environ, name, given)
        hidden_places.make(invocation.environ)
        kept = self.guarded(invocation.environ)
        places = self.places(invocation.environ, kept)
        if _TOKEN_FILE in given:  # of the endpoint of --refresh
            places = replace(places, needed=(*places.needed, os.path.dirname(given[_TOKEN_FILE])))
        before = left_for_git.seen(self.working, kept)
        with mount_points.held(self.working, places.absent), tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
            status, filtered, log = (os.path.join(folder, file) for file in ("status", "filter", "log"))
            with open(filtered, "wb") as file:
                file.write(sandbox_first_step.filtering(self.machine))
            words = sandbox.words(
                self.programs,
                places,
                _network(environ, places, folder),
                command,
                python=self.python,
                status=status,
                filtered=filtered,
                log=log,
                user=self.user,
                group=self.group,
                is_shell=is_shell and sandbox_process.has_terminal(),
            )
            code = sandbox_process.run(words, environ, status, log)
        for warning in left_for_git.warnings(self.working, before, left_for_git.seen(self.working, kept)):
            invocation.say(f"assume-helper: warning: {warning}")
        return code


def with_policy_itself(options: Mapping[str, Any]) -> dict[str, Any]:
    """`options` with the policy in place of the file that has it: a program that may write to that could widen its own
    session, which is refreshed. What is wrong with the file is told where the session is asked for.
    """
    found, given = dict(options), options.get("session_policy")
    if given and not given.lstrip().startswith("{"):
        try:
            text = private_files.read_with_state(os.path.expanduser(given), _LONGEST_POLICY)[0].decode("utf-8-sig")
        except (OSError, ValueError):
            return found
        if text.lstrip().startswith("{"):
            found["session_policy"] = text
    return found


def require_narrowing(options: Mapping[str, Any]) -> None:
    """Raise click.UsageError where no option among `options` narrows the session."""
    if not any(options.get(name) for name in _NARROWING):
        raise click.UsageError(
            "--sandbox is for a session with fewer rights: add --read-only, --session-policy or --policy-arn"
        )


def prepare(invocation: Invocation, options: Mapping[str, Any]) -> Sandbox:
    """What the sandbox is made of, before anything is asked of AWS.

    Raises ConfigurationError where it cannot be set up here, or where the working directory cannot be its program's.
    """
    if sys.platform != "linux":
        raise ConfigurationError("--sandbox needs Linux", "run it there, or leave out --sandbox")
    if os.geteuid() == 0:
        raise ConfigurationError("--sandbox does not run as root, for pasta does not", "run it as another user")
    machine = os.uname().machine
    if not sandbox_first_step.is_known(machine):
        raise ConfigurationError(
            f"--sandbox does not know this machine's system calls ({printable(machine)})",
            "run it on another machine, or leave out --sandbox",
        )
    environ = invocation.environ
    programs = tuple(_program(name, environ) for name in sandbox.PROGRAMS)
    python = os.path.realpath(sys.executable)
    given = options.get("session_policy") or ""
    policy = "" if given.lstrip().startswith("{") else os.path.expanduser(given)
    working = os.path.realpath(_working_directory())
    made = Sandbox(programs, working, python, machine, os.getuid(), os.getgid(), policy)
    made.places(environ, made.guarded(environ))
    return made


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise SettingFault(f"the working directory cannot be used ({error.strerror})", "go to another one") from None


def _program(name: str, environ: Mapping[str, str]) -> str:
    found = shutil.which(name, path=f"{environ.get('PATH') or os.defpath}:{sandbox.ALSO_SEARCHED}")
    if found is None:
        package = {"bwrap": "bubblewrap", "pasta": "passt", "ip": "iproute2", "unshare": "util-linux"}[name]
        raise ConfigurationError(f"--sandbox needs {name}, which is not here", f"install the package {package}")
    return os.path.abspath(found)


def _require_working(working: str, hidden: Sequence[str], homes: Sequence[str]) -> None:
    """Raise ConfigurationError where a program that may write to `working` could reach what it must not."""
    folder = printable(working)
    if any(is_in(home, working) for home in homes):
        what = "is your home directory" if working in homes else "contains your home directory"
        raise ConfigurationError(
            f"a program in the sandbox may write to the working directory, and {folder} {what}",
            "go to the folder that it is to work in",
        )
    around = (*sandbox.SCRATCH, "/etc", "/usr", "/dev", "/proc", "/sys")
    if any(is_in(place, working) for place in around) or any(is_in(working, place) for place in around[3:]):
        raise ConfigurationError(
            f"{folder} is the system's, and cannot be the working directory of a program in the sandbox",
            "go to the folder that it is to work in",
        )
    if any(is_in(working, place) for place in hidden):
        raise ConfigurationError(
            f"{folder} is hidden from a program in the sandbox, and cannot be its working directory",
            "go to the folder that it is to work in",
        )


def _network(environ: Mapping[str, str], places: Places, folder: str) -> Network:
    """The ports of the endpoints on this machine's loopback in `environ`, and the name servers.

    A file for these is written to `folder` where the system's own cannot be used.
    """
    ports = set()
    for name, value in environ.items():
        if name.startswith(("AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI")):
            port = _loopback_port(value)
            if port is not None:
                ports.add(port)
    path = os.path.realpath(sandbox.RESOLVER)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return Network(tuple(sorted(ports)))
    servers = [line.split()[1] for line in lines if line.startswith("nameserver") and len(line.split()) > 1]
    is_forwarded = not servers or any(server.startswith(_OUT_OF_REACH) for server in servers)
    if not is_forwarded and not any(is_in(path, place) for place in (*places.hidden, *sandbox.SCRATCH)):
        return Network(tuple(sorted(ports)))
    if is_forwarded:
        others = [line for line in lines if not line.startswith("nameserver")]
        lines = [f"nameserver {sandbox.NAME_SERVER}", *others]
    resolver = os.path.join(folder, "resolv.conf")
    with open(resolver, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n".join(lines) + "\n")
    return Network(tuple(sorted(ports)), resolver, path, is_forwarded)


def _loopback_port(url: str) -> int | None:
    """The port of `url` if it is on this machine's loopback; None where it is not, or is no URL."""
    try:
        parts = urllib.parse.urlsplit(url)
        if (parts.hostname or "").startswith(_LOOPBACK):
            return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        pass
    return None
