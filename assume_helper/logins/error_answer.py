"""What an error answer of a login's service says, and the errors that are the same for all of them."""

import re

import botocore.exceptions as aws

from assume_helper.errors import STSNotReached, STSThrottled, STSUnavailable
from assume_helper.light import dataclass
from assume_helper.logins.service import Service
from assume_helper.system.unreached import not_from, not_reached, where
from assume_helper.text import printable

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._]{0,80}")
_THROTTLED = {"TooManyRequestsException", "TooManyRequestsError", "ThrottlingException", "SlowDownException"}


@dataclass(frozen=True)
class ErrorAnswer:
    """An error answer: `code` is the error's class, `oauth` what the body has as `error`; "" where there is none."""

    status: int
    code: str
    oauth: str

    @property
    def name(self) -> str:
        """The error as a message names it."""
        return self.oauth if self.oauth.isupper() else self.code or self.oauth or f"HTTP {self.status}"


def read(error: aws.ClientError, service: Service) -> ErrorAnswer | STSNotReached:
    """The error answer of `service`; an error of ours where it throttles, is out of order, or it is another's answer.

    The class is in the header `x-amzn-errortype`, or in the body as `code` or `__type`; of an OAuth body (RFC 6749,
    section 5.2) it is made from `error`. The portal does not always name its error.
    """
    given = error.response
    status = int(given.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = _name(given.get("Error", {}).get("Code"))
    oauth = _name(given.get("error"))
    if not code and oauth.islower():
        code = "".join(part.title() for part in oauth.split("_")) + "Exception"
    if code in _THROTTLED or status == 429:
        return STSThrottled(f"{where(service)} throttles ({code or f'HTTP {status}'})", "wait a minute and try again")
    if status >= 500:
        kind = STSUnavailable if code else STSNotReached  # perhaps a proxy's
        return not_reached(service, f"is out of order (HTTP {status})", kind)
    message = str(given.get("Error", {}).get("Message", ""))
    is_said = code or oauth or (message and "<" not in message)
    if status < 400 or status == 407 or not is_said:
        return not_reached(service, f"{not_from(service)} (HTTP {status})")
    return ErrorAnswer(status, code, oauth)


def _name(given: object) -> str:
    return printable(given, 80) if isinstance(given, str) and _CODE.fullmatch(given) else ""
