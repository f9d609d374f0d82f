"""The checks that call STS, with a front in its place."""

import itertools
from pathlib import Path

from doctor_checks import loaded, one
from front import Front, error
from running import no_warning

from assume_helper.doctor import live
from assume_helper.system.context import CallContext, Clock


def test_a_slow_sts_is_reported(offline_front: Front) -> None:
    offline_front.behaviour = error(403, "InvalidClientTokenId", "no")
    ticks = itertools.count(0, 4)
    endpoint = live.default_endpoint(None, context(AWS_ENDPOINT_URL=offline_front.url), None)
    checks, is_reached = live.sts(endpoint, Clock(monotonic=lambda: float(next(ticks))))
    assert is_reached
    one(checks, "warn", "answered in 4.00 s", "give up after 5 s")


def context(**environ: str) -> CallContext:
    return CallContext(environ, Clock(), 0, 0, "host", lambda: "me", no_warning)


def test_sts_is_asked_where_the_environment_or_the_default_profile_says(tmp_path: Path) -> None:
    config = loaded(tmp_path, "[default]\nregion = eu-west-1\n[profile dev]\nregion = eu-west-3\n")
    endpoints = [
        live.default_endpoint(None, context(), None),
        live.default_endpoint(None, context(AWS_REGION="eu-north-1"), None),
        live.default_endpoint(config, context(), None),
        live.default_endpoint(config, context(), "dev"),
        live.default_endpoint(config, context(), "dve"),
    ]
    assert [endpoint.region for endpoint in endpoints] == [
        "us-east-1", "eu-north-1", "eu-west-1", "eu-west-3", "us-east-1",
    ]  # fmt: skip
