"""botocore's providers: asked with what the profile says, and kept from renewing another user's login."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.tokens
import pytest

from assume_helper.errors import SourceExpired
from assume_helper.system import home, sdk_provider

SSO: Any = botocore.tokens.SSOTokenProvider
CONSOLE: Any = botocore.credentials.LoginCredentialFetcher


@pytest.fixture(autouse=True)
def _botocore_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set there is set back at the end."""
    monkeypatch.setattr(SSO, "_refresh_access_token", SSO._refresh_access_token)
    monkeypatch.setattr(CONSOLE, "refresh_credentials", CONSOLE.refresh_credentials)


def test_a_profile_s_keys_are_found_in_its_files(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile dev]\nregion = eu-west-1\n")
    (tmp_path / "credentials").write_text("[dev]\naws_access_key_id = AKIADUMMY\naws_secret_access_key = dummy\n")
    files = str(tmp_path / "config"), str(tmp_path / "credentials")
    found = sdk_provider.load("shared-credentials-file", *files, "dev", {}, "/their/ca.pem")
    assert (found.access_key, found.secret_key, found.token) == ("AKIADUMMY", "dummy", None)
    (tmp_path / "credentials").write_text("")
    assert sdk_provider.load("shared-credentials-file", *files, "dev", {}) is None


def test_a_login_in_another_user_s_home_is_used_until_it_ends_and_never_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(home, "is_foreign", lambda _directory, _environ: True)
    sdk_provider._keep_foreign_logins()
    now = datetime.now(UTC)
    assert SSO._refresh_access_token(None, {"expiresAt": (now + timedelta(hours=1)).isoformat()}) is None
    with pytest.raises(SourceExpired, match="the login is in another user's HOME, and is not renewed there"):
        SSO._refresh_access_token(None, {"expiresAt": (now - timedelta(seconds=1)).isoformat()})
    with pytest.raises(SourceExpired, match="log in as that user"):
        CONSOLE.refresh_credentials(None)


def test_a_login_of_our_own_is_renewed_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    before = SSO._refresh_access_token, CONSOLE.refresh_credentials
    monkeypatch.setattr(home, "is_foreign", lambda _directory, _environ: False)
    sdk_provider._keep_foreign_logins()
    assert (SSO._refresh_access_token, CONSOLE.refresh_credentials) == before
