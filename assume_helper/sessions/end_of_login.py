"""The end of a login: what was got with it goes from the cache, however it was asked for and wherever it is stored.

Later calls make other keys, since the login's number changes. But a hit makes no key, and nobody deletes a session that
no key leads to.
"""

import os
from collections.abc import Callable, Collection, Mapping

from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, storage
from assume_helper.light import dataclass
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.login import Login
from assume_helper.sessions import cached_files, cli_cache
from assume_helper.sessions.cached_files import CachedFile, Outcome
from assume_helper.system.context import CallContext
from assume_helper.system.warning import Warning

# Seconds for processes that are replacing a session just now, and between two looks at their locks.
_PATIENCE = 5.0
_LOOK = (0.05, 0.15)


@dataclass(frozen=True)
class Deleted:
    """How many sessions were `removed` from the cache, and how many from the AWS CLI's.

    `left`: as many stay, since a process is replacing them; no call finds those. `stays` are files that cannot be
    removed.
    """

    removed: int
    removed_from_aws_cli: int
    left: int
    stays: list[str]


def forget(token_path: str, environ: Mapping[str, str], warn: Callable[[Warning], None]) -> None:
    """Delete what came of the login with this token file. What a process is replacing stays: that fails as well."""
    for file in _find([token_path], environ, warn):
        cached_files.delete(file)


def delete(logins: Collection[Login], config: AwsConfig, context: CallContext) -> Deleted:
    """Delete what came of these logins, from the AWS CLI's cache too; wait a moment for who is replacing a session."""
    import random

    until = context.clock.monotonic() + _PATIENCE
    outcomes: dict[str, tuple[CachedFile, Outcome]] = {}
    waiting = _find([each.token_path for each in logins], context.environ, context.warn)
    while waiting:
        outcomes |= {file.path: (file, cached_files.delete(file)) for file in waiting}
        waiting = [file for file in waiting if outcomes[file.path][1] == "busy"]
        if context.clock.monotonic() >= until:
            break
        if waiting:
            context.clock.sleep(random.uniform(*_LOOK))
    of_sessions = [outcome for file, outcome in outcomes.values() if file.is_entry]
    theirs = cli_cache.find(config, context.environ, logins)
    stays_there = cli_cache.delete(theirs)
    return Deleted(
        of_sessions.count("removed"),
        len(theirs) - len(stays_there),
        of_sessions.count("busy"),
        [*(file.path for file, outcome in outcomes.values() if outcome == "stays"), *stays_there],
    )


def _find(
    token_paths: Collection[str], environ: Mapping[str, str], warn: Callable[[Warning], None]
) -> list[CachedFile]:  # fmt: skip
    """The files that came of the logins with these token files: what leads to their sessions, then those."""
    marks = tuple(entries.login_mark(os.path.realpath(path)) for path in token_paths)
    plain = storage.open_store(environ, warn, "file")
    found = [CachedFile(plain, name, "") for name, _, key in cached_files.pointers(plain) if key.endswith(marks)]
    for store in storage.all_stores(environ, warn):
        names = [name for name in cache_directory.names(store) if name.partition(".")[0].endswith(marks)]
        found += [CachedFile(store, name, "") for name in names if name.endswith((".entry", ".failure"))]
    return found
