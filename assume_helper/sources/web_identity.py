"""A web identity token, read from its file."""

from assume_helper.credentials import WebIdentityToken
from assume_helper.errors import SourceError
from assume_helper.profiles.role import WebIdentity
from assume_helper.text import CONTROL_CHARACTERS, printable

# STS: a WebIdentityToken has 4 to 20 000 characters (API reference of AssumeRoleWithWebIdentity).
_LONGEST_TOKEN = 20_000


def read_token(source: WebIdentity) -> WebIdentityToken:
    """The token in the file of `source`. Raises SourceError."""
    path = source.token_file
    try:
        with open(path, encoding="ascii") as file:
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
