"""A role to assume and where its source credentials are: what the AWS config says, as frozen values."""

from dataclasses import dataclass, field

from assume_helper.session_parameters import SessionParameters


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
    """A `credential_process` of another program; the command may hold a secret.

    `directory` is the working directory where the program's path is relative to it.
    """

    profile: str
    command: str = field(repr=False)
    directory: str | None = None


@dataclass(frozen=True)
class Metadata:
    """`credential_source` `Ec2InstanceMetadata` or `EcsContainer`; `uri` is where a container's credentials are."""

    credential_source: str
    uri: str | None = None


@dataclass(frozen=True)
class Login:
    """A profile that somebody logs in to: IAM Identity Center (`method` is sso) or the console (login).

    `who` is what tells one login from another, `config_path` and `credentials_path` where botocore finds the profile.
    """

    profile: str
    method: str
    who: tuple[str, ...]
    config_path: str
    credentials_path: str


@dataclass(frozen=True)
class WebIdentity:
    """`web_identity_token_file`: the token in that file, in place of credentials."""

    token_file: str


# Where a chain of roles begins.
SourceOfKeys = StaticKeys | EnvironmentKeys | CredentialProcess | Metadata | Login
Origin = SourceOfKeys | WebIdentity


@dataclass(frozen=True)
class Profile:
    """A role and all that shapes its session. `duration_seconds` is None where the profile does not say."""

    name: str
    role_arn: str
    source: "Origin | Profile"
    region: str
    external_id: str | None = None
    role_session_name: str | None = None
    duration_seconds: int | None = None
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    use_fips_endpoint: bool = False
    use_dualstack_endpoint: bool = False
    parameters: SessionParameters = field(default_factory=SessionParameters)

    @property
    def partition(self) -> str:
        """The role's partition: aws, aws-cn, aws-us-gov, ..."""
        return self.role_arn.split(":")[1]

    @property
    def account_id(self) -> str:
        """The role's account, twelve digits."""
        return self.role_arn.split(":")[4]

    @property
    def origin(self) -> Origin:
        """The credentials at the chain's other end."""
        return self.source.origin if isinstance(self.source, Profile) else self.source

    def files(self) -> dict[str, str]:
        """The files, beside the config's, that the chain's sessions depend on, and their states."""
        own = dict([self.parameters.policy_file] if self.parameters.policy_file is not None else [])
        return own | (self.source.files() if isinstance(self.source, Profile) else {})

    def names(self) -> list[str]:
        """The profiles of the chain, this one first, the one whose credential_process is run last."""
        if isinstance(self.source, Profile):
            return [self.name, *self.source.names()]
        return [self.name, self.source.profile] if isinstance(self.source, CredentialProcess) else [self.name]

    def session_inputs(self) -> dict[str, object]:
        """All that shapes the session, for the cache key: never a secret, never the profile's name."""
        return {
            "partition": self.partition,
            "region": self.region,
            "endpoint_url": self.endpoint_url,
            "role_arn": self.role_arn,
            "source": _source_identity(self.source),
            "external_id": self.external_id,
            "role_session_name": self.role_session_name,
            "duration_seconds": self.duration_seconds,
            "use_fips_endpoint": self.use_fips_endpoint,
            "use_dualstack_endpoint": self.use_dualstack_endpoint,
            **self.parameters.inputs(),
        }


def _source_identity(source: Origin | Profile) -> dict[str, object]:
    match source:
        case StaticKeys():
            return {"access_key_id": source.access_key_id}
        case EnvironmentKeys():
            return {"credential_source": "Environment", "access_key_id": source.access_key_id}
        case CredentialProcess():
            # Not the access key it gives: that changes with each renewal, and with it the cache would be lost.
            return {"credential_process": source.command, "directory": source.directory}
        case Metadata():
            return {"credential_source": source.credential_source, "uri": source.uri}
        case Login():
            return {"login": source.method, "who": list(source.who)}
        case WebIdentity():
            return {"web_identity_token_file": source.token_file}
        case Profile():
            return {"role": source.session_inputs()}
