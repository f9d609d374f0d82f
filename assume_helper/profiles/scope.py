"""The scope of a session that no role is assumed for: how GetScopedCredentials narrows it."""

import re

from assume_helper.errors import OptionNotTaken
from assume_helper.light import dataclass
from assume_helper.profiles import session_parameters, value_parsers
from assume_helper.profiles.settings import ProfileSettings

# An option that is no key.
PURPOSE = "purpose"
# In CloudTrail, where a call does not say what the session is for.
DESCRIPTION = "assume-helper"
# `scopedSessionDescriptionType` of the model of STS, without line breaks and tabs.
_DESCRIPTION = r"[\x20-\x7e\xa1-\xff]{2,256}"


@dataclass(frozen=True)
class Scope:
    """What a session is narrowed to: a `policy`, minified JSON, fewer seconds (1 to 129,600), or both.

    `description` is in CloudTrail. `policy_file` is the condition of a file that `policy` was read from, and the file's
    state (see `lookups`).
    """

    policy: str | None
    duration_seconds: int | None
    description: str = DESCRIPTION
    policy_file: tuple[str, str] | None = None

    def inputs(self) -> dict[str, object]:
        """What of this is in the cache key: the policy in canonical form."""
        return {
            "scope": {
                "policy": session_parameters.canonical(self.policy),
                "duration_seconds": self.duration_seconds,
                "description": self.description,
            }
        }

    def request(self) -> dict[str, object]:
        """The scope as GetScopedCredentials takes it, but for its duration, which the whole session limits."""
        policy = {} if self.policy is None else {"Policy": self.policy}
        return {**policy, "ScopedSessionDescription": self.description}


def from_settings(settings: ProfileSettings, *, is_exchanged: bool) -> Scope | None:
    """The scope that a profile without a role and the call's options ask for; None where they ask for none.

    `is_exchanged`: its session is made of a user's key, and lasts as long as is asked for. Raises ConfigurationError,
    OptionNotTaken.
    """
    policy = settings.session_policy
    seconds = _seconds(settings, has_policy=policy is not None, is_exchanged=is_exchanged)
    description = _description(settings)
    if policy is None and seconds is None:
        if description is not None:
            raise OptionNotTaken(
                f"--{PURPOSE} describes a scoped session, and nothing narrows this one", "give --session-policy too"
            )
        return None
    text, file = (None, None) if policy is None else (policy.text, policy.file)
    return Scope(text, seconds, description or DESCRIPTION, file)


def _seconds(settings: ProfileSettings, *, has_policy: bool, is_exchanged: bool) -> int | None:
    """`duration_seconds` of the scope: the option, or the key beside the profile's own policy."""
    raw = settings.raw
    is_given = bool(raw.options.get("duration_seconds"))
    is_meant = (is_given and has_policy) or (not is_exchanged and (is_given or "session_policy" in raw.values))
    text = raw.text("duration_seconds") if is_meant else None
    if text is None:
        return None
    return value_parsers.parsed(value_parsers.scoped_seconds, text, raw.named("duration_seconds"))


def _description(settings: ProfileSettings) -> str | None:
    text = settings.raw.options.get(PURPOSE)
    if text is not None and not re.fullmatch(_DESCRIPTION, text):
        raise OptionNotTaken(
            f"--{PURPOSE} is not one that STS takes", "use 2 to 256 printable characters of Latin-1, on one line"
        )
    return text
