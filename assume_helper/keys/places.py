"""Where a profile's access key is kept, and how a new one takes its place there: it lies beside the old one first."""

from collections.abc import Mapping

from assume_helper.credentials import KeyPlace
from assume_helper.errors import SettingFault
from assume_helper.light import Protocol, dataclass, field
from assume_helper.profiles import key_record
from assume_helper.profiles.key_record import KeyRecord
from assume_helper.profiles.source_description import KEYRINGS
from assume_helper.sources import kept_keys
from assume_helper.sources.kept_keys import KeyPair


class Place(Protocol):
    """A place that keeps one profile's access key. Each method raises AssumeHelperError where that cannot be done."""

    @property
    def named(self) -> str:
        """The place as messages name it."""

    @property
    def identity(self) -> str:
        """What tells it from every other place."""

    def read(self) -> KeyPair | None:
        """The key that is kept; None where there is none."""

    def read_next(self) -> KeyPair | None:
        """The key that is to take its place; None where there is none."""

    def keep_next(self, pair: KeyPair) -> None:
        """Keep `pair` beside the key, and read it back."""

    def promote(self) -> None:
        """Have the next key take the place of the key. What ends it in between leaves both, or the next one twice."""

    def drop_next(self) -> None:
        """Forget the next key."""


@dataclass(frozen=True)
class KeyringPlace:
    """The desktop's keyring, or the kernel's, which is waited for at most `patience` seconds each time."""

    profile: str
    place: KeyPlace
    environ: Mapping[str, str] = field(repr=False)
    patience: float

    @property
    def named(self) -> str:
        """The place as messages name it."""
        named: str = KEYRINGS[self.place]
        return named

    @property
    def value(self) -> str:
        """The place for a program: `keyring` or `kernel`."""
        value: str = self.place
        return value

    @property
    def identity(self) -> str:
        """What tells it from every other place."""
        return f"{self.place} {self.profile}"

    def read(self) -> KeyPair | None:
        """The key that is kept."""
        return kept_keys.read(self.profile, self.place, self.patience)

    def read_next(self) -> KeyPair | None:
        """The key that is to take its place."""
        return kept_keys.read(self.profile, self.place, self.patience, is_next=True)

    def keep(self, pair: KeyPair) -> None:
        """Keep `pair` as the key, read it back, and note which one it is. One that is there is not written again: some
        back ends delete before they write, and it may be nowhere else.
        """
        there = self.read()
        if there is None or there.credentials != pair.credentials:
            kept_keys.write(self.profile, self.place, pair, self.patience)
        self._note(KeyRecord(pair.access_key_id, pair.created, pair.kept))

    def keep_next(self, pair: KeyPair) -> None:
        """Keep `pair` beside the key."""
        kept_keys.write(self.profile, self.place, pair, self.patience, is_next=True)

    def promote(self) -> None:
        """Have the next key take the key's place. Some back ends delete before they write: the next one stays until
        the key can be read back.
        """
        pair = self.read_next()
        if pair is not None:
            self.keep(pair)
            self.drop_next()

    def drop_next(self) -> None:
        """Forget the next key."""
        kept_keys.delete(self.profile, self.place, self.patience, is_next=True)

    def remove(self, now: float) -> None:
        """Keep no key. The note stays and says so: no session of a removed key is served."""
        self._note(KeyRecord(None, None, now))
        for is_next in (True, False):
            kept_keys.delete(self.profile, self.place, self.patience, is_next=is_next)
        self._note(KeyRecord(None, None, now))

    def _note(self, record: KeyRecord) -> None:
        try:
            key_record.write(self.environ, self.profile, self.place, record)
        except OSError as error:
            raise SettingFault(
                f"it cannot be noted which key {self.named} keeps ({error.strerror})",
                "check the disk and the rights of the state directory, then run it again",
            ) from None
