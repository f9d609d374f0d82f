"""What a person sees: tables, columns, blocks side by side, and JSON."""

import pytest

from assume_helper.cli import display
from assume_helper.cli.invocation import Invocation
from assume_helper.system.context import Clock


class OnPaper(Invocation):
    """An invocation that keeps what is printed; `width` is None where there is no terminal."""

    width: int | None = None
    printed = b""

    def is_terminal(self, descriptor: int) -> bool:  # noqa: ARG002 - all streams are the same here
        return self.width is not None

    def terminal_width(self) -> int:
        return self.width or 80

    def print(self, data: bytes) -> None:
        self.printed += data


def paper(width: int | None = None) -> OnPaper:
    invocation = OnPaper({}, Clock(), 0, 0, stdout_closed=False)
    invocation.width = width
    return invocation


ROWS = [["dev", ""], ["a\x1b[31mb", "x"]]


def test_in_a_pipe_columns_are_plain_and_an_empty_cell_is_a_dash() -> None:
    pipe = paper()
    display.print_table(pipe, ["name", "role"], ROWS)
    assert pipe.printed.decode().splitlines() == ["NAME        ROLE", "dev         -", "a\\x1b[31mb  x"]


def test_on_a_terminal_no_cell_can_write_to_it() -> None:
    terminal = paper(80)
    display.print_table(terminal, ["name", "role"], ROWS)
    assert b"\\x1b[31mb" in terminal.printed
    assert b"\x1b[31m" not in terminal.printed


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (80, ["one       two", "  a  1      bb  2"]),
        (12, ["one", "  a  1", "two", "  bb  2"]),
        (None, ["one", "  a  1", "two", "  bb  2"]),
    ],
)
def test_blocks_are_side_by_side_where_there_is_room(width: int | None, lines: list[str]) -> None:
    invocation = paper(width)
    display.print_blocks(invocation, [("one", [("a", "1")]), ("two", [("bb", "2")])])
    assert invocation.printed.decode().splitlines() == lines


def test_json_is_ascii() -> None:
    invocation = paper()
    display.print_json(invocation, {"a": "\u202eü\x1b"})
    assert invocation.printed == b'{\n  "a": "\\u202e\\u00fc\\u001b"\n}\n'


def test_without_a_terminal_there_is_no_spinner(capfd: pytest.CaptureFixture[str]) -> None:
    with display.spinner(paper(), "asking AWS ...") as stop:
        stop()
    assert capfd.readouterr() == ("", "")
