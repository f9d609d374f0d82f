"""botocore's errors, and faults on the wire: each has one meaning, one class and one exit code."""

import ssl
from dataclasses import replace
from typing import Any, NoReturn

import botocore.exceptions as aws
import pytest
from front import Behaviour, Front, denied, error, free_port, html, reset, truncated

from assume_helper.credentials import Credentials
from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceExpired,
    STSNotConnected,
    STSNotReached,
    STSRefused,
    UnknownRegion,
)
from assume_helper.profiles.origin import StaticKeys
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.sts import calls, request
from assume_helper.sts.failures import translate_errors
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline

ROLE = "arn:aws:iam::123456789012:role/dev"
BASE = StaticKeys("base", "AKIA", "secret", None)
DEV = Profile("dev", ROLE, BASE, Endpoint("eu-central-1"))


def raising(problem: Exception, profile: Profile = DEV) -> AssumeHelperError:
    """Ours for botocore's."""

    def call() -> NoReturn:
        raise problem

    with pytest.raises(AssumeHelperError) as caught:
        translate_errors(call, request.assume_role(profile, "me"), lambda: 0)
    assert caught.value.__suppress_context__
    assert str(caught.value).isprintable()
    return caught.value


def test_an_answer_is_handed_on() -> None:
    assert translate_errors(lambda: {"a": "b"}, request.assume_role(DEV, "me"), lambda: 0) == {"a": "b"}


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (aws.EndpointConnectionError(endpoint_url="x"), STSNotConnected, "could not be reached; check the network"),
        (aws.ConnectTimeoutError(endpoint_url="x"), STSNotConnected, "gave no answer in time"),
        (aws.ReadTimeoutError(endpoint_url="x"), STSNotReached, "gave no answer in time"),
        (aws.ProxyConnectionError(proxy_url="x"), STSNotConnected, "could not be reached through the proxy"),
        (aws.ConnectionClosedError(endpoint_url="x"), STSNotReached, "broke off the connection"),
        (
            aws.SSLError(endpoint_url="x", error=Exception("e")),
            STSNotConnected,
            "certificate of STS in eu-central-1 could not be",
        ),
        (aws.SSLError(endpoint_url="x", error=ssl.SSLError()), STSNotConnected, "set AWS_CA_BUNDLE (or ca_bundle)"),
        (aws.HTTPClientError(error="e"), STSNotReached, "broke off the connection"),
        (aws.InvalidRegionError(region_name="x"), ConfigurationError, "there is no STS in eu-central-1; correct"),
        (aws.UnknownEndpointError(service_name="sts", region_name="x"), ConfigurationError, "there is no STS"),
        (aws.EndpointProviderError(msg="e"), ConfigurationError, "there is no STS"),
        (
            aws.ParamValidationError(report="e"),
            ConfigurationError,
            "STS does not accept a value of this profile; check its keys",
        ),
        (aws.BotoCoreError(), STSNotReached, "gave an answer that is not from STS"),
        (KeyError("Error"), STSNotReached, "gave an answer that is not from STS"),
        (ValueError("not XML"), STSNotReached, "gave an answer that is not from STS"),
        (OSError("reset"), STSNotReached, "gave an answer that is not from STS"),
    ],
)
def test_an_error_of_botocore_s_has_one_meaning(problem: Exception, kind: type[AssumeHelperError], words: str) -> None:
    told = raising(problem)
    assert type(told) is kind
    assert words in str(told)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (reset, STSNotReached, "broke off the connection"),
        (truncated, STSNotReached, ""),
        (html(200), STSNotReached, "gave an answer that is not from STS"),
        (html(403), STSNotReached, "gave an answer that is not from STS"),
        (html(511), STSNotReached, "gave an answer that is not from STS"),
        (
            denied,
            STSRefused,
            f"STS denied AssumeRole on {ROLE} to arn:aws:iam::123456789012:user/sts-user (the access ",
        ),
        (error(403, "ExpiredToken", "The security token is expired"), SourceExpired, "has expired"),
        (error(400, "ValidationError", "1 error: too long"), STSRefused, "1 error: too long (ValidationError)"),
    ],
)
def test_what_comes_over_the_wire_has_the_same_meaning(
    offline_front: Front, fault: Behaviour, kind: type[AssumeHelperError], words: str
) -> None:
    offline_front.behaviour = fault
    told = called(Profile("dev", ROLE, BASE, Endpoint("us-east-1", endpoint_url=offline_front.url)))
    assert type(told) is kind
    assert words in str(told)


def test_nobody_listening_is_not_reached() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    told = called(Profile("dev", ROLE, BASE, Endpoint("us-east-1", endpoint_url=url)))
    assert told.message == f"STS at {url} could not be reached: the connection was refused"


def test_an_unknown_region_is_named_with_the_nearest_ones() -> None:
    problem = aws.EndpointConnectionError(endpoint_url="x")
    said = raising(problem, replace(DEV, endpoint=Endpoint("eu-centrl-1")))
    assert type(said) is UnknownRegion
    assert str(said).startswith("there is no STS in eu-centrl-1, an unknown region; did you mean eu-central-1")
    assert type(raising(problem, replace(DEV, endpoint=Endpoint("eu-central-1")))) is STSNotConnected
    elsewhere = Endpoint("eu-centrl-1", endpoint_url="https://sts.internal")
    assert "https://sts.internal" in str(raising(problem, replace(DEV, endpoint=elsewhere)))


@pytest.mark.parametrize("response", [{}, {"Error": {}}, {"ResponseMetadata": {}}])
def test_an_error_without_anything_in_it_is_no_answer_of_sts_s(response: Any) -> None:
    assert type(raising(aws.ClientError(response, "AssumeRole"))) is STSNotReached


def called(profile: Profile) -> AssumeHelperError:
    """What a call for `profile` fails with."""
    clock = Clock(monotonic=lambda: 0.0, sleep=lambda _seconds: None)
    with pytest.raises(AssumeHelperError) as caught:
        calls.request_session(
            request.assume_role(profile, "me"), Credentials("AKIA", "secret"), Deadline(30, 30), clock
        )
    return caught.value
