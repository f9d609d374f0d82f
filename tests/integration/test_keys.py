"""`keys`: access keys in the kernel's keyring for real, in the credentials file, and what is said of each."""

import json
from pathlib import Path

import pytest
from front import Front
from iam_users import User
from running import ACCESS_KEY_ID, SECRET, Home


@pytest.fixture
def user(home: Home, offline_front: Front) -> User:
    """A user with one key, which the credentials file has; STS and IAM are the front."""
    user = User()
    user.key(ACCESS_KEY_ID, SECRET)
    offline_front.behaviour = user
    home.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    home.credentials.write_text(f"# mine\n[me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return user


def test_a_key_of_the_file_is_rotated(home: Home, user: User) -> None:
    user.unknown_for = 2
    ran = home.run("keys", "rotate", "me", "--yes")
    assert ran.code == 0, ran.stderr
    print(ran)
    (key,) = user.keys.values()
    assert home.credentials.read_text() == f"# mine\n[me]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret}\n"
