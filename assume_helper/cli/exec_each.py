"""`exec` for a pattern: a command in each profile whose name matches, one after the other."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from assume_helper.cli import app
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.role_argument import session
from assume_helper.errors import AssumeHelperError, ConfigurationError
from assume_helper.export import prefixed, variables
from assume_helper.light import Any, replace
from assume_helper.profiles import aws_config
from assume_helper.sessions import herd_gate, profile_listing
from assume_helper.text import printable

_WILDCARDS = frozenset("*?[")


def is_pattern(invocation: Invocation, role: str | None) -> bool:
    """Whether `role` is a pattern, and no profile's own name. Raises ConfigurationError."""
    if role is None or _WILDCARDS.isdisjoint(role) or role.startswith("arn:"):
        return False
    return role not in aws_config.load(invocation.environ).profiles


def run(invocation: Invocation, pattern: str, words: Sequence[str], options: Mapping[str, Any]) -> int:
    """Run `words` with the credentials of each profile that matches `pattern`; the first exit code that is not 0.

    Their output has the profile's name before each line. What fails in one profile is said, and the next one follows.
    Ctrl-C ends all. Raises ConfigurationError where nothing matches; click.UsageError, KeyboardInterrupt.
    """
    herd_gate.leave()  # whoever waits for this pattern waits for no session
    names = _matching(invocation, pattern)
    first = 0
    for name in names:
        clock = invocation.clock
        own = replace(invocation, started=clock.now(), started_monotonic=clock.monotonic(), subject=name, warnings=[])
        code = _run_in(own, name, words, options)
        first = first or code
    return first


def _matching(invocation: Invocation, pattern: str) -> list[str]:
    config = aws_config.load(invocation.environ)
    rows = profile_listing.rows(config, invocation.environ, invocation.warn, invocation.clock.now())
    names = [row.profile for row in rows if fnmatchcase(row.profile, pattern)]
    if not names:
        raise ConfigurationError(
            f"no profile matches {printable(pattern, 64)}", "`assume-helper list` shows those that there are"
        )
    return names


def _run_in(invocation: Invocation, name: str, words: Sequence[str], options: Mapping[str, Any]) -> int:
    try:
        request, profile, entry = session(invocation, name, **options)
        invocation.record_issue(profile, entry.session)
        invocation.show_warnings()
        given = variables.variables(entry.session, profile)
        environ = variables.environment(invocation.environ, request.name, given)
        prefix = f"{printable(name, 64)}: ".encode()
        code, is_interrupted = prefixed.run(words, environ, prefix)
    except AssumeHelperError as error:
        return app.fail(invocation, error)
    if is_interrupted:
        raise KeyboardInterrupt
    return code
