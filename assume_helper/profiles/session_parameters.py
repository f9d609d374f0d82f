"""What marks and narrows a session: tags, source identity and policies, checked before STS sees them.

The limits are STS's own (API reference of AssumeRole). Tags are written as aws-vault writes them.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.profiles.settings import Keys
from assume_helper.text import printable

_TAG_KEY = re.compile(r"[\w .:/=+@-]{1,128}")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]{0,256}")
_MOST_TAGS = 50
_SOURCE_IDENTITY = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\x21-\x7e]{1,512}")
_MOST_POLICY_ARNS = 10
_LONGEST_POLICY = 2048
# The characters that a policy cannot have at STS; JSON can escape them.
_NOT_IN_POLICY = re.compile(r"[^\t\n\r\x20-\xff]")
# No policy has as many of a kind in it; nested they would be too deep for Python's JSON, here or further on.
_MOST_BRACKETS = 300
# A file that is read to its end: a policy this long was refused long before.
_LARGEST_FILE = 64 * 1024


@dataclass(frozen=True)
class SessionParameters:
    """The parameters of AssumeRole that shape a session beside its role.

    `policy_file` is where `policy` was read, and the file's state (see `hit.file_state`) from before that.
    """

    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    policy_file: tuple[str, str] | None = None

    def inputs(self) -> dict[str, object]:
        """What of this is in the cache key: the policy in canonical form, nothing in an order without meaning."""
        return {
            "session_tags": dict(self.tags),
            "transitive_session_tags": sorted(self.transitive_tag_keys),
            "source_identity": self.source_identity,
            "session_policy": json.dumps(json.loads(self.policy), sort_keys=True) if self.policy else None,
            "policy_arns": sorted(self.policy_arns),
        }

    def request(self) -> dict[str, object]:
        """These parameters as AssumeRole takes them."""
        request: dict[str, object] = {}
        if self.tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in self.tags]
        if self.transitive_tag_keys:
            request["TransitiveTagKeys"] = list(self.transitive_tag_keys)
        if self.source_identity is not None:
            request["SourceIdentity"] = self.source_identity
        if self.policy is not None:
            request["Policy"] = self.policy
        if self.policy_arns:
            request["PolicyArns"] = [{"arn": arn} for arn in self.policy_arns]
        return request


def read(keys: Keys, partition: str) -> SessionParameters:
    """The parameters that a profile and the call's options ask for. Raises ConfigurationError."""
    tags = _tags(keys)
    policy, policy_file = _policy(keys)
    policy_arns = _policy_arns(keys)
    if "read_only" in keys.options:
        if policy is not None or policy_arns:
            raise ConfigurationError(
                f"{keys.section} narrows its session already, and --read-only would widen that",
                "leave --read-only out, or take session_policy and policy_arns out",
            )
        policy_arns = (f"arn:{partition}:iam::aws:policy/ReadOnlyAccess",)
    return SessionParameters(tags, _transitive(keys, tags), _source_identity(keys), policy, policy_arns, policy_file)


def _listed(keys: Keys, key: str) -> list[str]:
    """The parts of a value with commas, without blanks around them; a comma too many is passed over."""
    return [part.strip() for part in (keys.value(key) or "").split(",") if part.strip()]


def _tags(keys: Keys) -> tuple[tuple[str, str], ...]:
    tags: dict[str, str] = {}
    for part in _listed(keys, "session_tags"):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        if not separator or not _TAG_KEY.fullmatch(name) or not _TAG_VALUE.fullmatch(value):
            raise ConfigurationError(
                f"{keys.named('session_tags')} has {printable(part, 80)}", "write key=value, with commas between them"
            )
        if name.lower() in (known.lower() for known in tags):
            raise ConfigurationError(
                f"{keys.named('session_tags')} has {printable(name, 80)} twice",
                "STS tells keys apart without their case",
            )
        tags[name] = value
    if len(tags) > _MOST_TAGS:
        raise ConfigurationError(f"{keys.named('session_tags')} has {len(tags)} tags", f"STS takes {_MOST_TAGS}")
    return tuple(tags.items())


def _transitive(keys: Keys, tags: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    names = _listed(keys, "transitive_session_tags")
    for name in names:
        if name not in dict(tags):
            raise ConfigurationError(
                f"transitive_session_tags of {keys.section} has {printable(name, 80)}, which is no session tag",
                "add it to session_tags, or take it out",
            )
    return tuple(dict.fromkeys(names))


def _source_identity(keys: Keys) -> str | None:
    value = keys.value("source_identity")
    if value is not None and (not _SOURCE_IDENTITY.fullmatch(value) or value.lower().startswith("aws:")):
        raise ConfigurationError(
            f"source_identity of {keys.section} is not one that STS takes", "use 2 to 64 letters, digits and _+=,.@-"
        )
    return value


def _policy_arns(keys: Keys) -> tuple[str, ...]:
    arns = _listed(keys, "policy_arns")
    for arn in arns:
        if not _POLICY_ARN.fullmatch(arn):
            raise ConfigurationError(
                f"{keys.named('policy_arns')} has {printable(arn, 120)}, which is not the ARN of a policy",
                "it looks like arn:aws:iam::aws:policy/ReadOnlyAccess",
            )
    if len(arns) > _MOST_POLICY_ARNS:
        raise ConfigurationError(
            f"{keys.named('policy_arns')} has {len(arns)} policies", f"STS takes {_MOST_POLICY_ARNS}"
        )
    return tuple(dict.fromkeys(arns))


def _policy(keys: Keys) -> tuple[str | None, tuple[str, str] | None]:
    """The policy without its blanks, and the file that it was read from."""
    value = keys.value("session_policy", many_lines=True)
    if value is None:
        return None, None
    path = None if value.lstrip().startswith("{") else _path(keys, value)
    policy_file = None if path is None else (path, hit.file_state(path))
    text = value if path is None else _text(keys, path)
    try:
        policy = json.loads(text, parse_constant=_refused)
        # Without the numbers that only Python's JSON has: 1e999 is infinity to it.
        minified = json.dumps(policy, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigurationError(
            f"{keys.named('session_policy')} is not JSON{line}", "correct it, or name the file that holds it"
        ) from None
    if not isinstance(policy, Mapping) or not isinstance(policy.get("Statement"), list | Mapping):
        raise ConfigurationError(f"{keys.named('session_policy')} has no Statement", "write a policy of IAM")
    minified = _NOT_IN_POLICY.sub(lambda found: json.dumps(found.group())[1:-1], minified)
    if len(minified) > _LONGEST_POLICY:
        raise ConfigurationError(
            f"{keys.named('session_policy')} has {len(minified)} characters without blanks",
            f"STS takes {_LONGEST_POLICY}: use policy_arns for more",
        )
    if max(map(minified.count, "[{")) > _MOST_BRACKETS:
        raise ConfigurationError(f"{keys.named('session_policy')} is nested too deep", "write a policy of IAM")
    return minified, policy_file


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is Python's, and not JSON's")


def _path(keys: Keys, value: str) -> str:
    """Relative paths are beside the config file: an SDK may call from anywhere."""
    beside = os.path.dirname(os.path.abspath(keys.config.config_path))
    return os.path.join(beside, os.path.expanduser(value))


def _text(keys: Keys, path: str) -> str:
    try:
        if not os.path.isfile(path):
            raise FileNotFoundError(2, "there is no such file")
        with open(path, encoding="utf-8-sig") as file:
            return file.read(_LARGEST_FILE)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(
            f"{keys.named('session_policy')} names {printable(path)}: {reason}", "correct the path, or write the JSON"
        ) from None
