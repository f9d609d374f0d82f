"""A world with the profile dev."""

import pytest
from front import Front
from running import Home
from unit.sessions.world import World


@pytest.fixture
def world(role: Home, offline_front: Front) -> World:
    return World(role, offline_front)
