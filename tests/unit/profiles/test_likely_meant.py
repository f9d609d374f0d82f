"""What is missing and what is like it: the message names it, and what it says mends."""

import os
from collections.abc import Callable

import pytest

from assume_helper.errors import SourceError
from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.origin import CredentialProcess, StaticKeys
from assume_helper.profiles.role import Profile

Read = Callable[..., Profile]
Refused = Callable[..., str]

DEV = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = base\n"


@pytest.mark.parametrize(
    ("section", "name", "right"),
    [
        ("[profile Foo Bar]", "Foo Bar", 'name it [profile "Foo Bar"]'),
        ("[profile dev] # see [wiki]", "dev", "name it [profile dev], and put what follows on a line of its own"),
        ("[Profile dev]", "dev", "name it [profile dev]"),
        ("[dev]", "dev", "name it [profile dev]"),
    ],
)
def test_a_profile_whose_section_is_not_read_is_named_with_its_line(
    refused: Refused, section: str, name: str, right: str
) -> None:
    said = refused(f"[profile other]\nregion = x\n{section}\nrole_arn = ROLE/dev\n", name=name)
    assert f"config, line 3 has a section {section[:20]}" in said
    assert said.endswith(f"; {right}")


@pytest.mark.parametrize("name", ["foo bar", "Foo", "FooBar", "Foo-Bar"])
def test_a_section_that_is_not_read_is_near_too(refused: Refused, name: str) -> None:
    said = refused("[profile other]\nregion = x\n[profile Foo Bar]\nrole_arn = ROLE/dev\n", name=name)
    assert said.endswith(f"{os.sep}config)")
    assert 'did you mean Foo Bar? then name it [profile "Foo Bar"] (line 3 of ' in said


@pytest.mark.parametrize("name", ["DEV", "Dev", "deb", "dev # main"])
def test_upper_case_is_no_difference_and_a_comment_is_named(refused: Refused, name: str) -> None:
    said = refused(DEV, name=name)
    assert ("put the comment on a line of its own" if "#" in name else "did you mean dev?") in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("bsae", "[dev] names profile bsae, which is not there; did you mean base?"),
        ("BASE", "did you mean base?"),
        ("base # main", "which is not there; put the comment on a line of its own"),
        ("Foo Bar", 'which is not there: * line 4 has a section [profile Foo Bar], * name it [profile "Foo Bar"]'),
        ("nothing-like-it", "which is not there; correct the name, or add that profile"),
    ],
)
def test_a_source_profile_that_is_not_there_is_told_with_what_is_like_it(
    refused: Refused, source: str, said: str
) -> None:
    told = refused(DEV.replace("base", source) + "[profile Foo Bar]\nregion = x\n")
    for part in said.split("*"):
        assert part.strip() in told


def test_an_included_profile_and_a_services_section_are_told_likewise(refused: Refused) -> None:
    said = refused("[profile dev]\ninclude_profile = comon\n[profile common]\nrole_arn = ROLE/dev\n")
    assert said == "[dev] includes profile comon, which is not there; did you mean common?"
    said = refused(f"{DEV}services = a b\n[services a b]\nsts =\n  endpoint_url = http://x\n")
    assert 'name it [services "a b"]' in said


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("assume_helper_role_anr", "assume_helper_role_arn"),
        ("assume_helper_rolearn", "assume_helper_role_arn"),
        ("asume_helper_role_arn", "assume_helper_role_arn"),
        ("role_anr", "role_arn"),
        ("role", "role_arn"),
    ],
)
def test_a_misspelt_role_is_told_with_the_right_key(refused: Refused, read: Read, key: str, right: str) -> None:
    config = f"[profile dev]\n{key} = ROLE/dev\nsource_profile = base\n"
    said = refused(config)
    assert said == (
        "profile dev has no role, no login, no credential_process and no access key; "
        f"did you mean {right}? rename the key {key} of [dev]"
    )
    assert read(config.replace(key, right)).identity.endswith("role/dev")


def test_aws_vault_s_old_name_of_include_profile_is_named(refused: Refused) -> None:
    said = refused("[profile dev]\nparent_profile = common\n[profile common]\nrole_arn = ROLE/dev\n")
    assert said.endswith("did you mean include_profile? rename the key parent_profile of [dev]")


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("assume_helper_source_porfile", "assume_helper_source_profile"),
        ("assume_helper_profile", "assume_helper_source_profile"),
        ("sorce_profile", "source_profile"),
        ("credential_sorce", "credential_source"),
    ],
)
def test_a_misspelt_source_is_told_with_the_right_key(refused: Refused, key: str, right: str) -> None:
    said = refused(f"[profile dev]\nrole_arn = ROLE/dev\n{key} = base\n")
    assert said.endswith(f"nothing to assume it with; did you mean {right}? rename the key {key} of [dev]")


