"""What a shell is given: the text that sets and clears variables in it, safe for any value, and which shell it is.

    bash, zsh, sh    export A='...'     single quotes hold all but themselves (POSIX, Shell Command Language, 2.2.2)
    fish             set -gx A '...'    single quotes, with \\\\ and \\' (fish-doc, "Quotes")
    powershell       $Env:A = '...'     single quotes, doubled inside (about_Quoting_Rules)
    cmd              set "A=..."        no escapes that hold everywhere: what would need one is refused
    dotenv           A=... or A='...'   as python-dotenv and, where it is bare, `docker --env-file` read it
    json             one object

Whoever prints the text encodes it in UTF-8.
"""

import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

from assume_helper.errors import ConfigurationError
from assume_helper.text import printable

SHELLS = ("bash", "zsh", "sh", "fish", "powershell", "cmd", "dotenv", "json")

# What shellingham and $SHELL call them.
_KNOWN_AS = {
    "bash": "bash",
    "zsh": "zsh",
    "sh": "sh",
    "dash": "sh",
    "ash": "sh",
    "ksh": "sh",
    "mksh": "sh",
    "fish": "fish",
    "powershell": "powershell",
    "pwsh": "powershell",
    "cmd": "cmd",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# A word that needs no quotes in any of these shells.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_/.:][A-Za-z0-9_/.:-]*|--?[a-z][a-z-]*")
# What docker, sh and every reader of dotenv files take as it stands.
_BARE_IN_DOTENV = re.compile(r"[A-Za-z0-9_+/=.:@-]*")
# PowerShell takes these four for single quotes, too (CharExtensions.IsSingleQuote in its tokenizer).
_POWERSHELL_QUOTE = re.compile("['\u2018-\u201b]")
_PLAIN_IN_POWERSHELL = re.compile(r"[ -~]+|[^ -~]+")
# %NAME% and !NAME! are replaced within quotes; a quote cannot be escaped; beyond ASCII it depends on the code page what
# arrives, and in some of them a byte takes the quote after it along.
_UNSAFE_IN_CMD = re.compile(r'["%!]|[^\t -~]')
_LONGEST_LINE_OF_CMD = 8191
# In double quotes, the only ones in which python-dotenv reads these (`_double_quote_escapes` in dotenv.parser).
_DOTENV_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}


def lines(shell: str, variables: Mapping[str, str | None]) -> str:
    """The text that sets `variables` in `shell`, one of SHELLS; those that are None are cleared.

    A dotenv file cannot clear: it leaves them out. (`A=` would be worse than nothing: botocore takes an empty
    AWS_PROFILE for the profile with that name.) In PowerShell before 7.5 and in cmd to be empty is to be cleared.

    Raises ConfigurationError, which names another shell, for a value that cannot be had in this one.
    """
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise ValueError("not the name of a variable")
        if value is not None and "\0" in value:
            raise ConfigurationError(f"the value of {name} has a NUL in it", "no environment can hold that: change it")
    if shell == "json":
        return json.dumps(variables, indent=2) + "\n"
    write = _WRITERS[shell]
    return "".join(write(name, value) for name, value in variables.items())


def how_to_apply(shell: str, command: Sequence[str]) -> str:
    """The line that a person types in `shell` to have the variables that `command`, its words, prints for it.

    Empty for dotenv and JSON, which no shell reads. Raises ConfigurationError where cmd cannot be given a word.
    """
    if shell in {"dotenv", "json"}:
        return ""
    # Where these run a command they put another program between, or what they are is told by nothing else.
    named = [] if "--shell" in command or shell not in {"powershell", "cmd"} else ["--shell", shell]
    typed = " ".join(word(shell, part) for part in (*command, *named))
    if shell == "fish":
        line = f"{typed} | source"
    elif shell == "powershell":
        line = f"{typed} | Out-String | Invoke-Expression"
    elif shell == "cmd":
        line = f"for /f \"delims=\" %i in ('{typed}') do @%i"
    else:
        line = f'eval "$({typed})"'
    return printable(line)


