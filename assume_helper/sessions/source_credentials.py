"""The credentials of a source that is no session of ours: an access key, the environment's, a machine's metadata."""

from collections.abc import Mapping

from assume_helper.credentials import Credentials
from assume_helper.profiles import resolution
from assume_helper.profiles.origin import EnvironmentKeys, KeptKey, Metadata, Origin, StaticKeys


def source_credentials(source: Origin, environ: Mapping[str, str], seconds: float) -> Credentials:
    """The credentials of `source`, within `seconds`.

    Raises SourceError; SourceExpired where only the source's credentials have expired; STSNotReached where a metadata
    service's answer has no end.
    """
    # Each kind imports what it needs: an access key loads no SDK.
    match source:
        case StaticKeys():
            from assume_helper.sources import access_key

            return access_key.of_profile(source)
        case KeptKey():
            from assume_helper.sources import kept_keys

            return kept_keys.credentials(source, environ, seconds)
        case EnvironmentKeys():
            from assume_helper.sources import access_key

            return access_key.of_environment(environ)
        case Metadata():
            from assume_helper.sources import metadata

            return metadata.credentials(source, seconds)
    raise AssertionError(type(source).__name__)


def has_changed(source: Origin, environ: Mapping[str, str]) -> bool:
    """Whether `source` comes to something else than when the profile was read: another machine, another token."""
    if isinstance(source, Metadata) and source.resolution.inputs:
        return resolution.of_metadata(source.credential_source, environ).inputs != source.resolution.inputs
    return False
