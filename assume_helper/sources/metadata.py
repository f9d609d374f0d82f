"""The metadata service of a machine (EC2) or a container (ECS, EKS) as a source, through botocore's providers."""

import re

import botocore.exceptions as aws
from botocore.credentials import ContainerProvider

from assume_helper.credentials import Credentials
from assume_helper.errors import SourceError, SourceExpired, STSNotReached
from assume_helper.light import Any
from assume_helper.profiles.origin import Metadata
from assume_helper.sources import instance_metadata
from assume_helper.sources.access_key import checked
from assume_helper.system import guarded_http
from assume_helper.system.deadline import within


def credentials(source: Metadata, seconds: float) -> Credentials:
    """The credentials that the metadata service gives within `seconds`.

    Raises SourceError, SourceExpired; STSNotReached for an answer without end; ConfigurationError for an `http://` URL
    that may not be used.
    """
    is_ec2 = source.credential_source == "Ec2InstanceMetadata"
    try:
        return within(seconds, lambda: instance_metadata.credentials(source.service) if is_ec2 else _of_container())
    except TimeoutError:
        next_step = (
            "lower metadata_service_timeout or metadata_service_num_attempts, or use another credential_source"
            if is_ec2
            else "correct AWS_CONTAINER_CREDENTIALS_FULL_URI, or use another credential_source"
        )
        raise SourceExpired(f"the metadata service ({source.credential_source}) gave no answer", next_step) from None


def _of_container() -> Credentials:
    next_step = "give the task a role, correct AWS_CONTAINER_CREDENTIALS_FULL_URI, or use another credential_source"
    try:
        found = _given()
    except (aws.BotoCoreError, KeyError, TypeError, ValueError, OSError) as error:
        if guarded_http.is_too_long(error):
            raise STSNotReached("the metadata service (EcsContainer) sent an answer without end", next_step) from None
        raise _of_error(error) or SourceExpired(
            f"the metadata service (EcsContainer) {_outcome(error)}", next_step
        ) from None
    except RuntimeError:
        raise SourceExpired(
            "the metadata service (EcsContainer) gave credentials that have expired", "try again"
        ) from None
    if found is None:
        raise SourceError(
            "this is not a container with credentials: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or "
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set",
            "give the task a role, or use another credential_source",
        )
    return checked(found.access_key, found.secret_key, found.token, "EcsContainer's metadata")


def _given() -> Any:
    """What botocore's provider gets; None where the environment names no service. Raises botocore's errors."""
    guarded_http.install()
    found: Any = ContainerProvider().load()
    return None if found is None else found.get_frozen_credentials()


def _of_error(error: Exception) -> SourceError | None:
    """The error for a variable that the service cannot be asked with; None where it was asked.

    The texts are botocore's (`ContainerMetadataFetcher`, `ContainerProvider`): its errors have no other mark.
    """
    if isinstance(error, OSError) and error.filename is not None:
        return SourceError(
            f"the container's token file cannot be read ({error.strerror})",
            "correct AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        )
    if "Unsupported host" in str(error):
        return SourceError(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI has a host that no SDK asks without TLS",
            "use https://, a loopback address, or the address that ECS or EKS gave",
        )
    if "not a legal header value" in str(error):
        return SourceError(
            "the container's token has a line break in it",
            "correct AWS_CONTAINER_AUTHORIZATION_TOKEN or what AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names",
        )
    return None


def _outcome(error: Exception) -> str:
    status = re.search(r"non 200 response ([0-9]{3})", str(error))
    if status is not None:
        return f"gave no credentials (HTTP {status[1]})"
    if "error when attempting to retrieve" in str(error):
        return "was not reached"
    return "gave no credentials"
