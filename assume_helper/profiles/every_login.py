"""Every login of this user: those that the config names, and those whose token file is there all the same."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import login, login_record, login_settings, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.login import Login
from assume_helper.profiles.resolution import Resolution

# A token file is named by a digest. Other files lie beside it: registrations, which name no startUrl, and those of
# other programs.
_NAMES = {login.SSO_CACHE: re.compile(r"[0-9a-f]{40}\.json"), login.LOGIN_CACHE: re.compile(r"[0-9a-f]{64}\.json")}


def every_login(config: AwsConfig, environ: Mapping[str, str]) -> list[Login]:
    """Each login once, by its token file. A section or a profile that cannot be read names none."""
    found: dict[str, Login] = {}
    for each in (*_of_sessions(config, environ), *_of_profiles(config, environ)):
        found.setdefault(os.path.realpath(each.token_path), each)
    for path in _token_files(environ):
        if os.path.realpath(path) not in found:
            found |= {os.path.realpath(path): each for each in _in_file(config, path, environ)}
    return list(found.values())


def _of_sessions(config: AwsConfig, environ: Mapping[str, str]) -> Iterator[Login]:
    for name in config.sso_sessions:
        with suppress(ConfigurationError):
            yield login_settings.of_session(config, name, environ)


def _of_profiles(config: AwsConfig, environ: Mapping[str, str]) -> Iterator[Login]:
    tokens: dict[str, Resolution] = {}
    for name in config.profiles:
        if role_chain.can_be_served(config, name):
            with suppress(ConfigurationError):
                found = role_chain.read_profile(config, environ, name, tokens=tokens).login
                if found is not None:
                    yield found


def _token_files(environ: Mapping[str, str]) -> Iterator[str]:
    for written, pattern in _NAMES.items():
        moved = environ.get(login.LOGIN_CACHE_VARIABLE) if written == login.LOGIN_CACHE else None
        folder = login.absolute(moved or written, environ)
        with suppress(OSError):
            yield from (os.path.join(folder, name) for name in sorted(os.listdir(folder)) if pattern.fullmatch(name))


def _in_file(config: AwsConfig, path: str, environ: Mapping[str, str]) -> Iterator[Login]:
    """The login in a token file, if it holds one."""
    tokens = login_record.read_token_file(path).tokens or {}
    of_identity_center = isinstance(tokens.get("accessToken"), str) and isinstance(tokens.get("startUrl"), str)
    of_console = isinstance(tokens.get("accessToken"), dict) and isinstance(tokens.get("refreshToken"), str)
    if of_identity_center or of_console:
        with suppress(ConfigurationError):
            yield login_settings.of_token_file(config, path, tokens, environ)
