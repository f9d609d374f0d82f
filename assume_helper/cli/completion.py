"""What TAB offers: commands, options and profile names, quoted for each shell.

click knows what fits where. Its own scripts are not used: they split names at blanks, colons and `*`.
"""

import re
from collections.abc import Callable, Iterable, Sequence

import click
from click.shell_completion import CompletionItem, ShellComplete

from assume_helper.cache import directory as cache_directory
from assume_helper.cli import tab
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError
from assume_helper.export import shell_syntax
from assume_helper.light import Any, dataclass
from assume_helper.profiles import aws_config
from assume_helper.sessions import recall
from assume_helper.text import has_control_character

_PROGRAM = "assume-helper"
# bash takes these as they are. All others get a backslash.
_UNSAFE_IN_BASH = re.compile(r"[^\w./:@%+=,-]")
_UNSAFE_IN_DOUBLE_QUOTES = re.compile(r'[\\"$`]')


@dataclass(frozen=True)
class TypedLine:
    """The words before the cursor; `current` is the one that is being typed.

    For bash alone: the first `kept` characters of `current` are before a word break and stay as they are. `quote` is
    the open quote.
    """

    words: Sequence[str]
    current: str
    kept: int = 0
    quote: str = ""


class _Name(click.types.StringParamType):
    """A name in the AWS config: `names` reads those that are there."""

    def __init__(self, name: str, names: Callable[[Invocation], Iterable[str]]) -> None:
        self.name = name
        self._names = names

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's own name
        incomplete: str,
    ) -> "list[CompletionItem[str]]":
        try:
            names = self._names(ctx.ensure_object(Invocation))
        except ConfigurationError:
            return []
        # Every command refuses a name with control characters, and a terminal would act on them.
        return [
            CompletionItem(name) for name in names if name.startswith(incomplete) and not has_control_character(name)
        ]


def _profile_names(invocation: Invocation) -> list[str]:
    """The names of all profiles, which are kept for the next TAB (see `tab`)."""
    began = invocation.clock.now()
    names, states = aws_config.names_and_states(invocation.environ)
    names = [name for name in names if not has_control_character(name)]
    if recall.is_settled(states, began, invocation.clock.now()):
        try:
            file, stamp = tab.stamp(invocation.environ, states)
        except OSError:  # the working directory is gone
            return names
        content = tab.pack(stamp, names)
        if len(content) < tab.LARGEST:
            cache = cache_directory.open_cache(invocation.environ, lambda _warning: None)
            cache_directory.write(cache, file, content, durable=False)
    return names


_PROFILE = _Name("profile", _profile_names)
# The types of the parameters that complete, by name.
_TYPES: "dict[str, click.ParamType[Any]]" = {
    "profile": _PROFILE,
    "role": _PROFILE,
    "profiles": _PROFILE,
    "source_profile": _PROFILE,
    "sso_session": _Name("session", lambda invocation: aws_config.load(invocation.environ).sso_sessions),
    "session_policy": click.Path(),
}


def parse_line(shell: str, arguments: Sequence[str]) -> TypedLine:
    """The typed line, from the arguments that the script of `shell` passes (see `completion_scripts`)."""
    if shell == "bash":
        return _parse_bash_line(arguments[0], arguments[1] if len(arguments) > 1 else "")
    if shell == "powershell":
        words = [word.removeprefix(".") for word in arguments]
        return TypedLine(words[:-1], words[-1])
    current = arguments[-1]
    # zsh and fish compare with the current word themselves: they know which of its quotes are open.
    return TypedLine(arguments[:-1], current if current.startswith("-") else "")


def candidates(root: click.Command, invocation: Invocation, line: TypedLine) -> "list[CompletionItem[str]] | None":
    """The words that fit at the cursor, each in full; None where a file name belongs there."""
    if "--" in line.words:
        return None  # the command of `exec`
    words, current, option = [*line.words], line.current, ""
    if current.startswith("--") and "=" in current:
        option, _, current = current.partition("=")
        words.append(option)
        option += "="
    if words and isinstance(root, click.Group):
        command = root.get_command(click.Context(root), words[0])
        if command is None and not words[0].startswith("-"):
            return []
        for each in _with_subcommands(command):
            for parameter in each.params:
                if parameter.name in _TYPES:
                    parameter.type = _TYPES[parameter.name]
    items = ShellComplete(root, {"obj": invocation}, _PROGRAM, "").get_completions(words, current)
    if any(item.type != "plain" for item in items):
        return None
    return [CompletionItem(option + item.value, help=item.help) for item in items]


def _with_subcommands(command: click.Command | None) -> Iterable[click.Command]:
    """The command, and those below it where it is a group."""
    if command is None:
        return []
    return [command, *command.commands.values()] if isinstance(command, click.Group) else [command]


def format_candidates(shell: str, items: "Sequence[CompletionItem[str]]", line: TypedLine) -> str:
    """The candidates as the script of `shell` reads them, one a line."""
    if shell == "bash":
        texts = [_bash_word(item.value[line.kept :], line.quote) for item in items]
    elif shell == "powershell":
        texts = [f"{shell_syntax.word(shell, i.value)}\t{i.value}\t{_help(i) or i.value}" for i in items]
    else:
        texts = [f"{item.value}\t{_help(item)}" if item.help else item.value for item in items]
    return "".join(text + "\n" for text in texts)


def _help(item: "CompletionItem[str]") -> str:
    return " ".join((item.help or "").split())


def _bash_word(text: str, quote: str) -> str:
    """`text` quoted for bash, within `quote` where one is open."""
    if quote == "'":
        return text.replace("'", "'\\''")
    unsafe = _UNSAFE_IN_DOUBLE_QUOTES if quote else _UNSAFE_IN_BASH
    return unsafe.sub(lambda found: "\\" + found.group(), text)


def _parse_bash_line(line: str, breaks: str) -> TypedLine:
    """The words of a bash line up to the cursor, without their quotes (QUOTING in bash(1)).

    readline replaces the text after the last unquoted word break, or after the quote that is open.
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
                kept = len(current) - (character == "@")  # readline keeps it in the word (rl_special_prefixes)
    return TypedLine(words[1:], current or "", kept, quote)
