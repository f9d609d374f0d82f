"""What may come next on a command line, for TAB: commands, options, profile names, in the words of each shell.

click says what fits where. Its own scripts are not used: they take names with blanks, colons and `*` apart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete

from assume_helper import aws_config, shells
from assume_helper.errors import CONTROL, ConfigurationError
from assume_helper.invocation import Invocation

_PROGRAM = "assume-helper"
# In bash these stand for themselves in a word; all else is written with a backslash.
_UNSAFE_IN_BASH = re.compile(r"[^\w./:@%+=,-]")
_UNSAFE_IN_DOUBLE_QUOTES = re.compile(r'[\\"$`]')


@dataclass(frozen=True)
class Typed:
    """The words before the cursor, the last of them perhaps half typed.

    For bash: `kept` characters of the last word stay as they are, being before what it calls a word break, and `quote`
    is the quote that is open.
    """

    words: Sequence[str]
    current: str
    kept: int = 0
    quote: str = ""


class _ProfileName(click.types.StringParamType):
    """A profile's name, of either file."""

    name = "profile"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's own name
        incomplete: str,
    ) -> "list[CompletionItem[str]]":
        try:
            names = aws_config.profile_names(ctx.ensure_object(Invocation).environ)
        except ConfigurationError:
            return []
        # A name with control characters is refused by every command, and would be run by the terminal.
        return [CompletionItem(name) for name in names if name.startswith(incomplete) and not CONTROL.search(name)]


# What the commands' parameters take, by their names.
_TYPES: "dict[str, click.ParamType[Any]]" = {
    "profile": _ProfileName(),
    "role": _ProfileName(),
    "profiles": _ProfileName(),
    "source_profile": _ProfileName(),
    "session_policy": click.Path(),
}


def typed(shell: str, said: Sequence[str]) -> Typed:
    """What has been typed, from what the script in `shell` says of it (see `completion_scripts`)."""
    if shell == "bash":
        return _typed_in_bash(said[0], said[1] if len(said) > 1 else "")
    if shell == "powershell":
        words = [word.removeprefix(".") for word in said]
        return Typed(words[:-1], words[-1].lstrip("'\""))
    current = said[-1]
    # These shells know better what of the current word is a quote: they compare by themselves.
    return Typed(said[:-1], current if current.startswith("-") else "")


def candidates(root: click.Command, invocation: Invocation, line: Typed) -> "list[CompletionItem[str]] | None":
    """The words that may stand where the cursor is, each in full; None where it is a file that is wanted."""
    if "--" in line.words:
        return None  # a command and its arguments, for `exec`
    words, current, option = [*line.words], line.current, ""
    if current.startswith("--") and "=" in current:
        option, _, current = current.partition("=")
        words.append(option)
        option += "="
    if words and isinstance(root, click.Group):
        command = root.get_command(click.Context(root), words[0])
        if command is None and not words[0].startswith("-"):
            return []
        for parameter in command.params if command is not None else ():
            if parameter.name in _TYPES:
                parameter.type = _TYPES[parameter.name]
    items = ShellComplete(root, {"obj": invocation}, _PROGRAM, "").get_completions(words, current)
    if any(item.type != "plain" for item in items):
        return None
    return [CompletionItem(option + item.value, help=item.help) for item in items]


def written(shell: str, items: "Sequence[CompletionItem[str]]", line: Typed) -> str:
    """The candidates as the script in `shell` reads them, one a line."""
    if shell == "bash":
        texts = [_bash_word(item.value[line.kept :], line.quote) for item in items]
    elif shell == "powershell":
        texts = [f"{shells.word(shell, i.value)}\t{i.value}\t{_help(i) or i.value}" for i in items]
    else:
        texts = [f"{item.value}\t{_help(item)}" if item.help else item.value for item in items]
    return "".join(text + "\n" for text in texts)


def _help(item: "CompletionItem[str]") -> str:
    return " ".join((item.help or "").split())


def _bash_word(text: str, quote: str) -> str:
    """`text` as it is written in bash, within `quote` where one is open."""
    if quote == "'":
        return text.replace("'", "'\\''")
    unsafe = _UNSAFE_IN_DOUBLE_QUOTES if quote else _UNSAFE_IN_BASH
    return unsafe.sub(lambda found: "\\" + found.group(), text)


def _typed_in_bash(line: str, breaks: str) -> Typed:
    """The words of a line in bash up to the cursor, without their quotes (QUOTING in bash(1)).

    readline replaces what is after the last unquoted word break, or after the quote that is open.
    """
    words: list[str] = []
    current: str | None = None
    quote, kept, position = "", 0, 0
    while position < len(line):
        character, following = line[position], line[position + 1 : position + 2]
        position += 1
        if not quote and character in " \t\n":
            if current is not None:
                words.append(current)
            current, kept = None, 0
            continue
        current = current or ""
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote, kept = character, len(current)
        elif character == "\\" and (not quote or (quote == '"' and following and following in '"\\$`')):
            current += following
            position += 1
        else:
            current += character
            if not quote and character in breaks:
                kept = len(current) - (character == "@")  # which hostnames begin with (rl_special_prefixes)
    return Typed(words[1:], current or "", kept, quote)
