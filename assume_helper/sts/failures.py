"""botocore's errors at a call to STS as errors of ours: no usable answer, an unknown region, or a refusal."""

from collections.abc import Callable

from assume_helper.light import Any
from assume_helper.sts.refusals import refusal
from assume_helper.sts.request import Request
from assume_helper.system import sdk_errors


def translate_errors(call: Callable[[], dict[str, Any]], request: Request, now: Callable[[], float]) -> dict[str, Any]:
    """The result of `call`, which sends `request`; botocore's errors are raised as ours.

    `now` is this machine's clock (seconds since the epoch). Raises STSNotReached, STSNotConnected, STSThrottled,
    STSUnavailable, STSRefused, MFACodeRefused, SourceError, SourceExpired, SourceRefused, SourceNotKnown,
    ConfigurationError, SettingFault, UnknownRegion, MachineFault.
    """
    return sdk_errors.translate(call, request.endpoint, lambda error: refusal(error, request, now()))
