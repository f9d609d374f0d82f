"""A list on the terminal that a person chooses from: typing filters it, and what is typed exactly comes first.

The library's own list keeps the order of its rows while it is filtered, so that Enter took the first row with the
typed name in it, not the row of that name; and it leaves out typed letters that are not ASCII.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from assume_helper.light import TYPE_CHECKING, Any, TextIO, dataclass, field
from assume_helper.text import has_control_character, printable

if TYPE_CHECKING:
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.styles import Style

_INSTRUCTION = "(type to filter, arrows to move, Enter to choose, Esc to leave)"
_SHORT_INSTRUCTION = "(type to filter, Esc to leave)"
# No colours: the library's own cannot be read on a light background.
_STYLE = {"question": "bold", "answer": "bold", "search_success": "bold", "search_none": "bold"}
# Lines beside the rows: the question, what is typed, and a note.
_OTHER_LINES = 3
_FEWEST_ROWS = 3
# Numbered rows, where nothing can be drawn.
_MOST_NUMBERED = 200
# Seconds from the Escape key to what it does: arrow keys send the same byte first, and the rest at once.
ESCAPE_SECONDS = 0.1


@dataclass(frozen=True)
class Choice:
    """A row: its `title`, and the `value` that it stands for, by which it is found before the rest of its title.

    It is found by `words` too, where its title had to be cut.
    """

    title: str
    value: str
    words: str = ""


@dataclass
class ChoiceList:
    """The state of the list: what was typed, the rows that match it in order, and the one that the pointer is at.

    `last` is a row of its own that is always shown at the end. `unusable` says of names that have no row why they
    cannot be chosen: who types one exactly is told, and no similar row is taken for it.
    """

    choices: Sequence[Choice]
    last: Choice | None = None
    unusable: Mapping[str, str] = field(default_factory=dict)
    typed: str = ""
    pointer: int | None = 0
    rows: list[Choice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.type("")

    @property
    def current(self) -> Choice | None:
        """The row that Enter takes; None where it takes nothing."""
        return None if self.pointer is None else self.rows[self.pointer]

    @property
    def note(self) -> str:
        """Why nothing is taken; empty where something is."""
        name = self.typed.strip()
        if not self._takes_nothing(name):
            return ""
        if name in self.unusable:
            return f"{printable(name, 64)} cannot be chosen: {self.unusable[name]}"
        return f"nothing matches {printable(name, 64)}: delete some letters" if name else "nothing to choose from"

    def type(self, typed: str) -> None:
        """Filter by `typed`: rows of exactly that name, then those that begin with it, then those that are similar."""
        self.typed = "".join(c for c in typed if not has_control_character(c))
        name = self.typed.strip()
        ranked = [(rank, choice) for choice in self.choices if (rank := _rank(choice, name)) is not None]
        self.rows = [choice for _, choice in sorted(ranked, key=lambda found: found[0])]
        if self.last is not None:
            self.rows.append(self.last)
        self.pointer = None if self._takes_nothing(name) else 0

    def move(self, by: int) -> None:
        """Move the pointer, around the ends; from nowhere to the first or the last row."""
        if self.rows:
            start = self.pointer if self.pointer is not None else -1 if by > 0 else 0
            self.pointer = (start + by) % len(self.rows)

    def _takes_nothing(self, name: str) -> bool:
        if name in self.unusable and not any(choice.value == name for choice in self.choices):
            return True
        if self.rows[:1] == [self.last] and self.last is not None:
            return bool(name) and name.lower() not in self.last.title.lower()
        return not self.rows


def _rank(choice: Choice, name: str) -> int | None:
    """How well `choice` fits what was typed, the best first; None where it does not."""
    value, typed = choice.value.lower(), name.lower()
    fits = (
        choice.value == name,
        value == typed,
        value.startswith(typed),
        typed in value,
        typed in f"{choice.title}\n{choice.words}".lower(),
        _has_letters_in_order(value, typed),
    )
    return next((rank for rank, does in enumerate(fits) if does), None) if name else 0


def _has_letters_in_order(text: str, letters: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def select(question: str, shown: ChoiceList, stream: TextIO) -> tuple[Choice | None, str]:
    """The row that a person takes, and what was typed; it is drawn on `stream`.

    The row is None where a role's ARN was typed and Enter pressed. Raises KeyboardInterrupt where a person leaves.
    """
    from prompt_toolkit.application import Application
    from prompt_toolkit.filters import is_done
    from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
    from prompt_toolkit.layout.controls import FormattedTextControl
    from prompt_toolkit.output import create_output

    output = create_output(stdout=stream)
    taken: list[Choice] = []

    def take(choice: Choice) -> None:
        taken[:] = [choice]

    def head() -> "StyleAndTextTuples":
        is_short = len(question) + len(_INSTRUCTION) + 3 > output.get_size().columns
        instruction = _SHORT_INSTRUCTION if is_short else _INSTRUCTION
        end = ("class:answer", taken[0].title) if taken else ("class:instruction", instruction)
        return [("class:qmark", "?"), ("class:question", f" {question} "), end]

    def body() -> "StyleAndTextTuples":
        height = max(output.get_size().rows - _OTHER_LINES, _FEWEST_ROWS)
        tokens = _row_tokens(shown, height)
        if shown.note:
            tokens.append(("class:search_none", f"   {shown.note}\n"))
        if shown.typed:
            tokens += [("class:qmark", "/ "), ("class:search_success", shown.typed), ("class:qmark", "...")]
        return tokens

    application: Application[Any] = Application(
        layout=Layout(
            HSplit(
                [
                    Window(FormattedTextControl(head, focusable=True, show_cursor=False), height=1),
                    ConditionalContainer(Window(FormattedTextControl(body), dont_extend_height=True), filter=~is_done),
                ]
            )
        ),
        key_bindings=_bindings(shown, take),
        style=style(),
        output=output,
    )
    application.ttimeoutlen = ESCAPE_SECONDS
    try:
        application.run()
    except EOFError:  # the terminal has gone
        raise KeyboardInterrupt from None
    return taken[0] if taken else None, shown.typed.strip()


def style() -> "Style":
    """How questions look: as they can be read on a light and on a dark background."""
    from prompt_toolkit.styles import Style

    return Style.from_dict(_STYLE)


def select_by_line(
    question: str, shown: ChoiceList, say: Callable[[str], None], read: Callable[[str], str]
) -> tuple[Choice | None, str]:
    """As `select`, where nothing can be drawn: numbered rows, and a line with a number, a name or an ARN."""
    rows = [choice for choice in shown.choices if choice is not shown.last]
    while True:
        say(question)
        for number, choice in enumerate(rows[:_MOST_NUMBERED], 1):
            say(f"{number:3}  {choice.title}")
        if len(rows) > _MOST_NUMBERED:
            say(f"and {len(rows) - _MOST_NUMBERED} more: give one by its name")
        typed = read("Number or name" if shown.last is None else "Number, name or a role's ARN").strip()
        if typed.startswith("arn:") and shown.last is not None:
            return None, typed
        named = next((choice for choice in rows if choice.value == typed), None)
        if named is not None:
            return named, typed
        if re.fullmatch("[0-9]{1,4}", typed) and 1 <= int(typed) <= min(len(rows), _MOST_NUMBERED):
            return rows[int(typed) - 1], typed
        why = shown.unusable.get(typed)
        say(f"{printable(typed, 64)} cannot be chosen: {why or 'it is no number or name of these'}")


def _row_tokens(shown: ChoiceList, height: int) -> "StyleAndTextTuples":
    """The rows around the pointer, as many as fit."""
    at = shown.pointer or 0
    first = max(0, min(at - height // 2, len(shown.rows) - height))
    tokens: StyleAndTextTuples = []
    for index, choice in enumerate(shown.rows[first : first + height], first):
        here = index == shown.pointer
        tokens.append(("class:pointer" if here else "class:text", " » " if here else "   "))
        tokens.append(("class:highlighted" if here else "class:text", choice.title + "\n"))
    return tokens


def leaving() -> "KeyBindings":
    """Key bindings of Esc and Ctrl-C: leave without a choice, by KeyboardInterrupt."""
    from prompt_toolkit.key_binding import KeyBindings

    bindings = KeyBindings()

    def leave(event: Any) -> None:
        event.app.exit(exception=KeyboardInterrupt)

    for key in ("escape", "c-c", "c-q", "c-d"):
        bindings.add(key, eager=True)(leave)
    return bindings


def _bindings(shown: ChoiceList, take: Callable[[Choice], None]) -> "KeyBindings":
    from prompt_toolkit.keys import Keys

    bindings = leaving()

    def down(_event: Any) -> None:
        shown.move(1)

    def up(_event: Any) -> None:
        shown.move(-1)

    def enter(event: Any) -> None:
        if shown.typed.strip().startswith("arn:") and shown.last is not None:
            event.app.exit()
        elif shown.current is not None:
            take(shown.current)
            event.app.exit()

    def backspace(_event: Any) -> None:
        shown.type(shown.typed[:-1])

    def insert(event: Any) -> None:
        key = event.key_sequence[0].key
        if key is Keys.BracketedPaste or not isinstance(key, Keys):  # other keys send what no name holds
            shown.type(shown.typed + event.data)

    for keys, does in (
        (("down", "c-n"), down),
        (("up", "c-p"), up),
        (("c-m", "c-j"), enter),
        (("c-h",), backspace),
        ((Keys.Any, Keys.BracketedPaste), insert),
    ):
        for key in keys:
            bindings.add(key)(does)
    return bindings
