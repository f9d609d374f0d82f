"""What an STS call that failed means: not reached, refused, or the source's own credentials."""

import re
from collections.abc import Callable
from typing import Any

import botocore.exceptions as aws
from botocore.parsers import ResponseParserError

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceError,
    SourceExpired,
    STSNotReached,
    STSRefused,
    STSThrottled,
    quoted,
    shown,
)
from assume_helper.profile import CredentialProcess, EnvironmentKeys, Login, Metadata, Profile, StaticKeys, WebIdentity

# Codes from the API reference of STS ("Common Errors"), botocore's retry rules (`botocore.retries.standard`) and
# AssumeRole's own list.
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "EC2ThrottledException",
}
_UNAVAILABLE = {
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_BAD_KEYS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InvalidIdentityToken",
    "AuthFailure",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
}
_BAD_SIGNATURE = {
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestTimeTooSkewed",
}
_DENIED = {"AccessDenied", "AccessDeniedException"}
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.:]{0,80}")
_CALLER = re.compile(r"User: (arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[\x21-\x7e]{1,300}) is not authorized")


def told_apart(call: Callable[[], dict[str, Any]], profile: Profile) -> dict[str, Any]:
    """The result of `call`, with botocore's errors turned into ours.

    Nothing of a request or an answer is repeated but STS's own message, and not that where a signature failed: there
    STS prints the request, session token included.
    """
    try:
        return call()
    except aws.ClientError as error:
        raise _answered(error, profile) from None
    except aws.SSLError:
        trusted = f" with {shown(profile.ca_bundle)}" if profile.ca_bundle else ""
        raise STSNotReached(
            f"the certificate of STS {where(profile)} could not be verified{trusted}, or it does not speak TLS",
            "set AWS_CA_BUNDLE (or ca_bundle) to a file with the certificates of your network",
        ) from None
    except aws.ProxyConnectionError:
        raise not_reached(profile, "could not be reached through the proxy") from None
    except (aws.ConnectTimeoutError, aws.ReadTimeoutError):
        raise not_reached(profile, "gave no answer in time") from None
    except aws.EndpointConnectionError:
        raise not_reached(profile, "could not be reached") from None
    except aws.HTTPClientError:
        raise not_reached(profile, "broke the connection off") from None
    except (aws.InvalidRegionError, aws.UnknownEndpointError, aws.EndpointProviderError, aws.EndpointVariantError):
        raise ConfigurationError(
            f"there is no STS {where(profile)}", "correct region or AWS_REGION, or set endpoint_url"
        ) from None
    except aws.ParamValidationError:
        raise ConfigurationError("a value of this profile is not one that STS takes", "check its keys") from None
    except (ResponseParserError, aws.BotoCoreError, LookupError, TypeError, ValueError, AttributeError, OSError,
            ArithmeticError, RuntimeError):  # fmt: skip
        # a captive portal's page, half an answer, a date that is none
        raise not_reached(profile, "gave an answer that is none of STS's") from None


def where(profile: Profile) -> str:
    """Where STS was looked for, as a message names it."""
    return shown(f"at {profile.endpoint_url}" if profile.endpoint_url else f"in {profile.region}", 120)


def not_reached(profile: Profile, what: str) -> STSNotReached:
    """The error for a call that got no usable answer."""
    return STSNotReached(
        f"STS {where(profile)} {what}", "check the network, the proxy, the region and the endpoint, then try again"
    )


def source_name(profile: Profile) -> str:
    """Whose credentials asked, as a message names them."""
    match profile.source:
        case StaticKeys(profile=name):
            return f"the access key of profile {shown(name, 64)}"
        case EnvironmentKeys():
            return "the access key in the environment"
        case CredentialProcess(profile=name):
            return f"the credential_process of profile {shown(name, 64)}"
        case Metadata(credential_source=kind):
            return f"the role of this machine ({kind})"
        case Login(profile=name):
            return f"the login of profile {shown(name, 64)}"
        case WebIdentity(token_file=path):
            return f"the web identity token in {shown(path)}"
        case Profile(name=name):
            return f"the role of profile {shown(name, 64)}"


def _answered(error: aws.ClientError, profile: Profile) -> AssumeHelperError:
    answer: Any = error.response
    given = answer.get("Error", {}).get("Code")
    code = given if isinstance(given, str) else ""
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = str(answer.get("Error", {}).get("Message", ""))
    message = quoted(said)
    source = source_name(profile)
    role = shown(profile.role_arn, 200)
    if code in _THROTTLED or status == 429:
        return STSThrottled(f"STS {where(profile)} throttles ({code})", "wait a minute and try again")
    if code in _UNAVAILABLE or status >= 500:
        return not_reached(profile, f"is out of order (HTTP {status})")
    if not _CODE.fullmatch(code):
        return not_reached(profile, f"gave an answer that is none of STS's (HTTP {status})")
    if code in _EXPIRED:
        return SourceExpired(f"{source} has expired", "log in to that source again, or renew its session token")
    if code in _BAD_KEYS:
        return SourceError(
            f"STS does not know {source} ({code})", "the key was deleted, deactivated or mistyped: set a valid one"
        )
    if code in _BAD_SIGNATURE:
        return SourceError(
            f"STS does not accept the signature of {source} ({code})",
            "correct its secret access key, or this machine's clock if that is off by minutes",
        )
    if code in _DENIED:
        caller = _CALLER.search(said)
        who = caller.group(1) if caller else source
        return STSRefused(
            f"STS denied AssumeRole on {role} to {who}",
            "the role's trust policy must name that caller (and its external id, if any), and the caller needs "
            "sts:AssumeRole on the role",
        )
    if code == "RegionDisabledException":
        return STSRefused(
            f"STS {where(profile)} is not activated for the account", "activate it, or use another region"
        )
    if "role chaining" in said:
        return STSRefused(
            f"STS refused {role}: a role that is assumed through another role lasts an hour at most",
            f"set duration_seconds = 3600 in [{shown(profile.name, 64)}], or take it out",
        )
    if "MaxSessionDuration" in said:
        return STSRefused(
            f"STS refused {role}: the role's sessions may not last {profile.duration_seconds} s",
            f"lower duration_seconds in [{shown(profile.name, 64)}], or raise the role's MaxSessionDuration",
        )
    return STSRefused(f"STS refused {role}: {message or code} ({code})", "correct that value in the profile")
