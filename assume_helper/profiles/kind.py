"""What a profile is, and the credentials that it has by itself."""

import shlex
from collections.abc import Mapping
from typing import Literal

from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles import likely_meant, metadata_service, process_resolution, resolution
from assume_helper.profiles.role import (
    CredentialProcess,
    EnvironmentKeys,
    Login,
    Metadata,
    Origin,
    Profile,
    StaticKeys,
    WebIdentity,
)
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

Kind = Literal["role", "permission set", "console login", "process", "access key"]


def kind_of(settings: ProfileSettings, *, as_source: bool) -> Kind | None:
    """What a profile is; None where it has neither a role nor credentials. Raises ConfigurationError.

    The order is botocore's: as a role's source an access key comes before a role (`_resolve_credentials_from_profile`),
    and the credentials file comes before a process, and that before the config file
    (`ProfileProviderBuilder.providers`). A role that is written for this helper comes first.
    """
    has_key = settings.has("aws_access_key_id")
    if settings.has_prefixed("role_arn") or (settings.has("role_arn") and not (as_source and has_key)):
        return "role"
    if settings.has("sso_account_id") or settings.has("sso_role_name"):
        return "permission set"
    key_wins = has_key and "aws_access_key_id" in settings.raw.config.credentials_profiles.get(settings.name, {})
    if settings.has("login_session") and not key_wins:
        return "console login"
    if settings.has("credential_process") and not key_wins:
        return "process"
    return "access key" if has_key else None


def access_key(settings: ProfileSettings) -> StaticKeys | None:
    """The profile's access key, None where it has none. Raises SourceError where half of it is missing."""
    if settings.aws_access_key_id is None:
        return None
    if settings.aws_secret_access_key is None:
        raise SourceError(
            f"{settings.section} has an aws_access_key_id and no aws_secret_access_key", set_access_key(settings.name)
        )
    return StaticKeys(
        settings.name, settings.aws_access_key_id, settings.aws_secret_access_key, _session_token(settings)
    )


def _session_token(settings: ProfileSettings) -> str | None:
    """The session token, also by its old name, which wins as for botocore (`SharedCredentialProvider.TOKENS`)."""
    old, new = settings.aws_security_token, settings.aws_session_token
    is_ours = settings.has_prefixed("aws_session_token") and not settings.has_prefixed("aws_security_token")
    return new or old if is_ours else old or new


def permission_set(settings: ProfileSettings) -> Login:
    """A role of IAM Identity Center. Raises ConfigurationError where its `[sso-session]` is not read as one."""
    session = settings.sso_session
    if session is not None and likely_meant.unread(settings.raw.config, session, "sso-session") is not None:
        what = f"{settings.section} names sso_session = {printable(session, 64)}, which is not there"
        raise likely_meant.missing(settings.raw.config, what, session, "add that section", "sso-session")
    who = {
        "sso_session": settings.sso_session,
        "sso_start_url": settings.sso_start_url,
        "sso_account_id": settings.sso_account_id,
        "sso_role_name": settings.sso_role_name,
    }
    return _login(settings, "sso", who, {"sso_region": settings.sso_region})


def console_login(settings: ProfileSettings) -> Login:
    """A login to the AWS console (`aws login`)."""
    return _login(settings, "login", {"login_session": settings.login_session}, {"sso_region": settings.sso_region})


def _login(
    settings: ProfileSettings, method: str, who: Mapping[str, str | None], more: Mapping[str, str | None]
) -> Login:
    """A login by its keys, wherever they stand; the AWS CLI is given the profile that has them bare, if one has."""
    first = next((key for key, value in who.items() if value), next(iter(who)))
    holder = settings.raw.holder(first)
    if holder is None and first == "sso_session":
        option = ("--sso-session", who[first] or "")
    else:
        option = ("--profile", holder or settings.name)
    return Login(
        settings.name,
        method,
        tuple(value or "" for value in who.values()),
        settings.raw.config.config_path,
        settings.raw.config.credentials_path,
        tuple((key, value) for key, value in {**who, **more}.items() if value),
        option,
        resolution=resolution.of_login(method, settings.raw.config.environ),
    )


def process(settings: ProfileSettings, command: str) -> CredentialProcess:
    """Another program's `credential_process`."""
    found = process_resolution.of_command(command, settings.name, settings.raw.config.environ)
    return CredentialProcess(settings.name, command, found)


def credential_source(settings: ProfileSettings, name: str, environ: Mapping[str, str]) -> EnvironmentKeys | Metadata:
    """The source that the profile's `credential_source` names. Raises ConfigurationError."""
    if name == "Environment":
        return EnvironmentKeys(environ.get("AWS_ACCESS_KEY_ID"))
    if name == "Ec2InstanceMetadata":
        service = metadata_service.resolve(
            environ,
            endpoint=settings.ec2_metadata_service_endpoint,
            mode=settings.ec2_metadata_service_endpoint_mode,
            seconds=settings.metadata_service_timeout,
            tries=settings.metadata_service_num_attempts,
            v1_disabled=settings.ec2_metadata_v1_disabled,
        )
        return Metadata(
            name,
            service.endpoint if service.is_custom else None,
            resolution.of_metadata(name, environ),
            service=service,
        )
    if name == "EcsContainer":
        uris = [environ.get(f"AWS_CONTAINER_CREDENTIALS_{form}_URI") for form in ("RELATIVE", "FULL")]
        return Metadata(name, uris[0] or uris[1], resolution.of_metadata(name, environ))
    raise ConfigurationError(
        f"credential_source of {settings.section} is {printable(name, 64)}",
        likely_meant.without_comment(name) or "use Environment, Ec2InstanceMetadata or EcsContainer",
    )


def set_access_key(name: str) -> str:
    """The next step of a message about a missing access key."""
    return f"`aws configure --profile {shlex.quote(printable(name, 64))}` sets an access key"


def check_source(settings: ProfileSettings, source: Origin | Profile, partition: str) -> None:
    """Raises ConfigurationError for a source that cannot assume the role."""
    if isinstance(source, Profile) and source.partition != partition:
        raise ConfigurationError(
            f"{settings.section} has a role of {partition}, and its source one of {source.partition}",
            "use a source of the role's own partition",
        )
    if isinstance(source, WebIdentity):
        for key in ("external_id", "session_tags", "source_identity"):
            if settings.has(key):
                raise ConfigurationError(
                    f"{settings.section} has {key}, which STS does not take with a web identity token",
                    "take it out: the identity provider puts such things into the token",
                )
