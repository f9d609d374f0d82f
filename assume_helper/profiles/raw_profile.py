"""One profile of the AWS config, with its keys in their order of precedence: the only place that knows the prefix.

Keys have the AWS CLI's names and meaning. Any of them may be written with the prefix `assume_helper_`, which SDKs
ignore and which wins over the bare key.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from assume_helper.errors import ConfigurationError
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.text import CONTROL_CHARACTERS, draw_loop, printable

PREFIX = "assume_helper_"
_INCLUDE = "include_profile"
# Whoever includes a profile wants its settings, not its credentials.
_NOT_INCLUDED = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "credential_process"})
# Options that are given once for each part of a key.
_OPTIONS = {"session_tags": "session-tag", "policy_arns": "policy-arn"}


def with_prefix(key: str) -> str:
    """`key` as it is written for this helper alone."""
    return PREFIX + key


def has_prefix(key: str) -> bool:
    """Whether `key`, as it is written in the config, is for this helper alone."""
    return key.startswith(PREFIX)


@dataclass(frozen=True)
class RawValue:
    """The text of a key, and the profile that has it: the one that was read, or one that it includes."""

    text: str = field(repr=False)
    profile: str


@dataclass(frozen=True)
class RawProfile:
    """The texts of a profile's keys. Empty ones count as missing.

    `values` has for each key the text that wins; `prefixed` and `bare` have those of either form. `options` are the
    call's own and win over all. `include_problem` is why an included profile could not be read, as message and next
    step: it is raised for a key that was not found before it.
    """

    config: AwsConfig = field(repr=False)
    name: str
    options: Mapping[str, str] = field(repr=False)
    values: Mapping[str, RawValue] = field(repr=False)
    prefixed: Mapping[str, RawValue] = field(repr=False)
    bare: Mapping[str, RawValue] = field(repr=False)
    include_problem: tuple[str, str] | None = None

    @property
    def section(self) -> str:
        """The profile as a message names it."""
        return f"[{printable(self.name, 64)}]"

    def named(self, key: str) -> str:
        """`key` as a message names it: the call's option, or the key of the profile."""
        if self.options.get(key):
            return "--" + _OPTIONS.get(key, key.replace("_", "-"))
        return f"{key} of {self.section}"

    def text(self, key: str, *, multiline: bool = False) -> str | None:
        """The text of `key` that wins; None where there is none.

        Raises ConfigurationError for a control character (botocore accepts them, and repeats them in its errors), and
        for an included profile that cannot be read.
        """
        found = self.options.get(key)
        if not found:
            value = self._lookup(self.values, key)
            found = None if value is None else value.text
        if found and CONTROL_CHARACTERS.search(found.replace("\n", "").replace("\t", "") if multiline else found):
            raise ConfigurationError(
                f"{self.named(key)} holds a control character", "write it on one line, in plain text"
            )
        return found

    def prefixed_text(self, key: str) -> str | None:
        """The text of `key` where it is written for this helper alone. Raises ConfigurationError as `text` does."""
        value = self._lookup(self.prefixed, key)
        return None if value is None else value.text

    def holder(self, key: str) -> str | None:
        """The profile, this one or an included one, that has the bare `key`, as the AWS CLI reads it.

        Raises ConfigurationError as `text` does.
        """
        value = self._lookup(self.bare, key)
        return None if value is None else value.profile

    def own_bare(self, key: str) -> str | None:
        """The text of the bare `key` of this very profile, as all SDKs read it."""
        value = self.bare.get(key)
        return value.text if value is not None and value.profile == self.name else None

    def _lookup(self, values: Mapping[str, RawValue], key: str) -> RawValue | None:
        value = values.get(key)
        if value is None and self.include_problem is not None and key not in _NOT_INCLUDED:
            raise ConfigurationError(*self.include_problem)
        return value


def merge(config: AwsConfig, name: str, options: Mapping[str, str] | None = None) -> RawProfile:
    """The profile `name` of `config`; one that is not there has no values.

    The call's `options` win, then the prefixed key, the bare one, and those of the profiles that it includes.
    """
    values: dict[str, RawValue] = {}
    prefixed: dict[str, RawValue] = {}
    bare: dict[str, RawValue] = {}
    problem = None
    try:
        for holder in included_profiles(config, name):
            included = holder != name
            forms: tuple[dict[str, RawValue], dict[str, RawValue]] = ({}, {})
            for written, text in config.profiles.get(holder, {}).items():
                key = written.removeprefix(PREFIX)
                if text and not (included and key in _NOT_INCLUDED):
                    forms[key == written][key] = RawValue(text, holder)
            for form, winners in zip(forms, (prefixed, bare), strict=True):
                for key, value in form.items():
                    winners.setdefault(key, value)
                    values.setdefault(key, value)
    except ConfigurationError as error:
        problem = (error.message, error.next_step)
    return RawProfile(config, name, options or {}, values, prefixed, bare, problem)


def included_profiles(config: AwsConfig, name: str) -> Iterator[str]:
    """The profile `name`, the one that it includes (`include_profile`, as in aws-vault), the one which that includes.

    Raises ConfigurationError for a loop, and for a profile that is not there.
    """
    visited = [name]
    yield name
    while True:
        profile = config.profiles.get(visited[-1], {})
        included = profile.get(PREFIX + _INCLUDE) or profile.get(_INCLUDE)
        if not included:
            return
        if included in visited:
            loop = draw_loop((*visited[visited.index(included) :], included))
            raise ConfigurationError(f"include_profile forms a loop: {loop}", "take one of them out")
        if included not in config.profiles:
            raise ConfigurationError(
                f"[{printable(visited[-1], 64)}] includes profile {printable(included, 64)}, which is not there",
                "correct include_profile, or add that profile",
            )
        visited.append(included)
        yield included
