"""The way in by a path or by `-m`: `python -I -S .../assume_helper/__main__.py get PROFILE`.

Started by its path it is compiled anew on every call, so it does no more than find the package.
"""

import os
import sys

if not __package__:
    # Behind the standard library, so that nothing beside the package can stand in for a part of it.
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
elif not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
    # `-m` puts the working directory first: a click.py there would be taken for the library.
    del sys.path[0]

from assume_helper.start import main

if __name__ == "__main__":
    sys.exit(main())
