"""Every login: of sessions and profiles, each once, and of token files that nothing names."""

import json
from pathlib import Path

from identity_center import SESSION, START_URL, USER, Center, permission_set, sso_session
from running import Home

from assume_helper.profiles import aws_config
from assume_helper.profiles.every_login import every_login
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, Login


def found(home: Home, text: str, **environ: str) -> list[Login]:
    home.config.write_text(text)
    return every_login(aws_config.load(home.environ | environ), home.environ | environ)


def test_a_login_that_many_name_is_there_once_by_its_session(home: Home) -> None:
    over = "[profile over]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = a\n"
    text = sso_session() + permission_set("a") + permission_set("b", role="Other") + over
    (only,) = found(home, text)
    assert isinstance(only, IdentityCenterLogin)
    assert only.session_name == SESSION


def test_each_form_is_there_and_what_cannot_be_read_names_none(home: Home) -> None:
    text = (
        sso_session()
        + "[sso-session half]\nsso_region = us-east-1\n"
        + permission_set("legacy", session_name=None)
        + permission_set("lost", session_name="not there")
        + f"[profile console]\nlogin_session = {USER}\n"
        + "[profile key]\naws_access_key_id = AKIA\naws_secret_access_key = x\n[profile nothing]\nregion = a\n"
    )
    names = [each.profile if isinstance(each, ConsoleLogin) else each.session_name for each in found(home, text)]
    assert names == [SESSION, None, "console"]


def test_a_token_file_that_nothing_names_is_a_login_by_what_it_says(home: Home) -> None:
    center = Center()
    sso, console = center.log_in(home, "gone"), center.console_log_in(home)
    of_session, of_console = found(home, "[default]\nca_bundle = /ca.pem\n", AWS_ENDPOINT_URL_SSO="http://127.0.0.1:1")
    assert isinstance(of_session, IdentityCenterLogin)
    assert (of_session.start_url, of_session.session_name) == (START_URL, None)
    assert of_session.token_path == str(sso.path)
    assert of_session.service.endpoint_urls == {"sso": "http://127.0.0.1:1"}
    assert of_session.service.ca_bundle == "/ca.pem"
    assert isinstance(of_console, ConsoleLogin)
    assert of_console.token_path == str(console.path)


def test_other_files_are_none(home: Home) -> None:
    """Registrations, and the tokens of other programs."""
    sso = Center().log_in(home)
    sso.path.unlink()
    folder = sso.path.parent
    tokens = {"accessToken": "x", "startUrl": START_URL, "expiresAt": "2030-01-01T00:00:00Z"}
    (folder / "kiro-auth-token.json").write_text(json.dumps(tokens))
    (folder / f"{'1' * 40}.json").write_text(json.dumps({"accessToken": "x"}))
    (folder / f"{'2' * 40}.json").write_text(json.dumps([tokens]))
    assert found(home, "") == []
    (folder / f"{'1' * 40}.json").write_text(json.dumps(tokens))
    assert len(found(home, "")) == 1


def test_a_moved_folder_of_console_logins_is_where_they_are(home: Home, tmp_path: Path) -> None:
    console = Center().console_log_in(home)
    console.path.rename(tmp_path / console.path.name)
    assert found(home, "") == []
    (only,) = found(home, "", AWS_LOGIN_CACHE_DIRECTORY=str(tmp_path))
    assert only.token_path == str(tmp_path / console.path.name)
