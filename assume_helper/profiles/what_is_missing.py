"""What to say of a profile in which something is missing: it is of no kind, or a key of it is misspelt."""

from contextlib import suppress

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import helper_command, likely_meant, value_parsers
from assume_helper.profiles.raw_profile import included_profiles, with_prefix
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import draw_loop, has_comment, printable

# What makes a profile one that can be served.
LEADS_TO_SESSION = (
    "aws_access_key_id",
    "credential_process",
    "include_profile",
    "keys",
    "login_session",
    "role_arn",
    "saml_process",
    "sso_account_id",
    "sso_role_name",
    "web_identity_token_file",
    "web_identity_token_process",
)


def of_no_kind(settings: ProfileSettings) -> ConfigurationError:
    """The error for a profile with nothing that a session could be made from."""
    name, path = printable(settings.name, 64), printable(settings.raw.config.config_path)
    if settings.has("sso_session") or settings.has("sso_start_url"):
        prefix = with_prefix("") if any(map(settings.has_prefixed, ("sso_session", "sso_start_url"))) else ""
        return ConfigurationError(
            f"profile {name} names a login of IAM Identity Center, and no permission set",
            keys_meant(settings, "sso_account_id", "sso_role_name")
            or f"add {prefix}sso_account_id and {prefix}sso_role_name to it in {path}",
        )
    ours = helper_command.parse(settings.credential_process)
    if ours is not None and ours.is_for(settings.name):
        return ConfigurationError(
            f"profile {name} has nothing to get credentials from, and its credential_process leads back to it: "
            f"{draw_loop((settings.name, settings.name))}",
            f"add {with_prefix('role_arn')} and {with_prefix('source_profile')} to it in {path}",
        )
    return ConfigurationError(
        f"profile {name} has no role, no login, no credential_process and no access key",
        keys_meant(settings, *LEADS_TO_SESSION)
        or f"add role_arn (or {with_prefix('role_arn')}) and source_profile to it in {path}",
    )


def keys_meant(settings: ProfileSettings, *wanted: str) -> str | None:
    """The next step where one of the keys `wanted` is there, misspelt or as a part of another value."""
    with suppress(ConfigurationError):  # a missing include is reported elsewhere
        names = list(included_profiles(settings.raw.config, settings.name))
        return likely_meant.key_meant(settings.raw.config, names, wanted)
    return likely_meant.key_meant(settings.raw.config, [settings.name], wanted)


def check_comment(settings: ProfileSettings) -> None:
    """Raise ConfigurationError where a comment follows this helper's own command, which takes its words for arguments.

    Another program may or may not mind them.
    """
    command = settings.credential_process
    if command is None or not has_comment(command):
        return
    if helper_command.parse(value_parsers.before_comment(command)) is not None:
        raise ConfigurationError(
            f"the credential_process of {settings.section} has a comment behind it, which this helper is handed too",
            "put the comment of its credential_process on a line of its own",
        )
