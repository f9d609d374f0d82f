"""What a person is to run to clear or to set environment variables: each of Windows' two shells has its own words."""

import sys


def clearing(*names: str, platform: str = sys.platform) -> str:
    """What clears the variables `names`."""
    if platform != "win32":
        return f"unset {' '.join(names)}"
    in_cmd = " & ".join(f'set "{name}="' for name in names)
    return f"Remove-Item {', '.join(f'Env:{name}' for name in names)} (in cmd: {in_cmd})"


def copying(source: str, name: str, platform: str = sys.platform) -> str:
    """What sets the variable `name` to the value of `source`."""
    if platform != "win32":
        return f'export {name}="${source}"'
    return f'$Env:{name} = $Env:{source} (in cmd: set "{name}=%{source}%")'
