"""A host of its own for `exec --sandbox`: files, a network with all that must be out of reach, and a user on it.

Tests run as root, and pasta does not: what is started here is another user, by a user namespace, to whom root's files
are its own. The network has no way out. Servers on the host's other addresses stand for the rest of the world.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from front import Front, session
from needs import mounts_of_its_own
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home, Ran

AS_USER = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
# The interpreter by itself, without what lies in the virtual environment.
PYTHON = os.path.realpath(sys.executable)
READ_ONLY = "--read-only"
# Of the host: an address that stands for the rest of the network, and those of the metadata services.
FAR = "203.0.113.10"
METADATA = ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd00:ec2::23")
_NONE: Mapping[str, str] = {}
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET of unshare(2) and setns(2)
_LINKS = """
link set lo up
link add eth0 type veth peer name eth1
link set eth0 up
link set eth1 up
addr add 198.18.0.2/24 dev eth0
route add default via 198.18.0.1
addr add fd12::2/64 dev eth0 nodad
route add default via fd12::1
"""


@dataclass
class Host:
    """The host: `home` is its user's, `work` the folder that programs run in, `front` the STS on its loopback."""

    home: Home
    front: Front
    stack: ExitStack
    covered: list[str] = field(default_factory=list)
    work: Path = field(init=False)

    def __post_init__(self) -> None:
        self.work = self.home.folder / "project"
        self.work.mkdir()

    def words(self, *command: str, options: Sequence[str] = (READ_ONLY,)) -> list[str]:
        """The command line that runs `command` in the sandbox as the user."""
        return [*AS_USER, SCRIPT, "exec", "--sandbox", *options, "dev", "--", *command]

    def outside(self, *command: str, cwd: Path | None = None, environ: Mapping[str, str] = _NONE) -> Ran:
        """Run `command` as the user, without a sandbox."""
        return self.run([*AS_USER, *command], cwd, environ)

    def inside(
        self,
        *command: str,
        options: Sequence[str] = (READ_ONLY,),
        cwd: Path | None = None,
        environ: Mapping[str, str] = _NONE,
    ) -> Ran:
        """Run `command` in the sandbox as the user."""
        return self.run(self.words(*command, options=options), cwd, environ)

    def run(self, words: Sequence[str], cwd: Path | None = None, environ: Mapping[str, str] = _NONE) -> Ran:
        """Run `words` as root, in the working directory or in `cwd`."""
        done = subprocess.run(
            words,
            env={**self.home.environ, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=cwd or self.work,
            start_new_session=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    def both(self, code: str, *arguments: str, **environ: str) -> tuple[object, object]:
        """What the Python program `code` prints outside, and what in the sandbox, each as JSON."""
        words = (PYTHON, "-I", "-S", "-c", code, *arguments)
        found = []
        for ran in (self.outside(*words, environ=environ), self.inside(*words, environ=environ)):
            assert (ran.code, ran.stderr) == (0, ""), ran.stderr
            found.append(json.loads(ran.stdout))
        return found[0], found[1]

    def environment(self, *options: str, **environ: str) -> dict[str, str]:
        """The environment of a program in the sandbox."""
        code = "import json, os; print(json.dumps(dict(os.environ)))"
        ran = self.inside(PYTHON, "-I", "-S", "-c", code, options=(READ_ONLY, *options), environ=environ)
        assert (ran.code, ran.stderr) == (0, ""), ran.stderr
        found: dict[str, str] = json.loads(ran.stdout)
        return found

    def listen(self, address: str) -> int:
        """A server at `address`, which takes connections until the test ends; its port."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = self.stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.bind((address, 0))
        listener.listen()
        port: int = listener.getsockname()[1]
        return port

    def listen_at(self, path: str) -> None:
        """A server at a socket's path, or at an abstract address, which begins with a NUL."""
        listener = self.stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        listener.bind(path)
        listener.listen()

    def folder_of(self, path: str) -> None:
        """Have the folder that `path` lies in: what of it is not there is made in memory, over what is."""
        folder = os.path.realpath(os.path.dirname(path))
        top = Path("/", *Path(folder).parts[1:2])
        if top.name not in ("mnt", *self.covered):
            self.covered.append(top.name)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", top], check=True)
        os.makedirs(folder, exist_ok=True)

    def serve_names(self, address: str, name: str, *, in_run: bool = False) -> None:
        """A name server at `address`, in the place of the host's own, which knows `name` alone.

        `in_run`: the system's file is a link to one in /run.
        """
        listener = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        listener.bind((address, 53))
        thread = threading.Thread(target=_answer_names, args=(listener, name), daemon=True)
        thread.start()
        self.stack.callback(_end, listener, thread)
        text = f"nameserver {address}\n"
        if in_run:
            self.folder_of("/run/resolv.conf")
            Path("/run/resolv.conf").write_text(text)
            subprocess.run(["cp", "-a", "/etc", "/mnt/etc"], check=True)
            subprocess.run(["ln", "-sf", "/run/resolv.conf", "/mnt/etc/resolv.conf"], check=True)
            subprocess.run(["mount", "--bind", "/mnt/etc", "/etc"], check=True)
        else:
            file = self.home.folder.parent / "resolv.conf"
            file.write_text(text)
            subprocess.run(["mount", "--bind", file, os.path.realpath("/etc/resolv.conf")], check=True)


def _end(listener: socket.socket, thread: threading.Thread) -> None:
    with suppress(OSError):  # it is connected to nobody: told, and done
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)


def _answer_names(listener: socket.socket, name: str) -> None:
    """Answer queries for the address of `name` with FAR, and others with nothing (RFC 1035, section 4)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    while True:
        query, client = listener.recvfrom(512)
        if not query:  # the end
            return
        question = query[12 : query.index(b"\0", 12) + 5]
        is_known = question == labels + b"\0\1\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(FAR) if is_known else b""
        header = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_known else b"\0\0") + b"\0\0\0\0"
        listener.sendto(header + question + answer, client)


def git(machine: Host, *words: str, cwd: Path | None = None) -> None:
    """Run Git with `words` as the user, outside."""
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "protocol.file.allow=always")
    ran = machine.outside("git", *identity, *words, cwd=cwd)
    assert ran.code == 0, ran.stderr


def written(machine: Host, script: str, cwd: Path | None = None) -> list[int]:
    """The exit codes of each line of `script`, in a shell in the sandbox."""
    lines = "\n".join(f"( {line} ) >/dev/null 2>&1; echo $?" for line in script.strip().splitlines())
    ran = machine.inside("sh", "-c", lines, cwd=cwd)
    assert ran.code == 0, ran.stderr
    return [int(line) for line in ran.stdout.split()]


@contextmanager
def started(
    machine: Host, script: str, options: Sequence[str] = (READ_ONLY,), **environ: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """The shell's `script` in the sandbox, when it has printed its first line, its streams in pipes."""
    process = subprocess.Popen(
        machine.words("sh", "-c", script, options=options),
        env=machine.home.environ | environ,
        cwd=machine.work,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


@contextmanager
def host() -> Iterator[Host]:
    """The host. It needs root, and is seen by this thread, by threads that it starts, and by their processes alone."""
    with mounts_of_its_own(), _network_of_its_own(), ExitStack() as stack:
        for folder in ("/mnt", "/dev/net"):
            Path(folder).mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
        subprocess.run(["mknod", "-m", "0666", "/dev/net/tun", "c", "10", "200"], check=True)
        front = Front("http://127.0.0.1:9")
        front.start()
        stack.callback(front.stop)
        front.behaviour = session()
        home = Home(Path("/mnt/home"))
        home.config.write_text(
            "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = base\n"
            f"region = us-east-1\nendpoint_url = {front.url}\n"
        )
        home.credentials.write_text(f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
        yield Host(home, front, stack)


@contextmanager
def _network_of_its_own() -> Iterator[None]:
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        assert libc.unshare(_NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())
        local = "".join(f"addr add {address} dev lo\n" for address in (FAR, *METADATA))
        subprocess.run(["ip", "-batch", "-"], input=(_LINKS + local).encode(), check=True)
        yield
    finally:
        assert libc.setns(before, _NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())
        os.close(before)
