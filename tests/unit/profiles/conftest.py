"""A profile, read from config text: what the tests of this wing begin with."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from assume_helper.errors import AssumeHelperError, ConfigurationError, UnknownProfile
from assume_helper.profiles import aws_config, role_chain
from assume_helper.profiles.role import Profile

ROLE = "arn:aws:iam::123456789012:role"
SECRET = "CanarySecret/0123456789"
BASE = f"\n[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Profile]:
    """Reads profile `dev` (or another) of a config file with this text, beside a credentials file with `base`.

    `ROLE/` in the text stands for the ARN that a role's name follows.
    """

    def reads(
        config: str, name: str = "dev", *, credentials: str = BASE, environ: Mapping[str, str] | None = None
    ) -> Profile:
        (tmp_path / "config").write_text(dedent(config).replace("ROLE/", ROLE + "/"), encoding="utf-8")
        (tmp_path / "credentials").write_text(dedent(credentials), encoding="utf-8")
        paths = {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
        return role_chain.read_profile(aws_config.load(paths), environ or {}, name)

    return reads


@pytest.fixture
def refused(read: Callable[..., Profile]) -> Callable[..., str]:
    """Says why profile `dev` (or another) of a config file with this text cannot be read, without the secret."""

    def refuses(config: str, kind: type[AssumeHelperError] = ConfigurationError, name: str = "dev") -> str:
        with pytest.raises(AssumeHelperError) as caught:
            read(config, name)
        assert type(caught.value) in ({ConfigurationError, UnknownProfile} if kind is ConfigurationError else {kind})
        assert SECRET not in str(caught.value)
        return str(caught.value)

    return refuses
