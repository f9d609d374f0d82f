"""A role, its source and the sources behind that, as frozen values."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assume_helper.credentials import Storage
from assume_helper.profiles.metadata_service import MetadataService
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.session_parameters import SessionParameters
from assume_helper.text import printable


@dataclass(frozen=True)
class StaticKeys:
    """An access key in a profile of the config or credentials file."""

    profile: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)


@dataclass(frozen=True)
class EnvironmentKeys:
    """`credential_source = Environment`: the access key in the environment's three variables."""

    access_key_id: str | None


@dataclass(frozen=True)
class CredentialProcess:
    """A `credential_process` of another program; the command may hold a secret. `resolution` is what it comes to."""

    profile: str
    command: str = field(repr=False)
    resolution: Resolution = field(default=Resolution(), compare=False)


@dataclass(frozen=True)
class Metadata:
    """`credential_source` `Ec2InstanceMetadata` or `EcsContainer`.

    `uri` is where a container's credentials are, or EC2's service where that is at another address than its own;
    `service` is how that is asked.
    """

    credential_source: str
    uri: str | None = None
    resolution: Resolution = field(default=Resolution(), compare=False)
    service: MetadataService = field(default_factory=MetadataService, compare=False)


@dataclass(frozen=True)
class Login:
    """A profile with a login: of IAM Identity Center (`method` is sso) or of the console (login).

    `who` identifies the login. `config_path` and `credentials_path` are where botocore finds the profile; `settings`
    are its keys, also those that botocore does not find, prefixed and included ones. `option` is the AWS CLI's option
    for this login. `ca_bundle` is the path of the certificates that its services are trusted with.
    """

    profile: str
    method: str
    who: tuple[str, ...]
    config_path: str
    credentials_path: str
    settings: tuple[tuple[str, str], ...] = ()
    option: tuple[str, str] | None = None
    ca_bundle: str | None = None
    resolution: Resolution = field(default=Resolution(), compare=False)

    @property
    def command(self) -> str:
        """The AWS CLI's command that logs in again, quoted for a shell."""
        option, value = self.option or ("--profile", self.profile)
        return f"aws {'sso login' if self.method == 'sso' else 'login'} {option} {shlex.quote(printable(value, 64))}"


@dataclass(frozen=True)
class WebIdentity:
    """`web_identity_token_file`: the token in that file, in place of credentials."""

    token_file: str
    resolution: Resolution = field(default=Resolution(), compare=False)


# GetSessionToken's own default (12 h), in seconds.
MFA_SESSION = 43_200
# A role that is assumed with an MFA session lasts an hour at most, as any that temporary credentials assume.
LONGEST_BY_MFA_SESSION = 3600


@dataclass(frozen=True)
class MFADevice:
    """The MFA device of the user at a chain's beginning.

    `mfa_process` is a command that prints a code, and may hold a secret; `session_duration_seconds` is how long one
    code serves.
    """

    serial: str
    mfa_process: str | None = field(default=None, repr=False)
    session_duration_seconds: int = MFA_SESSION


# Where a chain of roles begins.
SourceOfKeys = StaticKeys | EnvironmentKeys | CredentialProcess | Metadata | Login
Origin = SourceOfKeys | WebIdentity


@dataclass(frozen=True)
class Endpoint:
    """Which STS is called: the one at `endpoint_url`, else that of `region`, FIPS or dual-stack where asked for.

    `ca_bundle` is a path, `ca_bundle_named` the variable or key that it comes from. `sts_regional_endpoints` is
    `regional`, or `legacy` for the global endpoint in its regions. `region_is_own` is false where the region comes from
    a role behind this one: then it is no part of this session.
    """

    region: str
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    use_fips_endpoint: bool = False
    use_dualstack_endpoint: bool = False
    sts_regional_endpoints: str = "regional"
    region_is_own: bool = True
    ca_bundle_named: str = field(default="", compare=False)

    def inputs(self) -> dict[str, object]:
        """What of this is in the cache key: not the certificates, which shape no session."""
        return {
            "region": self.region if self.region_is_own else None,
            "endpoint_url": self.endpoint_url,
            "use_fips_endpoint": self.use_fips_endpoint,
            "use_dualstack_endpoint": self.use_dualstack_endpoint,
            "sts_regional_endpoints": self.sts_regional_endpoints,
        }


