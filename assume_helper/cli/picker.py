"""The picker: a person chooses a role profile, or types a role's ARN, on the terminal."""

from assume_helper.cli import choice_list
from assume_helper.cli.choice_list import Choice, ChoiceList
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.sessions import role_listing
from assume_helper.sessions.role_listing import Row
from assume_helper.text import printable

_TYPE_AN_ARN = Choice("type a role's ARN ...", "")
_EXAMPLE_ARN = "arn:aws:iam::123456789012:role/NAME"


def pick(invocation: Invocation) -> str:
    """The profile's name, or the role's ARN, that a person chooses: arrows move, typing filters.

    It is drawn on standard error, because the caller reads standard output. Raises KeyboardInterrupt,
    ConfigurationError.
    """
    environ = invocation.environ
    config = aws_config.load(environ)
    found = role_listing.rows(config, environ, invocation.warn, invocation.clock.now())
    rows = [row for row in found if not row.problem]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*map(_cells, rows), strict=True)]
    choices = [Choice(_line(row, widths), row.profile) for row in rows]
    unusable = dict.fromkeys(config.profiles, "it has no role") | {row.profile: row.problem for row in found}
    shown = ChoiceList(choices, _TYPE_AN_ARN, unusable)
    picked, typed = choice_list.select("Which role?", shown, invocation.stream(2))
    if picked is None:
        return typed
    role = picked.value or _typed_role(invocation, config)
    if not role:
        raise ConfigurationError("no role was named", "name a profile or a role's ARN")
    return role


def _typed_role(invocation: Invocation, config: AwsConfig) -> str:
    """The role's ARN, or the profile's name, that a person types. Raises KeyboardInterrupt."""
    import questionary
    from prompt_toolkit.output import create_output

    def validate(text: str) -> bool | str:
        typed = text.strip()
        return not typed or typed.startswith("arn:") or typed in config.profiles or f"An ARN looks like {_EXAMPLE_ARN}"

    prompt = questionary.text(
        "The role's ARN:",
        validate=validate,
        output=create_output(stdout=invocation.stream(2)),
        key_bindings=choice_list.leaving(),
    )
    prompt.application.ttimeoutlen = choice_list.ESCAPE_SECONDS
    return str(prompt.unsafe_ask()).strip()


def pick_source(invocation: Invocation) -> str:
    """The profile that assumes a role whose ARN was typed. Raises KeyboardInterrupt, ConfigurationError."""
    names = list(aws_config.load(invocation.environ).profiles)
    if not names:
        raise ConfigurationError("there is no profile to assume the role with", "run `aws configure` to make one")
    shown = ChoiceList([Choice(printable(name, 40), name) for name in names])
    picked, _ = choice_list.select("Which profile assumes it?", shown, invocation.stream(2))
    return picked.value if picked is not None else ""


def _cells(row: Row) -> list[str]:
    cached = "" if row.left is None else f"cached, {row.cached} left"
    return [printable(row.profile, 40), printable(row.role, 40), row.account_id, cached]


def _line(row: Row, widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True)).rstrip()
