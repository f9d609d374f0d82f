"""botocore's errors as errors of ours: no connection, no usable answer, an unknown region, or the service's refusal."""

import difflib
import os
from collections.abc import Callable

import botocore.exceptions as aws
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError

from assume_helper.errors import AssumeHelperError, ConfigurationError, STSNotConnected, UnknownRegion
from assume_helper.light import TypeVar
from assume_helper.system import guarded_http, this_machine, unreached
from assume_helper.system.called_service import CalledService
from assume_helper.system.unreached import not_from, not_reached, where
from assume_helper.text import printable

T = TypeVar("T")


def translate(
    call: Callable[[], T], service: CalledService, refusal: Callable[[aws.ClientError], AssumeHelperError]
) -> T:
    """The result of `call`, which asks `service`; botocore's errors are raised as ours.

    `refusal` is the error for an error answer. Raises that, STSNotReached, STSNotConnected, ConfigurationError,
    SettingFault, UnknownRegion, MachineFault.
    """
    try:
        return this_machine.guard(call, service, os.environ)
    except aws.ClientError as error:
        raise refusal(error) from None
    except aws.SSLError as error:
        raise unreached.certificate(service, error) from None
    except aws.ProxyConnectionError as error:
        raise (_unknown_region(service) or unreached.proxy(service, error)) from None
    except aws.ConnectTimeoutError:
        raise not_reached(
            service, "gave no answer in time: the connection timed out (no route, or a firewall)", STSNotConnected
        ) from None
    except aws.ReadTimeoutError:
        raise not_reached(service, "gave no answer in time") from None
    except aws.EndpointConnectionError as error:
        raise _unknown_region(service) or unreached.connection(service, error) from None
    except aws.HTTPClientError as error:
        if guarded_http.is_too_long(error):
            raise not_reached(service, "sent an answer without end") from None
        raise not_reached(service, "broke off the connection") from None
    except (aws.InvalidRegionError, aws.UnknownEndpointError, aws.EndpointProviderError, aws.EndpointVariantError):
        raise ConfigurationError(
            f"there is no {where(service)}", f"correct {service.region_named}, or set endpoint_url"
        ) from None
    except aws.ParamValidationError:
        raise ConfigurationError(
            f"{service.service} does not accept a value of this profile", "check its keys"
        ) from None
    except (ResponseParserError, aws.BotoCoreError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError, RuntimeError):  # fmt: skip
        # a captive portal's page, half an answer, a date that cannot be
        raise not_reached(service, not_from(service)) from None


def _unknown_region(service: CalledService) -> UnknownRegion | None:
    """The error for a region that the SDK does not know either; None where it does."""
    if service.endpoint_url is not None:
        return None
    partitions = create_loader().load_data("partitions")["partitions"]
    known = [name for partition in partitions for name in partition["regions"]]
    if service.region in known:
        return None
    near = difflib.get_close_matches(service.region.lower(), known, n=2)
    return UnknownRegion(
        f"there is no {service.service} in {printable(service.region, 64)}, an unknown region",
        (f"did you mean {' or '.join(near)}? " if near else "") + f"correct {service.region_named}",
    )
