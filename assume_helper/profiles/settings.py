"""The keys of one profile: the prefix, and which values are taken.

Keys have the AWS CLI's own names and meaning; any of them may be written with the prefix `assume_helper_`, which SDKs
ignore and which wins over the bare key. Control characters are refused here, once: botocore accepts and echoes them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assume_helper.credentials import LONGEST_MFA_SESSION, LONGEST_SESSION, SHORTEST_SESSION, Storage
from assume_helper.errors import ConfigurationError
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.role_session_name import fill_in
from assume_helper.text import CONTROL_CHARACTERS, draw_loop, printable

PREFIX = "assume_helper_"
# How a profile's sessions are kept; `file` where it does not say. Only with the prefix: a bare `cache` is somebody's.
KEPT_KEY = PREFIX + "cache"
_KEPT: tuple[Storage, ...] = ("file", "encrypted", "memory", "none")
_NOT_INCLUDED = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process")
# The options that are given once for each part of a key, and the keys whose own variable comes first.
_OPTIONS = {"session_tags": "session-tag", "policy_arns": "policy-arn"}
_BY_VARIABLE = ("use_fips_endpoint", "use_dualstack_endpoint", "sts_regional_endpoints")
# IAM: a role's ARN (User Guide, "IAM identifiers"); the path is optional.
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([\x21-\x7e]+/)?[\w+=,.@-]{1,64}", re.ASCII)
# STS: RoleSessionName and ExternalId (API reference of AssumeRole).
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
# STS: SerialNumber (API reference of AssumeRole): `GAHT12345678`, `arn:aws-us-gov:iam::123456789012:mfa/me`.
_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)


@dataclass(frozen=True)
class Keys:
    """One profile of the config, named, with the environment and the call's options that may override it."""

    config: AwsConfig
    environ: Mapping[str, str] = field(repr=False)
    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def section(self) -> str:
        """The profile as a message names it."""
        return f"[{printable(self.name, 64)}]"

    def named(self, key: str) -> str:
        """`key` as a message names it, from where its value is: the call's option, the environment, or the profile."""
        if self.options.get(key):
            return "--" + _OPTIONS.get(key, key.replace("_", "-"))
        variable = "AWS_" + key.upper()
        return variable if key in _BY_VARIABLE and self.environ.get(variable) else f"{key} of {self.section}"

    def value(self, key: str, *, many_lines: bool = False) -> str | None:
        """The value of `key`; None where it is not there or empty.

        The call's option comes first, then the profile's prefixed key, its bare one, and those of the profiles that it
        includes.
        """
        own = self.config.profiles.get(self.name, {})  # a new one is not there yet
        found = self.options.get(key) or own.get(PREFIX + key) or own.get(key)
        if not found and ("include_profile" in own or PREFIX + "include_profile" in own):
            for _, profile in self._profiles(key):
                found = profile.get(PREFIX + key) or profile.get(key)
                if found:
                    break
        if found and CONTROL_CHARACTERS.search(found.replace("\n", "").replace("\t", "") if many_lines else found):
            raise ConfigurationError(
                f"{key} of {self.section} holds a control character", "write it on one line, in plain text"
            )
        return found or None

    def has_prefixed(self, key: str) -> bool:
        """Whether `key` is written for this helper alone."""
        return self.prefixed(key) is not None

    def prefixed(self, key: str) -> str | None:
        """The value of `key` where it is written for this helper alone."""
        return next((value for _, profile in self._profiles(key) if (value := profile.get(PREFIX + key))), None)

    def holder(self, key: str) -> str | None:
        """The profile, this one or one that it includes, that has the bare `key`, as the AWS CLI reads it."""
        return next((name for name, profile in self._profiles(key) if profile.get(key)), None)

    def _profiles(self, key: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The profile, then what it includes (`include_profile`, as in aws-vault), each in its turn and by its name.

        Credentials are not included: who names a profile for its settings does not ask to become someone else.
        """
        passed: list[str] = []
        name: str | None = self.name
        while name is not None:
            if name in passed:
                loop = draw_loop((*passed[passed.index(name) :], name))
                raise ConfigurationError(f"include_profile forms a loop: {loop}", "take one of them out")
            if name not in self.config.profiles:
                raise ConfigurationError(
                    f"[{printable(passed[-1], 64)}] includes profile {printable(name, 64)}, which is not there",
                    "correct include_profile, or add that profile",
                )
            profile = self.config.profiles[name]
            yield name, profile
            passed.append(name)
            included = key not in _NOT_INCLUDED
            name = (profile.get(PREFIX + "include_profile") or profile.get("include_profile")) if included else None


def role_arn(keys: Keys) -> str:
    """`role_arn`, checked. Raises ConfigurationError."""
    value = keys.value("role_arn")
    if value is None:
        raise ConfigurationError(
            f"profile {printable(keys.name, 64)} has no role_arn",
            f"add role_arn (or {PREFIX}role_arn) and source_profile to it in {printable(keys.config.config_path)}",
        )
    if not _ROLE_ARN.fullmatch(value):
        raise ConfigurationError(
            f"role_arn of {keys.section} is not the ARN of a role: {printable(value, 120)}",
            "it looks like arn:aws:iam::123456789012:role/NAME",
        )
    return value


def external_id(keys: Keys) -> str | None:
    """`external_id`, checked. Raises ConfigurationError."""
    return _matching(keys, "external_id", _EXTERNAL_ID, "2 to 1224 letters, digits and _+=,.@:/-")


def role_session_name(keys: Keys) -> str | None:
    """`role_session_name`, with `{user}`, `{host}` and `{profile}` filled in, checked. Raises ConfigurationError."""
    value = keys.value("role_session_name")
    name = fill_in(value, keys.name) if value is not None else None
    form = "2 to 64 letters, digits and _+=,.@-, and {user}, {host} or {profile}"
    return _checked(keys, "role_session_name", name, _SESSION_NAME, form)


def _matching(keys: Keys, key: str, pattern: re.Pattern[str], form: str) -> str | None:
    return _checked(keys, key, keys.value(key), pattern, form)


def _checked(keys: Keys, key: str, value: str | None, pattern: re.Pattern[str], form: str) -> str | None:
    if value is not None and not pattern.fullmatch(value):
        raise ConfigurationError(f"{keys.named(key)} is not one that STS takes", f"use {form}")
    return value


def duration_seconds(keys: Keys) -> int | None:
    """`duration_seconds`, checked. Raises ConfigurationError."""
    return _seconds(keys, "duration_seconds", LONGEST_SESSION)


def _seconds(keys: Keys, key: str, longest: int) -> int | None:
    value = keys.value(key)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", value) or not SHORTEST_SESSION <= int(value) <= longest:
        raise ConfigurationError(
            f"{keys.named(key)} is {printable(value, 40)}", f"use whole seconds from {SHORTEST_SESSION} to {longest}"
        )
    return int(value)


def storage(keys: Keys) -> Storage | None:
    """`assume_helper_cache`, None where the profile does not say. Raises ConfigurationError."""
    value = keys.prefixed("cache")
    if value is None:
        return None
    for known in _KEPT:
        if value.lower() == known:
            return known
    raise ConfigurationError(
        f"{KEPT_KEY} of {keys.section} is {printable(value, 40)}", "it can be file, encrypted, memory or none"
    )


@dataclass(frozen=True)
class MFAKeys:
    """What a profile says of MFA; None for what it does not say."""

    serial: str | None = None
    mfa_process: str | None = field(default=None, repr=False)
    session_duration_seconds: int | None = None

    def over(self, other: "MFAKeys") -> "MFAKeys":
        """These, and where they say nothing, the `other` ones; but another device's codes are not this one's."""
        same = self.serial is None or other.serial is None or self.serial == other.serial
        return MFAKeys(
            self.serial or other.serial,
            self.mfa_process or (other.mfa_process if same else None),
            self.session_duration_seconds or other.session_duration_seconds,
        )


def mfa(keys: Keys) -> MFAKeys:
    """`mfa_serial`, `mfa_process` and `mfa_session_duration_seconds`, checked. Raises ConfigurationError."""
    serial = _matching(keys, "mfa_serial", _SERIAL, "the ARN of a virtual device or the number on a hardware one")
    seconds = _seconds(keys, "mfa_session_duration_seconds", LONGEST_MFA_SESSION)
    return MFAKeys(serial, keys.value("mfa_process"), seconds)
