"""What a profile is by itself, whether or not its credential_process already calls this helper."""

from assume_helper.light import replace
from assume_helper.profiles import helper_command, kind
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Kind
from assume_helper.profiles.settings import ProfileSettings

_PROCESS = "credential_process"


def own_kind(config: AwsConfig, name: str) -> Kind | None:
    """What the profile `name` is; None where it has neither a role nor credentials. Raises ConfigurationError.

    A credential_process that calls this helper is what `configure` writes, and none of the profile's own.
    """
    raw = merge(config, name)
    if helper_command.parse(raw.values.get(_PROCESS)) is not None:
        raw = replace(raw, values={key: value for key, value in raw.values.items() if key != _PROCESS})
    return kind.kind_of(ProfileSettings(raw), as_source=False)


def is_pair(config: AwsConfig, name: str) -> bool:
    """Whether the profile only asks this helper for another one. Raises ConfigurationError.

    An access key beside such a process is not what SDKs use first (`kind.kind_of` has their order).
    """
    ours = helper_command.parse(config.config_profiles.get(name, {}).get(_PROCESS))
    return ours is not None and not ours.is_for(name) and own_kind(config, name) in {None, "access key"}
