"""The note of a kept key: which it is, without a secret; and what a session's key and stamp have of it."""

import os
from pathlib import Path

import pytest
from running import windows

from assume_helper import hit
from assume_helper.profiles import aws_config, key_record, role_chain
from assume_helper.profiles.key_record import KeyRecord
from assume_helper.profiles.origin import KeptKey

RECORD = KeyRecord("AKIAKEPT000000000000", 1_700_000_000.0, 1_700_000_100.0)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), **windows(tmp_path), "LOCALAPPDATA": str(tmp_path)}


def test_what_is_noted_is_read_again_and_closed_to_others(environ: dict[str, str]) -> None:
    assert key_record.read(environ, "me", "keyring") is None
    key_record.write(environ, "me", "keyring", RECORD)
    assert key_record.read(environ, "me", "keyring") == RECORD
    assert key_record.read(environ, "me", "kernel") is None
    assert key_record.read(environ, "you", "keyring") is None
    path = key_record.path(environ, "me", "keyring")
    assert path is not None
    if os.name == "posix":
        assert os.stat(path).st_mode & 0o777 == 0o600
        assert os.stat(os.path.dirname(path)).st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"access_key_id": 1, "created": null, "kept": 0}', "[" * 9999]
)
def test_what_is_no_note_is_none(environ: dict[str, str], text: str) -> None:
    key_record.write(environ, "me", "keyring", RECORD)
    path = key_record.path(environ, "me", "keyring")
    assert path is not None
    Path(path).write_text(text)
    assert key_record.read(environ, "me", "keyring") is None
    assert key_record.kept_key("me", "keyring", environ).access_key_id is None


def test_a_relative_state_directory_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assume_helper.system.home.state_directory", lambda _environ: "state")
    assert key_record.path({}, "me", "keyring") is None
    with pytest.raises(FileNotFoundError):
        key_record.write({}, "me", "keyring", RECORD)
    assert key_record.kept_key("me", "keyring", {}).access_key_id is None


def kept(environ: dict[str, str], config: str) -> "tuple[object, dict[str, object]]":
    Path(environ["HOME"], ".aws").mkdir(exist_ok=True)
    Path(environ["HOME"], ".aws", "config").write_text(config)
    profile = role_chain.read_profile(aws_config.load(environ), environ, "me")
    return profile.origin, profile.session_inputs()


def test_another_note_is_another_session_and_another_stamp(environ: dict[str, str]) -> None:
    config = "[profile me]\nassume_helper_keys = keyring\n"
    unknown, first = kept(environ, config)
    key_record.write(environ, "me", "keyring", RECORD)
    known, second = kept(environ, config)
    key_record.write(environ, "me", "keyring", KeyRecord(None, None, 0))
    removed, third = kept(environ, config)
    assert isinstance(unknown, KeptKey)
    assert isinstance(known, KeptKey)
    assert isinstance(removed, KeptKey)
    assert [each.access_key_id for each in (unknown, known, removed)] == [None, "AKIAKEPT000000000000", ""]
    assert len({repr(each) for each in (first, second, third)}) == 3
    assert second["source"] == {"access_key_id": "AKIAKEPT000000000000"}
    (what,) = (what for what in unknown.resolution.conditions if what.startswith("file "))
    assert unknown.resolution.conditions[what] == hit.ABSENT
    assert len({each.resolution.conditions[what] for each in (unknown, known, removed)}) == 3


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ("assume_helper_keys = kernel\n", KeptKey),
        ("assume_helper_keys = keyring\naws_access_key_id = AKIAX\naws_secret_access_key = x\n", "StaticKeys"),
        ("assume_helper_keys = keyring\ncredential_process = /bin/true\n", "CredentialProcess"),
        ("assume_helper_keys = keyring\nsso_account_id = 123456789012\nsso_role_name = R\nsso_start_url = "
         "https://x.invalid\nsso_region = us-east-1\n", "PermissionSet"),
    ],
)  # fmt: skip
def test_the_keyring_s_key_comes_last(environ: dict[str, str], config: str, kind: object) -> None:
    found, _ = kept(environ, f"[profile me]\n{config}")
    assert type(found).__name__ == getattr(kind, "__name__", kind)


def test_it_is_not_included_from_another_profile(environ: dict[str, str]) -> None:
    config = "[profile me]\naws_access_key_id = AKIAX\naws_secret_access_key = x\ninclude_profile = you\n"
    found, _ = kept(environ, config + "[profile you]\nassume_helper_keys = keyring\n")
    assert type(found).__name__ == "StaticKeys"
