"""A profile of no kind: what it has is named, and the key that was meant."""

from collections.abc import Callable

import pytest

from assume_helper.errors import SourceError

Refused = Callable[..., str]

NOTHING = "profile dev has no role, no login, no credential_process and no access key; "


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("sso_acount_id", "sso_account_id"),
        ("sso_rolename", "sso_role_name"),
        ("loginsession", "login_session"),
        ("credential_proces", "credential_process"),
        ("aws_acess_key_id", "aws_access_key_id"),
        ("web_identity_tokenfile", "web_identity_token_file"),
        ("assume_helper_login_sesion", "assume_helper_login_session"),
    ],
)
def test_a_misspelt_key_of_any_kind_is_named(refused: Refused, key: str, right: str) -> None:
    said = refused(f"[profile dev]\n{key} = x\n")
    assert said == f"{NOTHING}did you mean {right}? rename the key {key} of [dev]"


def test_a_key_of_an_included_profile_counts(refused: Refused) -> None:
    said = refused("[profile dev]\ninclude_profile = common\n[profile common]\nlogin_sesion = x\n")
    assert said.endswith("did you mean login_session? rename the key login_sesion of [common]")


def test_without_a_guess_a_role_is_proposed(refused: Refused) -> None:
    said = refused("[profile dev]\nregion = us-east-1\n")
    assert said.startswith(f"{NOTHING}add role_arn (or assume_helper_role_arn) and source_profile to it in ")


def test_a_source_of_no_kind_is_told_likewise(refused: Refused) -> None:
    dev = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = me\n[profile me]\n"
    said = refused(f"{dev}sso_acount_id = 1\n", SourceError)
    assert said == (
        "source profile me has no credentials; did you mean sso_account_id? rename the key sso_acount_id of [me]"
    )


def test_a_profile_whose_only_key_is_the_helper_s_command_is_drawn_as_a_loop(refused: Refused) -> None:
    said = refused("[profile dev]\nassume_helper_credential_process = assume-helper get dev\n")
    assert "leads back to it: dev -> dev; add assume_helper_role_arn" in said


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
@pytest.mark.parametrize("process", ["", "credential_process = assume-helper get dev\n"])
@pytest.mark.parametrize("key", ["sso_session = corp", "sso_start_url = https://x.awsapps.com/start"])
def test_a_login_alone_is_told_what_makes_a_permission_set(
    refused: Refused, prefix: str, process: str, key: str
) -> None:
    said = refused(f"[profile dev]\n{prefix}{key}\n{process}")
    assert said.startswith(
        "profile dev names a login of IAM Identity Center, and no permission set; "
        f"add {prefix}sso_account_id and {prefix}sso_role_name to it in "
    )
