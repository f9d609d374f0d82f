"""`session_policy`: JSON in the profile, or the name of a file that holds it, checked and minified."""

import json
import os
import re
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.system import private_files
from assume_helper.text import printable

_KEYS = ("session_policy", "assume_helper_session_policy")
# Characters of a policy that STS limits (API reference of AssumeRole).
_LONGEST_POLICY = 2048
# The characters that a policy cannot have at STS; JSON can escape them.
_NOT_IN_POLICY = re.compile(r"[^\t\n\r\x20-\xff]")
# No policy has as many of a kind; nested they would be too deep for Python's JSON.
_MOST_BRACKETS = 300
# Bytes of a file that are read: a policy this long is refused anyway.
_LARGEST_FILE = 64 * 1024


@dataclass(frozen=True)
class SessionPolicy:
    """A policy without blanks. `file` is the condition of a file that it was read from (see `lookups`)."""

    text: str
    file: tuple[str, str] | None = None


def parse(value: str, named: str, config: AwsConfig) -> SessionPolicy:
    """The policy that `value` is or names; a relative path is beside the config file.

    `named` is the key as a message names it. Raises ConfigurationError.
    """
    if value.lstrip().startswith("{"):
        return SessionPolicy(_minified(value, named))
    written, path = _named(value, config)
    text, state = _text(path, named)
    return SessionPolicy(_minified(text, named), (f"file {written}", state))


def files(config: AwsConfig) -> list[str]:
    """The absolute paths of the files that hold policies of any profile in `config`, whether they are there or not."""
    values = [profile.get(name, "") for profile in config.config_profiles.values() for name in _KEYS]
    return [_named(value, config)[1] for value in values if value and not value.lstrip().startswith("{")]


def _named(value: str, config: AwsConfig) -> tuple[str, str]:
    """The name of the file as a hit finds it, and its path now."""
    # An SDK may call from any working directory. A hit expands `~` anew.
    beside = os.path.dirname(os.path.abspath(config.config_path))
    written = value if value.startswith("~") else os.path.join(beside, value)
    return written, os.path.join(beside, hit.expand_home(written, config.environ))


def _minified(text: str, named: str) -> str:
    try:
        policy = json.loads(text, parse_constant=_refused)
        # Without the numbers that only Python's JSON has: 1e999 is infinity to it.
        minified = json.dumps(policy, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError) as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConfigurationError(f"{named} is not JSON{line}", "correct it, or name the file that holds it") from None
    if not isinstance(policy, Mapping) or not isinstance(policy.get("Statement"), list | Mapping):
        raise ConfigurationError(f"{named} has no Statement", "write an IAM policy")
    minified = _NOT_IN_POLICY.sub(lambda found: json.dumps(found.group())[1:-1], minified)
    if len(minified) > _LONGEST_POLICY:
        raise ConfigurationError(
            f"{named} has {len(minified)} characters without blanks",
            f"STS takes {_LONGEST_POLICY}: shorten it, or use policy_arns of a role for more",
        )
    if max(map(minified.count, "[{")) > _MOST_BRACKETS:
        raise ConfigurationError(f"{named} is nested too deeply", "write an IAM policy")
    return minified


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _text(path: str, named: str) -> tuple[str, str]:
    """The text of the file at `path`, and the file's state."""
    try:
        if not os.path.isfile(path):
            raise FileNotFoundError(2, "it is no file" if os.path.lexists(path) else "there is no such file")
        data, state = private_files.read_with_state(path, _LARGEST_FILE)
        return data.decode("utf-8-sig"), state
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(
            f"{named} names {printable(path)}: {reason}", "correct the path, or write the JSON"
        ) from None
