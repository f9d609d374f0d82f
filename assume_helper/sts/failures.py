"""botocore's errors as errors of ours: no connection, no usable answer, an unknown region, or a refusal."""

import difflib
import os
from collections.abc import Callable
from typing import Any

import botocore.exceptions as aws
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError

from assume_helper.errors import ConfigurationError, STSNotConnected, UnknownRegion
from assume_helper.profiles.role import Endpoint
from assume_helper.sts import this_machine, unreached
from assume_helper.sts.refusals import NOT_FROM_STS, not_reached, refusal, where
from assume_helper.sts.request import Request
from assume_helper.system import guarded_http
from assume_helper.text import printable


def translate_errors(call: Callable[[], dict[str, Any]], request: Request, now: Callable[[], float]) -> dict[str, Any]:
    """The result of `call`, which sends `request`; botocore's errors are raised as ours.

    `now` is this machine's clock (seconds since the epoch). Raises STSNotReached, STSNotConnected, STSThrottled,
    STSUnavailable, STSRefused, MFACodeRefused, SourceError, SourceExpired, SourceRefused, SourceNotKnown,
    ConfigurationError, SettingFault, UnknownRegion, MachineFault.
    """
    endpoint = request.endpoint
    try:
        return this_machine.guard(call, endpoint, os.environ)
    except aws.ClientError as error:
        raise refusal(error, request, now()) from None
    except aws.SSLError as error:
        raise unreached.certificate(endpoint, error) from None
    except aws.ProxyConnectionError as error:
        raise (_unknown_region(endpoint) or unreached.proxy(endpoint, error)) from None
    except aws.ConnectTimeoutError:
        raise not_reached(
            endpoint, "gave no answer in time: the connection timed out (no route, or a firewall)", STSNotConnected
        ) from None
    except aws.ReadTimeoutError:
        raise not_reached(endpoint, "gave no answer in time") from None
    except aws.EndpointConnectionError as error:
        raise _unknown_region(endpoint) or unreached.connection(endpoint, error) from None
    except aws.HTTPClientError as error:
        if guarded_http.is_too_long(error):
            raise not_reached(endpoint, "sent an answer without end") from None
        raise not_reached(endpoint, "broke off the connection") from None
    except (aws.InvalidRegionError, aws.UnknownEndpointError, aws.EndpointProviderError, aws.EndpointVariantError):
        raise ConfigurationError(
            f"there is no STS {where(endpoint)}", "correct region or AWS_REGION, or set endpoint_url"
        ) from None
    except aws.ParamValidationError:
        raise ConfigurationError("STS does not accept a value of this profile", "check its keys") from None
    except (ResponseParserError, aws.BotoCoreError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError, RuntimeError):  # fmt: skip
        # a captive portal's page, half an answer, a date that cannot be
        raise not_reached(endpoint, NOT_FROM_STS) from None


def _unknown_region(endpoint: Endpoint) -> UnknownRegion | None:
    """The error for a region that the SDK does not know either; None where it does."""
    if endpoint.endpoint_url is not None:
        return None
    partitions = create_loader().load_data("partitions")["partitions"]
    known = [name for partition in partitions for name in partition["regions"]]
    if endpoint.region in known:
        return None
    near = difflib.get_close_matches(endpoint.region.lower(), known, n=2)
    return UnknownRegion(
        f"there is no STS in {printable(endpoint.region, 64)}, an unknown region",
        (f"did you mean {' or '.join(near)}? " if near else "") + "correct region or AWS_REGION",
    )
