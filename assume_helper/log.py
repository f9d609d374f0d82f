"""What nobody saw: warnings and failures as JSON lines in the state directory, since many SDKs hide stderr.

Never a secret; 0600 in 0700; at 1 MiB the log is renamed to `.1` and begun anew.
"""

import json
import os
import stat
from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper import hit, private

_LARGEST = 1024 * 1024


def path() -> str | None:
    """Where the log is, None where there is no place for it."""
    import platformdirs

    try:
        directory = platformdirs.user_state_dir("assume-helper", appauthor=False)
    except RuntimeError:
        return None
    return os.path.join(directory, "log.jsonl") if os.path.isabs(directory) else None


def append(moment: float, event: Mapping[str, str]) -> None:
    """Add one line: `moment` (seconds since the epoch) in UTC, then `event`. That it cannot is nobody's trouble."""
    target = path()
    if target is None:
        return
    time = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": time, **event}).encode() + b"\n"
    try:
        private.make_directory(os.path.dirname(target))
        descriptor = private.create(target, os.O_APPEND)
        try:
            status = os.fstat(descriptor)
            hit.check_private(status, stat.S_IFREG)
            if status.st_size > _LARGEST:
                os.replace(target, target + ".1")
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError:
        pass
