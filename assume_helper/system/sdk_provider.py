"""botocore's credential providers, asked one at a time and without anything that the environment says."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from assume_helper.errors import SourceExpired
from assume_helper.system import home


def load(
    method: str,
    config_path: str,
    credentials_path: str,
    profile: str | None,
    settings: Mapping[str, str],
    ca_bundle: str | None = None,
) -> Any:
    """What the provider `method` (botocore's `CredentialProvider.METHOD`) gives, None where it gives nothing.

    `profile` is read from the two files; `settings` are keys of it that botocore does not find there. `ca_bundle` is
    the path of the certificates to trust, None for botocore's own. Raises botocore's errors,
    and ConfigurationError for an `http://` URL that may not be used.
    """
    import botocore.session

    from assume_helper.system import guarded_http

    guarded_http.install()
    _keep_foreign_logins()
    session = botocore.session.Session(profile=profile)
    session.set_config_variable("config_file", config_path)
    session.set_config_variable("credentials_file", credentials_path)
    if ca_bundle is not None:
        session.set_config_variable("ca_bundle", ca_bundle)
    if profile is not None:
        session.full_config["profiles"].setdefault(profile, {}).update(settings)
    found: Any = session.get_component("credential_provider").get_provider(method).load()
    return None if found is None else found.get_frozen_credentials()


def _keep_foreign_logins() -> None:
    """Have botocore renew no login that is in another user's HOME: its new file would be closed to that user."""
    import botocore.credentials
    import botocore.tokens
    import botocore.utils

    def refuse(*_fetcher: object) -> None:
        raise SourceExpired("the login is in another user's HOME, and is not renewed there", "log in as that user")

    def use_as_it_is(_provider: object, token: Mapping[str, str]) -> None:
        if datetime.fromisoformat(token["expiresAt"]) <= datetime.now(UTC):
            refuse()

    sso: Any = botocore.tokens.SSOTokenProvider
    console: Any = botocore.credentials.LoginCredentialFetcher
    if home.is_foreign(sso._SSO_TOKEN_CACHE_DIR, os.environ):
        sso._refresh_access_token = use_as_it_is
    if home.is_foreign(botocore.utils.get_login_token_cache_directory(), os.environ):
        console.refresh_credentials = refuse
