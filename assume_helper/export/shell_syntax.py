"""The text that sets and clears variables in each shell, safe for any value; and which shell this is.

    bash, zsh, sh    export A='...'     single quotes hold all but a single quote (POSIX, Shell Command Language, 2.2.2)
    fish             set -gx A '...'    single quotes, with \\\\ and \\' (fish-doc, "Quotes")
    powershell       $Env:A = '...'     single quotes, doubled inside (about_Quoting_Rules)
    cmd              set "A=..."        nothing can be escaped reliably: what would need it is refused
    dotenv           A=... or A='...'   as python-dotenv reads it; the bare form also as `docker --env-file` does
    json             one object

The text is to be printed in UTF-8.
"""

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

from assume_helper.answers import KNOWN_AS, SYNTAX
from assume_helper.errors import ConfigurationError
from assume_helper.text import printable

SHELLS = tuple(SYNTAX)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A word that needs no quotes in any of these shells.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_/.:][A-Za-z0-9_/.:-]*|--?[a-z][a-z-]*")
# Values that docker, sh and every reader of dotenv files take as they are.
_BARE_IN_DOTENV = re.compile(r"[A-Za-z0-9_+/=.:@-]*")
# PowerShell treats these four as single quotes too (CharExtensions.IsSingleQuote in its tokenizer).
_POWERSHELL_QUOTE = re.compile("['\u2018-\u201b]")
_PLAIN_IN_POWERSHELL = re.compile(r"[ -~]+|[^ -~]+")
# %NAME% and !NAME! are expanded within quotes; a quote cannot be escaped; what is not ASCII depends on the code page,
# and in some code pages a byte swallows the quote after it.
_UNSAFE_IN_CMD = re.compile(r'["%!]|[^\t -~]')
_LONGEST_LINE_OF_CMD = 8191
# python-dotenv reads these in double quotes only (`_double_quote_escapes` in dotenv.parser).
_DOTENV_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def lines(shell: str, variables: Mapping[str, str | None]) -> str:
    """The text that sets `variables` in `shell`, one of SHELLS; None clears a variable.

    A dotenv file cannot clear a variable: it leaves it out. (`A=` would be worse: botocore takes an empty AWS_PROFILE
    as the name of a profile.) In PowerShell before 7.5 and in cmd, an empty variable is a cleared one.

    Raises ConfigurationError, which names another shell, for a value that this one cannot hold.
    """
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise ValueError("not the name of a variable")
        if value is not None and "\0" in value:
            raise ConfigurationError(f"the value of {name} contains a NUL", "no environment can hold that: change it")
    if shell == "json":
        return json.dumps(variables, indent=2) + "\n"
    write = _WRITERS[shell]
    text = "".join(write(name, value) for name, value in variables.items())
    # One line of whole statements: `| iex` evaluates each line by itself, `iex "$(...)"` joins lines by blanks, and
    # `iex (& ...)` takes no more than one.
    return text[:-1].replace("\n", "; ") + ";\n" if shell == "powershell" and text else text


def can_hold(shell: str, value: str) -> bool:
    """Whether `shell`, one of SHELLS, can hold `value` in a variable."""
    try:
        lines(shell, {"X": value})
    except ConfigurationError:
        return False
    return True


def how_to_apply(shell: str, command: Sequence[str]) -> str:
    """The line to run in `shell` so that it evaluates the output of `command`, a list of words.

    Empty for dotenv and JSON, which no shell reads. Raises ConfigurationError for a word that cmd cannot hold.
    """
    if shell in {"dotenv", "json"}:
        return ""
    # These two are not detected reliably: their substitutions run another program in between.
    named = [] if "--shell" in command or shell not in {"powershell", "cmd"} else ["--shell", shell]
    typed = " ".join(word(shell, part) for part in (*command, *named))
    if shell == "fish":
        line = f"{typed} | source"
    elif shell == "powershell":
        line = f"{typed} | Invoke-Expression"
    elif shell == "cmd":
        line = f"for /f \"delims=\" %i in ('{typed}') do @%i"
    else:
        line = f'eval "$({typed})"'
    return printable(line)


