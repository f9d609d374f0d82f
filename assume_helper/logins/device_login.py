"""A login to Identity Center in any browser, with a code that is shown here (RFC 8628)."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import botocore.exceptions as aws

from assume_helper.credentials import can_be_sent
from assume_helper.errors import AssumeHelperError, SourceError, STSNotReached
from assume_helper.light import Any, dataclass, field
from assume_helper.logins import browser_login, client_registration, error_answer, login_errors, service, sso_answer
from assume_helper.logins.client_registration import DEVICE_CODE, Client
from assume_helper.logins.notice import Notice
from assume_helper.logins.sso_answer import TokenAnswer
from assume_helper.logins.start_url import Portal
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system.context import Clock
from assume_helper.system.unreached import not_from, not_reached

# Seconds between two questions where the service does not say, and how many more each time that it asks for (RFC 8628,
# section 3.5).
_INTERVAL, _SLOWER = 5, 5
_LONGEST_INTERVAL = 60
# Seconds for which a code is good at most.
_LONGEST = 3600
_UNKNOWN_CLIENT = {"InvalidClientException", "UnauthorizedClientException"}


class _ClientUnknown(Exception):
    """Identity Center does not know the client."""


class _Pending(Exception):
    """The person has not answered yet."""


@dataclass(frozen=True)
class _Device:
    """A login that has begun: `code` is what a person compares, `url` where; it ends after `seconds`."""

    device_code: str = field(repr=False)
    code: str
    url: str
    seconds: int
    interval: int


def log_in(
    login: IdentityCenterLogin, portal: Portal, environ: Mapping[str, str], clock: Clock,
    show: Callable[[Notice], None], keep: Callable[[Client, TokenAnswer], None], *, open_page: bool,
) -> None:  # fmt: skip
    """Show a code, wait until a person has said yes to it in a browser, and `keep` the tokens.

    `open_page`: have a browser here open the page. Raises SourceError where nobody said yes, or that browser cannot be
    started; ConfigurationError, STSNotReached, and what `service.call` and `keep` raise.
    """
    where = client_registration.service_of(login, portal)
    client = client_registration.client(login, portal, "device", environ, clock)
    try:
        device = _begun(login, portal, where, client)
    except _ClientUnknown:
        client = client_registration.client(login, portal, "device", environ, clock, anew=True)
        try:
            device = _begun(login, portal, where, client)
        except _ClientUnknown:
            what = (
                f"Identity Center does not know the client that it has just registered for {login_errors.name(login)}"
            )
            raise SourceError(what, f"to try again, run: {login.command}") from None
    opening = browser_login.opened(login, device.url, environ) if open_page else None
    show(Notice(device.url, device.seconds, device.code, is_opened=open_page))
    until, interval = clock.monotonic() + device.seconds, device.interval
    while clock.monotonic() < until:
        clock.sleep(interval)
        if opening is not None and opening.has_failed():
            raise browser_login.no_browser(login)
        try:
            answer = _asked(login, where, client, device)
        except _Pending:
            pass
        except STSNotReached:  # it is asked too often, or cannot be reached just now
            interval = min(interval + _SLOWER, _LONGEST_INTERVAL)
        else:
            keep(client, answer)
            return
    raise _over(login)


def _begun(login: IdentityCenterLogin, portal: Portal, where: service.Service, client: Client) -> _Device:
    """The login begun. Raises _ClientUnknown, ConfigurationError for the start URL, SourceError, STSNotReached."""

    def refusal(error: aws.ClientError) -> AssumeHelperError:
        answer = error_answer.read(error, where)
        if isinstance(answer, STSNotReached):
            return answer
        if answer.code in _UNKNOWN_CLIENT:
            raise _ClientUnknown
        if answer.code == "InvalidRequestException":
            return client_registration.start_url_unknown(login, where)
        return SourceError(
            f"Identity Center begins no login to {login_errors.name(login)} ({answer.name})",
            f"to try again, run: {login.command}",
        )

    request = {
        "clientId": client.client_id,
        "clientSecret": client.client_secret,
        "startUrl": portal.start_url,
    }
    answer = service.call(where, "StartDeviceAuthorization", request, refusal)
    device_code, code, seconds = (answer.get(name) for name in ("deviceCode", "userCode", "expiresIn"))
    url, interval = answer.get("verificationUriComplete") or answer.get("verificationUri"), answer.get("interval")
    if (
        not (can_be_sent(device_code) and can_be_sent(code) and len(code) <= 64 and _is_page(url))
        or isinstance(seconds, bool)
        or not isinstance(seconds, int)
        or seconds <= 0
    ):
        raise not_reached(where, not_from(where))
    is_number = isinstance(interval, int) and not isinstance(interval, bool) and interval > 0
    wait = min(interval, _LONGEST_INTERVAL) if is_number and interval is not None else _INTERVAL
    return _Device(device_code, code, str(url), min(seconds, _LONGEST), wait)


def _is_page(url: object) -> bool:
    """Whether a browser may be sent there: over TLS, or to this machine."""
    if not can_be_sent(url) or len(url) > 2048:
        return False
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme == "https" or (split.scheme == "http" and split.hostname in {"127.0.0.1", "localhost", "::1"})


def _asked(login: IdentityCenterLogin, where: service.Service, client: Client, device: _Device) -> TokenAnswer:
    """The tokens, where the person has said yes. Raises _Pending; SourceError for a no; STSNotReached."""

    def refusal(error: aws.ClientError) -> AssumeHelperError:
        answer = error_answer.read(error, where)
        if isinstance(answer, STSNotReached):
            return answer
        if answer.code == "AuthorizationPendingException":
            raise _Pending
        if answer.code == "ExpiredTokenException":
            return _over(login)
        if answer.code == "AccessDeniedException":
            what = f"the login of {login_errors.name(login)} was denied in the browser"
            return SourceError(what, f"to try again, run: {login.command}")
        return SourceError(
            f"Identity Center refuses the login of {login_errors.name(login)} ({answer.name})",
            f"to try again, run: {login.command}",
        )

    request: dict[str, Any] = {
        "grantType": DEVICE_CODE,
        "clientId": client.client_id,
        "clientSecret": client.client_secret,
        "deviceCode": device.device_code,
    }
    return sso_answer.checked(service.call(where, "CreateToken", request, refusal), where)


def _over(login: IdentityCenterLogin) -> SourceError:
    return SourceError(
        f"nobody has confirmed the code for {login_errors.name(login)} in time", f"to try again, run: {login.command}"
    )
