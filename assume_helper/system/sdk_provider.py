"""botocore's credential providers, asked one at a time and without anything that the environment says."""

from collections.abc import Mapping
from typing import Any


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
    session = botocore.session.Session(profile=profile)
    session.set_config_variable("config_file", config_path)
    session.set_config_variable("credentials_file", credentials_path)
    if ca_bundle is not None:
        session.set_config_variable("ca_bundle", ca_bundle)
    if profile is not None:
        session.full_config["profiles"].setdefault(profile, {}).update(settings)
    found: Any = session.get_component("credential_provider").get_provider(method).load()
    return None if found is None else found.get_frozen_credentials()
