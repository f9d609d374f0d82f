"""The credentials of a source, whatever its kind."""

from collections.abc import Mapping

from assume_helper.credentials import Credentials
from assume_helper.profiles import process_resolution, resolution
from assume_helper.profiles.role import CredentialProcess, EnvironmentKeys, Login, Metadata, SourceOfKeys, StaticKeys


def source_credentials(source: SourceOfKeys, environ: Mapping[str, str], seconds: float) -> Credentials:
    """The credentials of `source`, within `seconds`. A process is started in `environ` (see `system.environment`).

    Raises SourceError; SourceExpired where only the source's credentials have expired; ConfigurationError;
    STSNotReached where a login's service is not reached.
    """
    # Each kind imports what it needs: an access key loads no SDK.
    match source:
        case StaticKeys():
            from assume_helper.sources import access_key

            return access_key.of_profile(source)
        case EnvironmentKeys():
            from assume_helper.sources import access_key

            return access_key.of_environment(environ)
        case CredentialProcess():
            from assume_helper.sources import process

            return process.run(source, environ, seconds)
        case Metadata():
            from assume_helper.sources import metadata

            return metadata.credentials(source, seconds)
        case Login(method="sso"):
            from assume_helper.logins import identity_center

            return identity_center.credentials(source, seconds)
        case Login():
            from assume_helper.logins import console_login

            return console_login.credentials(source, seconds)


def has_changed(source: SourceOfKeys, environ: Mapping[str, str]) -> bool:
    """Whether `source` comes to something else than when the profile was read: another program, another token."""
    match source:
        case CredentialProcess(profile=name, command=command, resolution=before) if before.inputs:
            return process_resolution.has_changed(command, name, before, environ)
        case Metadata(credential_source=kind, resolution=before) if before.inputs:
            return resolution.of_metadata(kind, environ).inputs != before.inputs
        case Login(method=method, resolution=before) if before.inputs:
            return resolution.of_login(method, environ).inputs != before.inputs
    return False
