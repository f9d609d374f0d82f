"""The context of a call: environment, clocks, host name, and where warnings go."""

import math
import time
from collections.abc import Callable, Mapping

from assume_helper.light import dataclass, field
from assume_helper.system.warning import Warning


@dataclass(frozen=True)
class Clock:
    """The clock, handed in: `now` is the wall clock (seconds since the epoch), `monotonic` is for deadlines."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class CallContext:
    """What a call is given.

    `started` (seconds since the epoch) and `started_monotonic` are when the process began. `until` (monotonic) is the
    limit of the role that waits for this session. `may_ask`: a person may be asked for an MFA code, since nothing else
    can be served. `asking` is called before that, and before a program is run that may ask a person. `due` is told the
    path of the lock for a background refresh, where the session that is served is due for one.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    started: float
    started_monotonic: float
    host: str
    session_name: Callable[[], str]
    warn: Callable[[Warning], None]
    until: float = math.inf
    may_ask: bool = True
    asking: Callable[[], None] = lambda: None
    due: Callable[[str], None] = lambda _path: None
