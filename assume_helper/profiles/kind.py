"""What a profile is, and the credentials that it has by itself."""

from collections.abc import Mapping

from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles import (
    helper_command,
    key_record,
    likely_meant,
    metadata_service,
    process_resolution,
    resolution,
)
from assume_helper.profiles.origin import (
    AccessKey,
    CredentialProcess,
    EnvironmentKeys,
    Metadata,
    Origin,
    StaticKeys,
    WebIdentity,
)
from assume_helper.profiles.raw_profile import with_prefix
from assume_helper.profiles.role import Kind, Profile
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

# What a role's session is made of or narrowed by, and what no other session has.
_OF_A_ROLE = (
    "session_policy", "policy_arns", "session_tags", "transitive_session_tags", "source_identity",
)  # fmt: skip


def kind_of(settings: ProfileSettings, *, as_source: bool) -> Kind | None:
    """What a profile is; None where it has neither a role nor credentials. Raises ConfigurationError.

    The order is botocore's (`create_credential_resolver`, `ProfileProviderBuilder.providers`): a role, a permission
    set, a key of the credentials file, a console login, a process, a key of the config file. As a role's source an
    access key comes before a role (`_resolve_credentials_from_profile`). What is written for this helper comes before
    what the SDKs read too. The keyring's key comes last.
    """
    in_credentials = settings.raw.config.credentials_profiles.get(settings.name, {})
    for is_ours in (True, False):
        has = settings.has_prefixed if is_ours else settings.has
        has_key = has("aws_access_key_id")
        if has("web_identity_token_file"):
            return "role"
        if has("role_arn") and not (as_source and (has_key or settings.key_place)):
            return "role"
        if has("sso_account_id") or has("sso_role_name"):
            return "permission set"
        if has_key and (with_prefix("aws_access_key_id") if is_ours else "aws_access_key_id") in in_credentials:
            return "access key"
        if has("login_session"):
            return "console login"
        if has("credential_process") and not _is_own_command(settings):
            return "process"
        if has_key:
            return "access key"
    return None if settings.key_place is None else "access key"


def _is_own_command(settings: ProfileSettings) -> bool:
    """Whether the profile's credential_process is this helper, for the same profile: it is how SDKs reach the rest."""
    ours = helper_command.parse(settings.credential_process)
    return ours is not None and ours.is_for(settings.name)


def check_own(settings: ProfileSettings, kind: Kind, options: Mapping[str, str]) -> None:
    """Raise ConfigurationError where a profile without a role asks for what only a role's session can have.

    Ignored, a policy that narrows would leave the session wider than was meant.
    """
    what = f"{settings.section} is {'an' if kind == 'access key' else 'a'} {kind}"
    is_user_s_own = kind == "access key"
    if is_user_s_own and _session_token(settings) is not None:
        what, is_user_s_own = f"{settings.section} has temporary keys", False
    given = [key for key in options if key != "duration_seconds" or not is_user_s_own]
    if given:
        raise ConfigurationError(f"{what}, which takes no {settings.raw.named(given[0])}", "leave that option out")
    ignored = [key for key in _OF_A_ROLE if settings.has(key)]
    if ignored:
        raise ConfigurationError(
            f"{what} and has {', '.join(ignored)}, which only a role's session can have",
            "take it out, or use the profile as the source_profile of a role",
        )


def access_key(settings: ProfileSettings) -> AccessKey | None:
    """The profile's access key, None where it has none. Raises SourceError where half of it is missing."""
    if settings.aws_access_key_id is None:
        place = settings.key_place
        return None if place is None else key_record.kept_key(settings.name, place, settings.raw.config.environ)
    if settings.aws_secret_access_key is None:
        raise SourceError(
            f"{settings.section} has an aws_access_key_id and no aws_secret_access_key", set_access_key(settings.name)
        )
    return StaticKeys(
        settings.name, settings.aws_access_key_id, settings.aws_secret_access_key, _session_token(settings)
    )


def _session_token(settings: ProfileSettings) -> str | None:
    """The session token, also by its old name, which wins as for botocore (`SharedCredentialProvider.TOKENS`).

    A bare one is of the same file as the key: the other file's is of another key.
    """
    config, name = settings.raw.config, settings.name
    in_credentials = config.credentials_profiles.get(name, {})
    file = in_credentials if "aws_access_key_id" in in_credentials else config.config_profiles.get(name, {})
    old, new = settings.aws_security_token, settings.aws_session_token
    if not settings.has_prefixed("aws_access_key_id"):
        old = old if settings.has_prefixed("aws_security_token") or file.get("aws_security_token") else None
        new = new if settings.has_prefixed("aws_session_token") or file.get("aws_session_token") else None
    is_ours = settings.has_prefixed("aws_session_token") and not settings.has_prefixed("aws_security_token")
    return new or old if is_ours else old or new


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
    import shlex

    return f"`aws configure --profile {shlex.quote(printable(name, 64))}` sets an access key"


def check_source(settings: ProfileSettings, source: Origin | Profile, partition: str) -> None:
    """Raises ConfigurationError for a source that cannot assume the role."""
    if isinstance(source, Profile) and source.role_arn is not None and source.partition != partition:
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
