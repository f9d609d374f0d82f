"""From a profile's name to its role and its source, and that one's source: linked, and never in a loop."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from assume_helper import hit
from assume_helper.credentials import Storage, strictest
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError
from assume_helper.profiles import (
    callers,
    endpoint,
    helper_command,
    kind,
    likely_meant,
    mfa_device,
    pair,
    resolution,
    role_session_name,
    session_parameters,
    value_parsers,
)
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.mfa_device import MFASettings
from assume_helper.profiles.raw_profile import included_profiles, merge, with_prefix
from assume_helper.profiles.role import (
    CredentialProcess,
    Login,
    Metadata,
    MFADevice,
    Origin,
    Profile,
    StaticKeys,
    WebIdentity,
)
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import CONTROL_CHARACTERS, draw_loop, printable

# No chain of roles is nearly as long.
_MOST_LINKS = 100
# A profile that has none of these has no role.
_LEADS_TO_ROLE = frozenset(
    form for key in ("role_arn", "include_profile", "credential_process") for form in (key, with_prefix(key))
)
# What makes a source profile have credentials.
_LEADS_TO_CREDENTIALS = (
    "aws_access_key_id",
    "credential_process",
    "include_profile",
    "login_session",
    "role_arn",
    "sso_account_id",
    "sso_role_name",
)


@dataclass(frozen=True)
class _Chain:
    """The profiles visited so far, and what the last role of them hands on to its source.

    `options` are the call's own, for the role that was asked for alone; `parsed` has the other profiles, parsed once.
    """

    config: AwsConfig
    environ: Mapping[str, str] = field(repr=False)
    visited: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    mfa: MFASettings = field(default_factory=MFASettings)
    storage: Storage = "file"
    parsed: dict[str, ProfileSettings] = field(default_factory=dict)

    def settings(self, name: str) -> ProfileSettings:
        if self.options:
            return ProfileSettings(merge(self.config, name, self.options))
        if name not in self.parsed:
            self.parsed[name] = ProfileSettings(merge(self.config, name))
        return self.parsed[name]

    def follow(self, name: str, target: str) -> "_Chain":
        """The chain one step on, from `name` to `target`. Raises ConfigurationError where that closes a loop."""
        visited = (*self.visited, name)
        if target in visited:
            raise callers.loop_of_sources((*visited[visited.index(target) :], target))
        if len(visited) >= _MOST_LINKS:
            raise ConfigurationError(f"the chain has more than {_MOST_LINKS} profiles", "shorten it")
        if target not in self.config.profiles:
            what = f"[{printable(name, 64)}] names profile {printable(target, 64)}, which is not there"
            raise likely_meant.missing(self.config, what, target, "correct the name, or add that profile")
        return replace(self, visited=visited)


def read_profile(
    config: AwsConfig, environ: Mapping[str, str], name: str, options: Mapping[str, str] | None = None
) -> Profile:
    """The profile `name`, with its sources; `options` win over the keys of the same names, of its role alone.

    Raises ConfigurationError for a profile that is not there, has no role, or has a bad value; SourceError where a
    source profile has no credentials.
    """
    if not name or CONTROL_CHARACTERS.search(name):
        raise ConfigurationError(
            "a profile's name cannot be empty or hold control characters", "name a profile of the AWS config"
        )
    if name not in config.profiles:
        raise likely_meant.unknown_profile(config, name)
    return _role(_Chain(config, environ, options=options or {}), name)


def has_role(config: AwsConfig, name: str) -> bool:
    """Whether the profile `name` has a role: one of its own, an included one, or in the pair form another profile's.

    True also where a bad value hides that: `read_profile` says what is wrong.
    """
    if _LEADS_TO_ROLE.isdisjoint(config.profiles[name]):
        return False  # most profiles of a long config
    settings = ProfileSettings(merge(config, name))
    try:
        return settings.has("role_arn") or helper_command.target(settings.credential_process) is not None
    except AssumeHelperError:
        return True


def _keys_meant(settings: ProfileSettings, *wanted: str) -> str | None:
    """The next step where one of the keys `wanted` is there, misspelt or as a part of another value."""
    with suppress(ConfigurationError):  # a missing include is reported elsewhere
        names = list(included_profiles(settings.raw.config, settings.name))
        return likely_meant.key_meant(settings.raw.config, names, wanted)
    return likely_meant.key_meant(settings.raw.config, [settings.name], wanted)


def _role(chain: _Chain, name: str) -> Profile:
    """The role that `name` stands for: its own, or in the pair form the one that its credential_process gets."""
    settings = chain.settings(name)
    role_arn = settings.role_arn
    if role_arn is None:
        return _pair(chain, settings)
    partition = role_arn.split(":")[1]
    endpoint_settings = endpoint.from_settings(settings, chain.environ, chain.endpoint)
    own_mfa = mfa_device.from_settings(settings)
    storage = strictest(settings.storage, chain.storage)
    behind = replace(chain, options={}, endpoint=endpoint_settings, mfa=own_mfa.over(chain.mfa), storage=storage)
    source = _source(behind, settings)
    likely_meant.check_prefixed_keys(chain.config.profiles[name], settings.section)
    kind.check_source(settings, source, partition)
    storage = strictest(storage, _storage_of(behind, source))
    sts = endpoint.resolve(endpoint_settings, partition)
    return Profile(
        name=name,
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


def _storage_of(chain: _Chain, source: Origin | Profile) -> Storage | None:
    """How the sessions of `source` are stored, as its profile says.

    The strictest of all that lead to a session counts for each of them: who reads one has the next.
    """
    match source:
        case Profile():
            return source.storage
        case StaticKeys() | CredentialProcess() | Login():
            return chain.settings(source.profile).storage
        case _:
            return None


def _pair(chain: _Chain, settings: ProfileSettings) -> Profile:
    """The role that the profile's credential_process gets from this helper."""
    target = helper_command.target(settings.credential_process)
    name, missing = printable(settings.name, 64), f"{with_prefix('role_arn')} and {with_prefix('source_profile')}"
    path = printable(chain.config.config_path)
    if target is None:
        raise ConfigurationError(
            f"profile {name} has no role_arn",
            _comment_of_process(settings)
            or _keys_meant(settings, "role_arn", "include_profile")
            or f"add role_arn (or {with_prefix('role_arn')}) and source_profile to it in {path}",
        )
    if target == settings.name:
        raise ConfigurationError(
            f"profile {name} has no role_arn, and its credential_process leads back to it: "
            f"{draw_loop((target, target))}",
            f"add {missing} to it in {path}",
        )
    found = _target(chain, settings, target)
    region = endpoint.region_of_programs(settings, chain.environ)
    return found if region is None else replace(found, region=region)


