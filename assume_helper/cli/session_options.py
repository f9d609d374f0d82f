"""The options that shape a session, the same for every command that has one: `get`, `exec`, `env` and the others."""

import os
from collections.abc import Callable, Mapping

import click

from assume_helper.credentials import LONGEST_USER_SESSION, SHORTEST_SESSION
from assume_helper.light import Any, TypeVar
from assume_helper.profiles.raw_profile import option_name

F = TypeVar("F", bound=Callable[..., Any])
DURATION_HELP = "How long the session lasts, in seconds."
_DURATION = click.IntRange(SHORTEST_SESSION, LONGEST_USER_SESSION)
# What click has for an option that is not given.
_NOT_GIVEN = (None, (), False)
# The same options as `answers.SESSION_OPTIONS` has, for a hit.
_OPTIONS = (
    click.option(
        "--role-session-name", metavar="NAME", help="The session's name. It may contain {user}, {host} and {profile}."
    ),
    click.option("--duration-seconds", type=_DURATION, metavar="N", help=DURATION_HELP),
    click.option(
        "--session-tag", "session_tags", metavar="KEY=VALUE", multiple=True, help="A session tag. Repeatable."
    ),
    click.option("--session-policy", metavar="FILE|JSON", help="Limit the session to this policy."),
    click.option(
        "--policy-arn", "policy_arns", metavar="ARN", multiple=True,
        help="Limit the session to this managed policy. Repeatable.",
    ),
    click.option("--read-only", is_flag=True, help="Limit the session to AWS's ReadOnlyAccess policy."),
    click.option("--purpose", metavar="TEXT", help="What the session is for, in the audit trail. Of a scoped session."),
)  # fmt: skip
_NAMES = ("role_session_name", "duration_seconds", "session_tags", "session_policy", "policy_arns", "read_only",
          "purpose")  # fmt: skip


def session_options(command: F) -> F:
    """Add the options that shape a session to `command`."""
    for add in reversed(_OPTIONS):
        command = add(command)
    return command


def as_keys(options: Mapping[str, Any]) -> dict[str, str]:
    """The session's options among `options`, those that are given, as the keys of a profile would hold them.

    A file is named by its absolute path. Raises click.UsageError for one that is empty.
    """
    given = {name: _as_key(name, options[name]) for name in _NAMES if options.get(name) not in _NOT_GIVEN}
    if "session_policy" in given and not given["session_policy"].lstrip().startswith("{"):
        given["session_policy"] = os.path.abspath(os.path.expanduser(given["session_policy"]))
    return given


def are_given(options: Mapping[str, Any]) -> bool:
    """Whether any of `options` is given, empty or not."""
    return any(value not in _NOT_GIVEN for value in options.values())


def _as_key(name: str, value: str | int | tuple[str, ...]) -> str:
    """An option as the profile's key would hold it. Raises click.UsageError for an empty one.

    It may come from a script's variable that was not set: without it, the session would have more rights than meant.
    """
    if not all(str(part).strip() for part in (value if isinstance(value, tuple) else (value,))):
        raise click.UsageError(f"{option_name(name)} is empty: give it a value, or leave it out")
    if isinstance(value, tuple):
        if any("," in part for part in value):
            raise click.UsageError("a session tag or a policy's ARN cannot contain a comma: repeat the option")
        return ",".join(value)
    return "true" if value is True else str(value)
