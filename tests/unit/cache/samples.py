"""Entries, files and stores that the tests of the cache share."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from assume_helper import hit
from assume_helper.cache import entries
from assume_helper.cache.directory import Cache
from assume_helper.cache.document import credential_document
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials

T = 1_800_000_000
KEY = "ef" * 32
SECRET = "DummySecretAccessKey0123456789+/abcdefgh"
in_one_directory = settings(max_examples=50)


def a_session(lifetime: int = 3600, **changes: Any) -> Session:
    end = datetime.fromtimestamp(T + lifetime, UTC)
    session = Session(
        credentials=Credentials("ASIADUMMY", SECRET, "dummy-token", end),
        expiration=end,
        printed_expiration=datetime.fromtimestamp(T + lifetime - 100, UTC),
        issued=T + 0.25,
        lifetime=lifetime,
        assumed_role_arn="arn:aws:sts::123456789012:assumed-role/dev/me@here",
        account_id="123456789012",
    )
    return replace(session, **changes)


def an_entry(lifetime: int = 3600) -> Entry:
    session = a_session(lifetime)
    return Entry(session, credential_document(session.credentials, session.printed_expiration, session.account_id))


ENTRY = an_entry()


def file(store: Cache, name: str = KEY + ".entry") -> Path:
    return Path(store.path(name))


def put(store: Cache, payload: bytes, name: str = KEY + ".entry") -> Path:
    """A sealed file with any content, ours alone."""
    path = file(store, name)
    path.write_bytes(hit.seal(payload))
    path.chmod(0o600)
    return path


def written(store: Cache, entry: Entry = ENTRY) -> Path:
    entries.write(store, KEY, entry)
    return file(store)


def names(store: Cache) -> set[str]:
    return set(os.listdir(store.directory))


texts = st.text(min_size=1, max_size=200)
moments = st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@st.composite
def random_entries(draw: st.DrawFn) -> Entry:
    end = draw(moments)
    session = Session(
        credentials=Credentials(draw(texts), draw(texts), draw(texts), end),
        expiration=end,
        printed_expiration=draw(moments),
        issued=draw(st.floats(0, 4e9)),
        lifetime=draw(st.integers(1, 100_000)),
        assumed_role_arn=draw(texts),
        account_id=draw(texts),
    )
    return Entry(session, credential_document(session.credentials, session.printed_expiration, session.account_id))
