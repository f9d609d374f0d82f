"""The environment variables through which credentials, region and endpoint reach an SDK (their names: `answers`)."""

import os
from collections.abc import Mapping

from assume_helper import answers
from assume_helper.answers import BY_ENV, CREDENTIALS, FOR_PROMPTS, INSIDE, after_failure, left_over
from assume_helper.cache.document import variables as session_variables
from assume_helper.cache.session import Session
from assume_helper.profiles import aws_config
from assume_helper.profiles.role import Profile

__all__ = ["BY_ENV", "CREDENTIALS", "FOR_PROMPTS", "INSIDE", "after_failure", "left_over"]


def variables(session: Session, profile: Profile) -> dict[str, str]:
    """The variables for `session`: credentials, their end, their account, and what `profile` hands on.

    A long-lived key has no session token and no end: none are set, and `for_shell` clears those of another session.
    """
    return session_variables(session.credentials, session.expiration, session.account_id) | profile.handed_on()


def account(session: Session) -> dict[str, str]:
    """The variable for the account of `session`, which some SDKs take for a part of the credentials, if it is known."""
    return {"AWS_ACCOUNT_ID": session.account_id} if session.account_id else {}


def for_shell(
    session: Session, profile: Profile, environ: Mapping[str, str] | None = None, name: str | None = None
) -> dict[str, str | None]:
    """The variables for `session` in the shell whose variables are `environ`; `name` is what was asked for.

    None clears what names another identity, and what another profile has handed on.
    """
    return answers.shell_variables(name or profile.name, variables(session, profile).items(), environ or {})


def unset(environ: Mapping[str, str]) -> dict[str, str | None]:
    """All variables of a session, to be cleared, with what `environ` says that a profile has handed on."""
    return dict.fromkeys((*CREDENTIALS, *left_over(environ)))


def environment(environ: Mapping[str, str], name: str, given: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the variables that are `given` for the profile `name`, and without those of any other identity."""
    return answers.program_environment(name, given.items(), environ)


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
