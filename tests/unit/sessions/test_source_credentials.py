"""The credentials of a source: each kind is asked of its own module, which alone is imported."""

import subprocess
import sys

import pytest
from running import SECRET

from assume_helper.credentials import Credentials
from assume_helper.profiles.origin import EnvironmentKeys, Metadata, StaticKeys
from assume_helper.sessions.source_credentials import source_credentials
from assume_helper.sources import metadata

KEYS = Credentials("AKIA", SECRET, None)


def test_access_keys_come_from_the_profile_or_the_environment() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}
    assert source_credentials(StaticKeys("base", "AKIA", SECRET, None), {}, 1) == KEYS
    assert source_credentials(EnvironmentKeys("AKIA"), environ, 1) == KEYS


def test_metadata_is_asked_within_the_time_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Metadata("Ec2InstanceMetadata")
    given: list[object] = []

    def credentials(*arguments: object) -> Credentials:
        given.extend(arguments)
        return KEYS

    monkeypatch.setattr(metadata, "credentials", credentials)
    assert source_credentials(source, {}, 7) == KEYS
    assert given == [source, 7]


def test_an_access_key_loads_no_sdk() -> None:
    program = (
        "import sys\n"
        "from assume_helper.profiles.origin import StaticKeys\n"
        "from assume_helper.sessions import assume\n"
        "from assume_helper.sessions.source_credentials import source_credentials\n"
        "source_credentials(StaticKeys('base', 'AKIA', 'secret', None), {}, 1)\n"
        "print([name for name in sys.modules if name.startswith('boto')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
