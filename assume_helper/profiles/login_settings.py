"""What a profile says of a login: a permission set of IAM Identity Center, or a login to the AWS console."""

from collections.abc import Mapping

from assume_helper.credentials import LoginMethod
from assume_helper.errors import ConfigurationError
from assume_helper.light import Any, replace
from assume_helper.profiles import endpoint, likely_meant, login, profile_variables, resolution, value_parsers
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.login import ConsoleLogin, IdentityCenterLogin, Login, LoginService, PermissionSet
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.settings import LOGIN_KEY, ProfileSettings
from assume_helper.text import has_control_character, printable

# Sessions that a message names.
_MOST_NAMED = 8
_COMPLETE = "add it: the access portal shows it under 'Access keys'"
_FIRST_REGION = "us-east-1"
# What a profile says of every service, and so of the logins that are made with it.
_OF_EVERY_SERVICE = ("ca_bundle", "endpoint_url", "ignore_configured_endpoint_urls", "services")


def permission_set(
    settings: ProfileSettings, environ: Mapping[str, str], inherited: EndpointSettings, tokens: dict[str, Resolution]
) -> PermissionSet:
    """The permission set of a profile; `inherited` is what is said of STS for the role that it is for.

    `tokens` has what token files come to that were read before. Raises ConfigurationError: for a key that is missing, a
    start URL or a region that is none, and a key that differs from that of the `[sso-session]` (botocore:
    `SSOProvider`).
    """
    account_id, role_name = _wanted(settings, "sso_account_id"), _wanted(settings, "sso_role_name")
    found = identity_center(settings, environ, inherited)
    written = login.identity_center_token(found.session_name, found.start_url)
    if written not in tokens:
        tokens[written] = resolution.of_token(written, environ, is_numbered=True)
    return PermissionSet(settings.name, account_id, role_name, found, tokens[written])


def identity_center(
    settings: ProfileSettings, environ: Mapping[str, str], inherited: EndpointSettings
) -> IdentityCenterLogin:
    """The login of a profile with `sso_session` or with the legacy keys. Raises ConfigurationError."""
    name = settings.sso_session
    section = _session_section(settings, name) if name is not None else {}
    values = {key: _value(settings, key, section, name) for key in ("sso_start_url", "sso_region")}
    scopes = section.get("sso_registration_scopes", "").split(",") if "sso_registration_scopes" in section else None
    start_url = _start_url(values["sso_start_url"], settings)
    region = value_parsers.parsed(value_parsers.region, values["sso_region"], f"sso_region of {settings.section}")
    path = login.absolute(login.identity_center_token(name, start_url), environ)
    return IdentityCenterLogin(
        start_url=start_url,
        session_name=name,
        token_path=path,
        command=login.command(settings.name, name),
        service=_service(settings, environ, inherited, region, ("sso", "sso-oidc")),
        registration_scopes=None if scopes is None else tuple(scope.strip() for scope in scopes if scope.strip()),
        method=settings.login_method or _session_method(section, name),
    )


def of_session(config: AwsConfig, name: str, environ: Mapping[str, str]) -> IdentityCenterLogin:
    """The login of the session `name`, whatever profiles use it.

    Endpoints and certificates are those of the profile that the environment names, else of `default`, as for the AWS
    CLI. Raises ConfigurationError.
    """
    import difflib

    if name not in config.sso_sessions or likely_meant.unread(config, name, "sso-session") is not None:
        near = difflib.get_close_matches(name, config.sso_sessions, n=1)
        known = ", ".join(printable(each, 64) for each in [*config.sso_sessions][:_MOST_NAMED])
        otherwise = f"there are: {known}" if known else "add that section, with sso_start_url and sso_region"
        what = f"there is no [sso-session {printable(name, 64)}] in {printable(config.config_path)}"
        raise likely_meant.missing(
            config, what, name, f"did you mean {printable(near[0], 64)}?" if near else otherwise, "sso-session"
        )
    settings = _without_profile(config, f"sso-session {name}", environ, sso_session=name)
    return identity_center(settings, environ, EndpointSettings())


def of_token_file(config: AwsConfig, path: str, tokens: Mapping[str, Any], environ: Mapping[str, str]) -> Login:
    """The login in the token file at `path`, which nothing in the config names. Raises ConfigurationError."""
    settings = _without_profile(config, "default", environ)
    if isinstance(tokens["accessToken"], Mapping):
        service = _service(settings, environ, EndpointSettings(), _FIRST_REGION, ("signin",))
        return ConsoleLogin("", "", path, login.command("default"), service)
    service = _service(settings, environ, EndpointSettings(), _FIRST_REGION, ("sso", "sso-oidc"))
    return IdentityCenterLogin(tokens["startUrl"], None, path, login.command("default"), service)


