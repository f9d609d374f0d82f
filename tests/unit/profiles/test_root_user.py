"""A root user's session for one task: whose it is, what gives it, and what makes it another one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from assume_helper.cache.entries import key
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles import aws_config, root_user
from assume_helper.profiles.origin import EnvironmentKeys, StaticKeys
from assume_helper.profiles.role import Profile
from assume_helper.profiles.root_user import RootTask

ASKED = RootTask("210987654321", "S3UnlockBucketPolicy")
CONFIG = """
[profile org]
aws_access_key_id = AKIAORG
aws_secret_access_key = s
region = eu-central-1
endpoint_url = https://sts.invalid
mfa_serial = GAHT12345678
duration_seconds = 7200
session_tags = team=a
[profile role]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = org
external_id = tenant
[profile gov]
aws_access_key_id = AKIAGOV
aws_secret_access_key = s
region = us-gov-east-1
"""


def read(folder: Path, asked: RootTask = ASKED, environ: Mapping[str, str] | None = None, **source: str) -> Profile:
    (folder / "config").write_text(CONFIG)
    paths = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none")}
    config = aws_config.load(paths)
    return root_user.read_profile(config, environ or {}, asked, source or {"source_profile": "org"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("210987654321", ("210987654321", None)),
        ("arn:aws:iam::210987654321:root", ("210987654321", "aws")),
        ("arn:aws-us-gov:iam::210987654321:root", ("210987654321", "aws-us-gov")),
        ("21098765432", None),
        ("2109876543210", None),
        ("2109-8765-4321", None),
        ("\u0662" * 12, None),
        ("210987654321:root", None),
        ("arn:aws:iam::210987654321", None),
        ("arn:aws:iam::210987654321:role/root", None),
        ("", None),
    ],
)
def test_an_account_is_its_number_or_its_root_user(text: str, found: tuple[str, str | None] | None) -> None:
    assert root_user.account(text) == found


def test_it_is_made_from_the_source_and_has_nothing_else_of_it(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.root_task, found.account_id, found.duration_seconds) == ("S3UnlockBucketPolicy", "210987654321", 900)
    assert isinstance(found.source, StaticKeys)
    assert (found.endpoint.region, found.endpoint.endpoint_url) == ("eu-central-1", "https://sts.invalid")
    assert found.region == "eu-central-1"
    assert (found.parameters.tags, found.external_id) == ((), None)
    assert found.mfa is not None
    assert found.user_session is not None, "a code's session calls it"


def test_a_role_or_the_environment_may_be_its_source(tmp_path: Path) -> None:
    over = read(tmp_path, source_profile="role")
    assert isinstance(over.source, Profile)
    assert over.source.role_arn == "arn:aws:iam::123456789012:role/admin"
    assert read(tmp_path, credential_source="Environment").source == EnvironmentKeys(None)
    with pytest.raises(AssumeHelperError, match="names profile nobody, which is not there"):
        read(tmp_path, source_profile="nobody")


def test_the_partition_is_the_one_that_is_said_else_the_region_s(tmp_path: Path) -> None:
    assert read(tmp_path).partition == "aws"
    assert read(tmp_path, source_profile="gov").partition == "aws-us-gov"
    assert read(tmp_path, environ={"AWS_REGION": "cn-north-1"}).partition == "aws-cn"
    assert read(tmp_path, replace(ASKED, partition="aws-us-gov"), source_profile="gov").partition == "aws-us-gov"


def test_what_is_asked_for_and_who_asks_make_it_another_session(tmp_path: Path) -> None:
    others = [
        read(tmp_path),
        read(tmp_path, replace(ASKED, task="SQSUnlockQueuePolicy")),
        read(tmp_path, replace(ASKED, account_id="333333333333")),
        read(tmp_path, replace(ASKED, seconds=600)),
        read(tmp_path, source_profile="role"),
        read(tmp_path, environ={"AWS_REGION": "eu-west-1"}),
    ]
    assert len({key(each.session_inputs()) for each in others}) == len(others)
    assert key(read(tmp_path).session_inputs()) == key(others[0].session_inputs())
