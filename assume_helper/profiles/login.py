"""A login as frozen values: where its token file is, which service renews it, and the command that makes it anew.

The token files are the AWS CLI's, which every SDK shares (protocol: botocore's `SSOTokenLoader` and
`LoginCredentialFetcher`).
"""

import os
from collections.abc import Mapping

from assume_helper.credentials import LoginMethod, is_account_id
from assume_helper.hit import expand_home
from assume_helper.light import dataclass, field
from assume_helper.profiles.resolution import Resolution
from assume_helper.system.digests import sha1, sha256
from assume_helper.text import printable, typed

SSO_CACHE = "~/.aws/sso/cache"
LOGIN_CACHE = "~/.aws/login/cache"
# The variable that moves the latter, to the AWS CLI and to every SDK.
LOGIN_CACHE_VARIABLE = "AWS_LOGIN_CACHE_DIRECTORY"


@dataclass(frozen=True)
class LoginService:
    """Where a login's services are. `region` is the login's own, not the one that programs work in.

    `endpoint_urls` are those that the user set, by botocore's name of the service (`sso`, `sso-oidc`, `signin`).
    `ca_bundle` is the path of the certificates that they are trusted with, `ca_bundle_named` what named it.
    """

    region: str
    endpoint_urls: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None
    ca_bundle_named: str = field(default="", compare=False)


@dataclass(frozen=True)
class IdentityCenterLogin:
    """A login to IAM Identity Center: of an `[sso-session]`, or of the legacy keys (`session_name` is None).

    `token_path` is its token file; `command` the words that log in again. `registration_scopes` are None where the
    section has none, `method` where the config does not say how to log in.
    """

    start_url: str
    session_name: str | None
    token_path: str
    command: str
    service: LoginService
    registration_scopes: tuple[str, ...] | None = None
    method: LoginMethod | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PermissionSet:
    """A role of IAM Identity Center in one account, by its `login`. `profile` is whose keys these are."""

    profile: str
    account_id: str
    role_name: str
    login: IdentityCenterLogin
    resolution: Resolution = field(default=Resolution(), compare=False)

    @property
    def command(self) -> str:
        """The command that logs in again, quoted for a shell."""
        return self.login.command


@dataclass(frozen=True)
class ConsoleLogin:
    """A login to the AWS console (`aws login`). `login_session` is the ARN of who logged in.

    `service.region` is the profile's: the region of the sign-in is in the token file, or was remembered.
    """

    profile: str
    login_session: str
    token_path: str
    command: str
    service: LoginService
    resolution: Resolution = field(default=Resolution(), compare=False)
    method: LoginMethod | None = field(default=None, compare=False)


Login = IdentityCenterLogin | ConsoleLogin


def account_of(login_session: str) -> str | None:
    """The account in the ARN of who logged in; None where it has none."""
    parts = login_session.split(":")
    return parts[4] if len(parts) > 5 and is_account_id(parts[4]) else None


def identity_center_token(session_name: str | None, start_url: str) -> str:
    """The path of a token file, with `~`: its name is the SHA-1 of the session's name, else of the start URL."""
    name = sha1((session_name or start_url).encode("utf-8"), usedforsecurity=False).hexdigest()
    return f"{SSO_CACHE}/{name}.json"


def command(profile: str, session_name: str | None = None) -> str:
    """The words that log in, for a shell: by the name of an `[sso-session]`, else by the profile that has the keys."""
    shown = printable(profile if session_name is None else session_name, 64)
    name, is_like_an_option = typed(shown), shown.startswith("-")
    if session_name is None:
        return f"assume-helper login {'-- ' if is_like_an_option else ''}{name}"
    return f"assume-helper login --sso-session{'=' if is_like_an_option else ' '}{name}"


def console_token(login_session: str, environ: Mapping[str, str]) -> str:
    """The path of a console login's token file, perhaps with `~`: its name is the SHA-256 of the login session."""
    name = sha256(login_session.encode("utf-8")).hexdigest()
    return os.path.join(environ.get(LOGIN_CACHE_VARIABLE) or LOGIN_CACHE, f"{name}.json")


def absolute(written: str, environ: Mapping[str, str]) -> str:
    """`written`, with `~` as the home of `environ`, as an absolute path."""
    return os.path.abspath(expand_home(written, environ))
