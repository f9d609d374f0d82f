"""How old the access key behind a profile is, and where it ends: by our note of it, or by IAM with that key."""

import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from front import Front
from iam_users import User
from running import ACCESS_KEY_ID, SECRET, no_warning

from assume_helper.credentials import KeyPlace
from assume_helper.doctor import access_key
from assume_helper.doctor.check import Check
from assume_helper.profiles import aws_config, key_record, role_chain
from assume_helper.profiles.key_record import KeyRecord
from assume_helper.system.context import CallContext, Clock

KEYS = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"


@pytest.fixture
def user(offline_front: Front) -> User:
    user = User()
    user.key(ACCESS_KEY_ID, SECRET)
    offline_front.behaviour = user
    return user


def checked(folder: Path, config: str, name: str = "me", **environ: str) -> list[Check]:
    (folder / "config").write_text(config)
    given = {
        "HOME": str(folder), "LOCALAPPDATA": str(folder), "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"), **environ,
    }  # fmt: skip
    found = aws_config.load(given)
    return [*access_key.examine(found, role_chain.read_profile(found, given, name), context(given), may_ask=True)]


def context(environ: Mapping[str, str]) -> CallContext:
    return CallContext(environ, Clock(), time.time(), time.monotonic(), "host", lambda: "name", no_warning)


def aged(user: User, days: int) -> None:
    user.keys[ACCESS_KEY_ID].created -= timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "limit", "status"),
    [(0, "", "ok"), (90, "", "ok"), (91, "", "warn"), (31, "30", "warn"), (91, "365", "ok")],
)
def test_a_key_in_a_file_is_as_old_as_iam_says(
    tmp_path: Path, offline_front: Front, user: User, days: int, limit: str, status: str
) -> None:
    aged(user, days)
    line = f"assume_helper_keys_max_age_days = {limit}\n" if limit else ""
    (check,) = checked(tmp_path, f"[profile me]\n{KEYS}{line}", AWS_ENDPOINT_URL=offline_front.url)
    assert (check.name, check.status) == ("access key", status)
    assert f"{days} days old" in check.what
    assert ("keys rotate me" in check.mend) is (status == "warn")
    assert user.calls == ["ListAccessKeys"]


def test_the_key_behind_a_role_counts(tmp_path: Path, offline_front: Front, user: User) -> None:
    aged(user, 100)
    role = "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = me\n"
    (check,) = checked(tmp_path, f"[profile me]\n{KEYS}{role}", "dev", AWS_ENDPOINT_URL=offline_front.url)
    assert "[me] is 100 days old" in check.what


@pytest.mark.parametrize("place", ["keyring", "kernel"])
def test_a_key_in_a_keyring_is_as_old_as_was_noted(tmp_path: Path, place: KeyPlace) -> None:
    environ = {"HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    key_record.write(environ, "me", place, KeyRecord("AKIAX", time.time() - 200 * 86_400, time.time()))
    found = checked(tmp_path, f"[profile me]\nassume_helper_keys = {place}\n")
    assert ("200 days old, more than 90" in found[-1].what, found[-1].status) == (True, "warn")
    if place == "kernel":
        assert (found[0].status, "until this machine restarts" in found[0].what) == ("warn", True)
    assert len(found) == (2 if place == "kernel" else 1)


def test_a_key_of_one_s_own_sts_is_not_shown_to_aws(tmp_path: Path, offline_front: Front, user: User) -> None:
    assert checked(tmp_path, f"[profile me]\n{KEYS}", AWS_ENDPOINT_URL_STS=offline_front.url) == []
    assert checked(tmp_path, f"[profile me]\n{KEYS}", AWS_ENDPOINT_URL_IAM=offline_front.url) == []
    assert user.calls == []


def test_an_age_that_is_not_to_be_had_is_no_check(tmp_path: Path, offline_front: Front, user: User) -> None:
    user.denied.add("ListAccessKeys")
    assert checked(tmp_path, f"[profile me]\n{KEYS}", AWS_ENDPOINT_URL=offline_front.url) == []
    assert checked(tmp_path, "[profile me]\nassume_helper_keys = keyring\n") == []
    assert checked(tmp_path, f"[profile me]\n{KEYS}aws_session_token = x\n", AWS_ENDPOINT_URL=offline_front.url) == []
    assert checked(tmp_path, "[profile me]\ncredential_process = /bin/true\n") == []


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "100000"])
def test_a_bad_limit_is_named(tmp_path: Path, offline_front: Front, user: User, value: str) -> None:
    config = f"[profile me]\n{KEYS}assume_helper_keys_max_age_days = {value}\n"
    (check,) = checked(tmp_path, config, AWS_ENDPOINT_URL=offline_front.url)
    assert (check.status, "assume_helper_keys_max_age_days" in check.what) == ("fail", True)


def test_where_iam_is_not_to_be_asked_only_what_was_noted_is_told(
    tmp_path: Path, offline_front: Front, user: User
) -> None:
    aged(user, 100)
    environ = {
        "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"), "AWS_ENDPOINT_URL": offline_front.url,
    }  # fmt: skip
    (tmp_path / "config").write_text(f"[profile me]\n{KEYS}[profile kept]\nassume_helper_keys = keyring\n")
    key_record.write(environ, "kept", "keyring", KeyRecord("AKIAX", time.time() - 91 * 86_400, time.time()))
    config = aws_config.load(environ)
    found = {
        name: [
            check.status
            for check in access_key.examine(
                config, role_chain.read_profile(config, environ, name), context(environ), may_ask=False
            )
        ]
        for name in ("me", "kept")
    }
    assert (found, user.calls) == ({"me": [], "kept": ["warn"]}, [])
