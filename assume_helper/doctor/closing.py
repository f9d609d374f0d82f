"""The command that closes a file or a directory to other users."""

import re
import shlex
import sys


def command(path: str, mode: str, fault: str, platform: str = sys.platform, *, is_directory: bool = True) -> str:
    """What a person is to run: `chmod` with `mode`, on Windows `icacls`.

    `path` is printable. `fault` is what `access_list` says of it: on Windows it names who may use it.
    """
    if platform != "win32":
        return f"chmod {mode} {shlex.quote(path)}"
    who = re.search(r"\((S-[0-9-]+)\)", fault)
    remove = f" /remove:g *{who[1]}" if who else ""
    handed_on = "(OI)(CI)" if is_directory else ""  # to what is created in it
    return f'icacls "{path}" /inheritance:r{remove} /grant:r "*S-1-3-4:{handed_on}F"'  # OWNER RIGHTS
