"""A web identity token, read from its file."""

import os
import stat

from assume_helper.credentials import WebIdentityToken
from assume_helper.errors import SourceError
from assume_helper.profiles.role import WebIdentity
from assume_helper.text import CONTROL_CHARACTERS, printable

# STS: a WebIdentityToken has 4 to 20 000 characters (API reference of AssumeRoleWithWebIdentity).
_LONGEST_TOKEN = 20_000
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_token(source: WebIdentity) -> WebIdentityToken:
    """The token in the file of `source`. Raises SourceError."""
    path = source.token_file
    try:
        descriptor = os.open(path, _READ_FLAGS)  # a FIFO is not waited for
        with open(descriptor, encoding="ascii") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError("no file")
            token = file.read(_LONGEST_TOKEN + 1).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a token"
        raise SourceError(
            f"the web identity token {printable(path)} cannot be read ({reason})",
            "correct web_identity_token_file, or have its issuer write the file",
        ) from None
    if not 4 <= len(token) <= _LONGEST_TOKEN or CONTROL_CHARACTERS.search(token) or " " in token:
        raise SourceError(f"{printable(path)} does not hold a web identity token", "have its issuer write it again")
    return WebIdentityToken(token)
