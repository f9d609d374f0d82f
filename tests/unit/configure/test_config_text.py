"""The config file's text: new sections behind it, each apart from what comes before, in linear time."""

import re

import pytest

from assume_helper.configure import config_text


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("", ""),
        ("\n", "\n"),
        ("   \n", "   \n"),
        ("a = 1\n", "a = 1\n\n"),
        ("a = 1", "a = 1\n\n"),
        ("a = 1\n\n", "a = 1\n\n"),
        ("a = 1\n \t\n", "a = 1\n \t\n"),
        ("a = 1\n  ", "a = 1\n  \n"),
        ("a = 1\n\n\n\n", "a = 1\n\n\n\n"),
        ("a = 1\r\n", "a = 1\r\n\n"),
        ("a = 1\r\n\r\n", "a = 1\r\n\r\n"),
    ],
)
def test_a_new_section_is_one_blank_line_apart(text: str, before: str) -> None:
    assert config_text.with_sections(text, [["[x]", "y = 1"]], "\n") == f"{before}[x]\ny = 1\n"
    both = config_text.with_sections(text, [["[x]"], ["[z]"]], "\n")
    assert both == f"{before}[x]\n\n[z]\n"
    assert both == config_text.with_sections(config_text.with_sections(text, [["[x]"]], "\n"), [["[z]"]], "\n")
    assert config_text.with_sections(text, [], "\n") == text


def test_the_line_end_is_the_text_s() -> None:
    assert [config_text.line_end(text) for text in ("", "a", "a\nb\r\n", "a\r\nb\n", "a\rb")] == [
        "\n", "\n", "\n", "\r\n", "\r",
    ]  # fmt: skip
    assert config_text.with_sections("a = 1\r\n", [["[x]"]], "\r\n") == "a = 1\r\n\r\n[x]\r\n"


def test_many_sections_are_added_without_the_text_being_copied_for_each() -> None:
    class Counted(str):
        __slots__ = ()
        read = 0

        def strip(self, chars: str | None = None) -> str:
            Counted.read += 1
            return super().strip(chars)

    text = config_text.with_sections(Counted("a = 1\n"), (["[x]", f"y = {number}"] for number in range(5000)), "\n")
    assert len(re.findall(r"^\[x\]$", text, re.M)) == 5000
    assert Counted.read == 1