def _target(chain: _Chain, settings: ProfileSettings, name: str) -> Profile:
    """The role of the profile `name`, which the credential_process of `settings` gets."""
    behind = chain.follow(settings.name, name)
    pair.check(settings, name)
    return _role(behind, name)


def _comment_of_process(settings: ProfileSettings) -> str | None:
    """The next step where a comment follows this helper's command, so that it gets another profile for each word."""
    command = settings.credential_process
    if command is None or not value_parsers.has_comment(command):
        return None
    if helper_command.parse(value_parsers.before_comment(command)) is None:
        return None
    return "put the comment of its credential_process on a line of its own"


def _mfa_device(
    chain: _Chain, settings: ProfileSettings, source: Origin | Profile, own: MFASettings
) -> MFADevice | None:
    """The device whose code the role is assumed with, where its source is a user that can have one.

    That is where a chain begins: STS takes a code from a user only, so a role further on that asks for one has it
    asked there. The sessions of a login and of a machine have no device; whoever logs in shows a code there.
    """
    if isinstance(source, Profile | Login | Metadata | WebIdentity):
        return None
    of_source = MFASettings()
    if isinstance(source, StaticKeys | CredentialProcess):
        of_source = mfa_device.from_settings(replace(chain, options={}).settings(source.profile))
    return mfa_device.device(own.over(of_source).over(chain.mfa), settings.section)


def _source(chain: _Chain, settings: ProfileSettings) -> Origin | Profile:
    """What the role of `settings` is assumed with."""
    if settings.web_identity_token_file is not None:  # as for botocore, it comes before any other source
        written = settings.web_identity_token_file
        path = hit.expand_home(written, chain.environ)
        return WebIdentity(path, resolution.of_token_file(written, path, chain.environ))
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
        return kind.credential_source(settings, credential_source, chain.environ)
    if not source_profile:
        raise ConfigurationError(
            f"{settings.section} has a role_arn and nothing to assume it with",
            _keys_meant(settings, "source_profile", "credential_source", "web_identity_token_file")
            or "add source_profile or credential_source",
        )
    if source_profile == settings.name:
        # botocore: a profile may name itself, to have its role and its access key in one place
        own_key = kind.access_key(settings)
        if own_key is not None:
            return own_key
    return _source_profile(chain.follow(settings.name, source_profile), source_profile)


def _source_profile(chain: _Chain, name: str) -> Origin | Profile:
    """The role or the credentials of the source profile `name`."""
    settings = chain.settings(name)
    access_key = kind.access_key(settings)  # half of one is an error, whatever else the profile has
    found = kind.kind_of(settings, as_source=True)
    if found == "role":
        return _role(chain, name)
    if found == "permission set":
        return replace(kind.permission_set(settings), ca_bundle=_ca_bundle(chain, settings))
    if found == "console login":
        return replace(kind.console_login(settings), ca_bundle=_ca_bundle(chain, settings))
    if found == "process" and settings.credential_process is not None:
        target = helper_command.target(settings.credential_process)
        if target is not None:
            return _target(chain, settings, target)
        return kind.process(settings, settings.credential_process)
    if access_key is None:
        meant = _keys_meant(settings, *_LEADS_TO_CREDENTIALS)
        raise SourceError(
            f"source profile {printable(name, 64)} has no credentials", meant or kind.set_access_key(name)
        )
    return access_key


def _ca_bundle(chain: _Chain, settings: ProfileSettings) -> str | None:
    """The certificates that a login's services are trusted with: as for STS, also those of the role it is for."""
    return endpoint.ca_bundle(chain.environ, settings.ca_bundle or chain.endpoint.ca_bundle)
