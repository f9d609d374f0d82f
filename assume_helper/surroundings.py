"""What a call is handed in: the environment, the clocks, this host's name, and whom to warn."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assume_helper.credentials import Clock


@dataclass(frozen=True)
class Surroundings:
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
