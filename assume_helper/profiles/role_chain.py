"""From a profile's name through its sources: which role, assumed with what, and never in a circle."""

import difflib
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from assume_helper.credentials import Storage
from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles import endpoint as way_to_sts
from assume_helper.profiles import partitions, session_parameters
from assume_helper.profiles import settings as of
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.helper_command import helper_target
from assume_helper.profiles.role import (
    MFA_SESSION,
    CredentialProcess,
    Endpoint,
    EnvironmentKeys,
    Login,
    Metadata,
    MFADevice,
    Origin,
    Profile,
    StaticKeys,
    WebIdentity,
)
from assume_helper.profiles.settings import Keys, MFAKeys
from assume_helper.text import CONTROL_CHARACTERS, draw_loop, printable

# No chain of roles is nearly as long.
_MOST_LINKS = 100


@dataclass(frozen=True)
class _Walk:
    """One walk through the profiles, and those passed on the way."""

    config: AwsConfig
    environ: Mapping[str, str] = field(repr=False)
    passed: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    mfa: MFAKeys = field(default_factory=MFAKeys)
    storage: Storage = "file"

    def keys(self, name: str) -> Keys:
        return Keys(self.config, self.environ, name, self.options)

    def on_to(self, name: str, target: str) -> "_Walk":
        """The walk one step on, from `name` to `target`. Raises ConfigurationError where that closes a loop."""
        passed = (*self.passed, name)
        if target in passed:
            raise loop_of_sources((*passed[passed.index(target) :], target))
        if len(passed) >= _MOST_LINKS:
            raise ConfigurationError(f"more than {_MOST_LINKS} profiles lead to each other", "shorten the chain")
        if target not in self.config.profiles:
            raise ConfigurationError(
                f"[{printable(name, 64)}] names profile {printable(target, 64)}, which is not there",
                "correct the name, or add that profile",
            )
        return replace(self, passed=passed)


def loop_of_sources(steps: Iterable[str]) -> ConfigurationError:
    """The error for sources that lead back to where they began."""
    return ConfigurationError(
        f"the sources form a loop: {draw_loop(steps)}", "give one of these profiles credentials of its own"
    )


def read(config: AwsConfig, environ: Mapping[str, str], name: str, options: Mapping[str, str] | None = None) -> Profile:
    """The profile `name`, with its sources; `options` win over the keys of the same names, of its role alone.

    Raises ConfigurationError for a profile that is not there, has no role, or says what cannot be; SourceError where a
    source profile has no credentials.
    """
    if not name or CONTROL_CHARACTERS.search(name):
        raise ConfigurationError(
            "a profile's name cannot be empty or hold control characters", "name a profile of the AWS config"
        )
    if name not in config.profiles:
        raise _unknown(config, name)
    return _role_of(_Walk(config, environ, options=options or {}), name, EndpointSettings())


def _unknown(config: AwsConfig, name: str) -> ConfigurationError:
    paths = (config.config_path, config.credentials_path)
    missing = [path for path in paths if not os.path.exists(path)]
    where = " and ".join(printable(path) + (" (no such file)" if path in missing else "") for path in paths)
    if not config.profiles:
        return ConfigurationError(f"there is no profile in {where}", "create the file, or set AWS_CONFIG_FILE to it")
    if name in config.other_sections:
        return ConfigurationError(
            f"{printable(config.config_path)} has a section [{printable(name, 64)}], which is no profile there",
            f"name it [profile {printable(name, 64)}]",
        )
    near = difflib.get_close_matches(name[:128], list(config.profiles)[:2000], n=3)
    return ConfigurationError(
        f"there is no such profile in {where}",
        f"did you mean {', '.join(printable(n, 64) for n in near)}?"
        if near
        else "`aws configure list-profiles` shows those that are there, AWS_CONFIG_FILE names another file",
    )


