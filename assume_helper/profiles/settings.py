"""`ProfileSettings`: every key of one profile as a typed, checked value.

The keys come merged from `raw_profile`; what a value may be is in `value_parsers`. Nothing else reads the config's
sections to find out what a profile asks for.
"""

from collections.abc import Callable
from functools import cached_property

from assume_helper.credentials import KeyPlace, LoginMethod, Storage
from assume_helper.light import TYPE_CHECKING, Generic, TypeVar, dataclass
from assume_helper.profiles import metadata_service, value_parsers
from assume_helper.profiles.raw_profile import RawProfile, with_prefix
from assume_helper.profiles.role_session_name import fill_in

if TYPE_CHECKING:
    from assume_helper.profiles.session_policy import SessionPolicy

T = TypeVar("T")

# How sessions are stored, `file` by default.
STORAGE_KEY = with_prefix("cache")
# How to log in, `browser` by default. The session of Identity Center may say so, too.
LOGIN_KEY = with_prefix("login")
# Which session of Identity Center `sync` wrote the profile for: only such a profile is ever changed by it.
SYNCED_KEY = with_prefix("synced")
# Which keyring keeps the access key, and how old (days) one may be before `doctor` warns.
KEPT_KEY, KEY_AGE = with_prefix("keys"), with_prefix("keys_max_age_days")
# While `keys rotate` replaces a key in a file, these have the next one. A diff covers the second, by its name.
NEXT_KEY_ID, NEXT_SECRET = with_prefix("aws_next_access_key_id"), with_prefix("aws_next_secret_access_key")
# These need the prefix: without it they are some other program's.
PREFIXED_ONLY = frozenset({STORAGE_KEY, LOGIN_KEY, SYNCED_KEY, KEPT_KEY, KEY_AGE})


class Key(Generic[T]):
    """One key of a profile: parsed and checked when it is first used, then remembered; None where it is missing.

    Not all at once: a bad value of a key that a call does not use must not fail that call.
    """

    def __init__(self, parse: Callable[[str, str], T]) -> None:
        self._parse = parse

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, settings: "ProfileSettings", owner: type) -> T | None:
        """The value. Raises ConfigurationError."""
        text = settings.raw.text(self._name)
        value = None if text is None else value_parsers.parsed(self._parse, text, settings.raw.named(self._name))
        vars(settings)[self._name] = value  # from now on Python finds it there
        return value


class Text:
    """One key of a profile that may be any text; see `Key`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, settings: "ProfileSettings", owner: type) -> str | None:
        """The text. Raises ConfigurationError."""
        text = vars(settings)[self._name] = settings.raw.text(self._name)
        return text


@dataclass(frozen=True)
class ProfileSettings:
    """What one profile, its included ones and the call's options say; each key raises ConfigurationError if it is bad.

    `raw` knows where a value came from.
    """

    raw: RawProfile

    # The role, and where its source credentials are.
    role_arn = Key(value_parsers.role_arn)
    source_profile = Text()
    credential_source = Text()
    web_identity_token_file = Text()
    web_identity_token_process = Text()
    saml_process = Text()
    saml_provider_arn = Key(value_parsers.saml_provider_arn)
    external_id = Key(value_parsers.external_id)
    duration_seconds = Key(value_parsers.session_seconds)
    include_profile = Text()
    # MFA.
    mfa_serial = Key(value_parsers.mfa_serial)
    mfa_process = Text()
    mfa_session_duration_seconds = Key(value_parsers.mfa_session_seconds)
    # Credentials of the profile's own.
    aws_access_key_id = Text()
    aws_secret_access_key = Text()
    aws_session_token = Text()
    aws_security_token = Text()
    credential_process = Text()
    login_session = Text()
    sso_session = Text()
    sso_start_url = Text()
    sso_region = Text()
    sso_account_id = Text()
    sso_role_name = Text()
    # Which STS is called.
    region = Key(value_parsers.region)
    endpoint_url = Key(value_parsers.endpoint_url)
    services = Text()
    ignore_configured_endpoint_urls = Key(value_parsers.is_true)
    sts_regional_endpoints = Key(value_parsers.sts_regional_endpoints)
    use_fips_endpoint = Key(value_parsers.switch)
    use_dualstack_endpoint = Key(value_parsers.switch)
    ca_bundle = Text()
    # The metadata service of EC2.
    ec2_metadata_service_endpoint = Key(metadata_service.endpoint_url)
    ec2_metadata_service_endpoint_mode = Key(metadata_service.endpoint_mode)
    ec2_metadata_v1_disabled = Key(value_parsers.is_true)
    metadata_service_timeout = Key(metadata_service.timeout)
    metadata_service_num_attempts = Key(metadata_service.attempts)
    # What marks and narrows the session.
    session_tags = Key(value_parsers.session_tags)
    transitive_session_tags = Key(value_parsers.comma_separated)
    source_identity = Key(value_parsers.source_identity)
    policy_arns = Key(value_parsers.policy_arns)

    @cached_property
    def role_session_name(self) -> str | None:
        """With `{user}`, `{host}` and `{profile}` filled in."""
        text = self.raw.text("role_session_name")
        if text is None:
            return None
        return value_parsers.role_session_name(fill_in(text, self.name), self.raw.named("role_session_name"))

    @cached_property
    def session_policy(self) -> "SessionPolicy | None":
        """The policy, from the profile or from the file that it names."""
        text = self.raw.text("session_policy", multiline=True)
        if text is None:
            return None
        from assume_helper.profiles import session_policy  # few profiles have one

        return session_policy.parse(text, self.raw.named("session_policy"), self.raw.config)

    @property
    def user_session_seconds(self) -> int | None:
        """`duration_seconds` of an access key's own session, which may last longer than a role's."""
        text = self.raw.text("duration_seconds")
        named = self.raw.named("duration_seconds")
        return None if text is None else value_parsers.parsed(value_parsers.mfa_session_seconds, text, named)

    @property
    def storage(self) -> Storage | None:
        """How sessions are stored, None where the profile does not say."""
        text = self.raw.prefixed_text("cache")
        return None if text is None else value_parsers.storage(text, f"{STORAGE_KEY} of {self.section}")

    @property
    def login_method(self) -> LoginMethod | None:
        """How to log in, None where the profile does not say."""
        text = self.raw.prefixed_text("login")
        return None if text is None else value_parsers.login_method(text, f"{LOGIN_KEY} of {self.section}")

    @property
    def key_place(self) -> KeyPlace | None:
        """Which keyring keeps the profile's access key, None where the profile does not say."""
        text = self.raw.prefixed_text("keys")
        return None if text is None else value_parsers.key_place(text, f"{KEPT_KEY} of {self.section}")

    @property
    def longest_key_age(self) -> int | None:
        """How many days old an access key may be, None where the profile does not say."""
        text = self.raw.prefixed_text("keys_max_age_days")
        return None if text is None else value_parsers.days(text, f"{KEY_AGE} of {self.section}")

    @property
    def name(self) -> str:
        """The profile's name."""
        return self.raw.name

    @property
    def section(self) -> str:
        """The profile as a message names it."""
        return self.raw.section

    def has(self, key: str) -> bool:
        """Whether `key` has a value, good or bad."""
        return self.raw.text(key, multiline=True) is not None

    def has_prefixed(self, key: str) -> bool:
        """Whether `key` is written for this helper alone."""
        return self.raw.prefixed_text(key) is not None


# The keys that may be written bare or with the prefix.
KEYS = frozenset(key for key, value in vars(ProfileSettings).items() if isinstance(value, Key | Text | cached_property))
