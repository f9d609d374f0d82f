"""The picker: a person chooses a role profile, or types a role's ARN, on the terminal."""

from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config
from assume_helper.sessions import role_listing
from assume_helper.sessions.role_listing import Row
from assume_helper.text import printable

_TYPE_AN_ARN = "type a role's ARN ..."
_EXAMPLE_ARN = "arn:aws:iam::123456789012:role/NAME"
_NO_MATCH = "(no match: delete some letters)"
# The library cannot draw more rows than fit. The others are found by typing.
_MOST_SHOWN = 200


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
    choices = [(_line(row, widths), row.profile) for row in rows]
    picked, typed = _select(invocation, "Which role?", choices, _TYPE_AN_ARN)
    if not picked and typed.startswith("arn:"):
        return typed
    if not picked:
        import questionary
        from prompt_toolkit.output import create_output

        def validate(text: str) -> bool | str:
            typed = text.strip()
            return (
                not typed or typed.startswith("arn:") or typed in config.profiles or f"An ARN looks like {_EXAMPLE_ARN}"
            )

        output = create_output(stdout=invocation.stream(2))
        picked = questionary.text("The role's ARN:", validate=validate, output=output).unsafe_ask().strip()
    if not picked:
        raise ConfigurationError("no role was named", "name a profile or a role's ARN")
    return picked


def pick_source(invocation: Invocation) -> str:
    """The profile that assumes a role whose ARN was typed. Raises KeyboardInterrupt, ConfigurationError."""
    names = list(aws_config.load(invocation.environ).profiles)
    if not names:
        raise ConfigurationError("there is no profile to assume the role with", "run `aws configure` to make one")
    choices = [(printable(name, 40), name) for name in names]
    picked = ""
    while not picked:
        picked, _ = _select(invocation, "Which profile assumes it?", choices, _NO_MATCH)
    return picked


def _select(invocation: Invocation, question: str, choices: list[tuple[str, str]], otherwise: str) -> tuple[str, str]:
    """The value that is picked, empty for `otherwise`, the last choice; and the text that was typed."""
    import questionary
    from prompt_toolkit.output import create_output
    from questionary.prompts.common import InquirerControl

    class StrictFilter(InquirerControl):
        """Where nothing matches, the library shows all choices, and Enter would take one that nobody meant."""

        @property
        def filtered_choices(self) -> list[questionary.Choice]:
            """The choices that match, as many as fit, and always the last one."""
            typed = (self.search_filter or "").lower()
            found = [choice for choice in self.choices[:-1] if typed in str(choice.title).lower()]
            self.found_in_search = bool(found)
            return [*found[:_MOST_SHOWN], self.choices[-1]]

    prompt = questionary.select(
        question,
        choices=[questionary.Choice(title, value=value) for title, value in [*choices, (otherwise, "")]],
        use_search_filter=True,
        use_jk_keys=False,
        instruction="(type to filter, arrows to move, Enter to choose, Ctrl-C to leave)",
        output=create_output(stdout=invocation.stream(2)),
    )
    controls = [c for c in prompt.application.layout.find_all_controls() if isinstance(c, InquirerControl)]
    for control in controls:
        control.__class__ = StrictFilter
    picked: str = prompt.unsafe_ask()
    return picked, "".join(control.search_filter or "" for control in controls)


def _cells(row: Row) -> list[str]:
    cached = "" if row.left is None else f"cached, {row.cached} left"
    return [printable(row.profile, 40), printable(row.role, 40), row.account_id, cached]


def _line(row: Row, widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(_cells(row), widths, strict=True)).rstrip()