def _role_of(walk: _Walk, name: str, inherited: EndpointSettings) -> Profile:
    """The role that `name` stands for: its own, or in the pair form the one that its credential_process asks us for."""
    keys = walk.keys(name)
    if keys.value("role_arn") is None:
        target = helper_target(keys.value("credential_process"))
        if target == name:
            raise ConfigurationError(
                f"profile {printable(name, 64)} has no role_arn, and its credential_process leads back to it: "
                f"{draw_loop((name, name))}",
                f"add {of.PREFIX}role_arn and {of.PREFIX}source_profile to it in {printable(keys.config.config_path)}",
            )
        if target is not None:
            return _role_of(walk.on_to(name, target), target, inherited)
    role_arn = of.role_arn(keys)
    way = way_to_sts.read(keys, inherited)
    own_mfa = of.mfa(keys)
    # What leads to a session is kept no more openly than the session, unless it says so itself.
    storage = of.storage(keys) or walk.storage
    source = _source(replace(walk, options={}, mfa=own_mfa.over(walk.mfa), storage=storage), keys, way)
    if isinstance(source, Profile) and source.partition != role_arn.split(":")[1]:
        raise ConfigurationError(
            f"{keys.section} has a role of {role_arn.split(':')[1]}, and its source one of {source.partition}",
            "no role is assumed from one partition into another: use a source of the role's own",
        )
    if isinstance(source, WebIdentity):
        for key in ("external_id", "session_tags", "source_identity"):
            if keys.value(key) is not None:
                raise ConfigurationError(
                    f"{keys.section} has {key}, which STS does not take with a web identity token",
                    "take it out: the identity provider puts such things into the token",
                )
    endpoint = _endpoint(way, role_arn.split(":")[1])
    return Profile(
        name=name,
        role_arn=role_arn,
        source=source,
        endpoint=endpoint,
        external_id=of.external_id(keys),
        role_session_name=of.role_session_name(keys),
        duration_seconds=of.duration_seconds(keys),
        parameters=session_parameters.read(keys, role_arn.split(":")[1]),
        mfa=_mfa_device(walk, name, source, own_mfa),
        region=endpoint.region if endpoint.region_is_own else None,
        storage=storage,
    )


def _mfa_device(walk: _Walk, name: str, source: Origin | Profile, own: MFAKeys) -> MFADevice | None:
    """The device whose code the role is assumed with, where its source is a user that can have one.

    That is where a chain begins: STS takes a code from a user only, so a role further on that asks for one has it
    asked there. The role's own keys come first, then those of the source profile, then those of the roles behind it.
    The sessions of a login and of a machine have no device; whoever logs in shows a code there.
    """
    if isinstance(source, Profile | Login | Metadata | WebIdentity):
        return None
    named = of.MFAKeys()
    if isinstance(source, StaticKeys | CredentialProcess):
        named = of.mfa(replace(walk, options={}).keys(source.profile))
    found = own.over(named).over(walk.mfa)
    if found.serial is None:
        return None
    if ":u2f/" in found.serial:
        raise ConfigurationError(
            f"the mfa_serial for {walk.keys(name).section} is a security key's or a passkey's, which show no codes",
            "name a device that shows codes of six digits",
        )
    return MFADevice(found.serial, found.mfa_process, found.session_duration_seconds or MFA_SESSION)


def _endpoint(way: EndpointSettings, partition: str) -> Endpoint:
    """The STS that is asked for a role of `partition`.

    A region of another partition cannot be where the role is assumed: it stands in the environment, or in a profile
    above, for other work.
    """

    def chosen(regions: tuple[str, ...]) -> str | None:
        return next((r for r in regions if way.endpoint_url or partitions.of(r) in {None, partition}), None)

    own = chosen(way.regions)
    return Endpoint(
        region=own or chosen(way.inherited_regions) or partitions.first_region(partition),
        region_is_own=own is not None,
        endpoint_url=way.endpoint_url,
        ca_bundle=way.ca_bundle,
        use_fips_endpoint=way.use_fips_endpoint or False,
        use_dualstack_endpoint=way.use_dualstack_endpoint or False,
        sts_regional_endpoints=way.sts_regional_endpoints or "regional",
    )