def test_a_misspelt_key_of_a_source_is_told_with_the_right_one(refused: Refused) -> None:
    text = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = mine\n[profile mine]\naws_acess_key_id = AKIA\n"
    assert "did you mean aws_access_key_id?" in refused(text, SourceError)


@pytest.mark.parametrize("blanks", ["  ", "\t", " \t "])
def test_an_indented_line_is_told_as_the_part_of_a_value_that_it_is(refused: Refused, read: Read, blanks: str) -> None:
    config = f"[profile dev]\nregion = eu-west-1\n{blanks}role_arn = ROLE/dev\nsource_profile = base\n"
    said = refused(config)
    assert said.endswith("remove the blanks before role_arn in [dev]: they make it a part of region")
    assert read(config.replace(blanks + "role", "role")).identity.endswith("role/dev")
    said = refused(f"[profile dev]\nrole_arn = ROLE/dev\n{blanks}source_profile = base\n")
    assert said.startswith("role_arn of [dev] holds a control character: its value goes on in the next, indented line;")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("role_arn", "ROLE/dev"),
        ("duration_seconds", "3600"),
        ("mfa_serial", "arn:aws:iam::123456789012:mfa/me"),
        ("external_id", "an-id"),
        ("region", "us-east-1"),
        ("endpoint_url", "https://sts.internal"),
        ("use_fips_endpoint", "true"),
    ],
)
@pytest.mark.parametrize("comment", [" # main", "  ; main", " #"])
def test_a_comment_behind_a_value_is_named(refused: Refused, key: str, value: str, comment: str) -> None:
    lines = {"role_arn": "ROLE/dev", "source_profile": "base", key: value + comment}
    said = refused("[profile dev]\n" + "".join(f"{name} = {text}\n" for name, text in lines.items()))
    assert said.endswith("; put the comment on a line of its own: here it is a part of the value")
    assert key in said


def test_a_comment_behind_a_credential_source_is_named(refused: Refused) -> None:
    said = refused("[profile dev]\nrole_arn = ROLE/dev\ncredential_source = Environment # CI\n")
    assert said.endswith("is Environment # CI; put the comment on a line of its own: here it is a part of the value")


@pytest.mark.parametrize("section", ["[sso-session my corp]", "[sso-session my corp] # [x]", "[SSO-session my corp]"])
def test_a_login_whose_session_is_not_read_is_told_with_its_line(refused: Refused, section: str) -> None:
    keys = "sso_account_id = 1\nsso_role_name = r\nsso_session = my corp\n"
    said = refused(f"{DEV.replace('base', 'login')}[profile login]\n{keys}{section}\nsso_region = x\n")
    assert "[login] names sso_session = my corp, which is not there: " in said
    assert f"line 8 has a section {section}" in said
    assert 'name it [sso-session "my corp"]' in said


def test_the_comment_of_a_pair_s_process_is_named(refused: Refused) -> None:
    for comment in ("# main", "# don't"):
        said = refused(f"[profile dev]\ncredential_process = assume-helper get role {comment}\n[profile role]\nx = y\n")
        assert said == (
            "the credential_process of [dev] has a comment behind it, which this helper is handed too; "
            "put the comment of its credential_process on a line of its own"
        )
    source = "[profile dev]\nrole_arn = ROLE/dev\nsource_profile = b\n[profile b]\n"
    assert "[b] has a comment behind it" in refused(f"{source}credential_process = assume-helper get role # main\n")


# A region that is not used.


@pytest.mark.parametrize("where", ["source", "role"])
def test_a_bad_region_that_the_environment_s_wins_over_fails_nobody(read: Read, refused: Refused, where: str) -> None:
    hub = "[profile hub]\nrole_arn = ROLE/hub\nsource_profile = base\n"
    dev = DEV.replace("base", "hub")
    bad = "region = us-east-1 # main\n"
    config = dev + hub + bad if where == "source" else dev + bad + hub
    found = read(config, environ={"AWS_REGION": "eu-west-1"})
    assert [link.endpoint.region for link in found.links()] == ["eu-west-1", "eu-west-1"]
    said = refused(config)
    assert f"region of [{'hub' if where == 'source' else 'dev'}]: the region us-east-1 # main is not valid" in said


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("value", [" us-east-1", "us-east-1 ", "us east 1", " ", "us-east-1\u00a0", "\tus-east-1"])
def test_a_blank_in_a_variable_is_shown_with_the_variable(read: Read, name: str, value: str) -> None:
    from assume_helper.errors import ConfigurationError

    with pytest.raises(ConfigurationError) as caught:
        read(DEV, environ={name: value})
    assert caught.value.message.startswith(f"{name}: the region ")
    if value != value.strip(" "):
        assert '"' in caught.value.message or "\\x" in caught.value.message
    assert "use a name like eu-central-1" in caught.value.next_step


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_a_bad_endpoint_is_shown_with_its_variable(read: Read, name: str) -> None:
    from assume_helper.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match=f'{name}: the endpoint URL "https://sts.internal " is not valid; '):
        read(DEV, environ={name: "https://sts.internal "})


