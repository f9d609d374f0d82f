"""Who credentials are to AWS: the environment's, those of a role's source, the profile's."""

from collections.abc import Callable, Mapping
from datetime import datetime

from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials, Identity
from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.light import replace
from assume_helper.profiles import aws_config, endpoint, likely_meant, profile_variables
from assume_helper.profiles.origin import EnvironmentKeys, Origin
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.system import environment
from assume_helper.system.context import Clock
from assume_helper.text import printable, redacted

# Seconds for one GetCallerIdentity.
_PATIENCE = 15.0
_NO_CREDENTIALS = ("an SDK finds no credentials in this environment", "set AWS_PROFILE, or log in")


def of(whose: str, credentials: Credentials, source: Origin | Profile, sts: Endpoint, clock: Clock) -> Identity:
    """Ask `sts` who `credentials` of `source` are. Raises AssumeHelperError."""
    from assume_helper.sts import calls, request
    from assume_helper.system.deadline import Deadline

    at = clock.monotonic() + _PATIENCE
    asked = request.get_caller_identity(sts, source)
    found = calls.get_caller_identity(asked, credentials, Deadline(at, at), clock)
    end = credentials.expiration
    return replace(found, whose=whose, left=end.timestamp() - clock.now() if end is not None else None)


def of_session(profile: Profile, session: Session, now: float) -> Identity:
    """Who a profile's session is, by what was said when it was given. The user id is unknown then."""
    left = None if session.expiration is None else session.left(now)
    whose = f"{profile.kind} of {profile.name}"
    return Identity(session.assumed_role_arn or profile.identity, session.account_id or "", whose=whose, left=left)


def of_environment(environ: Mapping[str, str], clock: Clock) -> Callable[[], Identity]:
    """Find the credentials that an SDK uses in `environ`; the result asks STS who they are.

    In two steps, since a program that has the credentials may ask a person for something. Raises SourceError,
    ConfigurationError.
    """
    _check_profile(environ)
    method, credentials, sts = _sdk_credentials(profile_variables.as_read_here(environ))
    return lambda: of(f"the environment ({method})", credentials, EnvironmentKeys(None), sts, clock)


def _check_profile(environ: Mapping[str, str]) -> None:
    """Raise ConfigurationError for config files that cannot be read, and for a profile that is not in them."""
    name = profile_variables.profile(environ)
    config = aws_config.load(environ)
    if name and name not in config.profiles and not environ.get("AWS_ACCESS_KEY_ID"):
        what = f"the environment names profile {printable(name, 64)}, which is not there"
        raise likely_meant.missing(config, what, name, f"correct {profile_variables.variable(environ)}, or unset it")
    empty = next((each for each in profile_variables.NAMES if environ.get(each) == ""), None)
    if empty and not name:  # botocore: "The config profile () could not be found"
        raise ConfigurationError(f"{empty} is empty: boto3 looks for a profile without a name", f"unset {empty}")


def _sdk_credentials(environ: Mapping[str, str]) -> tuple[str, Credentials, Endpoint]:
    """How botocore finds credentials in `environ`, these credentials, and its STS. Raises SourceError."""
    import botocore.exceptions
    import botocore.session

    try:
        with environment.unhidden(environ):
            session = botocore.session.Session()
            region = session.get_config_variable("region") or "us-east-1"
            url = environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL")
            url = url or session.get_scoped_config().get("endpoint_url")
            found = session.get_credentials()
            keys = None if found is None else found.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, RuntimeError) as error:
        said = redacted(str(error))
        raise SourceError(f"an SDK gets no credentials in this environment: {said}", _NO_CREDENTIALS[1]) from None
    if found is None or keys is None or keys.access_key is None or keys.secret_key is None:
        raise SourceError(*_NO_CREDENTIALS)
    expiration: datetime | None = getattr(found, "_expiry_time", None)
    credentials = Credentials(keys.access_key, keys.secret_key, keys.token, expiration)
    bundle, named = endpoint.ca_bundle(environ), endpoint.ca_bundle_named(environ)
    return found.method, credentials, Endpoint(region, url, bundle, ca_bundle_named=named)
