"""From a profile's name to what it is, its source, and that one's source: linked, and never in a loop."""

from collections.abc import Mapping

from assume_helper.credentials import Storage, strictest
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError
from assume_helper.light import replace
from assume_helper.profiles import (
    endpoint,
    helper_command,
    kind,
    likely_meant,
    login_settings,
    mfa_device,
    pair,
    role_session_name,
    scope,
    session_parameters,
    token_source,
    what_is_missing,
)
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.chain import Chain
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.mfa_device import MFASettings
from assume_helper.profiles.origin import (
    AccessKey,
    EnvironmentKeys,
    KeptKey,
    MFADevice,
    Origin,
    OwnCredentials,
    StaticKeys,
)
from assume_helper.profiles.raw_profile import merge, with_prefix
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.role import Kind, Profile
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.profiles.what_is_missing import LEADS_TO_SESSION
from assume_helper.text import has_control_character, printable

# A profile that has none of these is of no kind.
_ANY_FORM = frozenset(form for key in LEADS_TO_SESSION for form in (key, with_prefix(key)))


def read_profile(
    config: AwsConfig, environ: Mapping[str, str], name: str, options: Mapping[str, str] | None = None,
    tokens: dict[str, Resolution] | None = None,
) -> Profile:  # fmt: skip
    """The profile `name`, with its sources; `options` win over the keys of the same names, of its role alone.

    `tokens` is for whoever reads many profiles at once: each login's token file is read once. Raises ConfigurationError
    for a profile that is not there, is of no kind, or has a bad value; SourceError where a source profile has no
    credentials.
    """
    if not name or has_control_character(name):
        raise ConfigurationError(
            "a profile's name cannot be empty or hold control characters", "name a profile of the AWS config"
        )
    if name not in config.profiles:
        raise likely_meant.unknown_profile(config, name)
    return _profile(Chain(config, environ, options=options or {}, tokens={} if tokens is None else tokens), name)


def can_be_served(config: AwsConfig, name: str) -> bool:
    """Whether the profile `name` is of any kind, or gets another profile's session in the pair form.

    True also where a bad value hides that: `read_profile` says what is wrong.
    """
    if _ANY_FORM.isdisjoint(config.profiles[name]):
        return False
    try:
        settings = ProfileSettings(merge(config, name))
        found = kind.kind_of(settings, as_source=False)
        return found is not None or helper_command.target(settings.credential_process) not in (None, name)
    except AssumeHelperError:
        return True


def _profile(chain: Chain, name: str) -> Profile:
    """What `name` is: a role, credentials of its own, or in the pair form what its credential_process gets."""
    settings = chain.settings(name)
    found = kind.kind_of(settings, as_source=False)
    if found == "role":
        return _role(chain, settings)
    if found == "process":
        target = helper_command.target(settings.credential_process)
        if target is not None:
            return _pair(chain, settings, target)
    if found is None:
        raise what_is_missing.of_no_kind(settings)
    return _own(chain, settings, found)


def _role(chain: Chain, settings: ProfileSettings) -> Profile:
    """The role of a profile."""
    role_arn = settings.role_arn
    if role_arn is None:
        has = next(key for key in token_source.KEYS if settings.has(key))
        what = f"{settings.section} has {has} and no role_arn"
        raise ConfigurationError(
            what, what_is_missing.keys_meant(settings, "role_arn") or "add role_arn: the role that it is for"
        )
    kind.check_role(settings)
    partition = role_arn.split(":")[1]
    endpoint_settings = endpoint.from_settings(settings, chain.environ, chain.endpoint)
    own_mfa = mfa_device.from_settings(settings)
    storage = strictest(settings.storage, chain.storage)
    behind = replace(chain, options={}, endpoint=endpoint_settings, mfa=own_mfa.over(chain.mfa), storage=storage)
    source = _source(behind, settings)
    likely_meant.check_prefixed_keys(chain.config.profiles[settings.name], settings.section)
    kind.check_source(settings, source, partition)
    storage = strictest(storage, _storage_of(behind, source))
    sts = endpoint.resolve(endpoint_settings, partition)
    return Profile(
        name=settings.name,
        role_arn=role_arn,
        source=source,
        endpoint=sts,
        external_id=settings.external_id,
        role_session_name=settings.role_session_name,
        duration_seconds=settings.duration_seconds,
        parameters=session_parameters.from_settings(settings, partition),
        mfa=_mfa_device(chain, settings, source, own_mfa),
        region=sts.region if sts.region_is_own else None,
        endpoint_url=endpoint.for_programs(settings, chain.environ),
        storage=storage,
        looked_up=role_session_name.conditions(settings.raw.text("role_session_name"), chain.environ),
    )


