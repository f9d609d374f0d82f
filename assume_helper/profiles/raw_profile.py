"""One profile of the AWS config, with its keys in their order of precedence: the only place that knows the prefix.

Keys have the AWS CLI's names and meaning. Any of them may be written with the prefix `assume_helper_`, which SDKs
ignore and which wins over the bare key.
"""

from collections.abc import Iterator, Mapping

from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass, field
from assume_helper.profiles import likely_meant
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.double_quotes import unquoted
from assume_helper.text import draw_loop, has_control_character, printable

PREFIX = "assume_helper_"
_INCLUDE = "include_profile"
# Whoever includes a profile wants its settings, not its credentials.
_NOT_INCLUDED = frozenset(
    {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "credential_process"}
)
# Keys without the prefix that no SDK reads.
_OURS = frozenset(
    {"include_profile", "policy_arns", "session_policy", "session_tags", "source_identity", "transitive_session_tags"}
)
# In these, double quotes are a shell's.
_COMMANDS = ("mfa_process", "credential_process", "web_identity_token_process")
# An option that is no key, and has no value of its own.
READ_ONLY = "read_only"
# Options that are given once for each part of a key.
REPEATED = {"session_tags": "session-tag", "policy_arns": "policy-arn"}


def with_prefix(key: str) -> str:
    """`key` as it is written for this helper alone."""
    return PREFIX + key


def option_name(key: str) -> str:
    """The option of a call that sets `key`."""
    return "--" + REPEATED.get(key, key.replace("_", "-"))


def has_prefix(key: str) -> bool:
    """Whether `key`, as it is written in the config, is for this helper alone."""
    return key.startswith(PREFIX)


def may_be_quoted(key: str) -> bool:
    """Whether the value of `key`, as it is written in the config, may stand in double quotes: only we read it."""
    return (has_prefix(key) or key in _OURS) and not key.endswith(_COMMANDS)


def _own_text(key: str, text: str) -> str:
    """The value of `key`, without the double quotes that one of ours may stand in."""
    return unquoted(text) if may_be_quoted(key) else text


@dataclass(frozen=True)
class RawProfile:
    """The texts of a profile's keys. Empty ones count as missing.

    `values` has for each key the text that wins, `prefixed` and `bare` have those of either form; `holders` has for
    each bare key the profile that it stands in, this one or an included one. `options` are the call's own, and win.
    `include_problem` is why an included profile could not be read, as message and next step: it is raised for a key
    that was not found before it.
    """

    config: AwsConfig = field(repr=False)
    name: str
    options: Mapping[str, str] = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    prefixed: Mapping[str, str] = field(repr=False)
    bare: Mapping[str, str] = field(repr=False)
    holders: Mapping[str, str]
    include_problem: tuple[str, str] | None = None

    @property
    def section(self) -> str:
        """The profile as a message names it."""
        return f"[{printable(self.name, 64)}]"

    def named(self, key: str) -> str:
        """`key` as a message names it: the call's option, or the key of the profile."""
        if self.options.get(key):
            return option_name(key)
        return f"{key} of {self.section}"

    def text(self, key: str, *, multiline: bool = False) -> str | None:
        """The text of `key` that wins; None where there is none.

        Raises ConfigurationError for a control character (botocore accepts them, and repeats them in its errors), and
        for an included profile that cannot be read.
        """
        found = self.options.get(key) or self.values.get(key) or self._lookup(self.values, key)
        if found and has_control_character(found.replace("\n", "").replace("\t", "") if multiline else found):
            if "\n" in found and not multiline and not self.options.get(key):
                raise ConfigurationError(
                    f"{self.named(key)} holds a control character: its value goes on in the next, indented line",
                    "remove the blanks at that line's beginning, or write the value on one line",
                )
            raise ConfigurationError(
                f"{self.named(key)} holds a control character", "write it on one line, in plain text"
            )
        return found

    def prefixed_text(self, key: str) -> str | None:
        """The text of `key` where it is written for this helper alone. Raises ConfigurationError as `text` does."""
        return self._lookup(self.prefixed, key)

    def own_bare(self, key: str) -> str | None:
        """The text of the bare `key` of this very profile, as all SDKs read it."""
        return self.bare.get(key) if self.holders.get(key) == self.name else None

    def _lookup(self, values: Mapping[str, str], key: str) -> str | None:
        value = values.get(key)
        if value is None and self.include_problem is not None and key not in _NOT_INCLUDED:
            raise ConfigurationError(*self.include_problem)
        return value


def merge(config: AwsConfig, name: str, options: Mapping[str, str] | None = None) -> RawProfile:
    """The profile `name` of `config`; one that is not there has no values.

    The call's `options` win, then the prefixed key, the bare one, and those of the profiles that it includes.
    """
    values: dict[str, str] = {}
    prefixed: dict[str, str] = {}
    bare: dict[str, str] = {}
    holders: dict[str, str] = {}
    problem = None
    try:
        for holder in included_profiles(config, name):
            ours: dict[str, str] = {}
            sdks: dict[str, str] = {}
            for key, written in config.profiles.get(holder, {}).items():
                text = _own_text(key, written)
                if text and key.startswith(PREFIX):
                    ours[key[len(PREFIX) :]] = text
                elif text:
                    sdks[key] = text
            if holder != name:
                for key in _NOT_INCLUDED:
                    ours.pop(key, None)
                    sdks.pop(key, None)
            # What was found before wins.
            values = {**sdks, **ours, **values}
            prefixed = {**ours, **prefixed}
            bare = {**sdks, **bare}
            holders = {**dict.fromkeys(sdks, holder), **holders}
    except ConfigurationError as error:
        problem = (error.message, error.next_step)
    return RawProfile(config, name, options or {}, values, prefixed, bare, holders, problem)


def included_profiles(config: AwsConfig, name: str) -> Iterator[str]:
    """The profile `name`, the one that it includes (`include_profile`, as in aws-vault), the one which that includes.

    Raises ConfigurationError for a loop, and for a profile that is not there.
    """
    visited = [name]
    yield name
    while True:
        profile = config.profiles.get(visited[-1], {})
        included = unquoted(profile.get(PREFIX + _INCLUDE) or profile.get(_INCLUDE) or "")
        if not included:
            return
        if included in visited:
            loop = draw_loop((*visited[visited.index(included) :], included))
            raise ConfigurationError(f"include_profile forms a loop: {loop}", "take one of them out")
        if included not in config.profiles:
            what = f"[{printable(visited[-1], 64)}] includes profile {printable(included, 64)}, which is not there"
            raise likely_meant.missing(config, what, included, "correct include_profile, or add that profile")
        visited.append(included)
        yield included
