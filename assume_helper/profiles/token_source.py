"""A token of an identity provider in place of source credentials: a file's, a command's, or a CI job's."""

from collections.abc import Mapping

from assume_helper import hit
from assume_helper.errors import ConfigurationError, OptionNotTaken
from assume_helper.profiles import process_resolution, resolution
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.origin import GitHubActions, SAMLProcess, Token, WebIdentity, WebIdentityProcess
from assume_helper.profiles.raw_profile import option_name
from assume_helper.profiles.settings import ProfileSettings

# With one of these a profile is a role, whatever else it has: the first two as for botocore and aws-vault.
KEYS = ("web_identity_token_file", "web_identity_token_process", "saml_process")
# What STS takes with no token, and who says such things in its place.
_NOT_WITH_WEB_IDENTITY = ("external_id", "session_tags", "source_identity")
_NOT_WITH_SAML = (*_NOT_WITH_WEB_IDENTITY, "role_session_name")


def of_settings(settings: ProfileSettings, environ: Mapping[str, str]) -> Token | None:
    """The token of the profile's own keys; None where it has none. Raises ConfigurationError.

    Where there is a file as well as a process, the file wins, as in aws-vault.
    """
    written, command, saml = (
        settings.web_identity_token_file,
        settings.web_identity_token_process,
        settings.saml_process,
    )
    if saml is not None and (written or command) is not None:
        other = KEYS[0] if written is not None else KEYS[1]
        raise ConfigurationError(f"{settings.section} has both saml_process and {other}", "take one of them out")
    if written is not None:
        path = hit.expand_home(written, environ)
        return WebIdentity(path, resolution.of_token_file(written, path, environ))
    if command is not None:
        found = process_resolution.of_shell_command(command, environ)
        return WebIdentityProcess(settings.name, command, found)
    if saml is not None:
        found = process_resolution.of_shell_command(saml, environ)
        return SAMLProcess(settings.name, saml, settings.saml_provider_arn, found)
    return None


def of_github_actions(endpoint: EndpointSettings, environ: Mapping[str, str]) -> GitHubActions:
    """The token that GitHub gives the job which runs here; it is asked with the certificates of `endpoint`."""
    found = resolution.of_github_job(environ)
    url = environ.get(resolution.GITHUB_URL, "")
    return GitHubActions(url, endpoint.ca_bundle, endpoint.ca_bundle_named, found)


def check(settings: ProfileSettings, source: Token) -> None:
    """Raise where the profile, or the call, has what STS does not take with `source`: ignored, it would be missed.

    OptionNotTaken for an option, ConfigurationError for a key. A policy that is ignored would leave the session wider
    than was meant; STS takes these with every token.
    """
    is_saml = isinstance(source, SAMLProcess)
    what = "a SAML assertion" if is_saml else "a web identity token"
    into = "assertion" if is_saml else "token"
    for key in _NOT_WITH_SAML if is_saml else _NOT_WITH_WEB_IDENTITY:
        if key in settings.raw.options:
            raise OptionNotTaken(
                f"{settings.section} begins with {what}, and STS takes no {option_name(key)} with one",
                f"leave it out: the identity provider puts such things into the {into}",
            )
        if settings.has(key):
            raise ConfigurationError(
                f"{settings.section} has {settings.raw.named(key).partition(' of [')[0]}, which STS does not take with "
                f"{what}",
                f"take it out: the identity provider puts such things into the {into}",
            )
    provider = source.provider_arn if isinstance(source, SAMLProcess) else None
    if provider is not None and provider.split(":")[1:5] != (settings.role_arn or "").split(":")[1:5]:
        raise ConfigurationError(
            f"the saml_provider_arn of {settings.section} is of another account than its role_arn",
            "correct one of them: STS takes a provider of the role's own account",
        )
