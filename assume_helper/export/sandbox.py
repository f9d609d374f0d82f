"""`exec --sandbox`: the command line that runs a program with nothing in its reach but its own session.

pasta gives it a network without the host's loopback and abstract sockets, `ip` takes the metadata services out of that,
and bubblewrap gives it files, processes and a keyring of its own. Each of them, or nothing: there is no weaker form.
Nothing secret is on the command line, for all users can read that. The session is in the environment.
"""

import os
from collections.abc import Sequence

from assume_helper.export import sandbox_first_step
from assume_helper.light import dataclass

PROGRAMS = ("pasta", "unshare", "bwrap", "ip")
# Where `ip` is, on a PATH that leaves the administrator's folders out.
ALSO_SEARCHED = "/usr/sbin:/sbin"
# Link-local addresses (IMDS, containers' and pods' endpoints), and AWS's IPv6 addresses for the same (EC2 User Guide).
_METADATA = ("169.254.0.0/16", "fd00:ec2::/32")
RESOLVER = "/etc/resolv.conf"
# A name server inside, whose queries pasta hands to the host's own: RFC 5737, so no network has that address.
NAME_SERVER = "198.51.100.53"
# A rule goes before every route: a host may have one for 169.254.169.254 alone, which pasta copies. $1 is where bwrap
# writes how it ended, $2 the filter of system calls.
_WITHOUT_METADATA = """
exec 9>"$1" 8<"$2" && shift 2 || exit
IP="$1" && shift
"$IP" -4 rule add pref 1 to {} type unreachable || exit
[ ! -e /proc/net/if_inet6 ] || "$IP" -6 rule add pref 1 to {} type unreachable || exit
exec "$@"
""".format(*_METADATA)
_STATUS, _FILTER = "9", "8"  # the descriptors in that script
# Empty, private to the program, and gone with it.
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - the program's own, as all of these
SCRATCH = ("/tmp", "/var/tmp", _SHARED_MEMORY)  # noqa: S108


@dataclass(frozen=True)
class Places:
    """What a program sees of the files; all paths are absolute and free of links.

    `working` is its working directory, which it may write to; nothing else is writable but SCRATCH. `hidden` are the
    directories and files that it does not see. `pinned` are directories within `working` that it can write to, and not
    move, so that what is in them stays; `read_only` is what it cannot change there, and `absent` what it cannot make.
    `needed` can be read although it lies in a hidden place.
    """

    working: str
    hidden: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """What of the host's network a program reaches beside what is outside of the host.

    `ports` are those of 127.0.0.1 that are let in. `resolver` is the file that it has for `resolver_path`, which
    /etc/resolv.conf is or leads to; `is_forwarded`: the host's name server is on its loopback.
    """

    ports: tuple[int, ...] = ()
    resolver: str = ""
    resolver_path: str = ""
    is_forwarded: bool = False


def words(
    programs: Sequence[str],
    places: Places,
    network: Network,
    command: Sequence[str],
    *,
    python: str,
    status: str,
    filtered: str,
    log: str,
    user: int,
    group: int,
    is_shell: bool,
) -> list[str]:
    """The command line that runs `command`.

    `programs` are the paths of PROGRAMS. `python` is the interpreter for the first step inside. bwrap writes to the
    file `status` how `command` has ended (its --json-status-fd), pasta its messages to `log`. The file `filtered` holds
    the filter of system calls: bwrap's own first process inside has it too, for the program can trace that one.
    `is_shell`: `command` is a person's shell.
    """
    pasta, unshare, bwrap, ip = programs
    return [
        *(pasta, "--config-net", "--no-map-gw", "--quiet", "--log-file", log),
        *("-t", "none", "-u", "none", "-U", "none"),
        *("-T", ",".join(str(port) for port in network.ports) or "none"),
        *(("--dns-forward", NAME_SERVER) if network.is_forwarded else ()),
        # pasta's process namespace may not have a /proc, which bwrap looks for its own processes in.
        *("--", unshare, "--mount", "--mount-proc"),
        *("/bin/sh", "-c", _WITHOUT_METADATA, "sh", status, filtered, ip),
        *(bwrap, "--json-status-fd", _STATUS, "--seccomp", _FILTER),
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--cap-drop", "ALL", "--die-with-parent", "--uid", str(user), "--gid", str(group)),
        *_mounts(places, network),
        *("--chdir", places.working, "--"),
        *sandbox_first_step.words(python, is_shell=is_shell),
        *command,
    ]


def _mounts(places: Places, network: Network) -> list[str]:
    """The options of bwrap for the files, in the order of the mounts: a later one covers an earlier one."""
    found = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for path in SCRATCH:
        found += ["--tmpfs", path] if os.path.isdir(path) or path == _SHARED_MEMORY else []
    found += ["--remount-ro", "/dev"]
    outside = [path for path in places.hidden if not is_in(path, places.working)]
    found += [word for path in outside for word in _hiding(path)]
    found += ["--bind", places.working, places.working]
    # Before what is in them: binding a directory shows it anew.
    for path in places.pinned:
        found += ["--bind", path, path]
    for path in places.read_only:
        found += ["--ro-bind", path, path]
    for path in places.absent:
        found += ["--tmpfs", path, "--remount-ro", path]
    found += [word for path in places.hidden if path not in outside for word in _hiding(path)]
    for path in places.needed:
        found += ["--ro-bind", path, path]
    if network.resolver:
        found += ["--ro-bind", network.resolver, network.resolver_path]
    # Last, for bwrap makes what it mounts on within them.
    for path in outside:
        found += ["--remount-ro", path] if os.path.isdir(path) else []
    return found


def _hiding(path: str) -> list[str]:
    return ["--tmpfs", path] if os.path.isdir(path) else ["--ro-bind", os.devnull, path]


def is_in(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it; both are absolute and free of links."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
