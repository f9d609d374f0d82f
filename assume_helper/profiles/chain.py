"""The way from a profile to its source, and that one's source: the profiles visited, and what a role hands on."""

from collections.abc import Mapping

from assume_helper.credentials import Storage
from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass, field, replace
from assume_helper.profiles import callers, likely_meant
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.mfa_device import MFASettings
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.resolution import Resolution
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

# No chain of roles is nearly as long.
_MOST_LINKS = 100


@dataclass(frozen=True)
class Chain:
    """The profiles visited so far, and what the last role of them hands on to its source.

    `options` are the call's own, for the role that was asked for alone; `parsed` has the other profiles, parsed once,
    and `tokens` what each token file comes to, read once.
    """

    config: AwsConfig
    environ: Mapping[str, str] = field(repr=False)
    visited: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    mfa: MFASettings = field(default_factory=MFASettings)
    storage: Storage = "file"
    parsed: dict[str, ProfileSettings] = field(default_factory=dict)
    tokens: dict[str, Resolution] = field(default_factory=dict)

    def settings(self, name: str) -> ProfileSettings:
        """The profile `name`, parsed."""
        if self.options:
            return ProfileSettings(merge(self.config, name, self.options))
        if name not in self.parsed:
            self.parsed[name] = ProfileSettings(merge(self.config, name))
        return self.parsed[name]

    def follow(self, name: str, target: str) -> "Chain":
        """The chain one step on, from `name` to `target`. Raises ConfigurationError where that closes a loop."""
        visited = (*self.visited, name)
        if target in visited:
            raise callers.loop_of_sources((*visited[visited.index(target) :], target))
        if len(visited) >= _MOST_LINKS:
            raise ConfigurationError(f"the chain has more than {_MOST_LINKS} profiles", "shorten it")
        if target not in self.config.profiles:
            what = f"[{printable(name, 64)}] names profile {printable(target, 64)}, which is not there"
            raise likely_meant.missing(self.config, what, target, "correct the name, or add that profile")
        return replace(self, visited=visited)
