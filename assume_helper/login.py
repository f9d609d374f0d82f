"""Source credentials that others keep: EC2 and ECS metadata, SSO and console logins, by botocore's providers."""

import os
from typing import Any

import botocore.exceptions as aws
import botocore.session

from assume_helper.deadline import within
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError, SourceExpired, STSNotReached, shown
from assume_helper.profile import Login, Metadata

# botocore's names for its providers (`CredentialProvider.METHOD`).
_METADATA = {"Ec2InstanceMetadata": "iam-role", "EcsContainer": "container-role"}
_NOT_THERE = {
    "Ec2InstanceMetadata": (
        "the EC2 metadata service gave no credentials",
        "attach an instance profile to this instance (and let AWS_EC2_METADATA_DISABLED not be true), or use another "
        "credential_source",
    ),
    "EcsContainer": (
        "this process runs in no container with credentials (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or "
        "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set)",
        "give the task a role; correct AWS_CONTAINER_CREDENTIALS_FULL_URI or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE if "
        "they are set, or use another credential_source",
    ),
}


def from_metadata(source: Metadata, seconds: float) -> Any:
    """What the metadata service of this machine or container gives, in botocore's form. Raises SourceError."""
    message, next_step = _NOT_THERE[source.credential_source]
    session = _session(os.devnull, os.devnull, None)
    try:
        found = within(seconds, lambda: _loaded(session, _METADATA[source.credential_source]))
    except TimeoutError:
        raise SourceExpired(f"the metadata service ({source.credential_source}) gave no answer", next_step) from None
    except (aws.BotoCoreError, KeyError, TypeError, ValueError, OSError):
        raise SourceExpired(
            f"the metadata service ({source.credential_source}) gave no credentials", next_step
        ) from None
    except RuntimeError:
        raise SourceExpired(
            f"the metadata service ({source.credential_source}) gave credentials that have expired", "try again"
        ) from None
    if found is None:
        raise SourceError(message, next_step)
    return found


def from_login(source: Login, seconds: float) -> Any:
    """What the login of a profile gives, in botocore's form: its cached token, exchanged.

    Raises SourceExpired, with the command that logs in again, SourceError, ConfigurationError, STSNotReached.
    """
    session = _session(source.config_path, source.credentials_path, source.profile)

    def loaded() -> Any:
        # botocore knows neither the prefix nor include_profile.
        session.full_config["profiles"].setdefault(source.profile, {}).update(source.settings)
        return _loaded(session, source.method)

    try:
        found = within(seconds, loaded)
    except TimeoutError:
        raise _not_reached(source) from None
    except aws.InvalidConfigError as error:
        raise ConfigurationError(
            f"the SSO settings of profile {shown(source.profile, 64)} are not complete: {shown(str(error), 200)}",
            "`aws configure sso` sets them",
        ) from None
    except aws.ClientError as error:
        raise _answered(source, error) from None
    except (aws.ConnectionError, aws.HTTPClientError):
        raise _not_reached(source) from None
    except aws.MissingDependencyException:
        raise ConfigurationError(
            f"the login of profile {shown(source.profile, 64)} needs botocore's crt extra",
            'install it beside assume-helper: pip install "botocore[crt]"',
        ) from None
    except aws.LoginInsufficientPermissions:
        raise SourceError(
            f"the login of profile {shown(source.profile, 64)} may not be renewed",
            f"have signin:CreateOAuth2Token allowed to who logs in, then run: {source.command}",
        ) from None
    except (aws.BotoCoreError, RuntimeError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError):  # fmt: skip
        found = None  # no token, one that has run out, one that cannot be read, or an answer that is none
    if found is None:
        raise _expired(source)
    return found


def _session(config_path: str, credentials_path: str, profile: str | None) -> Any:
    session = botocore.session.Session(profile=profile)
    session.set_config_variable("config_file", config_path)
    session.set_config_variable("credentials_file", credentials_path)
    return session


def _loaded(session: Any, method: str) -> Any:
    found = session.get_component("credential_provider").get_provider(method).load()
    return None if found is None else found.get_frozen_credentials()


def _answered(source: Login, error: aws.ClientError) -> AssumeHelperError:
    response: Any = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = shown(str(response.get("Error", {}).get("Code", "")), 80)
    if status >= 500 or status == 429:
        return _not_reached(source)
    if status == 401 or source.method == "login":  # of a login that was revoked: 400 INVALID_REQUEST
        return _expired(source)
    return SourceError(
        f"the login of profile {shown(source.profile, 64)} gives no credentials for its account and role ({code})",
        "check sso_account_id and sso_role_name, and that you are assigned to them",
    )


def _expired(source: Login) -> SourceExpired:
    return SourceExpired(
        f"the login of profile {shown(source.profile, 64)} has run out, or was never made", f"run: {source.command}"
    )


def _not_reached(source: Login) -> STSNotReached:
    return STSNotReached(
        f"the login service of profile {shown(source.profile, 64)} could not be reached",
        "check the network and the proxy, then try again",
    )
