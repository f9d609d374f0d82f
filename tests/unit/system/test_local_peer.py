"""A connection to 127.0.0.1 is known to be one's own, or another user's."""

import os
import socket
import subprocess
import sys

import pytest
from needs import needs_root

from assume_helper.system import local_peer

_CONNECT = 'exec 3<>"/dev/tcp/127.0.0.1/$0"; read line'


def accepted(listener: socket.socket) -> tuple[tuple[str, int], tuple[str, int]]:
    connection, client = listener.accept()
    with connection:
        return client, connection.getsockname()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a socket is")
def test_ones_own_connection_is_not_strange() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        client, server = accepted(listener)
        assert local_peer._owner(client, server) == os.getuid()
        assert not local_peer.is_strange(client, server)


@needs_root
def test_another_users_connection_is_strange() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = ["setpriv", "--reuid=65534", "--clear-groups", "bash", "-c", _CONNECT]
        other = subprocess.Popen([*words, str(listener.getsockname()[1])], stdin=subprocess.PIPE)
        try:
            client, server = accepted(listener)
            assert local_peer.is_strange(client, server)
        finally:
            other.communicate(timeout=60)


def test_where_it_is_not_told_nobody_is_a_stranger() -> None:
    assert not local_peer.is_strange(("127.0.0.1", 1), ("127.0.0.1", 2))
    assert not local_peer.is_strange(("::1", 1), ("::1", 2))
