"""The access key of a profile, as the commands of `keys` handle it: where it is kept, and who is asked about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from assume_helper.cache import key_lock
from assume_helper.cache.directory import Cache
from assume_helper.cli.invocation import Invocation
from assume_helper.configure import key_file
from assume_helper.configure.key_file import FilePlace
from assume_helper.credentials import Identity
from assume_helper.errors import AssumeHelperError, ConfigurationError, SettingFault
from assume_helper.keys import iam as iam_calls
from assume_helper.keys import journal
from assume_helper.keys.iam import IAM, IAMService
from assume_helper.keys.places import KeyringPlace
from assume_helper.light import dataclass
from assume_helper.profiles import endpoint, key_record, kind, likely_meant
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.origin import AccessKey, KeptKey, StaticKeys
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Endpoint
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system.deadline import Deadline
from assume_helper.system.warning import Warning
from assume_helper.text import printable

# Seconds for a keyring, which may ask a person to unlock it; and for one question to STS.
KEYRING_PATIENCE = 60.0
_STS_PATIENCE = 10.0
# Seconds for another process that changes the same key: a rotation waits for IAM.
_LOCK_PATIENCE = 180.0


@dataclass(frozen=True)
class Asked:
    """Who is asked about the access key of the profile `name`: its STS, and its IAM."""

    name: str
    sts: Endpoint
    service: IAMService
    invocation: Invocation

    def iam(self, pair: KeyPair) -> IAM:
        """IAM as the user of `pair` asks it."""
        return IAM(self.service, pair, self.invocation.clock)

    def who(self, pair: KeyPair) -> Identity:
        """Who `pair` is, as STS says it. Raises AssumeHelperError: SourceNotKnown where it does not know that (yet)."""
        from assume_helper.sts import calls, request

        source = StaticKeys(self.name, pair.access_key_id, pair.secret_access_key, None)
        at = self.invocation.clock.monotonic() + _STS_PATIENCE
        asked = request.get_caller_identity(self.sts, source)
        return calls.get_caller_identity(asked, pair.credentials, Deadline(at, at), self.invocation.clock)


def asked(invocation: Invocation, settings: ProfileSettings) -> Asked:
    """Who is asked about the key of a profile. Raises ConfigurationError."""
    environ = invocation.environ
    sts = endpoint.resolve(endpoint.from_settings(settings, environ, EndpointSettings()), None)
    service = iam_calls.service_of(sts, endpoint.service_url(settings, environ, "iam"))
    return Asked(settings.name, sts, service, invocation)


def settings_of(config: AwsConfig, name: str) -> ProfileSettings:
    """The settings of the profile `name`. Raises ConfigurationError where it is not there."""
    if name not in config.profiles:
        raise likely_meant.unknown_profile(config, name)
    return ProfileSettings(merge(config, name))


def find(settings: ProfileSettings) -> AccessKey | None:
    """The access key that a profile is, or has as a source; None where it has none, or something else wins."""
    found = kind.access_key(settings)
    return found if found is not None and kind.kind_of(settings, as_source=True) == "access key" else None


def place_of(invocation: Invocation, settings: ProfileSettings) -> KeyringPlace | FilePlace:
    """Where the access key of a profile is kept. Raises ConfigurationError where it has none of its own."""
    found = find(settings)
    if isinstance(found, KeptKey):
        return KeyringPlace(settings.name, found.place, invocation.environ, KEYRING_PATIENCE)
    place = None if found is None else key_file.of_profile(settings, invocation.environ)
    if place is None:
        source = settings.source_profile
        behind = f": the one of its source_profile is that of {printable(source, 64)}" if source else ""
        raise ConfigurationError(
            f"profile {printable(settings.name, 64)} has no access key of its own{behind}",
            "name the profile that has the key; `assume-helper keys list` shows them",
        )
    return place


def copies(config: AwsConfig, name: str, pair: KeyPair) -> list[str]:
    """The other profiles that have `pair`, in a file or by our note in a keyring, as messages name them."""
    found = []
    for other, values in config.profiles.items():
        if other == name:
            continue
        try:
            kept = find(ProfileSettings(merge(config, other)))
        except AssumeHelperError:
            kept = None
        is_kept = isinstance(kept, KeptKey) and kept.access_key_id == pair.access_key_id
        if is_kept or pair.access_key_id in values.values():
            found.append(printable(other, 64))
    return found


def check_no_rotation(invocation: Invocation, place: KeyringPlace | FilePlace) -> None:
    """Raise ConfigurationError where a rotation of the key was begun and has not ended."""
    if journal.of(invocation.environ, place.identity).read() is not None:
        raise ConfigurationError(
            "a rotation of this key was interrupted, and nothing was changed now",
            "run `assume-helper keys rotate` with this profile first: it finishes the rotation, or takes it back",
        )


@contextmanager
def locked(invocation: Invocation) -> Iterator[None]:
    """Hold the lock of all access keys: they share files. Raises AssumeHelperError where it cannot be had."""
    folder = key_record.folder(invocation.environ)
    problems: list[Warning] = []
    until = invocation.clock.monotonic() + _LOCK_PATIENCE
    lock = Cache(folder, problems.append)
    with key_lock.acquire(lock, "keys", lambda: invocation.clock.monotonic() > until) as is_held:
        if folder is None or problems:
            why = problems[0].what if problems else "there is no state directory"
            raise SettingFault(f"nothing was changed: {why}", "check the disk and the rights of the state directory")
        if not is_held:
            what = "another `assume-helper keys` is at work, or waits for an answer: nothing was changed"
            raise AssumeHelperError(what, "answer it, or try again when it has ended")
        yield