def word(shell: str, text: str) -> str:
    """`text` as one word of a command that is typed in `shell`. Raises ConfigurationError where cmd cannot have it."""
    if _PLAIN_WORD.fullmatch(text):
        return text
    if shell == "fish":
        return _fish_quoted(text)
    if shell == "powershell":
        return _powershell_quoted(text)
    if shell == "cmd":
        if _UNSAFE_IN_CMD.search(text) or "'" in text:
            raise ConfigurationError(f"cmd cannot be given the word {printable(text, 64)}", "use --shell powershell")
        return f'"{text}"'
    return shlex.quote(text)


def detected(environ: Mapping[str, str]) -> str:
    """The shell, one of SHELLS, that runs this process, by its parents; else by $SHELL; else the system's own.

    Raises ConfigurationError for one that is none of them.
    """
    import shellingham  # type: ignore[import-untyped]

    try:
        name = shellingham.detect_shell()[0]
    except (OSError, RuntimeError):  # no such parent; a system without a list of processes
        name = environ.get("SHELL", "").replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if not name:
        return "powershell" if sys.platform == "win32" else "sh"
    if name not in _KNOWN_AS:
        raise ConfigurationError(
            f"the shell {printable(name, 64)} is not known here",
            f"name one that reads the same: --shell {'|'.join(SHELLS)}",
        )
    return _KNOWN_AS[name]


def _posix(name: str, value: str | None) -> str:
    # Always in quotes (shlex.quote leaves some values bare): zsh would replace `=ls` by the path of ls.
    return f"unset {name}\n" if value is None else f"export {name}={_posix_quoted(value)}\n"


def _posix_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _fish(name: str, value: str | None) -> str:
    # To clear what is not there is a failure there (4), which would be that of the whole text: `; and` after it.
    return f"set -e {name}; or true\n" if value is None else f"set -gx {name} {_fish_quoted(value)}\n"


def _fish_quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(name: str, value: str | None) -> str:
    """One line whatever is in the value, in ASCII.

    Windows PowerShell decodes what a program prints by the console's code page: in 1252 the second byte of UTF-8's
    U+00D2 is U+2019, which ends the string. It also hands on lines, whatever ended them. So all else is a number.
    """
    if value is None:
        return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue\n"
    parts = []
    for part in _PLAIN_IN_POWERSHELL.findall(value):
        if part.isascii() and part.isprintable():
            parts.append(_powershell_quoted(part))
        else:
            units = part.encode("utf-16-be", "surrogatepass")
            parts += [f"[char]{int.from_bytes(units[i : i + 2], 'big')}" for i in range(0, len(units), 2)]
    if not parts or not parts[0].startswith("'"):
        parts.insert(0, "''")  # the left one decides what + means
    return f"$Env:{name} = {' + '.join(parts)}\n"


def _powershell_quoted(value: str) -> str:
    return "'" + _POWERSHELL_QUOTE.sub(lambda quote: quote.group() * 2, value) + "'"


def _cmd(name: str, value: str | None) -> str:
    line = f'set "{name}={value or ""}"\n'
    if _UNSAFE_IN_CMD.search(value or "") or len(line) > _LONGEST_LINE_OF_CMD:
        raise ConfigurationError(
            f"the value of {name} cannot be written so that cmd reads it as it is", "use --shell powershell or json"
        )
    return line


def _dotenv(name: str, value: str | None) -> str:
    """As python-dotenv reads it, which replaces `${...}` in quotes of both kinds, and up to 1.2.2 could take a quote
    after a backslash for one within the value (`_single_quoted_value` in dotenv.parser).
    """
    if value is None:
        return ""
    if _BARE_IN_DOTENV.fullmatch(value):
        return f"{name}={value}\n"
    if "${" in value or value.endswith("\\"):
        raise ConfigurationError(
            f"the value of {name} cannot be written so that a dotenv file holds it as it is", "use --shell json"
        )
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
