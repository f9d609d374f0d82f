"""What the integration tests share."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials
from front import Front, session
from mfa_roles import CONFIG as MFA_CONFIG
from native_front import SANITIZER_OPTIONS, Scene, built, console_script, with_recorder
from running import ACCESS_KEY_ID, SECRET, Home
from strict import Role, Strict


@pytest.fixture
def strict(role: Home, offline_front: Front) -> Strict:
    """STS that wants MFA for every role, but for the source's user to have shown a code."""
    strict = Strict(Credentials(ACCESS_KEY_ID, SECRET), otherwise=Role(longest=43_200, wants_mfa=True))
    offline_front.behaviour = strict
    role.config.write_text(MFA_CONFIG)
    role.environ |= {"AWS_ENDPOINT_URL": offline_front.url, "AWS_REGION": "us-east-1"}
    return strict


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The native front, with the Python program beside it; the workers of one run share it."""
    base = tmp_path_factory.getbasetemp()
    return built(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@pytest.fixture
def cold(role: Home, offline_front: Front, native: Path, tmp_path: Path) -> Scene:
    """A home whose profile `dev` gets a session, which ends at the same time for all who ask. Nothing is cached."""
    role.unmeasured()
    role.environ |= SANITIZER_OPTIONS
    ends = datetime.now(UTC) + timedelta(hours=1)
    offline_front.behaviour = session(Expiration=ends.strftime("%Y-%m-%dT%H:%M:%SZ"))
    for path in (role.config, role.credentials):
        os.utime(path, ns=(0, 1_700_000_000_123_456_789))  # settled long ago
    return Scene(role, offline_front, console_script(), native, with_recorder(native, tmp_path / "alone"))


@pytest.fixture
def warm(cold: Scene) -> Scene:
    """The same, with the session of `dev` cached."""
    cold.fill("get", "dev")
    return cold
