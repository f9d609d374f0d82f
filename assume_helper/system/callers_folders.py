"""The folders that the caller's PYTHONPATH brings into `sys.path`.

They hold what the caller's own Python programs need: other versions of the libraries that this one needs, or files that
happen to have their names. Nothing is imported but what a hit imports: this comes before all else.
"""

import os
import sys

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def put_last() -> None:
    """Put them behind all other folders of `sys.path`.

    The folder of this package comes right behind the standard library: beside it are the libraries that were installed
    with it (`pip --target`). The programs that are started get PYTHONPATH as it was.
    """
    theirs, ours = found(), _own()
    standard: list[str] = []
    own: list[str] = []
    others: list[str] = []
    last: list[str] = []
    for folder in sys.path:
        path = os.path.normcase(os.path.abspath(folder))
        if path == ours:
            own = [folder]
        elif path in theirs:
            last.append(folder)
        elif others or os.path.basename(folder) in {"site-packages", "dist-packages"}:
            others.append(folder)
        else:
            standard.append(folder)
    sys.path[:] = standard + own + others + last


def found() -> "list[str]":
    """Their paths, but for those of the standard library and of this package; none where PYTHONPATH is ignored."""
    given = os.environ.get("PYTHONPATH")
    if not given or sys.flags.ignore_environment:
        return []
    standard = os.path.normcase(os.path.dirname(os.path.abspath(os.__file__)))
    paths = [os.path.normcase(os.path.abspath(folder)) for folder in given.split(os.pathsep)]
    return [path for path in paths if path not in {standard, _own()}]


def _own() -> str:
    return os.path.normcase(os.path.dirname(_PACKAGE))