# What is handed to a source.

LOGIN = "[profile login]\nsso_account_id = 123456789012\nsso_role_name = r\nsso_session = s\n"
SESSION = "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"


@pytest.mark.parametrize(
    ("role", "login", "environ", "bundle"),
    [
        ("", "ca_bundle = /login.pem\n", {}, "/login.pem"),
        ("", "assume_helper_ca_bundle = /login.pem\n", {}, "/login.pem"),
        ("ca_bundle = /role.pem\n", "", {}, "/role.pem"),
        ("ca_bundle = /role.pem\n", "ca_bundle = /login.pem\n", {}, "/login.pem"),
        ("ca_bundle = /role.pem\n", "", {"AWS_CA_BUNDLE": "/variable.pem"}, "/variable.pem"),
        ("", "", {"REQUESTS_CA_BUNDLE": "/requests.pem"}, "/requests.pem"),
        ("", "", {}, None),
    ],
)
@pytest.mark.parametrize("kind", ["sso", "console"])
def test_a_login_s_services_are_trusted_as_sts_is(
    read: Read, role: str, login: str, environ: dict[str, str], bundle: str | None, kind: str
) -> None:
    keys = LOGIN if kind == "sso" else "[profile login]\nlogin_session = arn:aws:iam::123456789012:user/me\n"
    source = read(DEV.replace("base", "login") + role + keys + login + SESSION, environ=environ).origin
    assert isinstance(source, PermissionSet | ConsoleLogin)
    service = source.login.service if isinstance(source, PermissionSet) else source.service
    assert service.ca_bundle == bundle


@pytest.mark.parametrize(
    ("keys", "token"),
    [
        ("aws_security_token = old\n", "old"),
        ("aws_session_token = new\n", "new"),
        ("aws_session_token = new\naws_security_token = old\n", "old"),
        ("assume_helper_aws_session_token = ours\naws_security_token = old\n", "ours"),
        ("assume_helper_aws_security_token = ours\naws_session_token = new\n", "ours"),
    ],
)
def test_a_session_token_may_have_its_old_name_as_for_botocore(read: Read, keys: str, token: str) -> None:
    base = f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n{keys}"
    source = read(DEV, credentials=base).source
    assert isinstance(source, StaticKeys)
    assert source.session_token == token


def test_an_included_profile_s_old_token_is_not_included(read: Read) -> None:
    text = DEV.replace("base", "mine") + "[profile mine]\ncredential_process = x\ninclude_profile = base\n"
    assert isinstance(read(text).origin, CredentialProcess)
    base = "[base]\naws_access_key_id = A\naws_secret_access_key = s\naws_security_token = t\n"
    keys = "[profile mine]\naws_access_key_id = B\naws_secret_access_key = s\ninclude_profile = base\n"
    source = read(DEV.replace("base", "mine") + keys, credentials=base).source
    assert isinstance(source, StaticKeys)
    assert source.session_token is None


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("assume_helper_sesion_policy", "assume_helper_session_policy"),
        ("assume_helper_mfa_serail", "assume_helper_mfa_serial"),
        ("assume_helper_duration", "assume_helper_duration_seconds"),
        ("assume_helper_cahce", "assume_helper_cache"),
    ],
)
def test_a_misspelt_key_for_this_helper_alone_is_refused_wherever_it_stands_in_the_chain(
    refused: Refused, key: str, right: str
) -> None:
    for text in (f"{DEV}{key} = x\n", DEV.replace("base", "hub") + DEV.replace("dev", "hub") + f"{key} = x\n"):
        said = refused(text)
        assert said.endswith(f"has the unknown key {key}; did you mean {right}? rename the key, or remove it")


@pytest.mark.parametrize("key", ["assume_helper_zzz", "assume_helper_cache", "rolearn", "mfa_serail", "colour"])
def test_a_key_that_may_be_another_program_s_or_is_like_none_is_let_pass(read: Read, key: str) -> None:
    assert read(f"{DEV}{key} = file\n").identity.endswith("role/dev")
