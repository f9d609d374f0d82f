"""What a profile is, and the credentials that it has by itself."""

from assume_helper.credentials import SHORTEST_SESSION
from assume_helper.errors import ConfigurationError, OptionNotTaken, SourceError
from assume_helper.profiles import (
    environment_role,
    helper_command,
    key_record,
    likely_meant,
    metadata_service,
    process_resolution,
    resolution,
    token_source,
)
from assume_helper.profiles.chain import Chain
from assume_helper.profiles.origin import (
    AccessKey,
    CredentialProcess,
    EnvironmentKeys,
    Metadata,
    Origin,
    StaticKeys,
    Token,
)
from assume_helper.profiles.raw_profile import READ_ONLY, option_name, with_prefix
from assume_helper.profiles.role import Kind, Profile
from assume_helper.profiles.scope import PURPOSE
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable, typed

# What a role's session is made of or narrowed by, and what no other session has.
_OF_A_ROLE = ("policy_arns", "session_tags", "transitive_session_tags", "source_identity")
# The same of a call's options.
_OPTIONS_OF_A_ROLE = (READ_ONLY, "policy_arns", "session_tags", "role_session_name")
# What botocore does not know as a credential_source, and fails with: with the prefix only.
PREFIXED_SOURCES = ("WebIdentity", "GitHubActions")


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
        if any(has(key) for key in token_source.KEYS):
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


def check_own(settings: ProfileSettings, kind: Kind) -> None:
    """Raise OptionNotTaken, ConfigurationError where a profile without a role asks for what only a role's session has.

    Ignored, a policy that narrows would leave the session wider than was meant.
    """
    what = f"{settings.section} is {'an' if kind == 'access key' else 'a'} {kind}"
    if kind == "access key" and _session_token(settings) is not None:
        what = f"{settings.section} has temporary keys"
    for key in _OPTIONS_OF_A_ROLE:
        if key in settings.raw.options:
            raise OptionNotTaken(
                f"{what}, which takes no {option_name(key)}",
                "narrow it with --session-policy, or name a role that has it as its source_profile",
            )
    ignored = [key for key in _OF_A_ROLE if settings.has(key)]
    if ignored:
        raise ConfigurationError(
            f"{what} and has {', '.join(ignored)}, which only a role's session can have",
            "narrow it with session_policy, or use the profile as the source_profile of a role",
        )


def check_role(settings: ProfileSettings) -> None:
    """Raise OptionNotTaken where the call has an option that no role can have."""
    options = settings.raw.options
    if PURPOSE in options:
        raise OptionNotTaken(
            f"{settings.section} is a role, which takes no --{PURPOSE}",
            "name the session with --role-session-name, which is in the audit trail too",
        )
    check_duration(settings)


def check_duration(settings: ProfileSettings) -> None:
    """Raise OptionNotTaken for a duration that is only good for a scoped session."""
    seconds = settings.raw.options.get("duration_seconds", "")
    if seconds.isdecimal() and int(seconds) < SHORTEST_SESSION:
        raise OptionNotTaken(
            f"--duration-seconds is {seconds}, and this session lasts {SHORTEST_SESSION} s at least",
            f"give {SHORTEST_SESSION} or more",
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


def credential_source(chain: Chain, settings: ProfileSettings, name: str) -> Origin | Profile:
    """The source that the profile's `credential_source` names; `chain` begins behind it. Raises ConfigurationError."""
    environ = chain.environ
    if name in PREFIXED_SOURCES and not settings.has_prefixed("credential_source"):
        raise ConfigurationError(
            f"credential_source of {settings.section} is {name}, which SDKs do not know: they fail with it",
            f"write {with_prefix('credential_source')} = {name}",
        )
    match name:
        case "Environment":
            return EnvironmentKeys(environ.get("AWS_ACCESS_KEY_ID"))
        case "Ec2InstanceMetadata":
            service = metadata_service.resolve(
                environ,
                endpoint=settings.ec2_metadata_service_endpoint,
                mode=settings.ec2_metadata_service_endpoint_mode,
                seconds=settings.metadata_service_timeout,
                tries=settings.metadata_service_num_attempts,
                v1_disabled=settings.ec2_metadata_v1_disabled,
            )
            uri = service.endpoint if service.is_custom else None
            return Metadata(name, uri, resolution.of_metadata(name, environ), service=service)
        case "EcsContainer":
            uris = [environ.get(f"AWS_CONTAINER_CREDENTIALS_{form}_URI") for form in ("RELATIVE", "FULL")]
            return Metadata(name, uris[0] or uris[1], resolution.of_metadata(name, environ))
        case "WebIdentity":
            return environment_role.resolve(settings.name, environ, chain.endpoint, chain.storage)
        case "GitHubActions":
            return token_source.of_github_actions(chain.endpoint, environ)
    ours = " or ".join(PREFIXED_SOURCES)
    raise ConfigurationError(
        f"credential_source of {settings.section} is {printable(name, 64)}",
        likely_meant.without_comment(name)
        or f"use Environment, Ec2InstanceMetadata or EcsContainer, or {ours} with the prefix",
    )


def set_access_key(name: str) -> str:
    """The next step of a message about a missing access key."""
    return f"`aws configure --profile {typed(printable(name, 64))}` sets an access key"


def check_source(settings: ProfileSettings, source: Origin | Profile, partition: str) -> None:
    """Raises ConfigurationError for a source that cannot assume the role."""
    if isinstance(source, Profile) and source.role_arn is not None and source.partition != partition:
        raise ConfigurationError(
            f"{settings.section} has a role of {partition}, and its source one of {source.partition}",
            "use a source of the role's own partition",
        )
    if isinstance(source, Token):
        token_source.check(settings, source)
