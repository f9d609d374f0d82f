"""One run of the command line: its arguments, environment, clock and streams."""

import os
import sys
from collections.abc import Mapping, Sequence

from assume_helper import answers, hit
from assume_helper.cache.session import Session
from assume_helper.cli import audit_log
from assume_helper.errors import AssumeHelperError
from assume_helper.light import TextIO, dataclass, field, replace
from assume_helper.profiles.role import Profile
from assume_helper.profiles.role_session_name import session_name
from assume_helper.sessions import refresh_ahead
from assume_helper.system import host_name
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.warning import Warning
from assume_helper.text import one_line, printable


@dataclass
class Invocation:
    """One run of the command line.

    `environ` is the caller's environment, `started` the start of the process (seconds since the epoch) and
    `started_monotonic` the same on the monotonic clock. `is_process` is true for `get`, which programs call. `subject`
    is the profile or role that messages name. `is_delivered`: the document of `get` is printed. `may_ask`: a person
    may be asked something. `offered_logins` are the token files of the logins that a person was asked about. The
    streams are used through this class alone.
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
    is_delivered: bool = False
    may_ask: bool = True
    offered_logins: set[str] = field(default_factory=set)

    def warn(self, warning: Warning) -> None:
        """Keep a warning for the end, once: some clients take anything on stderr for a failure (measured: duckdb)."""
        if warning not in self.warnings:
            self.warnings.append(warning)

    @property
    def typed(self) -> tuple[str, ...] | None:
        """The words of the options that shape the session, as a hit tells them apart; None where it cannot."""
        words = list(self.arguments)
        if refresh_ahead.OPTION in words:
            del words[words.index(refresh_ahead.OPTION) :]
        asked = answers.request(words)
        return None if asked is None else asked[2]

    def call_context(self) -> CallContext:
        """The context for one call of `sessions.provider`."""
        return CallContext(
            environ=self.environ,
            clock=self.clock,
            started=self.started,
            started_monotonic=self.started_monotonic,
            host=host_name.own(),
            session_name=session_name,
            warn=self.warn,
            may_ask=self.may_ask,
        )

    def call_context_from_now(self) -> CallContext:
        """The same as if the process began now: a person has answered a question, and what failed before is over."""
        return replace(self.call_context(), started=self.clock.now(), started_monotonic=self.clock.monotonic())

    def record_issue(
        self, profile: Profile, session: Session, *, behind: bool = False, caller: str | None = None
    ) -> None:
        """Log that `session` of `profile` was issued for `subject`. Every command that hands out credentials calls it.

        One from the cache is logged only where ASSUME_HELPER_LOG_HITS is 1: many quick calls would push every failure
        out of the log.

        `behind`: the session was refreshed in the background. `caller` is the program that has it, where that is not
        the one that started this process.
        """
        event = audit_log.issue(self.subject, profile, session, self.started)
        if event["outcome"] == "hit" and self.environ.get(answers.LOG_HITS) != "1" and not behind:
            return
        event |= {"outcome": "refresh", "caller": "assume-helper"} if behind else {}
        audit_log.append(self.clock.now(), event | ({} if caller is None else {"caller": caller}))

    def record(self, kind: str, message: str, exit_code: int = 0) -> None:
        """Log a `warning` or a `failure`."""
        event = {"event": kind, "profile": printable(self.subject, 64), "message": one_line(message)}
        audit_log.append(self.clock.now(), event | {"exit_code": str(exit_code)})

    def show_warnings(self) -> None:
        """Log the warnings and say them, before a program takes this process's place."""
        for warning in self.warnings:
            self.record("warning", str(warning))
            self.say(f"assume-helper: warning: {printable(str(warning))}")
        self.warnings.clear()

    def refresh_behind(self, due: Sequence[str], arguments: Sequence[str]) -> None:
        """Start a background refresh, `get` with these `arguments`, for each lock path in `due`."""
        for path in due:
            refresh_ahead.start(path, arguments, self.environ, self.clock.now())

    def print(self, data: bytes) -> None:
        """Write all of `data` to standard output. Raises OSError, and AssumeHelperError where that is closed."""
        self.require_stdout("the output")
        hit.write(1, data)

    def require_stdout(self, what: str) -> None:
        """Raise AssumeHelperError where standard output, which `what` is printed to, is closed."""
        if self.stdout_closed:
            raise AssumeHelperError("standard output is closed", f"open it: {what} would be printed there")

    def say(self, text: str) -> None:
        """Write a line to standard error, in UTF-8 whatever the locale: botocore fails to decode anything else."""
        try:
            hit.write(2, text.encode("utf-8", "backslashreplace") + b"\n")
        except OSError:
            pass  # nobody reads it

    def stream(self, descriptor: int) -> TextIO:
        """Standard output (1) or error (2) as a text stream, for libraries that draw on the terminal."""
        return sys.stdout if descriptor == 1 else sys.stderr

    def is_terminal(self, descriptor: int) -> bool:
        """Whether standard input (0), output (1) or error (2) is a terminal."""
        try:
            return os.isatty(descriptor)
        except OSError:
            return False

    def can_ask(self) -> bool:
        """Whether a person can be asked: standard input and standard error are terminals, and nothing forbids it."""
        return self.may_ask and self.is_terminal(0) and self.is_terminal(2)

    def terminal_width(self) -> int:
        """The terminal's width in characters; COLUMNS wins, and 80 stands where neither is known."""
        import shutil

        return shutil.get_terminal_size().columns

    def screen_width(self) -> int:
        """The width, in characters, of the terminal behind standard error, which questions are drawn on."""
        try:
            return os.get_terminal_size(2).columns or self.terminal_width()
        except (OSError, ValueError):
            return self.terminal_width()

    def read_line(self, prompt: str) -> str:
        """The line that a person types behind `prompt`, written to standard error. Raises KeyboardInterrupt."""
        from click import open_file

        hit.write(2, f"{prompt}: ".encode("utf-8", "backslashreplace"))
        try:
            with open_file("-") as stdin:
                line = str(stdin.readline())
            if not line:  # the terminal has gone, or Ctrl-D
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            self.say("")  # what follows begins a line of its own
            raise
        return line.rstrip("\n")
