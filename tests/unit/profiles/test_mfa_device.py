"""Which MFA device a role needs: the role's own keys, its source profile's, those of the roles behind it."""

from collections.abc import Callable

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.profiles.origin import MFADevice
from assume_helper.profiles.role import Profile

Read = Callable[..., Profile]

# A role, and its source profile `here`.
DEV = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = here\n"
HERE = "[profile here]\n"
SOURCE = DEV + HERE
HUB = "role_arn = ROLE/hub\nsource_profile = base\n"
MFA = "mfa_serial = GAHT12345678\n"


def link(profile: Profile) -> Profile:
    assert isinstance(profile.source, Profile)
    return profile.source


def test_a_role_s_device_is_its_own_then_its_source_profile_s(read: Read) -> None:
    dev = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"
    assert read(dev).mfa is None
    assert read(dev + MFA).mfa == MFADevice("GAHT12345678", None, 43_200)
    base = f"[profile base]\n{MFA}mfa_process = show 'a code'\nmfa_session_duration_seconds = 900\n"
    assert read(dev + base).mfa == MFADevice("GAHT12345678", "show 'a code'", 900)
    own = dev + "assume_helper_mfa_serial = GAHT12345678\nmfa_session_duration_seconds = 1800\n"
    assert read(own + base).mfa == MFADevice("GAHT12345678", "show 'a code'", 1800)


def test_another_device_s_codes_are_not_this_one_s(read: Read) -> None:
    dev = f"[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n{MFA}"
    base = "[profile base]\nmfa_serial = GAHT87654321\nmfa_process = show other\n"
    assert read(dev + base).mfa == MFADevice("GAHT12345678", None)
    assert read(dev + base.replace("87654321", "12345678")).mfa == MFADevice("GAHT12345678", "show other")


def test_only_the_device_that_is_used_must_show_codes(read: Read) -> None:
    dev = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"
    base = "[profile base]\nmfa_serial = arn:aws:iam::123456789012:u2f/user/me/key\n"
    assert read(dev + MFA + base).mfa == MFADevice("GAHT12345678")
    with pytest.raises(ConfigurationError, match="is that of a security key"):
        read(dev + base)


def test_an_included_profile_s_device_is_the_role_s(read: Read) -> None:
    profile = read(
        f"[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\ninclude_profile = x\n[profile x]\n{MFA}"
    )
    assert profile.mfa == MFADevice("GAHT12345678")


def test_in_a_chain_the_code_is_used_where_it_begins(read: Read) -> None:
    dev = DEV
    for text in (dev + MFA + HERE + HUB, SOURCE + HUB + MFA, SOURCE + HUB + f"[profile base]\n{MFA}"):
        profile = read(text)
        assert (profile.mfa, link(profile).mfa) == (None, MFADevice("GAHT12345678"))
        assert profile.asks_for_code


def test_in_a_chain_the_nearest_to_its_beginning_counts(read: Read) -> None:
    other = "mfa_serial = GAHT87654321\n"
    asking = DEV + other + HERE + HUB
    assert link(read(asking + MFA)).mfa == MFADevice("GAHT12345678")
    assert link(read(asking + f"[profile base]\n{MFA}")).mfa == MFADevice("GAHT12345678")


@pytest.mark.parametrize(
    "source",
    [
        "credential_source = Ec2InstanceMetadata\n",
        "web_identity_token_file = /token\n",
        "source_profile = me\n[profile me]\nsso_account_id = 123456789012\nsso_role_name = R\nsso_region = eu-west-1\n"
        "sso_start_url = https://x.awsapps.com/start\n",
        "source_profile = me\n[profile me]\nlogin_session = arn:aws:iam::123456789012:user/me\n",
    ],
)
def test_a_login_and_a_machine_have_no_device(read: Read, source: str) -> None:
    assert not read(f"[profile dev]\nrole_arn = ROLE/dev\n{MFA}{source}").asks_for_code


def test_the_environment_s_key_has_the_role_s_device(read: Read) -> None:
    text = f"[profile dev]\nrole_arn = ROLE/dev\ncredential_source = Environment\n{MFA}"
    assert read(text, environ={"AWS_ACCESS_KEY_ID": "AKIA"}).mfa == MFADevice("GAHT12345678")
