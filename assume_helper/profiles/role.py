"""A profile, its source and the sources behind that, as frozen values."""

from collections.abc import Iterator, Mapping

from assume_helper import hit
from assume_helper.answers import HANDED_ON
from assume_helper.credentials import Storage
from assume_helper.light import ClassVar, Literal, dataclass, field, replace
from assume_helper.profiles import partitions, source_identity
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, PermissionSet, account_of
from assume_helper.profiles.origin import (
    USER_SESSION,
    AccessKey,
    CredentialProcess,
    EnvironmentKeys,
    KeptKey,
    Metadata,
    MFADevice,
    Origin,
    SAMLProcess,
    StaticKeys,
    Token,
    WebIdentityProcess,
)
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.scope import Scope
from assume_helper.profiles.session_parameters import SessionParameters

# A role that is assumed with an MFA session lasts an hour at most, as any that temporary credentials assume.
LONGEST_BY_MFA_SESSION = 3600
# What a profile is: its own role, or what its own credentials are.
Kind = Literal["role", "permission set", "console login", "process", "access key"]


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
    # In messages: its name, and what sets its region.
    service: ClassVar[str] = "STS"
    region_named: ClassVar[str] = "region or AWS_REGION"

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
    """A profile and all that shapes its session: a role (`role_arn`), or credentials of its own, its `source` then.

    `duration_seconds` is None where the profile does not set it. `looked_up` is what its values were resolved through
    (see `lookups`). `region` is for the programs that use the session: the environment's, or the profile's. So is
    `endpoint_url`: the profile's. `storage` is how the session is stored, which does not shape it. `scope` narrows the
    session of a profile without a role. `of_environment`: it is no profile, but the role that the environment names
    (see `environment_role`). `root_task`: it is no role, but the root user of an account, for this one task (see
    `root_user`).
    """

    name: str
    role_arn: str | None
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
    scope: Scope | None = None
    looked_up: Mapping[str, str] = field(default_factory=dict, compare=False)
    of_environment: bool = False
    root_task: str | None = None

    def unscoped(self) -> "Profile":
        """The profile with its whole session, which one with a scope is made from."""
        return replace(self, scope=None)

    @property
    def kind(self) -> Kind:
        """What the profile is."""
        match self.source if self.role_arn is None else None:
            case PermissionSet():
                return "permission set"
            case ConsoleLogin():
                return "console login"
            case CredentialProcess():
                return "process"
            case StaticKeys() | KeptKey():
                return "access key"
        return "role"

    @property
    def identity(self) -> str:
        """Whom the session is for, as the config says it: for a process nothing is known but the profile."""
        match self.source if self.role_arn is None else None:
            case PermissionSet(account_id=account, role_name=role):
                return f"{account}/{role}"
            case ConsoleLogin(login_session=who):
                return who
            case StaticKeys(access_key_id=key):
                return key
            case KeptKey(access_key_id=str(key)) if key:
                return key
        return self.role_arn or self.name

    @property
    def user_session(self) -> "UserSession | None":
        """The user's own session: an access key's, and the one that a role which wants MFA is assumed with.

        None for a role that is to last more than an hour: it is assumed with the code itself. None for temporary keys:
        GetSessionToken is for a user's own.
        """
        if isinstance(self.source, PermissionSet | ConsoleLogin | Token | Metadata):
            return None
        if isinstance(self.source, AccessKey) and self.source.session_token is not None:
            return None
        seconds = self.mfa.session_duration_seconds if self.mfa else USER_SESSION
        if self.role_arn is None:
            is_own, seconds = isinstance(self.source, AccessKey), self.duration_seconds or seconds
        else:
            is_short = self.duration_seconds is None or self.duration_seconds <= LONGEST_BY_MFA_SESSION
            is_own = self.mfa is not None and is_short
        if not is_own:
            return None
        return UserSession(self.name, self.source, self.mfa, seconds, self.endpoint, self.partition, self.storage)

    @property
    def asks_for_code(self) -> bool:
        """Whether the chain needs an MFA code."""
        return self.mfa_device is not None

    @property
    def mfa_device(self) -> MFADevice | None:
        """The device of the user at the chain's beginning, where its code is asked for."""
        return next((link.mfa for link in self.links() if link.mfa is not None), None)

    @property
    def asks_somebody(self) -> bool:
        """Whether a person may be asked for something: a code, or whatever a program that is run asks for."""
        return self.asks_for_code or isinstance(self.origin, CredentialProcess | WebIdentityProcess | SAMLProcess)

    @property
    def partition(self) -> str:
        """The partition: aws, aws-cn, aws-us-gov, ... Of the role, else of the region."""
        if self.role_arn is not None:
            return self.role_arn.split(":")[1]
        return partitions.of_region(self.endpoint.region) or "aws"

    @property
    def account_id(self) -> str | None:
        """The account, twelve digits, where the config says it: of the role, the permission set, the console login."""
        if self.role_arn is not None:
            return self.role_arn.split(":")[4]
        match self.source:
            case PermissionSet(account_id=account):
                return account
            case ConsoleLogin(login_session=who):
                return account_of(who)
        return None

    def links(self) -> Iterator["Profile"]:
        """The sessions of the chain, this one first."""
        link = self
        yield link
        while isinstance(link.source, Profile):
            link = link.source
            yield link

    @property
    def origin(self) -> Origin:
        """The credentials that the chain begins with."""
        return next(link.source for link in self.links() if not isinstance(link.source, Profile))

    @property
    def login(self) -> IdentityCenterLogin | ConsoleLogin | None:
        """The login that the chain begins with; None where it begins with something else."""
        origin = self.origin
        if isinstance(origin, PermissionSet):
            return origin.login
        return origin if isinstance(origin, ConsoleLogin) else None

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
            policy_file = link.scope.policy_file if link.scope is not None else link.parameters.policy_file
            if policy_file is not None:
                found |= [policy_file]
        return found

    def handed_on(self) -> dict[str, str]:
        """The variables for the region and the endpoint, with their marks; none for what the profile does not name."""
        values = {hit.REGION: self.region, hit.ENDPOINT_URL: self.endpoint_url}
        found: dict[str, str] = {}
        for mark, names in HANDED_ON.items():
            value = values[mark]
            if value is not None:
                found |= dict.fromkeys((*names, mark), value)
        return found

    def names(self) -> list[str]:
        """The profiles of the chain, this one first, each once."""
        return list(dict.fromkeys(link.name for link in self.links()))

    def session_inputs(self) -> dict[str, object]:
        """All that shapes the session, for the cache key: never a secret, never the profile's name."""
        if self.scope is not None:
            whole = self.unscoped().session_inputs()
            return {**self.scope.inputs(), **self.endpoint.inputs(), "source": {"session": whole}}
        if self.role_arn is None:
            session = self.user_session
            return session.session_inputs() if session is not None else {"source": source_identity.of(self.source)}
        return {
            **({"root_task": self.root_task} if self.root_task is not None else {}),
            "partition": self.partition,
            "role_arn": self.role_arn,
            "source": source_identity.of(self.source),
            "external_id": self.external_id,
            "role_session_name": self.role_session_name,
            "duration_seconds": self.duration_seconds,
            "mfa_serial": self.mfa.serial if self.mfa else None,
            **self.endpoint.inputs(),
            **self.parameters.inputs(),
        }


@dataclass(frozen=True)
class UserSession:
    """The user's own session, which GetSessionToken gives: with a code of `device`, where there is one.

    `name` is the profile that it is for; all roles with the same source and device are assumed with one.
    """

    name: str
    source: "Origin | Profile"
    device: MFADevice | None
    duration_seconds: int
    endpoint: Endpoint
    partition: str
    storage: Storage = "file"

    def session_inputs(self) -> dict[str, object]:
        """All that shapes the session, for the cache key. It is valid in every region of the partition."""
        return {
            "user_session": self.device.serial if self.device else None,
            "partition": self.partition,
            "endpoint_url": self.endpoint.endpoint_url,
            "sts_regional_endpoints": self.endpoint.sts_regional_endpoints,
            "source": source_identity.of(self.source),
            "duration_seconds": self.duration_seconds,
        }
