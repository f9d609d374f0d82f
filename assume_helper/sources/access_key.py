"""An access key as a source: in a profile, or in the environment."""

from collections.abc import Mapping

from assume_helper.credentials import Credentials, can_be_sent
from assume_helper.errors import SourceError
from assume_helper.profiles.origin import StaticKeys
from assume_helper.text import printable


def of_profile(source: StaticKeys) -> Credentials:
    """The access key in a profile. Raises SourceError where a request could not carry it."""
    where = f"profile {printable(source.profile, 64)}"
    return checked(source.access_key_id, source.secret_access_key, source.session_token, where)


def of_environment(environ: Mapping[str, str]) -> Credentials:
    """The access key in `environ` (`credential_source = Environment`). Raises SourceError."""
    access_key_id = environ.get("AWS_ACCESS_KEY_ID")
    secret_access_key = environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key_id or not secret_access_key:
        missing = "AWS_SECRET_ACCESS_KEY" if access_key_id else "AWS_ACCESS_KEY_ID"
        what = f"credential_source is Environment, but {missing} is not set"
        raise _another_source(environ, what) or SourceError(what, "set it, or use source_profile")
    # The old name comes first, as for botocore (`EnvProvider.TOKENS`).
    token = environ.get("AWS_SECURITY_TOKEN") or environ.get("AWS_SESSION_TOKEN")
    return checked(access_key_id, secret_access_key, token, "the environment")


def _another_source(environ: Mapping[str, str], what: str) -> SourceError | None:
    """The error where the environment has credentials of a kind that `Environment` does not read; None otherwise."""
    token_file, role = environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"), environ.get("AWS_ROLE_ARN")
    if token_file:
        next_step = "use assume_helper_credential_source = WebIdentity, which reads it"
        if not role:
            path = printable(token_file, 200)
            next_step = (
                f"use source_profile, to a profile with the token's role_arn and web_identity_token_file = {path}"
            )
        return SourceError(f"{what}: only AWS_WEB_IDENTITY_TOKEN_FILE is", next_step)
    if any(environ.get(f"AWS_CONTAINER_CREDENTIALS_{form}_URI") for form in ("RELATIVE", "FULL")):
        return SourceError(f"{what}: only a container's credentials are", "use credential_source = EcsContainer")
    return None


def checked(access_key_id: object, secret_access_key: object, session_token: object, where: str) -> Credentials:
    """The credentials, each part checked: a request's header must carry it. Raises SourceError, which names `where`."""
    texts = []
    for value in (access_key_id, secret_access_key, session_token or "none"):
        if not can_be_sent(value):
            raise SourceError(f"the access key of {where} is malformed", "copy the key again, without blanks")
        texts.append(value)
    return Credentials(texts[0], texts[1], texts[2] if session_token else None)
