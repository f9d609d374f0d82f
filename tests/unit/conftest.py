"""An environment with a config and a cache of its own."""

from pathlib import Path

import pytest
from running import windows


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with its own home, config and credentials, and a cache that is not there yet."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile dev]\n")
    (tmp_path / ".aws" / "credentials").write_text("[base]\n")
    return {"HOME": str(tmp_path), **windows(tmp_path), "ASSUME_HELPER_CACHE_DIR": str(tmp_path / "cache")}
