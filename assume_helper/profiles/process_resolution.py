"""What a process's command comes to: the program that is started, and the files that its arguments name.

A command runs without a shell. But it may be a shell, so that what its arguments say is expanded there. Commands under
aws-vault's keys (`web_identity_token_process`) are a shell's as they stand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from assume_helper import hit, lookups
from assume_helper.profiles import command_words
from assume_helper.profiles.resolution import DEPENDS_ON_SECRET, Resolution
from assume_helper.system.keyed_digest import keyed_digest
from assume_helper.text import printable, redacted

# Programs that start another one, which their arguments name.
_STARTS_ANOTHER = frozenset(
    "sh bash dash zsh ksh fish env nice nohup timeout sudo doas busybox exec xargs stdbuf setsid flock".split()  # noqa: SIM905
)
_BETWEEN_WORDS = r"[\s;|&<>()'\"`{}]+"
_PROGRAM = r"(?a:[\w.+][\w.+-]*)"
_VARIABLE = r"(?a)\$\{?([A-Za-z_]\w*)"
# Names that are looked up in one command. No command has nearly as many.
_MOST_NAMES = 200


def of_command(command: str, profile: str, environ: Mapping[str, str]) -> Resolution:
    """What `command`, of the profile of that name, comes to in `environ`."""
    try:
        words = command_words.split(command)
    except ValueError:  # a quote that is not closed: it cannot be started
        return Resolution()
    if not words:
        return Resolution()
    program = words[0]
    conditions = lookups.observed(environ, f"program {program}")
    (found,) = conditions.values()
    if found == hit.ABSENT:
        what = f"the credential_process of {printable(profile, 64)} is not there ({redacted(program)})"
        return Resolution({"program": found}, conditions, (what, "install it, or correct the command"))
    starts_another = re.split(r"[/\\]", program)[-1].removesuffix(".exe") in _STARTS_ANOTHER
    looked_up, variables = _arguments(words[1:], environ, starts_another=starts_another)
    # What is not there is no part of the key: a word that names nothing is in the command already.
    inputs = {what: value for what, value in looked_up.items() if value != hit.ABSENT}
    return Resolution(
        {"program": found, "arguments": inputs, "variables": variables},
        conditions | looked_up | (DEPENDS_ON_SECRET if variables else {}),
    )


def of_shell_command(command: str, environ: Mapping[str, str]) -> Resolution:
    """What `command` comes to, which a shell runs: the shell finds out what is no program, and says so."""
    looked_up, variables = _arguments([command], environ, starts_another=True)
    inputs = {what: value for what, value in looked_up.items() if value != hit.ABSENT}
    conditions = looked_up | (DEPENDS_ON_SECRET if variables else {})
    return Resolution({"arguments": inputs, "variables": variables}, conditions)


def program_name(command: str) -> str:
    """The program of `command` as a table or a message names it: without its arguments, which may be secrets."""
    try:
        words = command_words.split(command)
    except ValueError:
        words = command.split()
    return redacted(re.split(r"[/\\]", words[0])[-1]) if words else ""


def has_changed(command: str, profile: str, before: Resolution, environ: Mapping[str, str]) -> bool:
    """Whether the command comes to something else than `before`. (It may have made what was not there.)"""
    return _differs(before, of_command(command, profile, environ))


def shell_command_has_changed(command: str, before: Resolution, environ: Mapping[str, str]) -> bool:
    """The same for a command that a shell runs."""
    return _differs(before, of_shell_command(command, environ))


def _differs(before: Resolution, now: Resolution) -> bool:
    return any(value not in (hit.ABSENT, now.conditions.get(what)) for what, value in before.conditions.items())


def _arguments(
    words: Sequence[str], environ: Mapping[str, str], *, starts_another: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """What the arguments may name, and what that comes to; and a digest of each variable that they hold as a value."""
    looked_up: dict[str, str] = {}
    variables: dict[str, str] = {}
    for name in _names(words):
        looked_up |= lookups.observed(environ, f"path {name}")
        if looked_up[f"path {name}"] == hit.ABSENT:
            for variable in re.findall(_VARIABLE, name):
                if variable in environ:
                    variables[variable] = keyed_digest(environ[variable], environ)
                else:
                    looked_up |= lookups.observed(environ, f"env {variable}")
        if starts_another and re.fullmatch(_PROGRAM, name):
            looked_up |= lookups.observed(environ, f"program {name}")
    return looked_up, variables


def _names(words: Sequence[str]) -> list[str]:
    """What may name a file in these arguments."""
    found: dict[str, None] = {}
    for word in words:
        for piece in (word, *(re.split(_BETWEEN_WORDS, word) if re.search(_BETWEEN_WORDS, word) else ())):
            found |= dict.fromkeys(_parts(piece))
    return [name for name in found if name and not name.startswith("-") and len(name) < 4096 and "\0" not in name][
        :_MOST_NAMES
    ]


def _parts(piece: str) -> Iterator[str]:
    """A word, and what its form says of a file: `--option=FILE`, `@FILE`, `file://FILE`."""
    yield piece
    for separator in ("=", "@", "file://"):
        before, found, after = piece.partition(separator)
        if found and (separator != "@" or not before):
            yield after
