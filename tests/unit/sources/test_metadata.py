"""A metadata service: what botocore gives, and each way in which it fails."""

import threading
import time
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as aws
import pytest

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired
from assume_helper.profiles.origin import Metadata
from assume_helper.sources import instance_metadata, metadata

EC2 = Metadata("Ec2InstanceMetadata")
ECS = Metadata("EcsContainer", "/credentials")


def providing(monkeypatch: pytest.MonkeyPatch, result: object) -> None:
    """botocore's provider gives `result`, or raises it."""

    def load() -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(metadata, "_given", load)


def test_a_container_s_credentials_are_its_provider_s(monkeypatch: pytest.MonkeyPatch) -> None:
    providing(monkeypatch, SimpleNamespace(access_key="ASIA", secret_key="secret", token="token"))
    assert metadata.credentials(ECS, 5) == Credentials("ASIA", "secret", "token")


def test_an_instance_is_asked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Credentials("ASIA", "secret", "token")
    monkeypatch.setattr(instance_metadata, "credentials", lambda service: found if service == EC2.service else None)
    assert metadata.credentials(EC2, 5) == found


@pytest.mark.parametrize(
    ("result", "kind", "words"),
    [
        (None, SourceError, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set; give the task a role"),
        (aws.MetadataRetrievalError(error_msg="no"), SourceExpired, "(EcsContainer) gave no credentials"),
        (KeyError("Token"), SourceExpired, "(EcsContainer) gave no credentials"),
        (RuntimeError("expired"), SourceExpired, "gave credentials that have expired; try again"),
        (
            SimpleNamespace(access_key="AS IA", secret_key="secret", token=None),
            SourceError,
            "the access key of EcsContainer's metadata is malformed",
        ),
    ],
)
def test_each_failure_has_one_meaning(
    monkeypatch: pytest.MonkeyPatch, result: object, kind: type[AssumeHelperError], words: str
) -> None:
    providing(monkeypatch, result)
    with pytest.raises(AssumeHelperError) as caught:
        metadata.credentials(ECS, 5)
    assert type(caught.value) is kind
    assert words in str(caught.value)


@pytest.mark.parametrize("source", [EC2, ECS])
def test_a_service_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, source: Metadata) -> None:
    for module, name in ((metadata, "_given"), (instance_metadata, "credentials")):
        monkeypatch.setattr(module, name, lambda *_: threading.Event().wait())
    begun = time.monotonic()
    with pytest.raises(SourceExpired, match="gave no answer"):
        metadata.credentials(source, 0.1)
    assert time.monotonic() - begun < 4
