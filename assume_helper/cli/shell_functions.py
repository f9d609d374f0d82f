"""What `init` prints: completion, the function that sets the shell's credentials, and its prompt.

The function has `env` print the lines, and evaluates them. Each call of it begins with what was there before the first
one, so that `assume b` after `assume a` is what it would be in a new shell, and a renewal is what was asked for first.

    before   the variables that `env` may change, as they were: those that are set, and whether they are exported
    words    what a renewal asks for
    until    the end of the credentials, as `env` has set it: where it is another one now, somebody else has set it
    due      when the next try to renew them is (seconds since the epoch)

The prompt's hook compares two numbers and starts nothing. Once half of the time is over, but at most 25 minutes before
the end, it has `env` print the lines anew: that is a hit, which has the session refreshed in the background, until it
is the new session that is printed. It tries once a minute, never asks a person, and says once why it cannot. A failure
puts the next try off by 20 times as long as it took: a network that is gone holds nobody up each minute.

`@COMMAND@` is the function's name, for which `init` puts in its `--command`.
"""

from assume_helper import answers
from assume_helper.cli import assume_in_bash, assume_in_cmd, assume_in_fish, assume_in_powershell, assume_in_zsh
from assume_helper.cli.completion_scripts import SCRIPTS, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = "@COMMAND@"
DEFAULT_COMMAND = "assume"
# Every variable that `env` sets or clears in a shell.
_NAMES = tuple(
    dict.fromkeys(
        (
            *answers.CREDENTIALS,
            *answers.IDENTITY,
            *(name for mark, names in answers.HANDED_ON.items() for name in (mark, *names)),
            *answers.CONTAINER,
        )
    )
)
USAGE = (
    "usage: @COMMAND@ PROFILE|ROLE_ARN [OPTIONS]   this shell gets the credentials of PROFILE",
    "       @COMMAND@                              choose one",
    "       @COMMAND@ -                            clear them, and bring back what was there",
    "OPTIONS are those of: assume-helper env --help",
)
_REFUSED = "assume-helper: @COMMAND@ has no option %s; run: assume-helper env --help"
_READONLY = "assume-helper: %s is readonly in this shell; start one in which it is not"
# No program can be kept from seeing it but by taking it from all shells.
_UNIVERSAL = "assume-helper: %s is universal: all shells would lose it; run `set -eU %s`, and set it in config.fish"

# For each shell, the line that notes of a variable that a person has set it since: it is not what its mark holds.
_CHANGED = {
    "bash": """    [[ ${%(name)s-} == "${%(mark)s-}" ]] || changed+='%(name)s '""",
    "zsh": """    [[ ${%(name)s-} == "${%(mark)s-}" ]] || changed+='%(name)s '""",
    "fish": """    test "$%(name)s" = "$%(mark)s"; or echo %(name)s""",
    "powershell": """    if ([string]$Env:%(name)s -cne [string]$Env:%(mark)s) { '%(name)s' };""",
    "cmd": """@if not "%%%(name)s%%"=="%%%(mark)s%%" set "ASSUME_KEPT.%(name)s=1\"""",
}
_SCRIPTS = {
    "bash": assume_in_bash.SCRIPT,
    "zsh": assume_in_zsh.SCRIPT,
    "fish": assume_in_fish.SCRIPT,
    "powershell": assume_in_powershell.SCRIPT,
    "cmd": assume_in_cmd.SCRIPT,
}


def _filled(shell: str) -> str:
    """Completion and the script of `shell`, in which the variables' names and the texts for people are put."""
    gone = tuple(dict.fromkeys((*answers.CREDENTIALS, *answers.IDENTITY)))
    handed_on = [(mark, name) for mark, names in answers.HANDED_ON.items() for name in names]
    is_powershell = shell == "powershell"
    parts = {
        "@CHANGED@": "\n".join(_CHANGED[shell] % {"mark": mark, "name": name} for mark, name in handed_on),
        "@NAMES@": " ".join(_NAMES),
        "@LIST@": ", ".join(f"'{name}'" for name in _NAMES),
        "@LOCAL@": "\n".join(f"    set -l {name}" for name in _NAMES),
        "@GONE@": ", ".join(f"'{name}'" for name in gone) if is_powershell else " ".join(gone),
        "@USAGE@": (", " if is_powershell else " ").join(f"'{line}'" for line in USAGE),
        "@USAGE_IN_CMD@": "\n".join(f"@echo {line.replace('|', '^|')} 1>&2" for line in USAGE),
        "@REFUSED@": _REFUSED,
        "@READONLY@": _READONLY,
        "@UNIVERSAL@": _UNIVERSAL,
    }
    script = _SCRIPTS[shell]
    for part, text in parts.items():
        script = script.replace(part, text)
    if is_powershell:
        return one_line(SCRIPTS[shell] + script)
    # cmd finds no label behind a bare newline.
    return script.replace("\n", "\r\n") if shell == "cmd" else SCRIPTS[shell] + script


# What `init` prints, by the shell.
FUNCTIONS = {shell: _filled(shell) for shell in _SCRIPTS}
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST_NAME = 32
# A function of such a name would be found in place of what the scripts call, or not at all: the shells' own words.
NO_FUNCTIONS = (
    "assume-helper", "and", "autoload", "begin", "break", "builtin", "case", "command", "commandline", "compadd",
    "compdef", "compgen", "complete", "compopt", "contains", "continue", "count", "date", "declare", "do", "done",
    "echo", "elif", "else", "emulate", "end", "esac", "eval", "exec", "exit", "export", "false", "fi", "for",
    "foreach", "function", "functions", "if", "in", "integer", "local", "math", "not", "or", "path", "printf", "read",
    "readonly", "repeat", "return", "select", "set", "shift", "source", "status", "string", "switch", "test", "then",
    "time", "trap", "true", "typeset", "unalias", "unset", "until", "which", "while", "zmodload",
)  # fmt: skip


def is_name(name: str) -> bool:
    """Whether the function may be called so in each shell."""
    is_plain = 0 < len(name) <= _LONGEST_NAME and name[0].isalpha() and _NAME.issuperset(name)
    return is_plain and name not in NO_FUNCTIONS


def named(shell: str, name: str) -> str:
    """What `init` prints for `shell`, one of FUNCTIONS, with the function called `name`."""
    return FUNCTIONS[shell].replace(COMMAND, name)


def answer(arguments: "Sequence[str]") -> bytes | None:
    """What this command line prints: `init SHELL [--command NAME]` or `completion SHELL`; None for all else."""
    match arguments:
        case ["completion", shell] if shell in SCRIPTS:
            return SCRIPTS[shell].encode()
        case ["init", shell] if shell in FUNCTIONS:
            return named(shell, DEFAULT_COMMAND).encode()
        case ["init", shell, "--command", name] if shell in FUNCTIONS and is_name(name):
            return named(shell, name).encode()
    return None