def _source(walk: _Walk, keys: Keys, way: EndpointSettings) -> Origin | Profile:
    token_file = keys.value("web_identity_token_file")
    if token_file is not None:  # as for botocore, it comes before any other source
        return WebIdentity(os.path.expanduser(token_file))
    source_profile = keys.value("source_profile")
    credential_source = keys.value("credential_source")
    if source_profile and credential_source:
        prefixed = [keys.has_prefixed(key) for key in ("source_profile", "credential_source")]
        if prefixed == [True, False]:  # the bare one is for the SDKs
            credential_source = None
        elif prefixed == [False, True]:
            source_profile = None
    if source_profile and credential_source:
        raise ConfigurationError(
            f"{keys.section} has both source_profile and credential_source", "take one of them out"
        )
    if credential_source == "Environment":
        return EnvironmentKeys(walk.environ.get("AWS_ACCESS_KEY_ID"))
    if credential_source == "Ec2InstanceMetadata":
        return Metadata(credential_source)
    if credential_source == "EcsContainer":
        uris = [walk.environ.get(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI") for kind in ("RELATIVE", "FULL")]
        return Metadata(credential_source, uris[0] or uris[1])
    if credential_source:
        raise ConfigurationError(
            f"credential_source of {keys.section} is {printable(credential_source, 64)}",
            "it can be Environment, Ec2InstanceMetadata or EcsContainer",
        )
    if not source_profile:
        raise ConfigurationError(
            f"{keys.section} has a role_arn and nothing to assume it with", "add source_profile or credential_source"
        )
    if source_profile == keys.name:
        # botocore: a profile may name itself, to have its role and its access key in one place
        static_keys = _static_keys(keys)
        if static_keys is not None:
            return static_keys
    return _source_profile(walk.on_to(keys.name, source_profile), source_profile, way)


def _source_profile(walk: _Walk, name: str, way: EndpointSettings) -> Origin | Profile:
    """What a source profile gives.

    The order is botocore's: an access key comes before a role (`_resolve_credentials_from_profile`), and the
    credentials file before a process before the config file (`ProfileProviderBuilder.providers`).
    """
    keys = walk.keys(name)
    static_keys = _static_keys(keys)
    if keys.has_prefixed("role_arn") or (static_keys is None and keys.value("role_arn") is not None):
        return _role_of(walk, name, way)
    if keys.value("sso_account_id") is not None or keys.value("sso_role_name") is not None:
        return _login(keys, "sso", ("sso_session", "sso_start_url", "sso_account_id", "sso_role_name"))
    command = keys.value("credential_process")
    login_session = keys.value("login_session")
    in_credentials_file = "aws_access_key_id" in walk.config.credentials_profiles.get(name, {})
    if login_session is not None and not (static_keys and in_credentials_file):
        return _login(keys, "login", ("login_session",))
    if command is not None and not (static_keys and in_credentials_file):
        target = helper_target(command)
        if target is not None:
            return _role_of(walk.on_to(name, target), target, way)
        return CredentialProcess(name, command, _directory(command))
    if static_keys is not None:
        return static_keys
    raise SourceError(f"source profile {printable(name, 64)} has no credentials", _configure(name))


def _directory(command: str) -> str | None:
    """The working directory, where it says which program `command` is."""
    program = command.split(maxsplit=1)[0].strip("\"'") if command.split() else ""
    return os.getcwd() if os.path.dirname(program) and not os.path.isabs(program) else None


def _login(keys: Keys, method: str, who: tuple[str, ...]) -> Login:
    """A login by its keys, wherever they stand; the AWS CLI is told of the profile that has them bare, if one has."""
    found = {key: keys.value(key) or "" for key in (*who, "sso_region")}
    first = next((key for key in who if found[key]), who[0])
    holder = keys.holder(first)
    by_session = holder is None and first == "sso_session"
    option = ("--sso-session", found[first]) if by_session else ("--profile", holder or keys.name)
    settings = tuple((key, value) for key, value in found.items() if value)
    files = (keys.config.config_path, keys.config.credentials_path)
    return Login(keys.name, method, tuple(found[key] for key in who), *files, settings, option)


def _static_keys(keys: Keys) -> StaticKeys | None:
    access_key_id = keys.value("aws_access_key_id")
    if access_key_id is None:
        return None
    secret_access_key = keys.value("aws_secret_access_key")
    if secret_access_key is None:
        raise SourceError(
            f"{keys.section} has an aws_access_key_id and no aws_secret_access_key", _configure(keys.name)
        )
    return StaticKeys(keys.name, access_key_id, secret_access_key, keys.value("aws_session_token"))


def _configure(name: str) -> str:
    return f"`aws configure --profile {shlex.quote(printable(name, 64))}` sets an access key"
