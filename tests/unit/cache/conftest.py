"""A store, and what it warns of."""

from pathlib import Path

import pytest
from running import into, windows

from assume_helper.cache.directory import Cache


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, warnings: list[str]) -> Cache:
    (tmp_path / "cache").mkdir(mode=0o700)
    return Cache(str(tmp_path / "cache"), into(warnings))


@pytest.fixture
def environ(tmp_path: Path, store: Cache) -> dict[str, str]:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile dev]\n")
    return {"HOME": str(tmp_path), **windows(tmp_path), "ASSUME_HELPER_CACHE_DIR": str(store.directory)}
