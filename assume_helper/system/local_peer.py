"""Who is at the other end of a connection to 127.0.0.1: every user of a machine can connect there.

Linux lists the sockets of all users with their owners (proc(5), `/proc/net/tcp`). Where that is not told, nobody is
taken for a stranger.
"""

import os
import socket
import struct
import sys

# Of the fields of a line: the two ends as the socket itself sees them, and its owner.
_LOCAL, _REMOTE, _OWNER = 1, 2, 7


if sys.platform == "linux":

    def is_strange(client: tuple[str, int], server: tuple[str, int]) -> bool:
        """Whether the connection from `client` to `server` (IPv4 address, port) is another user's, root's aside."""
        owner = _owner(client, server)
        return owner is not None and owner not in {os.getuid(), 0}

else:

    def is_strange(client: tuple[str, int], server: tuple[str, int]) -> bool:  # noqa: ARG001
        """It is not told here."""
        return False


def _owner(client: tuple[str, int], server: tuple[str, int]) -> int | None:
    """The number of the user whose socket `client` is; None where that is not known."""
    try:
        ends = [_written(*client), _written(*server)]
        with open("/proc/net/tcp", encoding="ascii") as file:
            for line in file:
                fields = line.split()
                if fields[_LOCAL : _REMOTE + 1] == ends:
                    return int(fields[_OWNER])
    except (OSError, ValueError, IndexError):
        pass  # another system
    return None


def _written(address: str, port: int) -> str:
    """As the kernel writes it: the address as a number of this machine's, both in hexadecimal."""
    (number,) = struct.unpack("=I", socket.inet_aton(address))
    return f"{number:08X}:{port:04X}"
