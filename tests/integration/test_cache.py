"""The cache on a real disk: what is in it, what it does not use, and that callers get credentials all the same."""

import json
import os
from pathlib import Path

import pytest
from damage import mode
from front import Front, session
from running import SCRIPT, SECRET, Home


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_every_file_is_0600_in_a_directory_of_0700_whatever_the_umask(granted: Home, umask: int) -> None:
    old = os.umask(umask)
    try:
        granted.get("dev")
        assert granted.run("get", "nowhere").code == 3
    finally:
        os.umask(old)
    assert mode(granted.cache) == 0o700
    assert mode(granted.log.parent) == 0o700
    files = [*granted.cache.iterdir(), granted.log]
    assert {path.suffix for path in files} == {".entry", ".lock", ".hit", ".jsonl"}
    assert {mode(path) for path in files} == {0o600}


def test_secrets_are_in_the_entry_alone_and_the_sources_secret_is_nowhere(granted: Home) -> None:
    document = granted.get("dev")
    for path in (p for p in granted.folder.rglob("*") if p.is_file() and p.parent.name != ".aws"):
        data = path.read_bytes()
        assert SECRET.encode() not in data
        assert (document["SecretAccessKey"].encode() in data) == (path.suffix == ".entry")
        assert document["SecretAccessKey"] not in str(path)


def test_the_directory_can_be_moved(granted: Home, tmp_path: Path) -> None:
    granted.get("dev", ASSUME_HELPER_CACHE_DIR=str(tmp_path / "deep" / "down"))
    assert list((tmp_path / "deep" / "down").glob("*.entry"))
    assert not granted.cache.exists()
    granted.get("dev", XDG_CACHE_HOME=str(tmp_path / "xdg"))
    assert list((tmp_path / "xdg" / "assume-helper").glob("*.entry"))


def test_without_a_home_the_cache_is_where_the_environment_says(granted: Home, tmp_path: Path) -> None:
    files = {"AWS_CONFIG_FILE": str(granted.config), "AWS_SHARED_CREDENTIALS_FILE": str(granted.credentials)}
    places = {"XDG_CACHE_HOME": str(tmp_path / "c"), "XDG_STATE_HOME": str(tmp_path / "s")}
    granted.get("dev", HOME="", **files, **places)
    assert list((tmp_path / "c" / "assume-helper").glob("*.entry"))


def test_a_warning_is_shown_to_a_person_at_a_terminal(granted: Home) -> None:
    """And to nobody else: some clients take anything on stderr for a failure."""
    import pexpect

    environ = granted.environ | {"ASSUME_HELPER_CACHE_DIR": "relative"}
    child = pexpect.spawn(SCRIPT, ["get", "dev"], env=environ, encoding="utf-8", timeout=60)
    child.expect("warning: no cache")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_lock_file_is_never_removed(granted: Home) -> None:
    granted.get("dev")
    (lock,) = granted.cache.glob("*.lock")
    inode = lock.stat().st_ino
    granted.entries()[0].unlink()
    granted.get("dev")
    assert lock.stat().st_ino == inode


def test_ten_profiles_of_one_role_share_one_session(role: Home, offline_front: Front) -> None:
    offline_front.behaviour = session()
    body = role.config.read_text().partition("\n")[2]
    with role.config.open("a") as config:
        for number in range(10):
            config.write(f"[profile same-{number}]\n{body}")
    documents = {json.dumps(role.get(f"same-{number}")) for number in range(10)}
    assert len(documents) == 1
    assert len(offline_front.calls) == 1
