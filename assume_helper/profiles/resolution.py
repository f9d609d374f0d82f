"""What a source comes to here and now, and what that depends on: a login, a machine, a container, a job, a token file.

The cache key holds what a value resolves to, the stamp how it was resolved (see `lookups`). If only a secret identifies
a source, the key holds what stays the same when that secret is renewed.
"""

import json
import os
from collections.abc import Mapping

from assume_helper import hit, lookups
from assume_helper.light import dataclass, field
from assume_helper.profiles import login_record
from assume_helper.system import private_files
from assume_helper.system.keyed_digest import keyed_digest
from assume_helper.text import has_control_character, printable

# STS: a WebIdentityToken has 4 to 20 000 characters (API reference of AssumeRoleWithWebIdentity).
LONGEST_TOKEN = 20_000
# Claims under this name are AWS's own: session tags, the source identity.
_AWS_CLAIMS = "https://aws.amazon.com/"
_BOOT_ID = "text /proc/sys/kernel/random/boot_id"
_METADATA_ADDRESS = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
_TOKEN, _TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
# Where a job of GitHub Actions asks for its token, and the secret that it asks with.
GITHUB_URL, GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
# In place of what a hit would have to look up: it depends on a secret, which is in no stamp.
DEPENDS_ON_SECRET = {hit.FULL_WAY: "it depends on a secret"}


@dataclass(frozen=True)
class Resolution:
    """What a source comes to.

    `inputs` are for the cache key, `conditions` for the stamp. `problem` is why it cannot be found out now, as message
    and next step. `token` is a web identity token.
    """

    inputs: Mapping[str, object] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    problem: tuple[str, str] | None = None
    token: str | None = field(default=None, repr=False)


def of_token(written: str, environ: Mapping[str, str], *, is_numbered: bool) -> Resolution:
    """A login by its token file, `written` perhaps with `~`: in whose home it is, and which login it is.

    `is_numbered`: the file does not say who logged in, so its number stands for that (see `login_record`).
    """
    path = os.path.abspath(hit.expand_home(written, environ))
    file = login_record.read_token_file(path)
    number = login_record.read_record(path).number_of(file.digest) if file.digest else login_record.NOT_LOGGED_IN
    login = number if is_numbered or number == login_record.NOT_LOGGED_IN else ""
    return Resolution({"token_file": os.path.realpath(path), "login": login}, {f"file {written}": file.state})


def of_metadata(credential_source: str, environ: Mapping[str, str]) -> Resolution:
    """A machine's or a container's metadata: which machine, and whose token asks for it."""
    conditions = lookups.observed(environ, "host")
    try:
        conditions |= lookups.observed(environ, _BOOT_ID)
    except (OSError, ValueError):  # not Linux
        pass
    inputs: dict[str, object] = {"machine": list(conditions.values())}
    if credential_source == "Ec2InstanceMetadata":
        address = lookups.observed(environ, *(f"env {name}" for name in _METADATA_ADDRESS))
        return Resolution(inputs | {"address": list(address.values())}, conditions | address)
    # As botocore: a token's file comes before a token.
    path, token = environ.get(_TOKEN_FILE) or None, environ.get(_TOKEN) or None
    conditions |= lookups.observed(environ, f"env {_TOKEN_FILE}")
    if path is not None:
        try:
            data, state = private_files.read_with_state(path, LONGEST_TOKEN + 1)
        except (OSError, ValueError) as error:
            what = f"the container's token {printable(path)} cannot be read ({_reason(error)})"
            problem = (what, f"correct {_TOKEN_FILE}")
            return Resolution(inputs, conditions | {f"file {path}": hit.ABSENT}, problem)
        identity = identify(data.decode("utf-8", "surrogateescape"), environ)
        return Resolution(inputs | {"token": identity}, conditions | {f"file {path}": state})
    if token is not None:
        return Resolution(inputs | {"token": identify(token, environ)}, conditions | DEPENDS_ON_SECRET)
    return Resolution(inputs, conditions | lookups.observed(environ, f"env {_TOKEN}"))


def of_token_file(written: str, path: str, environ: Mapping[str, str]) -> Resolution:
    """The web identity token in the file at `path`, `written` so in the config: whose it is."""
    what = f"file {written}"
    try:
        data, state = private_files.read_with_state(path, LONGEST_TOKEN + 1)
        token = data.decode("ascii").strip()
    except (OSError, ValueError) as error:
        reason = _reason(error) if isinstance(error, OSError) else "it is not a token"
        problem = (
            f"the web identity token {printable(path)} cannot be read ({reason})",
            "correct web_identity_token_file, or have its issuer write the file",
        )
        return Resolution({}, {what: hit.ABSENT}, problem)
    if not is_token(token):
        problem = (f"{printable(path)} does not hold a web identity token", "have its issuer write it again")
        return Resolution({}, {what: hit.ABSENT}, problem)
    return Resolution({"web_identity": identify(token, environ)}, {what: state}, token=token)


def of_github_job(environ: Mapping[str, str]) -> Resolution:
    """The job of GitHub Actions that runs here: its own request token tells it apart, and that is a secret."""
    url, token = environ.get(GITHUB_URL), environ.get(GITHUB_TOKEN)
    conditions = lookups.observed(environ, f"env {GITHUB_URL}")
    if url and token:
        return Resolution({"job": keyed_digest(token, environ)}, conditions | DEPENDS_ON_SECRET)
    missing = [name for name, value in ((GITHUB_URL, url), (GITHUB_TOKEN, token)) if not value]
    are = "are" if missing[1:] else "is"
    problem = (
        f"credential_source is GitHubActions, but {' and '.join(missing)} {are} not set",
        "give the job of the workflow `permissions: id-token: write`, or use another source where this is no such job",
    )
    return Resolution({}, conditions | DEPENDS_ON_SECRET, problem)


def is_token(text: str) -> bool:
    """Whether `text` may be a web identity token: one word, as long as STS takes it."""
    return 4 <= len(text) <= LONGEST_TOKEN and text.isascii() and not has_control_character(text) and " " not in text


def identify(token: str, environ: Mapping[str, str]) -> object:
    """Whose a token is: what stays the same when it is renewed; of one that is no JWT a keyed digest."""
    import base64

    try:
        payload = token.strip().split(".")[1] if token.count(".") == 2 else ""
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        audience = claims.get("aud")
        if isinstance(claims["iss"], str) and isinstance(claims["sub"], str):
            return {
                "iss": claims["iss"],
                "sub": claims["sub"],
                "aud": sorted(audience, key=repr) if isinstance(audience, list) else [audience],
                "aws": {name: value for name, value in claims.items() if name.startswith(_AWS_CLAIMS)},
            }
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return keyed_digest(token, environ)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "it cannot be used") if isinstance(error, OSError) else "it is not a path"
