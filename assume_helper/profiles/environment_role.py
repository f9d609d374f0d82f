"""The role that EKS names in the environment of a pod, as a source: `assume_helper_credential_source = WebIdentity`.

The variables are the SDKs' own: AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME (SDKs and Tools
Reference Guide, "Assume role credential provider").
"""

from collections.abc import Mapping

from assume_helper import hit, lookups
from assume_helper.credentials import Storage
from assume_helper.profiles import endpoint, resolution, value_parsers
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.origin import WebIdentity
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.role import Profile
from assume_helper.profiles.value_parsers import of_variable

_ROLE, _FILE, _NAME = "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME"


def resolve(
    name: str, environ: Mapping[str, str], inherited: EndpointSettings, storage: Storage
) -> Profile | WebIdentity:
    """The session of the environment's role, for the profile `name`, which has it as its source.

    `inherited` is what that profile says of STS, `storage` how its sessions are stored. Where a variable is not set,
    that is a token that cannot be had: the profile can be written and listed elsewhere. Raises ConfigurationError for a
    value that cannot be.
    """
    conditions = lookups.observed(environ, *(f"env {variable}" for variable in (_ROLE, _FILE, _NAME)))
    role_arn, written = of_variable(environ, _ROLE, value_parsers.role_arn), environ.get(_FILE)
    if role_arn is None or not written:
        missing = [variable for variable, value in ((_ROLE, role_arn), (_FILE, written)) if not value]
        what = f"credential_source is WebIdentity, but {' and '.join(missing)} {'are' if missing[1:] else 'is'} not set"
        problem = (what, "give the pod a service account with a role, or use another source where this is no pod")
        return WebIdentity("", Resolution({}, conditions, problem))
    path = hit.expand_home(written, environ)
    sts = endpoint.resolve(endpoint.of_environment(environ, inherited), role_arn.split(":")[1])
    return Profile(
        name=name,
        role_arn=role_arn,
        source=WebIdentity(path, resolution.of_token_file(written, path, environ)),
        endpoint=sts,
        role_session_name=of_variable(environ, _NAME, value_parsers.role_session_name),
        storage=storage,
        looked_up=conditions,
        of_environment=True,
    )
