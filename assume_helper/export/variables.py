"""The environment variables through which credentials and region reach an SDK."""

import os
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.cache.document import timestamp
from assume_helper.cache.session import Session
from assume_helper.profiles import aws_config
from assume_helper.profiles.role import Profile
from assume_helper.system.environment import STALE

# The name of the profile, set for a program that `exec` runs: a nested `exec` sees it, and a prompt may show it.
INSIDE = "ASSUME_HELPER_PROFILE"
# All that a session sets, with the session token's old name.
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
)
# boto3 reads the second one only. The third says that a profile, not a person, has set the other two.
REGION = ("AWS_REGION", "AWS_DEFAULT_REGION", hit.REGION)


def variables(session: Session, profile: Profile) -> dict[str, str]:
    """The variables for `session`: credentials, their expiration, and the region if `profile` names one."""
    credentials = session.credentials
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_CREDENTIAL_EXPIRATION": timestamp(session.expiration),
    }
    return found | region(profile)


def region(profile: Profile) -> dict[str, str]:
    """The variables for the region of `profile`; none where it names no region."""
    return {} if profile.region is None else dict.fromkeys(REGION, profile.region)


def for_shell(session: Session, profile: Profile) -> dict[str, str | None]:
    """The variables for `session` in a shell; None clears those that would make an SDK use other credentials."""
    cleared = ("AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    return {**variables(session, profile), **dict.fromkeys(cleared)}


def unset(environ: Mapping[str, str]) -> dict[str, str | None]:
    """All variables of a session, to be cleared; the region's too, where `environ` says that a profile has set it."""
    return dict.fromkeys((*CREDENTIALS, *(REGION if environ.get(hit.REGION) else ())))


def environment(environ: Mapping[str, str], name: str, given: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the variables that are `given` for the profile `name`, without other credentials and regions.

    A region that a person has set since the last `exec` stays.
    """
    last_region = environ.get(hit.REGION)
    rest = {key: value for key, value in environ.items() if key not in STALE and key != hit.REGION}
    for key in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if last_region is not None and rest.get(key) == last_region:
            del rest[key]
    return rest | dict(given) | {INSIDE: name}


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
