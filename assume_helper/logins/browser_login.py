"""A login to Identity Center in a browser on this machine: an authorization code with a proof (PKCE, RFC 7636)."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import botocore.exceptions as aws

from assume_helper.errors import AssumeHelperError, SourceError, STSNotReached
from assume_helper.logins import callback as callbacks
from assume_helper.logins import client_registration, error_answer, login_errors, service, sso_answer
from assume_helper.logins.callback import Callback, Returned
from assume_helper.logins.client_registration import AUTHORIZATION_CODE, Client
from assume_helper.logins.notice import Notice
from assume_helper.logins.sso_answer import TokenAnswer
from assume_helper.logins.start_url import Portal
from assume_helper.profiles.login import IdentityCenterLogin
from assume_helper.system import browser
from assume_helper.system.browser import Opening
from assume_helper.system.context import Clock
from assume_helper.text import printable

# Seconds for which the browser is waited for.
PATIENCE = 300.0
_LOOK = 0.2
# Seconds for the one request with the code, which is good once.
_ONE_REQUEST = (10.0, 30.0)


def log_in(
    login: IdentityCenterLogin, portal: Portal, environ: Mapping[str, str], clock: Clock,
    show: Callable[[Notice], None], keep: Callable[[Client, TokenAnswer], None],
) -> None:  # fmt: skip
    """Open the page of the login, wait for what the browser brings back, and `keep` the tokens that it is good for.

    Raises SourceError where nobody logged in, or no port or no browser is to be had; ConfigurationError, STSNotReached,
    and what `service.call` and `keep` raise.
    """
    client = client_registration.client(login, portal, "browser", environ, clock)
    where = client_registration.service_of(login, portal)
    try:
        with callbacks.listening() as callback:
            verifier = secrets.token_urlsafe(64)
            url = _page(where, client, callback, verifier)
            opening = opened(login, url, environ)
            show(Notice(url, PATIENCE, is_opened=True))
            try:
                returned = _waited_for(login, callback, opening, clock)
            except BaseException:
                if not client.is_new:
                    client_registration.forget(client)  # or it has ended: the page says so, and nobody here hears of it
                raise
            try:
                if not returned.code:
                    raise _denied(login, returned)
                keep(client, _tokens(login, where, client, callback, returned.code, verifier))
            except AssumeHelperError:
                callback.end("You are not logged in", "The terminal says why. You can close this page.")
                raise
            callback.end("You are logged in", "You can close this page.")
    except OSError as error:
        raise SourceError(
            f"no port of 127.0.0.1 is to be had for the login of {login_errors.name(login)} "
            f"({error.strerror or error})",
            f"run: {login.command} --device-code",
        ) from None


def _page(where: service.Service, client: Client, callback: Callback, verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": callback.redirect_uri,
        "state": callback.state,
        "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "scopes": " ".join(client.scopes),
    }
    return f"{service.url(where)}/authorize?{urlencode(query)}"


def opened(login: IdentityCenterLogin, url: str, environ: Mapping[str, str]) -> Opening:
    """The browser that is started for `login`. Raises SourceError."""
    try:
        return browser.open_page(url, environ)
    except OSError:
        raise no_browser(login) from None


def no_browser(login: IdentityCenterLogin) -> SourceError:
    """The error where the browser cannot be started."""
    return SourceError(
        f"no browser could be started for the login of {login_errors.name(login)}",
        f"correct BROWSER, or run: {login.command} --device-code",
    )


def _waited_for(login: IdentityCenterLogin, callback: Callback, opening: Opening, clock: Clock) -> Returned:
    until = clock.monotonic() + PATIENCE
    while clock.monotonic() < until:
        returned = callback.wait(_LOOK)
        if returned is not None:
            return returned
        if opening.has_failed():
            # What it opened may have come back all the same.
            returned = callback.wait(_LOOK)
            if returned is None:
                raise no_browser(login)
            return returned
    raise SourceError(
        f"nobody has logged in to {login_errors.name(login)} within {PATIENCE / 60:.0f} minutes",
        f"run: {login.command} (--device-code if no page of the login came up)",
    )


def _denied(login: IdentityCenterLogin, returned: Returned) -> SourceError:
    name = printable(returned.error, 80)
    what = "was denied in the browser" if name == "access_denied" else f"ended in the browser with an error ({name})"
    return SourceError(f"the login of {login_errors.name(login)} {what}", f"to try again, run: {login.command}")


def _tokens(
    login: IdentityCenterLogin, where: service.Service, client: Client, callback: Callback, code: str, verifier: str
) -> TokenAnswer:
    request = {
        "grantType": AUTHORIZATION_CODE,
        "clientId": client.client_id,
        "clientSecret": client.client_secret,
        "code": code,
        "codeVerifier": verifier,
        "redirectUri": callback.redirect_uri,
    }

    def refusal(error: aws.ClientError) -> AssumeHelperError:
        answer = error_answer.read(error, where)
        if isinstance(answer, STSNotReached):
            return answer
        client_registration.forget(client)
        return SourceError(
            f"Identity Center does not take what the browser brought back for {login_errors.name(login)} "
            f"({answer.name})",
            f"to try again, run: {login.command}",
        )

    return sso_answer.checked(service.call(where, "CreateToken", request, refusal, _ONE_REQUEST), where)
