"""What the integration tests share."""

import pytest
from botocore.credentials import Credentials
from configuring import CONFIG
from front import Front, session
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


@pytest.fixture
def folk(role: Home, offline_front: Front) -> Home:
    """A home as people have one: a role in the config, an access key in the credentials file, the front as STS."""
    offline_front.behaviour = session()
    role.config.write_text(CONFIG)
    role.environ |= {"AWS_ENDPOINT_URL_STS": offline_front.url}
    return role
