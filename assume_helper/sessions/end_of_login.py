"""The end of a login that its service does not accept any more: what was got with it goes from the cache.

Later calls make other keys, since the login's number changes. But a hit makes no key: so what leads to those sessions
goes too.
"""

from collections.abc import Callable, Mapping

from assume_helper import hit
from assume_helper.cache import directory as cache_directory
from assume_helper.cache import entries, storage
from assume_helper.profiles.resolution import Resolution
from assume_helper.system.warning import Warning


def forget(login: Resolution, environ: Mapping[str, str], warn: Callable[[Warning], None]) -> None:
    """Delete every `.hit` file that depends on the token file of `login`, and the sessions that they lead to."""
    marks = [f"\0{what}\0".encode("utf-8", "surrogateescape") for what in login.conditions if what.startswith("file ")]
    stores = list(storage.all_stores(environ, warn))
    plain = storage.open_store(environ, warn, "file")
    for name in cache_directory.names(plain):
        content = cache_directory.read(plain, name) if name.endswith(".hit") else None
        if content is None or not any(mark in content for mark in marks):
            continue
        _, key = hit.whose_hit(content)
        cache_directory.remove(plain, name)
        for store in stores if key else ():
            entries.remove(store, key)
