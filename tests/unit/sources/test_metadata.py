"""A metadata service: what botocore's provider gives, and each way in which it fails."""

import os
import threading
import time
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as aws
import pytest

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, SourceError, SourceExpired
from assume_helper.profiles.role import Metadata
from assume_helper.sources import metadata
from assume_helper.system import sdk_provider

EC2 = Metadata("Ec2InstanceMetadata")
ECS = Metadata("EcsContainer", "/credentials")


def providing(monkeypatch: pytest.MonkeyPatch, result: object) -> list[object]:
    """botocore's provider gives `result`, or raises it; what it was asked."""
    asked: list[object] = []

    def load(*arguments: object) -> Any:
        asked.extend(arguments)
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(sdk_provider, "load", load)
    return asked


@pytest.mark.parametrize(("source", "method"), [(EC2, "iam-role"), (ECS, "container-role")])
def test_each_service_has_its_provider_and_no_config_file(
    monkeypatch: pytest.MonkeyPatch, source: Metadata, method: str
) -> None:
    found = SimpleNamespace(access_key="ASIA", secret_key="secret", token="token")
    asked = providing(monkeypatch, found)
    assert metadata.credentials(source, 5) == Credentials("ASIA", "secret", "token")
    assert asked == [method, os.devnull, os.devnull, None, {}]


@pytest.mark.parametrize(
    ("result", "kind", "words"),
    [
        (None, SourceError, "the EC2 metadata service gave no credentials; attach an instance profile"),
        (aws.MetadataRetrievalError(error_msg="no"), SourceExpired, "(Ec2InstanceMetadata) gave no credentials"),
        (KeyError("Token"), SourceExpired, "(Ec2InstanceMetadata) gave no credentials"),
        (RuntimeError("expired"), SourceExpired, "gave credentials that have expired; try again"),
        (
            SimpleNamespace(access_key="AS IA", secret_key="secret", token=None),
            SourceError,
            "the access key of Ec2InstanceMetadata's metadata is malformed",
        ),
    ],
)
def test_each_failure_has_one_meaning(
    monkeypatch: pytest.MonkeyPatch, result: object, kind: type[AssumeHelperError], words: str
) -> None:
    providing(monkeypatch, result)
    with pytest.raises(AssumeHelperError) as caught:
        metadata.credentials(EC2, 5)
    assert type(caught.value) is kind
    assert words in str(caught.value)


def test_a_process_outside_a_container_is_told_which_variables_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    providing(monkeypatch, None)
    with pytest.raises(SourceError, match="AWS_CONTAINER_CREDENTIALS_FULL_URI is not set"):
        metadata.credentials(ECS, 5)


def test_a_service_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_provider, "load", lambda *_: threading.Event().wait())
    begun = time.monotonic()
    with pytest.raises(SourceExpired, match="gave no answer"):
        metadata.credentials(EC2, 0.1)
    assert time.monotonic() - begun < 4