def _own(chain: Chain, settings: ProfileSettings, found: Kind) -> Profile:
    """A profile whose credentials are its own: no role is assumed for it."""
    kind.check_own(settings, found)
    likely_meant.check_prefixed_keys(chain.config.profiles[settings.name], settings.section)
    endpoint_settings = endpoint.from_settings(settings, chain.environ, chain.endpoint)
    sts = endpoint.resolve(endpoint_settings, None)
    source = _own_credentials(chain, settings, found, endpoint_settings)
    is_exchanged = isinstance(source, AccessKey) and source.session_token is None
    narrowed = scope.from_settings(settings, is_exchanged=is_exchanged)
    if narrowed is None:
        kind.check_duration(settings)
    else:  # the options are those of the scope: what it is made from is the session as it always is
        settings = replace(chain, options={}).settings(settings.name)
    return Profile(
        name=settings.name,
        role_arn=None,
        source=source,
        endpoint=sts,
        duration_seconds=settings.user_session_seconds if is_exchanged else None,
        mfa=mfa_device.device(mfa_device.from_settings(settings), settings.section) if is_exchanged else None,
        region=sts.region if sts.region_is_own else None,
        endpoint_url=endpoint.for_programs(settings, chain.environ),
        storage=strictest(settings.storage, chain.storage),
        scope=narrowed,
    )


def _own_credentials(
    chain: Chain, settings: ProfileSettings, found: Kind, endpoint_settings: EndpointSettings
) -> OwnCredentials:
    if found == "permission set":
        return login_settings.permission_set(settings, chain.environ, endpoint_settings, chain.tokens)
    if found == "console login":
        return login_settings.console_login(settings, chain.environ, endpoint_settings, chain.tokens)
    if found == "process" and settings.credential_process is not None:
        what_is_missing.check_comment(settings)
        return kind.process(settings, settings.credential_process)
    access_key = kind.access_key(settings)
    if access_key is None:
        raise SourceError(
            f"profile {printable(settings.name, 64)} has no access key", kind.set_access_key(settings.name)
        )
    return access_key


def _storage_of(chain: Chain, source: Origin | Profile) -> Storage | None:
    """How the sessions of `source` are stored, as its profile says.

    The strictest of all that lead to a session counts for each of them: who reads one has the next.
    """
    match source:
        case Profile():
            return source.storage
        case StaticKeys() | KeptKey():
            return chain.settings(source.profile).storage
        case _:
            return None


def _pair(chain: Chain, settings: ProfileSettings, target: str) -> Profile:
    """What the profile's credential_process gets from this helper: the session of `target`."""
    found = _target(chain, settings, target)
    region = endpoint.region_of_programs(settings, chain.environ)
    return found if region is None else replace(found, region=region)


def _target(chain: Chain, settings: ProfileSettings, name: str) -> Profile:
    """The profile `name`, which the credential_process of `settings` gets."""
    behind = chain.follow(settings.name, name)
    pair.check(settings, name)
    return _profile(behind, name)


def _mfa_device(
    chain: Chain, settings: ProfileSettings, source: Origin | Profile, own: MFASettings
) -> MFADevice | None:
    """The device whose code the role is assumed with, where its source is a user that can have one.

    That is where a chain begins: STS takes a code from a user only, so a role further on that asks for one has it
    asked there. The sessions of a login and of a machine have no device; whoever logs in shows a code there.
    """
    if isinstance(source, Profile):
        profile = source.name if source.kind == "process" else None
    else:
        profile = source.profile if isinstance(source, AccessKey) else None
    if profile is None and not isinstance(source, EnvironmentKeys):
        return None
    of_source = MFASettings()
    if profile is not None:
        of_source = mfa_device.from_settings(replace(chain, options={}).settings(profile))
    return mfa_device.device(own.over(of_source).over(chain.mfa), settings.section)


def _source(chain: Chain, settings: ProfileSettings) -> Origin | Profile:
    """What the role of `settings` is assumed with."""
    token = token_source.of_settings(settings, chain.environ)
    if token is not None:  # as for botocore, it comes before any other source
        return token
    source_profile, credential_source = settings.source_profile, settings.credential_source
    if source_profile and credential_source:
        prefixed = [settings.has_prefixed(key) for key in ("source_profile", "credential_source")]
        if prefixed == [True, False]:  # the bare one is for the SDKs
            credential_source = None
        elif prefixed == [False, True]:
            source_profile = None
    if source_profile and credential_source:
        what = f"{settings.section} has both source_profile and credential_source"
        raise ConfigurationError(what, "take one of them out")
    if credential_source:
        return kind.credential_source(chain, settings, credential_source)
    if not source_profile:
        raise ConfigurationError(
            f"{settings.section} has a role_arn and nothing to assume it with",
            what_is_missing.keys_meant(settings, "source_profile", "credential_source", *token_source.KEYS)
            or "add source_profile or credential_source",
        )
    if source_profile == settings.name:
        # botocore: a profile may name itself, to have its role and its access key in one place
        own_key = kind.access_key(settings)
        if own_key is not None:
            return own_key
    return _source_profile(chain.follow(settings.name, source_profile), source_profile)


def _source_profile(chain: Chain, name: str) -> Origin | Profile:
    """What a role is assumed with where its source is the profile `name`: an access key, or a session of ours."""
    settings = chain.settings(name)
    access_key = kind.access_key(settings)  # half of one is an error, whatever else the profile has
    found = kind.kind_of(settings, as_source=True)
    if found == "role":
        return _role(chain, settings)
    if found == "process":
        target = helper_command.target(settings.credential_process)
        if target is not None:
            return _target(chain, settings, target)
    if found is None:
        meant = what_is_missing.keys_meant(settings, *LEADS_TO_SESSION)
        raise SourceError(
            f"source profile {printable(name, 64)} has no credentials", meant or kind.set_access_key(name)
        )
    if found == "access key" and access_key is not None:
        return access_key
    return _own(chain, settings, found)
