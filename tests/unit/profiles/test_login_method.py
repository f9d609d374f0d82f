"""How to log in is said by the profile, else by its session; and a session is read by its name alone."""

from pathlib import Path

import pytest
from identity_center import SESSION, permission_set, sso_session

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config, login_settings, role_chain
from assume_helper.profiles.login import ConsoleLogin, PermissionSet

URL = "http://127.0.0.1:9"


def environ(folder: Path, text: str, **more: str) -> dict[str, str]:
    (folder / "config").write_text(text)
    return {"HOME": str(folder), "AWS_CONFIG_FILE": str(folder / "config"), **more}


@pytest.mark.parametrize(
    ("profile", "session", "method"),
    [
        ("", {}, None),
        ("assume_helper_login = device\n", {}, "device"),
        ("assume_helper_login = Browser\n", {"assume_helper_login": "device"}, "browser"),
        ("", {"assume_helper_login": "device"}, "device"),
        ("login = device\n", {"login": "device"}, None),
    ],
)
def test_the_profile_says_how_to_log_in_else_its_session(
    tmp_path: Path, profile: str, session: dict[str, str], method: str | None
) -> None:
    around = environ(tmp_path, permission_set("dev") + profile + sso_session(**session))
    config = aws_config.load(around)
    origin = role_chain.read_profile(config, around, "dev").origin
    assert isinstance(origin, PermissionSet)
    assert origin.login.method == method


def test_a_console_login_may_say_it_too(tmp_path: Path) -> None:
    text = "[profile c]\nlogin_session = arn:aws:iam::123456789012:user/me\nassume_helper_login = device\n"
    around = environ(tmp_path, text)
    origin = role_chain.read_profile(aws_config.load(around), around, "c").origin
    assert isinstance(origin, ConsoleLogin)
    assert origin.method == "device"


@pytest.mark.parametrize("where", ["profile", "session"])
def test_another_way_to_log_in_is_an_error_that_names_both(tmp_path: Path, where: str) -> None:
    mine, of_session = "assume_helper_login = code\n", {"assume_helper_login": "code"}
    text = permission_set("dev") + (mine + sso_session() if where == "profile" else sso_session(**of_session))
    around = environ(tmp_path, text)
    named = r"\[dev\]" if where == "profile" else r"\[sso-session corp\]"
    with pytest.raises(ConfigurationError, match=rf"assume_helper_login of {named} is code; use device or browser"):
        role_chain.read_profile(aws_config.load(around), around, "dev")


def test_a_session_is_the_same_login_by_its_name_and_by_a_profile(tmp_path: Path) -> None:
    around = environ(tmp_path, permission_set("dev") + sso_session(sso_registration_scopes="sso:account:access"))
    config = aws_config.load(around)
    origin = role_chain.read_profile(config, around, "dev").origin
    assert isinstance(origin, PermissionSet)
    assert login_settings.of_session(config, SESSION, around) == origin.login


def test_a_session_by_its_name_has_the_endpoints_of_the_profile_that_the_environment_names(tmp_path: Path) -> None:
    text = sso_session() + f"[profile me]\nservices = local\n[services local]\nsso_oidc =\n  endpoint_url = {URL}\n"
    around = environ(tmp_path, text, AWS_PROFILE="me")
    found = login_settings.of_session(aws_config.load(around), SESSION, around)
    assert found.service.endpoint_urls == {"sso-oidc": URL}
    around = environ(tmp_path, text)
    assert not login_settings.of_session(aws_config.load(around), SESSION, around).service.endpoint_urls


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (sso_session(), "crop", r"there is no \[sso-session crop\] in .*config; did you mean corp\?"),
        (sso_session(), "other", "there are: corp"),
        ("", "corp", "add that section, with sso_start_url and sso_region"),
        ("[sso-session corp]\nsso_region = us-east-1\n", "corp", "has no sso_start_url"),
        (sso_session(start_url="corp"), "corp", r"sso_start_url of \[sso-session corp\] is no start URL: corp"),
        (sso_session(region="us east"), "corp", r"sso_region of \[sso-session corp\]"),
    ],
)
def test_a_session_that_cannot_be_used_says_why(tmp_path: Path, text: str, name: str, words: str) -> None:
    around = environ(tmp_path, text)
    with pytest.raises(ConfigurationError, match=words):
        login_settings.of_session(aws_config.load(around), name, around)
