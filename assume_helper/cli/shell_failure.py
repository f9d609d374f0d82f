"""What `env` prints where it fails: the shell that evaluates it must fail too, and not go on with old credentials."""

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

from assume_helper import answers, hit
from assume_helper.errors import ConfigurationError
from assume_helper.export import shell_syntax

_SHELL = "--shell"


def report(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Print what makes the shell fail, if a shell is to evaluate the output of a command line with these `arguments`.

    Nothing on a terminal, where nobody evaluates it. `environ` is the caller's environment.
    """
    if next((word for word in arguments if not word.startswith("-")), None) != "env":
        return
    try:
        if not os.isatty(1):
            hit.write(1, _text(list(arguments), environ).encode())
    except OSError:
        pass  # nobody reads it


def _text(arguments: list[str], environ: Mapping[str, str]) -> str:
    """The text for the shell that the arguments name, else the one that this is called from.

    The arguments may be wrong: a word that names no shell is ignored.
    """
    shell = next((name for name in reversed(_named(arguments)) if name in shell_syntax.SHELLS), None)
    shell = "json" if "--json" in arguments else shell or _detected(environ)
    return answers.failing(shell, answers.after_failure(environ))


def _named(arguments: list[str]) -> list[str]:
    separate = [after for word, after in pairwise(arguments) if word == _SHELL]
    joined = [word.removeprefix(_SHELL + "=") for word in arguments if word.startswith(_SHELL + "=")]
    return separate + joined


def _detected(environ: Mapping[str, str]) -> str:
    try:
        return shell_syntax.detected(environ)
    except (ConfigurationError, ImportError):
        return "sh"
