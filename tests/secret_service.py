"""A real Secret Service: gnome-keyring on a session bus of its own, with its own folders; it is unlocked."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import secretstorage
from front import wait_for
from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

_PASSWORD = b"a password"
# A bus that starts no service by itself: another keyring, or a prompt, would come in the way.
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=FOLDER</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""
_SERVICE = DBusAddress("/org/freedesktop/secrets", "org.freedesktop.secrets", "org.freedesktop.Secret.Service")


@dataclass
class SecretService:
    """The running service. `environ` is what a program needs to find it, `folder` where it keeps its files."""

    environ: dict[str, str]
    folder: Path
    daemon: "subprocess.Popen[bytes]"

    def items(self) -> dict[str, bytes]:
        """What it keeps: each label, and the secret."""
        with self._connected() as connection:
            return {
                item.get_label(): item.get_secret()
                for item in secretstorage.get_default_collection(connection).get_all_items()
            }

    def lock(self) -> None:
        """Lock it: nobody can be asked to unlock it here."""
        with self._connected() as connection:
            path = secretstorage.get_default_collection(connection).collection_path
            connection.send_and_get_reply(new_method_call(_SERVICE, "Lock", "ao", ([path],)))

    def end(self) -> None:
        """End the service."""
        self.daemon.kill()
        self.daemon.wait()

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        connection = open_dbus_connection(self.environ["DBUS_SESSION_BUS_ADDRESS"])
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def running() -> Iterator[SecretService]:
    """Start the bus and the service, and end both."""
    with tempfile.TemporaryDirectory(prefix="secrets-") as folder:
        environ = {
            "PATH": os.environ["PATH"], "HOME": folder, "XDG_DATA_HOME": folder, "XDG_RUNTIME_DIR": folder,
        }  # fmt: skip
        config = Path(folder, "bus.conf")
        config.write_text(_BUS.replace("FOLDER", folder))
        bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            env=environ,
            stdout=subprocess.PIPE,
        )
        assert bus.stdout is not None
        address = bus.stdout.readline().decode().strip()
        of_bus = {"DBUS_SESSION_BUS_ADDRESS": address}
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--unlock", "--foreground", "--components=secrets"],
            env=environ | of_bus, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert daemon.stdin is not None
            daemon.stdin.write(_PASSWORD)
            daemon.stdin.close()
            service = SecretService(of_bus, Path(folder), daemon)
            wait_for(lambda: _is_unlocked(service))
            yield service
        finally:
            for process in (daemon, bus):
                process.kill()
                process.wait()
            bus.stdout.close()


def _is_unlocked(service: SecretService) -> bool:
    try:
        with service._connected() as connection:
            return not secretstorage.get_default_collection(connection).is_locked()
    except (secretstorage.exceptions.SecretStorageException, OSError):
        return False
