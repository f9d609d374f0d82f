"""The picker: a person chooses a profile, or types a role's ARN, on the terminal."""

from collections.abc import Sequence

from assume_helper.cli import choice_list, display, recently_used
from assume_helper.cli.choice_list import Choice, ChoiceList
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.sessions import profile_listing
from assume_helper.sessions.profile_listing import Row
from assume_helper.text import printable

_TYPE_AN_ARN = Choice("type a role's ARN ...", "")
# Characters before a row, and the fewest of a role's and a profile's name that a row has on a narrow terminal.
_POINTER, _SHORTEST_ROLE, _SHORTEST_PROFILE = 6, 8, 12
_EXAMPLE_ARN = "arn:aws:iam::123456789012:role/NAME"


def pick(invocation: Invocation) -> str:
    """The profile's name, or the role's ARN, that a person chooses: arrows move, typing filters.

    What was used last is first. It is drawn on standard error, because the caller reads standard output. Raises
    KeyboardInterrupt, ConfigurationError.
    """
    environ = invocation.environ
    config = aws_config.load(environ)
    found = profile_listing.rows(config, environ, invocation.warn, invocation.clock.now())
    used = recently_used.ranks(environ)
    rows = sorted((row for row in found if not row.problem), key=lambda row: recently_used.rank(row.profile, used))
    titles = _titles(rows, invocation.screen_width() - _POINTER)
    choices = [Choice(title, row.profile, row.role or row.kind) for title, row in zip(titles, rows, strict=True)]
    unusable = dict.fromkeys(config.profiles, "it has nothing to get credentials from") | {
        row.profile: row.problem for row in found
    }
    shown = ChoiceList(choices, _TYPE_AN_ARN, unusable)
    picked, typed = _select(invocation, "Which one?", shown)
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
        style=choice_list.style(),
    )
    prompt.application.ttimeoutlen = choice_list.ESCAPE_SECONDS
    return str(prompt.unsafe_ask()).strip()


def pick_source(invocation: Invocation) -> str:
    """The profile that assumes a role whose ARN was typed. Raises KeyboardInterrupt, ConfigurationError."""
    names = list(aws_config.load(invocation.environ).profiles)
    if not names:
        raise ConfigurationError("there is no profile to assume the role with", "run `aws configure` to make one")
    shown = ChoiceList([Choice(printable(name, 40), name) for name in names])
    picked, _ = _select(invocation, "Which profile assumes it?", shown)
    return picked.value if picked is not None else ""


def _select(invocation: Invocation, question: str, shown: ChoiceList) -> tuple[Choice | None, str]:
    """The row that a person takes, and what was typed. Raises KeyboardInterrupt."""
    if display.is_dumb(invocation):
        return choice_list.select_by_line(question, shown, invocation.say, invocation.read_line)
    return choice_list.select(question, shown, invocation.stream(2))


def _titles(rows: Sequence[Row], width: int) -> list[str]:
    """The rows in columns: profile, role, account, and what is cached, in at most `width` characters.

    Where these are too few, the time that is left goes first, then the ends of roles and profiles; never an account.
    """
    if not rows:
        return []
    columns = [
        [printable(row.profile, 40) for row in rows],
        [printable(row.role or row.kind, 40) for row in rows],
        [row.account_id for row in rows],
        ["" if row.left is None else f"cached, {row.cached} left" for row in rows],
    ]
    if _width(columns) > width:
        columns[3] = ["" if row.left is None else "cached" for row in rows]
    for index, shortest in ((1, _SHORTEST_ROLE), (0, _SHORTEST_PROFILE)):
        longest = max(map(len, columns[index]))
        left = max(longest - max(_width(columns) - width, 0), min(shortest, longest))
        columns[index] = [text if len(text) <= left else text[: left - 3] + "..." for text in columns[index]]
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()
        for cells in zip(*columns, strict=True)
    ]


def _width(columns: Sequence[Sequence[str]]) -> int:
    """How many characters the columns take side by side."""
    return sum(max(map(len, column)) for column in columns) + 2 * (len(columns) - 1)
