"""What a session is made from: access keys, a process, metadata, a token of an identity provider, a login."""

from assume_helper.credentials import KeyPlace
from assume_helper.light import ClassVar, dataclass, field
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.metadata_service import MetadataService
from assume_helper.profiles.resolution import Resolution


@dataclass(frozen=True)
class StaticKeys:
    """An access key in a profile of the config or credentials file."""

    profile: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)


@dataclass(frozen=True)
class KeptKey:
    """The access key that a keyring keeps for a profile (`assume_helper_keys`).

    `access_key_id` is what our note of it says: None where that is not known, "" for a key that was removed.
    `resolution` is what says that the note has changed: a hit opens no keyring.
    """

    profile: str
    place: KeyPlace
    access_key_id: str | None
    resolution: Resolution = field(default=Resolution(), compare=False)
    session_token: ClassVar[None] = None


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
class WebIdentity:
    """`web_identity_token_file`: the token in that file, in place of credentials."""

    token_file: str
    resolution: Resolution = field(default=Resolution(), compare=False)


@dataclass(frozen=True)
class WebIdentityProcess:
    """`web_identity_token_process`: the token that this command prints; the command may hold a secret."""

    profile: str
    command: str = field(repr=False)
    resolution: Resolution = field(default=Resolution(), repr=False, compare=False)


@dataclass(frozen=True)
class GitHubActions:
    """`assume_helper_credential_source = GitHubActions`: the token that GitHub gives the job which runs here.

    `url` is where that is asked for, empty where there is none. `ca_bundle` is as that of an endpoint.
    """

    url: str
    ca_bundle: str | None = field(default=None, compare=False)
    ca_bundle_named: str = field(default="", compare=False)
    resolution: Resolution = field(default=Resolution(), compare=False)


@dataclass(frozen=True)
class SAMLProcess:
    """`saml_process`: the SAML assertion that this command prints; the command may hold a secret.

    `provider_arn` is the identity provider in IAM, None where the assertion itself is to say it.
    """

    profile: str
    command: str = field(repr=False)
    provider_arn: str | None = None
    resolution: Resolution = field(default=Resolution(), repr=False, compare=False)


# GetSessionToken's own default (12 h), in seconds.
USER_SESSION = 43_200


@dataclass(frozen=True)
class MFADevice:
    """The MFA device of the user at a chain's beginning.

    `mfa_process` is a command that prints a code, and may hold a secret; `session_duration_seconds` is how long one
    code serves.
    """

    serial: str
    mfa_process: str | None = field(default=None, repr=False)
    session_duration_seconds: int = USER_SESSION


# A user's own access key, or temporary keys, wherever a profile has them.
AccessKey = StaticKeys | KeptKey
# Credentials that a profile has by itself: its session is theirs.
OwnCredentials = PermissionSet | ConsoleLogin | CredentialProcess | AccessKey
# What assumes a role, and is no session of ours.
SourceOfKeys = AccessKey | EnvironmentKeys | Metadata
# What stands for credentials: STS gives a role's session for it, and the request is not signed.
Token = WebIdentity | WebIdentityProcess | GitHubActions | SAMLProcess
# Where a chain begins.
Origin = OwnCredentials | EnvironmentKeys | Metadata | Token
