"""What marks and narrows a session: tags, source identity and policies, as AssumeRole takes them."""

import json

from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass
from assume_helper.profiles.raw_profile import READ_ONLY, option_name
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable


@dataclass(frozen=True)
class SessionParameters:
    """The parameters of AssumeRole that shape a session beside its role.

    `policy_file` is the condition of a file that `policy` was read from, and the file's state (see `lookups`).
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
            "session_policy": canonical(self.policy),
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


def canonical(policy: str | None) -> str | None:
    """A policy in one form for all that mean the same; None for None."""
    return json.dumps(json.loads(policy), sort_keys=True) if policy else None


def from_settings(settings: ProfileSettings, partition: str) -> SessionParameters:
    """The parameters that a profile and the call's options ask for, for a role of `partition`.

    Raises ConfigurationError.
    """
    tags = settings.session_tags or ()
    policy = settings.session_policy
    policy_arns = settings.policy_arns or ()
    if READ_ONLY in settings.raw.options:
        if policy is not None or policy_arns:
            raise ConfigurationError(
                f"{settings.section} already narrows its session, and --read-only would widen it",
                "leave --read-only out, or take session_policy and policy_arns out",
            )
        policy_arns = (f"arn:{partition}:iam::aws:policy/ReadOnlyAccess",)
    for key, other in (("session_policy", "policy_arns"), ("policy_arns", "session_policy")):
        if key in settings.raw.options and other not in settings.raw.options and settings.has(other):
            raise ConfigurationError(
                f"{settings.section} has {other}: with {option_name(key)} too the session may do what either allows",
                f"give {option_name(other)} too, or take {other} out",
            )
    return SessionParameters(
        tags,
        _transitive_tag_keys(settings, tags),
        settings.source_identity,
        None if policy is None else policy.text,
        policy_arns,
        None if policy is None else policy.file,
    )


def _transitive_tag_keys(settings: ProfileSettings, tags: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    names = settings.transitive_session_tags or ()
    for name in names:
        if name not in dict(tags):
            raise ConfigurationError(
                f"transitive_session_tags of {settings.section} has {printable(name, 80)}, which is no session tag",
                "add it to session_tags, or take it out",
            )
    return tuple(dict.fromkeys(names))
