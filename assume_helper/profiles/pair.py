"""The pair form: a profile without a role, whose credential_process gets another profile's session from this helper.

SDKs call `get OTHER`: the helper never sees the first profile. So what shapes a session belongs into the other one, and
is refused in the first, where it would be ignored.
"""

from assume_helper.errors import ConfigurationError
from assume_helper.profiles.raw_profile import PREFIX, with_prefix
from assume_helper.profiles.settings import KEYS, PREFIXED_ONLY, ProfileSettings
from assume_helper.text import printable

# What shapes a role's session, and what assumes the role.
_SHAPING = (
    "session_policy", "policy_arns", "session_tags", "transitive_session_tags", "source_identity", "duration_seconds",
    "role_session_name", "external_id", "mfa_serial", "mfa_process", "mfa_session_duration_seconds", "source_profile",
    "credential_source", "web_identity_token_file", "web_identity_token_process", "saml_process", "saml_provider_arn",
)  # fmt: skip
# What the first profile is read for, prefixed or not. All other bare keys are the SDKs'.
_READ = {"credential_process", "include_profile", "region"}


def check(settings: ProfileSettings, target: str) -> None:
    """Raise ConfigurationError where the first profile of a pair has a key that does not reach the session of `target`.

    The call's own options do: they are for the role.
    """
    ignored = [key for key in _SHAPING if settings.raw.values.get(key)]
    ignored += [with_prefix(key) for key in sorted(KEYS - _READ - {*_SHAPING}) if settings.raw.prefixed.get(key)]
    ignored += [key for key in sorted(PREFIXED_ONLY) if settings.has_prefixed(key.removeprefix(PREFIX))]
    if ignored:
        other = printable(target, 64)
        raise ConfigurationError(
            f"{settings.section} has {', '.join(ignored)}, and its session is that of [{other}], which ignores it",
            f"move it to [{other}], or take it out",
        )
