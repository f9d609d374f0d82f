"""What a profile says of a login: complete and consistent, or refused with what mends it."""

import os
from collections.abc import Callable

import pytest

from assume_helper.profiles.login import ConsoleLogin, PermissionSet
from assume_helper.profiles.role import Profile
from assume_helper.text import typed

Read = Callable[..., Profile]
Refused = Callable[..., str]

USER = "arn:aws:iam::123456789012:user/me"
DEV = "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
SECTION = "[sso-session corp]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
LEGACY = (
    "[profile dev]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-west-1\n"
    "sso_account_id = 123456789012\nsso_role_name = Reader\n"
)
CONSOLE = f"[profile dev]\nlogin_session = {USER}\n"


def permission_set(read: Read, text: str, **environ: str) -> PermissionSet:
    found = read(text, environ=environ).source
    assert isinstance(found, PermissionSet)
    return found


def console_login(read: Read, text: str, **environ: str) -> ConsoleLogin:
    found = read(text, environ=environ).source
    assert isinstance(found, ConsoleLogin)
    return found


@pytest.mark.parametrize(
    ("there", "missing"), [("sso_account_id", "sso_role_name"), ("sso_role_name", "sso_account_id")]
)
def test_half_of_a_permission_set_is_refused(refused: Refused, there: str, missing: str) -> None:
    said = refused(f"[profile dev]\nsso_session = corp\n{there} = 123456789012\n{SECTION}")
    assert said == f"[dev] has {there} and no {missing}; add {missing}, or take {there} out"


@pytest.mark.parametrize("key", ["sso_start_url", "sso_region"])
def test_a_login_that_is_not_complete_says_where_what_is_missing(refused: Refused, key: str) -> None:
    def without(text: str) -> str:
        return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(key))

    said = refused(DEV + without(SECTION))
    assert said.startswith(f"the login of [dev] is not complete: [sso-session corp] has no {key}; ")
    assert refused(without(LEGACY)).startswith(f"the login of [dev] is not complete: [dev] has no {key}; ")


def test_a_section_that_is_not_there_is_named(refused: Refused) -> None:
    assert refused(DEV) == "[dev] names sso_session = corp, which is not there; add that section"


@pytest.mark.parametrize(
    ("key", "value"), [("sso_start_url", "https://y.awsapps.com/start"), ("sso_region", "us-east-1")]
)
@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_a_key_that_differs_from_the_section_s_is_refused_as_by_botocore(
    refused: Refused, prefix: str, key: str, value: str
) -> None:
    said = refused(f"{DEV}{prefix}{key} = {value}\n{SECTION}")
    assert said == f"{key} of [dev] differs from that of [sso-session corp]; take {key} out of [dev]"


def test_a_key_that_is_the_section_s_too_is_fine(read: Read) -> None:
    text = DEV + SECTION.partition("\n")[2] + SECTION
    assert permission_set(read, text) == permission_set(read, DEV + SECTION)


@pytest.mark.parametrize(
    "url",
    ["x.awsapps.com/start", "http://x.awsapps.com/start", "https://", "https:///start", "https://[", "https://a b"],
)
@pytest.mark.parametrize("text", [DEV + SECTION, LEGACY])
def test_what_is_no_start_url_is_refused(refused: Refused, text: str, url: str) -> None:
    said = refused(text.replace("https://x.awsapps.com/start", url))
    assert said == f"sso_start_url of [dev] is no start URL: {url}; it looks like https://NAME.awsapps.com/start"


def test_a_comment_behind_a_start_url_is_named(refused: Refused) -> None:
    assert "put the comment on a line of its own" in refused(LEGACY.replace("/start", "/start # ours"))


@pytest.mark.parametrize("region", ["eu west", "<", "eu-west-1 # ours"])
def test_what_is_no_region_is_refused(refused: Refused, region: str) -> None:
    said = refused(DEV + SECTION.replace("eu-west-1", region))
    assert said.startswith("sso_region of [dev]: the region ")


HOME = {"HOME": "/home/me", "USERPROFILE": "/home/me"}
CACHE = os.path.join(os.path.abspath("/home/me"), ".aws", "sso", "cache", "")


def test_the_token_file_is_the_aws_cli_s(read: Read) -> None:
    session = permission_set(read, DEV + SECTION, **HOME).login
    legacy = permission_set(read, LEGACY, **HOME).login
    # SHA-1 of the session's name, and of the start URL.
    assert session.token_path == f"{CACHE}ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
    assert legacy.token_path == f"{CACHE}3947de8b16688092197fa616c34e01335f21d256.json"
    assert (legacy.session_name, legacy.start_url) == (None, session.start_url)