@dataclass(frozen=True)
class Profile:
    """A role and all that shapes its session. `duration_seconds` is None where the profile does not set it.

    `looked_up` is what its values were resolved through (see `lookups`). `region` is for the programs that use the
    session: the environment's, or the profile's. So is `endpoint_url`: the profile's. `storage` is how the session is
    stored, which does not shape it.
    """

    name: str
    role_arn: str
    source: "Origin | Profile"
    endpoint: Endpoint
    external_id: str | None = None
    role_session_name: str | None = None
    duration_seconds: int | None = None
    parameters: SessionParameters = field(default_factory=SessionParameters)
    mfa: MFADevice | None = None
    region: str | None = None
    endpoint_url: str | None = None
    storage: Storage = "file"
    looked_up: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def mfa_session(self) -> "MFASession | None":
        """The session that the role is assumed with where it wants MFA.

        None for a role that is to last more than an hour: it is assumed with the code itself.
        """
        if self.mfa is None or isinstance(self.source, Profile | WebIdentity):
            return None
        if self.duration_seconds is not None and self.duration_seconds > LONGEST_BY_MFA_SESSION:
            return None
        return MFASession(self.name, self.source, self.mfa, self.endpoint, self.partition, self.storage)

    @property
    def asks_for_code(self) -> bool:
        """Whether the chain needs an MFA code."""
        return self.first_link.mfa is not None

    @property
    def asks_somebody(self) -> bool:
        """Whether a person may be asked for something: a code, or whatever a credential_process asks for."""
        return self.asks_for_code or isinstance(self.origin, CredentialProcess)

    @property
    def partition(self) -> str:
        """The role's partition: aws, aws-cn, aws-us-gov, ..."""
        return self.role_arn.split(":")[1]

    @property
    def account_id(self) -> str:
        """The role's account, twelve digits."""
        return self.role_arn.split(":")[4]

    def links(self) -> Iterator["Profile"]:
        """The roles of the chain, this one first."""
        link = self
        yield link
        while isinstance(link.source, Profile):
            link = link.source
            yield link

    @property
    def first_link(self) -> "Profile":
        """The role that is assumed first, with the `origin`."""
        return list(self.links())[-1]

    @property
    def origin(self) -> Origin:
        """The credentials that the chain begins with."""
        return next(link.source for link in self.links() if not isinstance(link.source, Profile))

    @property
    def resolution(self) -> Resolution:
        """What the chain's origin comes to."""
        origin = self.origin
        return Resolution() if isinstance(origin, StaticKeys | EnvironmentKeys) else origin.resolution

    def conditions(self) -> dict[str, str]:
        """What the chain's sessions depend on beside the config files, and what that came to (see `lookups`)."""
        found = dict(self.resolution.conditions)
        for link in self.links():
            found |= link.looked_up
            if link.parameters.policy_file is not None:
                found |= [link.parameters.policy_file]
        return found

    def names(self) -> list[str]:
        """The profiles of the chain, this one first, the one whose credential_process is run last."""
        names = [link.name for link in self.links()]
        return [*names, self.origin.profile] if isinstance(self.origin, CredentialProcess) else names

    def session_inputs(self) -> dict[str, object]:
        """All that shapes the session, for the cache key: never a secret, never the profile's name."""
        return {
            "partition": self.partition,
            "role_arn": self.role_arn,
            "source": _source_identity(self.source),
            "external_id": self.external_id,
            "role_session_name": self.role_session_name,
            "duration_seconds": self.duration_seconds,
            "mfa_serial": self.mfa.serial if self.mfa else None,
            **self.endpoint.inputs(),
            **self.parameters.inputs(),
        }


@dataclass(frozen=True)
class MFASession:
    """The source's session that GetSessionToken gives for a code; many roles are assumed with it.

    `name` is the profile of the role that needs it.
    """

    name: str
    source: SourceOfKeys
    device: MFADevice
    endpoint: Endpoint
    partition: str
    storage: Storage = "file"

    def session_inputs(self) -> dict[str, object]:
        """All that shapes the session, for the cache key. It is valid in every region of the partition."""
        return {
            "mfa_session": self.device.serial,
            "partition": self.partition,
            "endpoint_url": self.endpoint.endpoint_url,
            "sts_regional_endpoints": self.endpoint.sts_regional_endpoints,
            "source": _source_identity(self.source),
            "duration_seconds": self.device.session_duration_seconds,
        }


def _source_identity(source: Origin | Profile) -> dict[str, object]:
    match source:
        case StaticKeys():
            return {"access_key_id": source.access_key_id}
        case EnvironmentKeys():
            return {"credential_source": "Environment", "access_key_id": source.access_key_id}
        case CredentialProcess():
            # Not the access key that it prints: that changes with each renewal, and each would be a miss.
            return {"credential_process": source.command, **source.resolution.inputs}
        case Metadata():
            return {"credential_source": source.credential_source, "uri": source.uri, **source.resolution.inputs}
        case Login():
            return {"login": source.method, "who": list(source.who), **source.resolution.inputs}
        case WebIdentity():
            return dict(source.resolution.inputs) or {"web_identity_token_file": source.token_file}
        case Profile():
            return {"role": source.session_inputs()}