def word(shell: str, text: str) -> str:
    """`text` as one word of a command line in `shell`. Raises ConfigurationError where cmd cannot hold it."""
    if _PLAIN_WORD.fullmatch(text):
        return text
    if shell == "fish":
        return _fish_quoted(text)
    if shell == "powershell":
        return _powershell_quoted(text)
    if shell == "cmd":
        if _UNSAFE_IN_CMD.search(text) or "'" in text:
            raise ConfigurationError(f"cmd cannot hold the word {printable(text, 64)}", "use --shell powershell")
        return f'"{text}"'
    return shlex.quote(text)


def detected(environ: Mapping[str, str]) -> str:
    """The shell, one of SHELLS, that runs this process: from its parents, else from $SHELL, else the system's default.

    Raises ConfigurationError for a shell that is not among SHELLS.
    """
    import shellingham  # type: ignore[import-untyped]

    try:
        name = shellingham.detect_shell()[0]
    except (OSError, RuntimeError):  # no shell among the parents, or no process list on this system
        name = environ.get("SHELL", "").replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if not name:
        return "powershell" if sys.platform == "win32" else "sh"
    if name not in KNOWN_AS:
        raise ConfigurationError(
            f"the shell {printable(name, 64)} is not supported",
            f"name a compatible one: --shell {'|'.join(SHELLS)}",
        )
    return KNOWN_AS[name]


def _posix(name: str, value: str | None) -> str:
    # Always quoted, unlike shlex.quote: zsh would expand a bare `=ls` to the path of ls.
    return f"unset {name}\n" if value is None else f"export {name}={_posix_quoted(value)}\n"


def _posix_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(name: str, value: str | None) -> str:
    # Clearing an unset variable fails in fish (4), and a later `; and` would see that.
    return f"set -e {name}; or true\n" if value is None else f"set -gx {name} {_fish_quoted(value)}\n"


def _fish_quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(name: str, value: str | None) -> str:
    """A statement in ASCII without a line break, whatever the value holds.

    Windows PowerShell decodes a program's output with the console's code page: in 1252 the second byte of UTF-8's
    U+00D2 is U+2019, which ends the string. It also splits the output into lines. So all other characters are written
    as numbers.
    """
    if value is None:
        return f"$Env:{name} = $null\n"  # no command, so no error for what is not there; '' would stay, from 7.5 on
    parts = []
    for part in _PLAIN_IN_POWERSHELL.findall(value):
        if part.isascii() and part.isprintable():
            parts.append(_powershell_quoted(part))
        else:
            units = part.encode("utf-16-be", "surrogatepass")
            parts += [f"[char]{int.from_bytes(units[i : i + 2], 'big')}" for i in range(0, len(units), 2)]
    if not parts or not parts[0].startswith("'"):
        parts.insert(0, "''")  # + joins strings only where its left operand is one
    return f"$Env:{name} = {' + '.join(parts)}\n"


def _powershell_quoted(value: str) -> str:
    return "'" + _POWERSHELL_QUOTE.sub(lambda quote: quote.group() * 2, value) + "'"


def _cmd(name: str, value: str | None) -> str:
    line = f'set "{name}={value or ""}"\n'
    if _UNSAFE_IN_CMD.search(value or "") or len(line) > _LONGEST_LINE_OF_CMD:
        raise ConfigurationError(f"cmd cannot hold the value of {name}", "use --shell powershell or json")
    return line


def _dotenv(name: str, value: str | None) -> str:
    """The form that python-dotenv reads.

    It expands `${...}` in both kinds of quotes. Up to 1.2.2 it could take the quote after a trailing backslash for a
    part of the value (`_single_quoted_value` in dotenv.parser).
    """
    if value is None:
        return ""
    if _BARE_IN_DOTENV.fullmatch(value):
        return f"{name}={value}\n"
    if "${" in value or value.endswith("\\"):
        raise ConfigurationError(f"a dotenv file cannot hold the value of {name}", "use --shell json")
    escaped = value.replace("\\", "\\\\")
    if any(c in value for c in _DOTENV_ESCAPES):
        for character, escape in _DOTENV_ESCAPES.items():
            escaped = escaped.replace(character, escape)
        return name + '="' + escaped.replace('"', '\\"') + '"\n'
    return name + "='" + escaped.replace("'", "\\'") + "'\n"


_WRITERS: Mapping[str, Callable[[str, str | None], str]] = {
    "bash": _posix,
    "zsh": _posix,
    "sh": _posix,
    "fish": _fish,
    "powershell": _powershell,
    "cmd": _cmd,
    "dotenv": _dotenv,
}
