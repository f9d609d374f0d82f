"""What a call is handed in: the environment, the clocks, this host's name, and whom to warn."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clock:
    """The clock, handed in: `now` is the wall clock (seconds since the epoch), `monotonic` is for deadlines."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class CallContext:
    """What a call is handed in.

    `started` (seconds since the epoch) and `started_monotonic` are when the process began; `until` (monotonic) is when
    a link of a chain must be there, for the sake of the role that waits for it. `may_ask`: a person may be asked for
    an MFA code, since there is nothing else to serve; `asking` is called before that, and before another program is run
    that may ask somebody for something. `due` is told the path of the lock for refreshing what is handed out, where
    that is due.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    started: float
    started_monotonic: float
    host: str
    session_name: Callable[[], str]
    warn: Callable[[str], None]
    until: float = math.inf
    may_ask: bool = True
    asking: Callable[[], None] = lambda: None
    due: Callable[[str], None] = lambda _path: None
