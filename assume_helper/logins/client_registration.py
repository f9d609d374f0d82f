"""A client of Identity Center's OIDC service, which this program is: registered once, kept in the AWS CLI's own file.

A client is good for 90 days, and for one of the two ways to log in: the grants that it was registered for tell them
apart. The file is shared with the AWS CLI and botocore, which look for it under the same name.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping

import botocore.exceptions as aws

from assume_helper.credentials import LoginMethod, can_be_sent
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError, STSNotReached
from assume_helper.light import Any, dataclass, field, replace
from assume_helper.logins import error_answer, login_errors, service, timestamps
from assume_helper.logins.start_url import Portal
from assume_helper.profiles import login_record
from assume_helper.profiles.login import SSO_CACHE, IdentityCenterLogin, absolute
from assume_helper.system.context import Clock
from assume_helper.system.unreached import not_from, not_reached
from assume_helper.text import printable

AUTHORIZATION_CODE = "authorization_code"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
# Without grants a client is registered for the device's.
_BROWSER_GRANTS = [AUTHORIZATION_CODE, "refresh_token"]
# Without a port: any is then good (RFC 8252, section 7.3).
_REDIRECT = "http://127.0.0.1/oauth/callback"
# What a session asks for where it does not say (AWS CLI, `sso_registration_scopes`).
_DEFAULT_SCOPES = ("sso:account:access",)
_CLIENT_NAME = "assume-helper"
# Seconds: a client is not used in its last minutes, or its login could not be finished.
_SPARE = 900


@dataclass(frozen=True)
class Client:
    """A registered client. `expires` is when it ends (seconds since the epoch); `scopes` is what it may ask for.

    `path` is its file. `is_new`: it was registered just now.
    """

    client_id: str
    client_secret: str = field(repr=False)
    expires: float
    scopes: tuple[str, ...]
    path: str
    is_new: bool


def client(
    login: IdentityCenterLogin, portal: Portal, method: LoginMethod, environ: Mapping[str, str], clock: Clock, *,
    anew: bool = False,
) -> Client:  # fmt: skip
    """The client for a login by `method`: the one on disk, else (or `anew`) one that is registered now.

    Raises ConfigurationError for a start URL or a scope that Identity Center does not know; SourceError, STSNotReached,
    and what `service.call` raises.
    """
    scopes = _scopes(login)
    path = absolute(f"{SSO_CACHE}/{_name(login, portal)}.json", environ)
    found = None if anew else _read(path, scopes, method, clock.now())
    return found or _register(login, portal, method, path)


def _scopes(login: IdentityCenterLogin) -> tuple[str, ...]:
    """What the client asks for; the older form, without a session, asks for nothing."""
    if login.session_name is None:
        return ()
    return login.registration_scopes or _DEFAULT_SCOPES


def _name(login: IdentityCenterLogin, portal: Portal) -> str:
    """The file's name without its suffix, as botocore makes it (`SSOTokenFetcher._registration_cache_key`)."""
    scopes = None if login.session_name is None or login.registration_scopes is None else [*login.registration_scopes]
    key = {
        "tool": "botocore",
        "startUrl": login.start_url,
        "region": portal.region,
        "scopes": scopes,
        "session_name": login.session_name,
    }
    return hashlib.sha1(json.dumps(key, sort_keys=True).encode("utf-8"), usedforsecurity=False).hexdigest()


def _read(path: str, scopes: tuple[str, ...], method: LoginMethod, now: float) -> Client | None:
    """The client in the file, where it is good for `method` for long enough; None where there is none."""
    held = login_record.read_token_file(path).tokens or {}
    client_id, secret, ends = held.get("clientId"), held.get("clientSecret"), timestamps.parse(held.get("expiresAt"))
    grants = held.get("grantTypes") or [DEVICE_CODE]
    if not isinstance(grants, list):
        return None
    is_right = AUTHORIZATION_CODE in grants if method == "browser" else AUTHORIZATION_CODE not in grants
    if not (can_be_sent(client_id) and can_be_sent(secret) and ends is not None and is_right and ends > now + _SPARE):
        return None
    return Client(client_id, secret, ends, scopes, path, is_new=False)


def _register(
    login: IdentityCenterLogin, portal: Portal, method: LoginMethod, path: str
) -> Client:  # fmt: skip
    scopes = _scopes(login)
    where = service_of(login, portal)
    request: dict[str, Any] = {"clientName": _CLIENT_NAME, "clientType": "public"}
    if scopes:
        request["scopes"] = [*scopes]
    if method == "browser":
        request |= {"grantTypes": _BROWSER_GRANTS, "redirectUris": [_REDIRECT], "issuerUrl": portal.start_url}
    answer = service.call(where, "RegisterClient", request, lambda error: _refusal(error, login, where))
    client_id, secret, ends = (answer.get(name) for name in ("clientId", "clientSecret", "clientSecretExpiresAt"))
    if not (can_be_sent(client_id) and can_be_sent(secret)) or isinstance(ends, bool) or not isinstance(ends, int):
        raise not_reached(where, not_from(where))
    try:
        expires = timestamps.write(ends)
    except (ValueError, OverflowError, OSError):
        raise not_reached(where, not_from(where)) from None
    content: dict[str, Any] = {"clientId": client_id, "clientSecret": secret, "expiresAt": expires}
    content |= {"scopes": [*scopes] or None, "grantTypes": request.get("grantTypes")}
    # Without the file the next login registers another client.
    with contextlib.suppress(OSError):
        login_record.sweep(path)
        kept = {name: value for name, value in content.items() if value is not None}
        login_record.write_beside(os.path.realpath(path), json.dumps(kept).encode())
    return Client(client_id, secret, ends, scopes, path, is_new=True)


def forget(client: Client) -> None:
    """Have the next login register another client: Identity Center may know this one no more."""
    with contextlib.suppress(OSError):
        os.unlink(client.path)


def service_of(login: IdentityCenterLogin, portal: Portal) -> service.Service:
    """The OIDC service of the portal's region."""
    return service.of(replace(login.service, region=portal.region), "sso-oidc")


def _refusal(error: aws.ClientError, login: IdentityCenterLogin, where: service.Service) -> AssumeHelperError:
    answer = error_answer.read(error, where)
    if isinstance(answer, STSNotReached):
        return answer
    name = login_errors.name(login)
    if answer.code == "InvalidScopeException":
        scopes = printable(",".join(login.registration_scopes or ()), 160)
        return ConfigurationError(
            f"Identity Center does not know a scope of {name}: {scopes}", "correct sso_registration_scopes"
        )
    if answer.code == "InvalidRequestException":
        return start_url_unknown(login, where)
    return SourceError(f"Identity Center registers no client for {name} ({answer.name})", f"try again: {login.command}")


def start_url_unknown(login: IdentityCenterLogin, where: service.Service) -> ConfigurationError:
    """The error for a start URL that Identity Center of this region does not know."""
    return ConfigurationError(
        f"Identity Center in {printable(where.region, 64)} does not know the start URL of "
        f"{login_errors.name(login)}: {printable(login.start_url, 120)}",
        "correct sso_start_url, or sso_region",
    )
