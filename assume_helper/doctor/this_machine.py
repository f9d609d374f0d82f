"""The checks of what the environment sets for Python, TLS and the process itself; none where nothing is set."""

import os
import sys
from collections.abc import Iterator, Mapping

from assume_helper.doctor import variable_change
from assume_helper.doctor.check import Check
from assume_helper.profiles.helper_command import PACKAGE_PATH
from assume_helper.text import printable

# A call to STS needs about a dozen.
_FEW_DESCRIPTORS = 32


def examine(environ: Mapping[str, str]) -> Iterator[Check]:
    """The checks, in order."""
    yield from _python(environ)
    yield from _tls(environ)
    yield from _limits()


def _python(environ: Mapping[str, str]) -> Iterator[Check]:
    folders = environ.get("PYTHONPATH")
    if folders:
        ours = os.path.realpath(PACKAGE_PATH)
        others = [
            folder
            for folder in folders.split(os.pathsep)
            if os.path.isfile(os.path.join(folder, "assume_helper", "start.py"))
            and os.path.realpath(os.path.join(folder, "assume_helper")) != ours
        ]
        if others:
            yield Check(
                "python",
                "warn",
                f"PYTHONPATH has {printable(others[0])}, with another version of this helper, which Python may start",
                f"take {printable(others[0])} out of PYTHONPATH",
            )
        else:
            yield Check("python", "ok", "PYTHONPATH is set: this program looks there last, those that it starts get it")
    if environ.get("PYTHONHOME"):
        yield Check(
            "python",
            "warn",
            f"PYTHONHOME is {printable(environ['PYTHONHOME'], 120)}: Python looks for its libraries there",
            f"{variable_change.clearing('PYTHONHOME')}; "
            "`assume-helper configure --fastest` writes a line that does not mind it",
        )


def _tls(environ: Mapping[str, str]) -> Iterator[Check]:
    if environ.get("SSLKEYLOGFILE"):
        yield Check(
            "tls",
            "warn",
            f"SSLKEYLOGFILE is {printable(environ['SSLKEYLOGFILE'], 120)}: with it, recorded credentials can be read",
            f"{variable_change.clearing('SSLKEYLOGFILE')} unless you are looking for a fault",
        )
    for name in ("OPENSSL_CONF", "OPENSSL_MODULES"):
        if environ.get(name):
            yield Check(
                "tls", "ok", f"{name} is {printable(environ[name], 120)}: connections to STS are made as it says"
            )


if sys.platform == "win32":

    def _limits() -> Iterator[Check]:
        """Windows has no such limit."""
        yield from ()

else:

    def _limits() -> Iterator[Check]:
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if 0 <= most < _FEW_DESCRIPTORS:
            what = f"this process may open {most} files at once, which may be too few for a call to STS"
            yield Check("limits", "warn", what, "raise the limit on open files (ulimit -n)")
