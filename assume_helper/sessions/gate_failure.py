"""A failure for the followers at the herd gate: the leader leaves it before it opens the gate, and they replay it."""

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, storage
from assume_helper.cache.directory import Cache
from assume_helper.errors import AssumeHelperError
from assume_helper.light import TYPE_CHECKING
from assume_helper.sessions import asker
from assume_helper.system.context import CallContext
from assume_helper.system.warning import Warning
from assume_helper.text import error_line

if TYPE_CHECKING:
    from assume_helper.sessions.provider import RoleRequest


def leave(cache: Cache, stamp: tuple[str, bytes], name: str, error: AssumeHelperError, context: CallContext) -> None:
    """Leave the `error` of the profile `name` for every follower, or for those that are as this process is."""
    mark = "" if error.is_shared else asker.mark(context.environ, *asker.place(error.exit_code))
    line = error_line(name, str(error))
    entries.remember_failure(cache, stamp, context.clock.now(), error.exit_code, line, mark)


def leave_early(request: "RoleRequest", error: AssumeHelperError, context: CallContext) -> None:
    """Leave an `error` from before STS was asked: of the config, or of a source."""
    if request.stamped is None:
        return
    try:
        stamp = hit.stamp(request.name, context.environ, None, request.stamped)
        cache = storage.open_store(context.environ, _ignored, "file")
        pointer, _ = hit.unpack_hit(cache_directory.read(cache, stamp[0]) or b"", stamp[1])
    except (OSError, ValueError):  # the working directory is gone, or the file is damaged
        return
    if pointer is None:  # what it leads to may be served when the source is back
        leave(cache, stamp, request.name, error, context)


def _ignored(_warning: Warning) -> None:
    """A cache that cannot be used is warned of by whoever uses it."""
