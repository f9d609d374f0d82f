"""What the integration tests share."""

import pytest
from botocore.credentials import Credentials
from front import Front
from mfa_roles import CONFIG as MFA_CONFIG
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