def _without_profile(config: AwsConfig, title: str, environ: Mapping[str, str], **keys: str) -> ProfileSettings:
    """The settings of a login that is no profile's, with these `keys`."""
    of_all = merge(config, profile_variables.profile(environ) or "default").bare
    found = {key: of_all[key] for key in _OF_EVERY_SERVICE if key in of_all} | keys
    return ProfileSettings(merge(replace(config, profiles={**config.profiles, title: found}), title))


def console_login(
    settings: ProfileSettings, environ: Mapping[str, str], inherited: EndpointSettings, tokens: dict[str, Resolution]
) -> ConsoleLogin:
    """The console login of a profile; `tokens` as for `permission_set`. Raises ConfigurationError."""
    login_session = _wanted(settings, "login_session")
    written = login.console_token(login_session, environ)
    if written not in tokens:
        tokens[written] = resolution.of_token(written, environ, is_numbered=False)
    region = settings.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or _FIRST_REGION
    return ConsoleLogin(
        settings.name,
        login_session,
        login.absolute(written, environ),
        login.command(settings.name),
        _service(settings, environ, inherited, region, ("signin",)),
        tokens[written],
        settings.login_method,
    )


def _wanted(settings: ProfileSettings, key: str) -> str:
    found = settings.raw.text(key)
    if found is None:
        other = "sso_role_name" if key == "sso_account_id" else "sso_account_id"
        raise ConfigurationError(f"{settings.section} has {other} and no {key}", f"add {key}, or take {other} out")
    return found


def _session_section(settings: ProfileSettings, name: str) -> Mapping[str, str]:
    config = settings.raw.config
    section = config.sso_sessions.get(name)
    if section is None or likely_meant.unread(config, name, "sso-session") is not None:
        what = f"{settings.section} names sso_session = {printable(name, 64)}, which is not there"
        raise likely_meant.missing(config, what, name, "add that section", "sso-session")
    return section


def _session_method(section: Mapping[str, str], name: str | None) -> LoginMethod | None:
    text = section.get(LOGIN_KEY)
    named = f"{LOGIN_KEY} of [sso-session {printable(name or '', 64)}]"
    return value_parsers.parsed(value_parsers.login_method, text, named) if text else None


def _value(settings: ProfileSettings, key: str, section: Mapping[str, str], name: str | None) -> str:
    """A key of the login: the session's section has it, or for the legacy form the profile itself."""
    own, of_section = settings.raw.text(key), section.get(key, "")
    if has_control_character(of_section):
        raise ConfigurationError(f"{key} of [sso-session {printable(name or '', 64)}] holds a control character",
                                 "write it on one line, in plain text")  # fmt: skip
    if own and of_section and own != of_section:
        raise ConfigurationError(
            f"{key} of {settings.section} differs from that of [sso-session {printable(name or '', 64)}]",
            f"take {key} out of {settings.section}",
        )
    found = of_section if name is not None else own
    if not found:
        where = f"[sso-session {printable(name, 64)}]" if name is not None else settings.section
        raise ConfigurationError(f"the login of {settings.section} is not complete: {where} has no {key}", _COMPLETE)
    return found


def _start_url(text: str, settings: ProfileSettings) -> str:
    """The start URL, as it is written. Raises ConfigurationError where it is none."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        is_url = parts.scheme == "https" and bool(parts.hostname) and " " not in text
    except ValueError:
        is_url = False
    if not is_url:
        raise ConfigurationError(
            f"sso_start_url of {settings.section} is no start URL: {printable(text, 120)}",
            likely_meant.without_comment(text) or "it looks like https://NAME.awsapps.com/start",
        )
    return text


def _service(
    settings: ProfileSettings,
    environ: Mapping[str, str],
    inherited: EndpointSettings,
    region: str,
    names: tuple[str, ...],
) -> LoginService:
    urls = {name: endpoint.service_url(settings, environ, name) for name in names}
    configured = settings.ca_bundle or inherited.ca_bundle
    named = settings.raw.named("ca_bundle") if settings.ca_bundle else inherited.ca_bundle_named or None
    return LoginService(
        region,
        {name: url for name, url in urls.items() if url is not None},
        endpoint.ca_bundle(environ, configured),
        endpoint.ca_bundle_named(environ, named),
    )