def test_scopes_are_told_from_none(read: Read) -> None:
    assert permission_set(read, DEV + SECTION).login.registration_scopes is None
    scoped = f"{DEV}{SECTION}sso_registration_scopes = sso:account:access, other ,\n"
    assert permission_set(read, scoped).login.registration_scopes == ("sso:account:access", "other")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (DEV + SECTION, "assume-helper login --sso-session corp"),
        (DEV.replace("sso_session", "assume_helper_sso_session") + SECTION, "assume-helper login --sso-session corp"),
        (LEGACY, "assume-helper login dev"),
        (LEGACY.replace("sso_start", "assume_helper_sso_start"), "assume-helper login dev"),
        (
            DEV.replace("corp", "-c d") + SECTION.replace("corp", "'-c d'"),
            f"assume-helper login --sso-session={typed('-c d')}",
        ),
    ],
)
def test_the_command_that_logs_in_names_the_session_else_the_profile(read: Read, text: str, command: str) -> None:
    assert permission_set(read, text).command == command


@pytest.mark.parametrize(("name", "shown"), [("a b", typed("a b")), ("-a", "-- -a"), ("-a b", f"-- {typed('-a b')}")])
@pytest.mark.parametrize("text", [LEGACY, CONSOLE])
def test_a_profile_s_name_is_quoted_in_the_command(read: Read, text: str, name: str, shown: str) -> None:
    found = read(text.replace("profile dev", f"profile '{name}'"), name).source
    assert isinstance(found, PermissionSet | ConsoleLogin)
    assert found.command == f"assume-helper login {shown}"


# The services.


def test_the_services_variables_are_taken_and_each_is_its_own(read: Read) -> None:
    urls = {"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SSO_OIDC": "http://127.0.0.1:2"}
    service = permission_set(read, DEV + SECTION, **urls, AWS_ENDPOINT_URL_SIGNIN="http://127.0.0.1:3").login.service
    assert service.region == "eu-west-1"
    assert service.endpoint_urls == {"sso": "http://127.0.0.1:1", "sso-oidc": "http://127.0.0.1:2"}
    found = console_login(read, CONSOLE, **urls, AWS_ENDPOINT_URL_SIGNIN="http://127.0.0.1:3").service
    assert found.endpoint_urls == {"signin": "http://127.0.0.1:3"}


@pytest.mark.parametrize("text", [DEV + "services = here\n" + SECTION, CONSOLE + "services = here\n"])
def test_a_services_section_is_taken_after_the_variables(read: Read, text: str) -> None:
    section = "[services here]\n" + "".join(
        f"{name} =\n  endpoint_url = http://127.0.0.1/{name}\n" for name in ("sso", "sso_oidc", "signin")
    )
    source = read(text + section).source
    assert isinstance(source, PermissionSet | ConsoleLogin)
    service = source.login.service if isinstance(source, PermissionSet) else source.service
    assert service.endpoint_urls == {
        name: f"http://127.0.0.1/{name.replace('-', '_')}" for name in service.endpoint_urls
    }
    assert len(service.endpoint_urls) == (2 if isinstance(source, PermissionSet) else 1)
    if isinstance(source, PermissionSet):
        again = permission_set(read, text + section, AWS_ENDPOINT_URL_SSO="http://127.0.0.1:1").login.service
        assert again.endpoint_urls["sso"] == "http://127.0.0.1:1"


def test_an_endpoint_of_the_helper_s_own_is_sts_s_alone(read: Read) -> None:
    text = DEV + "assume_helper_endpoint_url = http://127.0.0.1\n" + SECTION
    assert permission_set(read, text).login.service.endpoint_urls == {}
    bare = DEV + "endpoint_url = http://127.0.0.1\n" + SECTION
    assert set(permission_set(read, bare).login.service.endpoint_urls) == {"sso", "sso-oidc"}


def test_endpoints_that_are_to_be_ignored_are(read: Read) -> None:
    environ = {"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert permission_set(read, DEV + SECTION, **environ).login.service.endpoint_urls == {}


@pytest.mark.parametrize(
    ("text", "environ", "region"),
    [
        (CONSOLE, {}, "us-east-1"),
        (CONSOLE, {"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        (CONSOLE + "region = eu-central-1\n", {"AWS_REGION": "eu-west-1"}, "eu-central-1"),
    ],
)
def test_a_console_login_s_region_is_the_profile_s(read: Read, text: str, environ: dict[str, str], region: str) -> None:
    assert console_login(read, text, **environ).service.region == region


def test_a_console_login_s_folder_may_be_moved(read: Read) -> None:
    found = console_login(read, CONSOLE, **HOME)
    assert found.token_path.startswith(CACHE.replace("sso", "login"))
    moved = console_login(read, CONSOLE, **HOME, AWS_LOGIN_CACHE_DIRECTORY="/elsewhere")
    assert moved.token_path.startswith(os.path.join(os.path.abspath("/elsewhere"), ""))
    assert moved.command == "assume-helper login dev"
