"""Sessions that are due: in the middle of their last stretch before the window, so that a hit starts a refresh."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from running import Home, no_warning

from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import window


def rewound(home: Home) -> Path:
    """Have the one cached session so; its file."""
    (file,) = home.entries()
    rewind(Cache(str(home.cache), no_warning), file.stem)
    return file


def rewind(store: Cache, key: str, left: float = window(3600) + 150) -> None:
    """Have the session of `key` so, or with so many seconds left."""
    entry = entries.read(store, key)
    assert entry is not None
    now = time.time()
    printed = datetime.fromtimestamp(int(now + left), UTC)
    moved = replace(entry.session, printed_expiration=printed, expiration=printed, issued=now - 2000)
    entries.write(store, key, Entry(moved, credential_document(moved.credentials, printed, moved.account_id)))
