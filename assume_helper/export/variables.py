"""The environment variables through which credentials, region and endpoint reach an SDK."""

import os
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.cache.document import timestamp
from assume_helper.cache.session import Session
from assume_helper.profiles import aws_config
from assume_helper.profiles.role import Profile
from assume_helper.system.environment import CONTAINER, IDENTITY, STALE

# The name of the profile whose credentials these are: a nested `exec` sees it, and a prompt may show it.
INSIDE = "ASSUME_HELPER_PROFILE"
# Beside it where `env` has set it: a program of `exec` is then not inside another one.
BY_ENV = "ASSUME_HELPER_ENV"
# All that a session sets, with the session token's old name.
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    INSIDE,
    BY_ENV,
)
# Cleared by `env` also where it does not find them.
_ALWAYS_CLEARED = ("AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# What a profile hands on: the mark, which holds the value, and the variables that hold it too. The mark says that a
# profile, not a person, has set them. boto3 reads the second one for the region only.
_HANDED_ON: Mapping[str, tuple[str, ...]] = {
    hit.REGION: ("AWS_REGION", "AWS_DEFAULT_REGION"),
    hit.ENDPOINT_URL: ("AWS_ENDPOINT_URL",),
}


def variables(session: Session, profile: Profile) -> dict[str, str]:
    """The variables for `session`: credentials, their end, their account, and what `profile` hands on.

    A long-lived key has no session token and no end: none are set, and `for_shell` clears those of another session.
    """
    credentials = session.credentials
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    if credentials.session_token is not None:
        found["AWS_SESSION_TOKEN"] = credentials.session_token
    if session.expiration is not None:
        found["AWS_CREDENTIAL_EXPIRATION"] = timestamp(session.expiration)
    return found | account(session) | handed_on(profile)


def account(session: Session) -> dict[str, str]:
    """The variable for the account of `session`, which some SDKs take for a part of the credentials, if it is known."""
    return {"AWS_ACCOUNT_ID": session.account_id} if session.account_id else {}


def handed_on(profile: Profile) -> dict[str, str]:
    """The variables for the region and the endpoint of `profile`, with their marks; none for what it does not name."""
    values = {hit.REGION: profile.region, hit.ENDPOINT_URL: profile.endpoint_url}
    found: dict[str, str] = {}
    for mark, names in _HANDED_ON.items():
        value = values[mark]
        if value is not None:
            found |= dict.fromkeys((*names, mark), value)
    return found


def left_over(environ: Mapping[str, str]) -> list[str]:
    """The variables in `environ` that a profile has handed on, and their marks. What a person has set since is none."""
    found = []
    for mark, names in _HANDED_ON.items():
        value = environ.get(mark)
        if value is not None:
            found += [*(name for name in names if environ.get(name) == value), mark]
    return found


def for_shell(
    session: Session, profile: Profile, environ: Mapping[str, str] | None = None, name: str | None = None
) -> dict[str, str | None]:
    """The variables for `session` in the shell whose variables are `environ`; `name` is what was asked for.

    None clears what names another identity, and what another profile has handed on.
    """
    there = environ or {}
    cleared = dict.fromkeys(
        (*_ALWAYS_CLEARED, *CREDENTIALS, *(name for name in IDENTITY if name in there), *left_over(there))
    )
    given = variables(session, profile) | {INSIDE: name or profile.name, BY_ENV: "1"}
    return {**given, **{name: None for name in cleared if name not in given}}


def unset(environ: Mapping[str, str]) -> dict[str, str | None]:
    """All variables of a session, to be cleared, with what `environ` says that a profile has handed on."""
    return dict.fromkeys((*CREDENTIALS, *left_over(environ)))


def after_failure(environ: Mapping[str, str]) -> list[str]:
    """What is to be cleared where there are no new credentials: whatever they would have replaced.

    In a shell of `exec --refresh` that is its endpoint. A container's own stays: the next try may need it.
    """
    is_exec_s = INSIDE in environ and environ.get(CONTAINER[0], "").startswith("http://127.0.0.1:")
    return list(dict.fromkeys((*CREDENTIALS, *IDENTITY, *left_over(environ), *(CONTAINER if is_exec_s else ()))))


def environment(environ: Mapping[str, str], name: str, given: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the variables that are `given` for the profile `name`, and without those of any other identity.

    A region or an endpoint that a person has set since the last `exec` stays.
    """
    gone = {*STALE, *left_over(environ), BY_ENV}
    return {key: value for key, value in environ.items() if key not in gone} | dict(given) | {INSIDE: name}


def without_default_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that hide [default]'s credentials: most SDKs use them before a container endpoint."""
    config = aws_config.load(environ)
    hiding = {}
    if config.credentials_profiles.get("default"):
        hiding["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    keys = ("aws_access_key_id", "role_arn", "credential_process", "sso_session", "sso_start_url", "login_session")
    if any(key in config.config_profiles.get("default", {}) for key in keys):
        hiding["AWS_CONFIG_FILE"] = os.devnull
    return hiding


def around_proxy(environ: Mapping[str, str], host: str) -> dict[str, str]:
    """The variables that keep calls to `host` from a proxy that `environ` names; none where it names none.

    Some read NO_PROXY, others no_proxy, and most prefer the lower case: each keeps what counted for its readers.
    """
    if not any(environ.get(name) for name in environ if name.lower().endswith("_proxy") and name.lower() != "no_proxy"):
        return {}
    found = {}
    for name, other in (("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")):
        value = environ[name] if name in environ else environ.get(other, "")
        parts = [part.strip() for part in value.split(",") if part.strip()]
        found[name] = value if "*" in parts or host in parts else ",".join([*parts, host])
    return found
