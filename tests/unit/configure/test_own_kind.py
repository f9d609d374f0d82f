"""What a profile is by itself, before and after the helper is in it."""

from pathlib import Path

import pytest

from assume_helper.configure import own_kind
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import StaticKeys

ROLE = "arn:aws:iam::123456789012:role/dev"
KEYS = "aws_access_key_id = AKIA\naws_secret_access_key = x\n"
OURS = "credential_process = /opt/assume-helper get dev\n"
PAIR = "credential_process = /opt/assume-helper get other\n"


def loaded(folder: Path, config: str, credentials: str = "") -> AwsConfig:
    (folder / "credentials").write_text(credentials)
    environ = {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}
    return aws_config.load(environ, config)


@pytest.mark.parametrize("process", ["", OURS, PAIR])
@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ("", None),
        ("sso_session = corp\n", None),
        (f"assume_helper_role_arn = {ROLE}\n", "role"),
        ("assume_helper_sso_account_id = 1\nassume_helper_sso_role_name = r\n", "permission set"),
        ("assume_helper_login_session = x\n", "console login"),
        ("assume_helper_credential_process = /x/other\n", "process"),
        ("assume_helper_credential_process = /x/other\nassume_helper_aws_access_key_id = AKIA\n", "process"),
        (KEYS, "access key"),
        ("include_profile = base\n", "console login"),
    ],
)
def test_a_call_of_the_helper_is_none_of_the_profile_s_own(
    tmp_path: Path, process: str, keys: str, kind: str | None
) -> None:
    config = loaded(tmp_path, f"[profile dev]\n{process}{keys}[profile base]\nlogin_session = x\n")
    assert own_kind.own_kind(config, "dev") == kind
    assert own_kind.is_pair(config, "dev") == (process == PAIR and kind in {None, "access key"})


def test_a_profile_that_goes_through_the_helper_is_served_and_a_source_as_it_was(tmp_path: Path) -> None:
    above = f"[profile above]\nrole_arn = {ROLE}\nsource_profile = dev\n"
    config = loaded(tmp_path, f"[profile dev]\n{OURS}{KEYS}{above}", f"[dev]\n{OURS}")
    assert role_chain.read_profile(config, {}, "dev").kind == "access key"
    assert isinstance(role_chain.read_profile(config, {}, "above").source, StaticKeys)
