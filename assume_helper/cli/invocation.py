"""One run of the command line: what it was handed, and what it has to say."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assume_helper import hit
from assume_helper.cache.session import Session
from assume_helper.cli import audit_log
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles.role_session_name import session_name
from assume_helper.sessions import refresh_ahead
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.warning import Warning


@dataclass
class Invocation:
    """One run of the command line: what it was handed, and what it is about, for the line that says what went wrong.

    `started` is in seconds since the epoch; `is_process`: it is `get`, which programs call.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    started: float
    started_monotonic: float
    stdout_closed: bool
    arguments: tuple[str, ...] = ()
    is_process: bool = False
    subject: str = ""
    warnings: list[Warning] = field(default_factory=list)

    def warn(self, warning: Warning) -> None:
        """Keep a warning for the end, once: some clients take anything on stderr for a failure (measured: duckdb)."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    def call_context(self) -> CallContext:
        """What `resolve` is handed."""
        return CallContext(
            environ=self.environ,
            clock=self.clock,
            started=self.started,
            started_monotonic=self.started_monotonic,
            host=socket.gethostname(),
            session_name=session_name,
            warn=self.warn,
        )

    def record_issue(self, session: Session, *, behind: bool = False) -> None:
        """Log that `session` has been handed out for `subject`: each command does that which gives credentials away.

        `behind`: it has replaced another one behind the callers' backs.
        """
        event = audit_log.issue(self.subject, session, self.started)
        audit_log.append(
            self.clock.now(), event | ({"outcome": "refresh", "caller": "assume-helper"} if behind else {})
        )

    def refresh_behind(self, due: Sequence[str], arguments: Sequence[str]) -> None:
        """Have what is `due` (the paths of the locks for that) refreshed by `get` with these arguments of its own."""
        for path in due:
            refresh_ahead.start(path, arguments, self.environ, self.clock.now())

    def print(self, data: bytes) -> None:
        """Write `data` to standard output, whole. Raises OSError, AssumeHelperError where that cannot be."""
        if self.stdout_closed:
            raise AssumeHelperError("standard output is closed", "what was asked for is printed there: open it")
        hit.write(1, data)

    def say(self, text: str) -> None:
        """A line on standard error, in UTF-8 whatever the locale: botocore fails to decode another's bytes."""
        try:
            hit.write(2, text.encode("utf-8", "backslashreplace") + b"\n")
        except OSError:
            pass  # there is nobody to tell

    def is_terminal(self, descriptor: int) -> bool:
        """Whether standard input (0), output (1) or error (2) is a terminal."""
        try:
            return os.isatty(descriptor)
        except OSError:
            return False
