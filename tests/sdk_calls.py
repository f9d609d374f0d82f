"""botocore's own clients of the local services, and what a call of theirs is refused with."""

import functools
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from identity_center import Center


def client(center: Center, service: str, region: str | None = None) -> Any:
    """The client of a service in a region (the home region without one): it calls once, and signs nothing."""
    return _session().create_client(
        service,
        region_name=region or center.region,
        endpoint_url=center.server.url(service, region),
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )


@functools.cache
def _session() -> Any:
    """One for all tests: it reads the models once."""
    return botocore.session.Session()


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """The status and the class of the error that a call meets."""
    response = error(call)
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def error(call: Callable[[], object]) -> Any:
    """All that botocore knows of the error that a call meets."""
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response
