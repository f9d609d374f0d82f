"""Access keys in a real Secret Service, gnome-keyring on a bus of its own: added, served, replaced, removed; and what
is said where it is locked or gone.
"""

import json
from collections.abc import Iterator

import pytest
import secret_service
from front import Front
from kept_keys_scene import Scene, scene
from needs import needs_secret_service
from running import ACCESS_KEY_ID, SECRET, Home
from secret_service import SecretService

pytestmark = needs_secret_service


@pytest.fixture
def service() -> Iterator[SecretService]:
    with secret_service.running() as found:
        yield found


@pytest.fixture
def keys(home: Home, offline_front: Front, service: SecretService) -> Iterator[Scene]:
    with scene(home, offline_front) as found:
        home.environ |= service.environ
        yield found


def kept(service: SecretService) -> dict[str, tuple[str, str]]:
    """What is kept by now: the id and the secret of each item."""
    found = {label: json.loads(secret) for label, secret in service.items().items()}
    return {label: (each["access_key_id"], each["secret_access_key"]) for label, each in found.items()}


def test_a_key_goes_through_its_whole_life(keys: Scene, service: SecretService) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    assert [*kept(service).values()] == [(ACCESS_KEY_ID, SECRET)]
    assert "assume_helper_keys = keyring" in keys.home.config.read_text()
    assert SECRET not in keys.home.credentials.read_text()
    keys.home.get(keys.name)
    assert keys.front.calls[-1].access_key_id == ACCESS_KEY_ID
    keys.user.unknown_for = 2
    keys.done("rotate", keys.name, "--yes")
    (key,) = keys.user.keys.values()
    assert [*kept(service).values()] == [(key.access_key_id, key.secret)]
    keys.home.get(keys.name)
    assert keys.front.calls[-1].access_key_id == key.access_key_id
    assert keys.rows(keys.name)[0]["place"] == "keyring"
    keys.done("remove", keys.name, "--yes")
    assert kept(service) == {}
    keys.home.run("get", keys.name).failed(4, "the keyring has no access key", "keys add")


def test_its_secret_is_in_no_file_in_the_open(keys: Scene, service: SecretService) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    for folder in (keys.home.folder, service.folder):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_a_keyring_that_is_locked_is_exit_4_and_nothing_is_lost(keys: Scene, service: SecretService) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    service.lock()
    keys.home.run("get", keys.name).failed(4, "the keyring", "unlock it")
    keys.run("rotate", keys.name, "--yes").failed(4, "the keyring", "unlock it")
    keys.run("remove", keys.name, "--yes").failed(4, "the keyring", "unlock it")
    assert [*keys.user.keys] == [ACCESS_KEY_ID]
    assert "CreateAccessKey" not in keys.user.calls


def test_a_key_is_not_taken_out_of_its_file_where_the_keyring_is_locked(keys: Scene, service: SecretService) -> None:
    before = keys.home.credentials.read_bytes()
    service.lock()
    keys.run("add", keys.name, "--from-file", "--yes").failed(4, "unlock it")
    assert (keys.home.credentials.read_bytes(), keys.home.config.exists()) == (before, False)


def test_a_keyring_that_is_gone_is_exit_4_and_a_cached_session_is_served_all_the_same(
    keys: Scene, service: SecretService
) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    first = keys.home.get(keys.name)
    service.end()
    assert keys.home.get(keys.name) == first  # a cached hit never opens it
    keys.home.run("clear", keys.name)
    keys.home.run("get", keys.name).failed(4, "keyring")
    keys.run("rotate", keys.name, "--yes").failed(4, "keyring")
    assert [*keys.user.keys] == [ACCESS_KEY_ID]


def test_the_key_of_encrypted_entries_is_kept_beside_them(keys: Scene, service: SecretService) -> None:
    keys.done("add", keys.name, "--from-file", "--yes")
    keys.home.config.write_text(keys.home.config.read_text() + "assume_helper_cache = encrypted\n")
    keys.home.get(keys.name)
    assert len(service.items()) == 2
    before = len(keys.front.calls)
    keys.home.get(keys.name)
    assert len(keys.front.calls) == before
