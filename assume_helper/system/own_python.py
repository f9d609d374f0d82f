"""A new process of this program: the same interpreter, with the same libraries, and none of the caller's modules."""

import os
import sys

# It finds its libraries where this process does: a launcher may have put them on the path.
_PROGRAM = "import sys; sys.path[:] = {path!r}; {program}"


def words(program: str, before: str = "") -> list[str]:
    """The command that runs the Python statements `program`, after `before`, which needs no library.

    -P, or this package's modules would stand in for those of the standard library.
    """
    flags = ["-I"] if sys.flags.isolated else ["-E"] * bool(sys.flags.ignore_environment) + ["-P"]
    flags += ["-S"] * bool(sys.flags.no_site)
    return [sys.executable, *flags, "-c", before + _PROGRAM.format(path=module_path(), program=program)]


def module_path() -> list[str]:
    """Where this process finds modules: absolute folders, but for the working directory and this package's own."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parent = os.path.dirname(package)
    try:
        here = os.getcwd()
    except OSError:
        here = ""
    found = [path for path in sys.path if os.path.isabs(path) and (path == parent or path not in (package, here))]
    return found if parent in found else [*found, parent]
