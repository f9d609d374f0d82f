"""The picker: a role profile, or the ARN of a role, chosen on the terminal."""

import sys

from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.sessions import role_listing
from assume_helper.sessions.role_listing import Row
from assume_helper.text import printable

_TYPE_AN_ARN = "type a role's ARN ..."
_AN_ARN = "arn:aws:iam::123456789012:role/NAME"
_NOTHING = "(nothing is called like this: take some letters back)"
# More than fit are found by typing.
_MOST_SHOWN = 200


def pick(invocation: Invocation) -> str:
    """The profile's name, or the role's ARN, that somebody chooses: arrows move, typing filters.

    Asked on standard error: standard output is what the caller takes. Raises KeyboardInterrupt, ConfigurationError.
    """
    environ = invocation.environ
    config = aws_config.load(environ)
    found = role_listing.rows(config, environ, invocation.warn, invocation.clock.now())
    rows = [row for row in found if not row.problem]
    widths = [max((len(cell) for cell in column), default=0) for column in zip(*map(_cells, rows), strict=True)]
    picked, typed = _asked("Which role?", [(_line(row, widths), row.profile) for row in rows], _TYPE_AN_ARN)
    if not picked and typed.startswith("arn:"):
        return typed
    if not picked:
        import questionary
        from prompt_toolkit.output import create_output

        def is_one(text: str) -> bool | str:
            said = text.strip()
            return not said or said.startswith("arn:") or said in config.profiles or f"It looks like {_AN_ARN}"

        asked = questionary.text("The role's ARN:", validate=is_one, output=create_output(stdout=sys.stderr))
        picked = asked.unsafe_ask().strip()
    if not picked:
        raise ConfigurationError("no role was named", "name a profile, or a role's ARN")
    return picked


def pick_source(invocation: Invocation) -> str:
    """The profile that is to assume a role whose ARN was typed. Raises KeyboardInterrupt, ConfigurationError."""
    names = list(aws_config.load(invocation.environ).profiles)
    if not names:
        raise ConfigurationError("there is no profile to assume the role with", "`aws configure` makes one")
    picked = ""
    while not picked:
        picked, _ = _asked("Which profile assumes it?", [(printable(name, 40), name) for name in names], _NOTHING)
    return picked


def _asked(question: str, choices: list[tuple[str, str]], otherwise: str) -> tuple[str, str]:
    """What is picked, empty for `otherwise`, the last choice, and what was typed."""
    import questionary
    from prompt_toolkit.output import create_output
    from questionary.prompts.common import InquirerControl

    class Strict(InquirerControl):
        """The library takes all choices where nothing matches what is typed: Enter would take one nobody meant."""

        @property
        def filtered_choices(self) -> list[questionary.Choice]:
            """Those that match, as many as fit, and the last one always."""
            typed = (self.search_filter or "").lower()
            found = [choice for choice in self.choices[:-1] if typed in str(choice.title).lower()]
            self.found_in_search = bool(found)
            return [*found[:_MOST_SHOWN], self.choices[-1]]

    asked = questionary.select(
        question,
        choices=[questionary.Choice(title, value=value) for title, value in [*choices, (otherwise, "")]],
        use_search_filter=True,
        use_jk_keys=False,
        instruction="(type to filter, arrows to move, Enter to take, Ctrl-C to leave)",
        output=create_output(stdout=sys.stderr),
    )
    controls = [c for c in asked.application.layout.find_all_controls() if isinstance(c, InquirerControl)]
    for control in controls:
        control.__class__ = Strict
    picked: str = asked.unsafe_ask()
    return picked, "".join(control.search_filter or "" for control in controls)


def _cells(row: Row) -> list[str]:
    cached = "" if row.left is None else f"cached, {row.cached} left"
    return [printable(row.profile, 40), printable(row.role, 40), row.account_id, cached]


def _line(row: Row, widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True)).rstrip()
