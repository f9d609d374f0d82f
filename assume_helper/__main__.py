"""The way in by a path or by `-m`: `python -I -S .../assume_helper/__main__.py get PROFILE`.

Started by its path it is compiled anew on every call, so it does no more than find the package.
"""

import os
import sys


def _place() -> int:
    """Where on the search path the package's folder goes.

    Behind the standard library, so that nothing beside the package can stand in for a part of it. Where PYTHONPATH
    brought folders in, one of them may have another version: then it goes in front, until `main` has put these last.
    """
    return 0 if os.environ.get("PYTHONPATH") and not sys.flags.ignore_environment else len(sys.path)


_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if not __package__:
    sys.path.insert(_place(), _OWN)
elif not sys.flags.safe_path and sys.path[0] != _OWN:
    # `-m` puts the working directory first: a click.py there would be taken for the library.
    del sys.path[0]

from assume_helper.start import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
