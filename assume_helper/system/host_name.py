"""The name of this host."""

import os
import sys

if sys.platform == "win32":

    def own() -> str:
        """The host's name, as the system has it."""
        import socket

        return socket.gethostname()

else:

    def own() -> str:
        """The host's name, as gethostname(2) gives it; to import `socket` for that takes longer."""
        return os.uname().nodename
