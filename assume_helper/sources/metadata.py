"""The metadata service of a machine (EC2) or a container (ECS, EKS) as a source, through botocore's providers."""

import os

import botocore.exceptions as aws

from assume_helper.credentials import Credentials
from assume_helper.errors import SourceError, SourceExpired, STSNotReached
from assume_helper.profiles.role import Metadata
from assume_helper.sources.access_key import checked
from assume_helper.system import guarded_http, sdk_provider
from assume_helper.system.deadline import within

# botocore's names for its providers (`CredentialProvider.METHOD`).
_METHODS = {"Ec2InstanceMetadata": "iam-role", "EcsContainer": "container-role"}
_NO_CREDENTIALS = {
    "Ec2InstanceMetadata": (
        "the EC2 metadata service gave no credentials",
        "attach an instance profile, unset AWS_EC2_METADATA_DISABLED, or use another credential_source",
    ),
    "EcsContainer": (
        "this is not a container with credentials: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or "
        "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set",
        "give the task a role, correct AWS_CONTAINER_CREDENTIALS_FULL_URI, or use another credential_source",
    ),
}


def credentials(source: Metadata, seconds: float) -> Credentials:
    """The credentials that the metadata service gives within `seconds`.

    Raises SourceError, SourceExpired; STSNotReached for an answer without end; ConfigurationError for an `http://` URL
    that may not be used.
    """
    message, next_step = _NO_CREDENTIALS[source.credential_source]
    method = _METHODS[source.credential_source]
    try:
        found = within(seconds, lambda: sdk_provider.load(method, os.devnull, os.devnull, None, {}))
    except TimeoutError:
        raise SourceExpired(f"the metadata service ({source.credential_source}) gave no answer", next_step) from None
    except (aws.BotoCoreError, KeyError, TypeError, ValueError, OSError) as error:
        if guarded_http.is_too_long(error):
            raise STSNotReached(
                f"the metadata service ({source.credential_source}) sent an answer without end", next_step
            ) from None
        raise SourceExpired(
            f"the metadata service ({source.credential_source}) gave no credentials", next_step
        ) from None
    except RuntimeError:
        raise SourceExpired(
            f"the metadata service ({source.credential_source}) gave credentials that have expired", "try again"
        ) from None
    if found is None:
        raise SourceError(message, next_step)
    where = f"{source.credential_source}'s metadata"
    return checked(found.access_key, found.secret_key, found.token, where)
