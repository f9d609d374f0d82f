"""Who asks: whether a failure of one process is another's too.

A dead proxy, a missing CA bundle, a session token or an MFA code in the environment fail for the process that has them.
So such a failure is left with a mark of who asked, and only a process with the same mark takes it.

The mark is a digest of the environment, salted and keyed with its salt: the environment holds secrets. The herd gate
uses this module before anything else is loaded.
"""

import os

from assume_helper import hit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Differs between processes that have the same environment otherwise: set by shells, and by this helper.
_OF_EACH_PROCESS = frozenset({"_", "SHLVL", hit.CALLERS})
_SALT = 16
# The exit codes of ConfigurationError and SourceError.
_BEFORE_STS = (3, 4)


def place(exit_code: int) -> "tuple[str, ...]":
    """What else a failure before STS depends on: a program or a file may be named relative to the working directory."""
    try:
        return (os.getcwd(),) if exit_code in _BEFORE_STS else ()
    except OSError:  # it is gone
        return ("",)


def mark(environ: "Mapping[str, str]", *more: str) -> str:
    """The mark of a process with this environment, in hexadecimal digits; `more` is what else its failure depends on.

    "" marks a failure that every process shares. It is never returned here.
    """
    salt = os.urandom(_SALT)
    return salt.hex() + _digest(salt, environ, more)


def matches(found: str, environ: "Mapping[str, str]", *more: str) -> bool:
    """Whether a failure with the mark `found` is also that of a process with this environment."""
    try:
        salt = bytes.fromhex(found[: 2 * _SALT])
    except ValueError:
        return False
    return not found or (len(salt) == _SALT and found[2 * _SALT :] == _digest(salt, environ, more))


def _digest(salt: bytes, environ: "Mapping[str, str]", more: "tuple[str, ...]") -> str:
    try:
        # hashlib would load OpenSSL as well.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    variables = sorted(f"{name}={value}" for name, value in environ.items() if name not in _OF_EACH_PROCESS)
    text = "\0".join((*variables, "", *more)).encode("utf-8", "surrogateescape")
    digest: str = blake2b(text, key=salt, digest_size=16).hexdigest()
    return digest
