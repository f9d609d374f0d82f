"""A web identity token, as it was read from its file together with whose it is."""

from assume_helper.credentials import WebIdentityToken
from assume_helper.errors import SourceError
from assume_helper.profiles import resolution
from assume_helper.profiles.origin import WebIdentity


def read_token(source: WebIdentity) -> WebIdentityToken:
    """The token of `source`: the very one that the cache key was made of. Raises SourceError."""
    found = source.resolution
    if found.token is None and found.problem is None:
        found = resolution.of_token_file(source.token_file, source.token_file, {})
    if found.problem is not None:
        raise SourceError(*found.problem)
    return WebIdentityToken(found.token or "")
