"""What an STS call that failed means: no connection, no usable answer, a region that is none, or a refusal."""

import difflib
from collections.abc import Callable
from typing import Any

import botocore.exceptions as aws
from botocore.loaders import create_loader
from botocore.parsers import ResponseParserError

from assume_helper.errors import ConfigurationError, STSNotConnected, UnknownRegion
from assume_helper.profiles.role import MFASession, Profile
from assume_helper.sts.refusals import answered, not_reached, where
from assume_helper.text import printable


def translate_errors(
    call: Callable[[], dict[str, Any]], asked: Profile | MFASession, now: Callable[[], float]
) -> dict[str, Any]:
    """The result of `call`, with botocore's errors turned into ours; `now` is this machine's clock."""
    try:
        return call()
    except aws.ClientError as error:
        raise answered(error, asked, now()) from None
    except aws.SSLError:
        bundle = asked.endpoint.ca_bundle
        trusted = f" with {printable(bundle)}" if bundle else ""
        raise STSNotConnected(
            f"the certificate of STS {where(asked)} could not be verified{trusted}, or it does not speak TLS",
            "set AWS_CA_BUNDLE (or ca_bundle) to a file with the certificates of your network",
        ) from None
    except aws.ProxyConnectionError:
        raise (
            _unknown_region(asked) or not_reached(asked, "could not be reached through the proxy", STSNotConnected)
        ) from None
    except aws.ConnectTimeoutError:
        raise not_reached(asked, "gave no answer in time", STSNotConnected) from None
    except aws.ReadTimeoutError:
        raise not_reached(asked, "gave no answer in time") from None
    except aws.EndpointConnectionError:
        raise _unknown_region(asked) or not_reached(asked, "could not be reached", STSNotConnected) from None
    except aws.HTTPClientError:
        raise not_reached(asked, "broke the connection off") from None
    except (aws.InvalidRegionError, aws.UnknownEndpointError, aws.EndpointProviderError, aws.EndpointVariantError):
        raise ConfigurationError(
            f"there is no STS {where(asked)}", "correct region or AWS_REGION, or set endpoint_url"
        ) from None
    except aws.ParamValidationError:
        raise ConfigurationError("a value of this profile is not one that STS takes", "check its keys") from None
    except (ResponseParserError, aws.BotoCoreError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError, RuntimeError):  # fmt: skip
        # a captive portal's page, half an answer, a date that is none
        raise not_reached(asked, "gave an answer that is none of STS's") from None


def _unknown_region(asked: Profile | MFASession) -> UnknownRegion | None:
    """The error for a region that the SDK does not know either; None where it does."""
    region = asked.endpoint.region
    if asked.endpoint.endpoint_url is not None:
        return None
    partitions = create_loader().load_data("partitions")["partitions"]
    known = [name for partition in partitions for name in partition["regions"]]
    if region in known:
        return None
    near = difflib.get_close_matches(region, known, n=2)
    return UnknownRegion(
        f"there is no STS in {printable(region, 64)}, a region that is not known",
        (f"did you mean {' or '.join(near)}? " if near else "") + "correct region or AWS_REGION",
    )
