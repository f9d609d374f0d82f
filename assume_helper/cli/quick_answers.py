"""What can be answered at once beside `get PROFILE`: the version, a completion script, names for TAB, `exec`, `env`.

Nothing is imported but what a hit imports.
"""

import os

from assume_helper import answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def text(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> bytes | None:
    """The version, a completion script, or the names for TAB where they are cached; None for all else."""
    if len(arguments) == 2 and arguments[0] == "completion":
        from assume_helper.cli.completion_scripts import SCRIPTS

        return SCRIPTS[arguments[1]].encode() if arguments[1] in SCRIPTS else None
    if arguments == ["--version"]:
        return f"assume-helper {answers.VERSION}\n".encode()
    from assume_helper.cli import tab

    return tab.answer(arguments, environ)


def shell_text(profile: str, variables: str, shell: str, environ: "Mapping[str, str]") -> bytes | None:
    """The text of `env` for `shell`; None where only the full way can write it. `variables` as in `hit.Answer`."""
    lines = answers.pairs(variables)
    text = answers.shell_text(shell, answers.shell_variables(profile, lines, environ))
    return None if text is None else text.encode()


def execute(profile: str, variables: str, command: "list[str]", environ: "Mapping[str, str]") -> None:
    """Become `command` with `variables`; or return, for the full way to say why that cannot be."""
    import _signal  # type: ignore[import-not-found]

    replaced = answers.program_environment(profile, answers.pairs(variables), environ)
    # Python ignores these two signals, and the program would inherit that.
    before = {number: _signal.signal(number, _signal.SIG_DFL) for number in (_signal.SIGPIPE, _signal.SIGXFSZ)}
    try:
        os.execvpe(command[0], command, replaced)  # noqa: S606 - the user's own command
    except (OSError, ValueError):
        for number, handler in before.items():
            _signal.signal(number, handler)
