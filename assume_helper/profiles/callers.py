"""The chain of callers: profiles whose processes run one inside another, down to this call.

This helper keeps it for what it starts, and so does the AWS CLI (`aws configure export-credentials`). Where both call
each other, neither sees the whole of it alone.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.text import draw_loop

# awscli.customizations.configure.exportcreds: the profiles that it runs for, in one line of CSV.
CLI_CHAIN = "_AWS_CLI_PROFILE_CHAIN"
# In place of a config's path: the AWS CLI ran for that profile. It may well call this helper for the same one.
_BY_CLI = ""


def loop_of_sources(steps: Iterable[str]) -> ConfigurationError:
    """The error for sources that lead back to where they began."""
    return ConfigurationError(
        f"the sources form a loop: {draw_loop(steps)}", "give one of these profiles credentials of its own"
    )


def add(environ: Mapping[str, str], config_path: str, names: Sequence[str]) -> dict[str, str]:
    """`environ` with this call's profiles added to the chain, for the processes that it starts.

    Raises ConfigurationError, with the loop drawn, where one of them is in that chain already.
    """
    callers = _callers(environ)
    callers += _new(callers, _of_cli(environ))
    path = os.path.abspath(config_path)
    steps = [(path, name) for name in names]
    for step in steps:
        if step in callers:
            raise loop_of_sources(_names([*callers[callers.index(step) :], *steps[: steps.index(step) + 1]]))
    return {**environ, hit.CALLERS: json.dumps([*callers, *steps])}


def closed_by_cli(environ: Mapping[str, str], drawn: Sequence[str]) -> list[str]:
    """The loop that the AWS CLI found: `drawn` has those profiles alone that it ran for itself.

    `environ` is that of the process that was started: it says which others lie between.
    """
    callers = _callers(environ)
    *before, closing = _names([*callers, *_new(callers, drawn)]) or drawn
    if closing not in before:
        return list(drawn)
    last = len(before) - 1 - before[::-1].index(closing)  # what comes before that only leads there
    return [*before[last:], closing]


def _callers(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        return [(str(path), str(name)) for path, name in json.loads(environ.get(hit.CALLERS, "[]"))]
    except (ValueError, TypeError, RecursionError):
        return []


def _of_cli(environ: Mapping[str, str]) -> list[str]:
    import csv

    try:
        return next(csv.reader([environ.get(CLI_CHAIN, "")]), [])
    except csv.Error:
        return []


def _new(callers: Sequence[tuple[str, str]], of_cli: Sequence[str]) -> list[tuple[str, str]]:
    """What is in the AWS CLI's chain and not among `callers` yet: it only ever grows."""
    known = sum(path == _BY_CLI for path, _ in callers)
    return [(_BY_CLI, name) for name in of_cli[known:]]


def _names(steps: Sequence[tuple[str, str]]) -> list[str]:
    """The names, less those that the AWS CLI ran for by calling this helper for the same profile."""
    following = [*steps[1:], (_BY_CLI, "")]
    return [
        name
        for (path, name), (next_path, next_name) in zip(steps, following, strict=True)
        if path != _BY_CLI or next_path == _BY_CLI or next_name != name
    ]
