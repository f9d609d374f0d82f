"""What `configure` asks a person for: the role, and what assumes it, of a profile that has nothing else to serve."""

import click

from assume_helper.cli.invocation import Invocation
from assume_helper.configure.change import SOURCE_KEYS, Loaded, Present
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import value_parsers
from assume_helper.text import printable

# Setting one of these says that the profile is to have a role.
_OF_A_ROLE = frozenset({"role_arn", "source_profile", "credential_source", "external_id", "role_session_name"})


def values(invocation: Invocation, loaded: Loaded, present: Present, given: dict[str, str]) -> dict[str, str]:
    """The keys to set: those that are `given`, and those that a person is asked for.

    Raises click.UsageError and KeyboardInterrupt.
    """
    if "source_profile" in given and "credential_source" in given:
        raise _usage("--source-profile and --credential-source cannot go together")
    if not present.is_pair:
        return _ask_for_missing(invocation, loaded, present, given)
    if given.keys() - {"region"}:
        raise _usage("this profile only asks the helper for another profile: configure that one")
    return given


def _ask_for_missing(invocation: Invocation, loaded: Loaded, present: Present, given: dict[str, str]) -> dict[str, str]:
    """`given`, and a person's answers where a role or its source is missing."""
    answers = dict(given)
    wants_role = present.kind in {None, "role"} or not _OF_A_ROLE.isdisjoint(given)
    needs_role = wants_role and not present.has_role and "role_arn" not in given
    needs_source = wants_role and not present.has_source and not any(key in given for key in SOURCE_KEYS)
    if (needs_role or needs_source) and not invocation.can_ask():
        missing = ["--role-arn"] * needs_role + ["--source-profile (or --credential-source)"] * needs_source
        raise _usage(f"there is no terminal to ask on: give {' and '.join(missing)}")
    config = loaded.config
    # As for botocore, a profile that has a role and an access key may name itself.
    own = present.name if config.profiles.get(present.name, {}).get("aws_access_key_id") else None

    def parse_role(value: str) -> str:
        try:
            return value_parsers.role_arn(value.strip(), "role_arn")
        except ConfigurationError as error:
            raise click.BadParameter(str(error)) from None

    def parse_profile(value: str) -> str:
        if value.strip() not in config.profiles:
            raise click.BadParameter(f"there is no profile {printable(value.strip(), 64)}")
        return value.strip()

    try:
        if needs_role:
            answers["role_arn"] = click.prompt("ARN of the role", value_proc=parse_role, err=True)
        if needs_source:
            answers["source_profile"] = click.prompt(
                "Profile that assumes it", default=own, value_proc=parse_profile, err=True
            )
    except click.Abort:
        raise KeyboardInterrupt from None
    return answers


def _usage(message: str) -> click.UsageError:
    return click.UsageError(message, click.get_current_context())
