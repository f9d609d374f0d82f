"""The lines of one profile's access key, in the text of the config or of the credentials file: all else stays, to the
byte.
"""

from assume_helper.configure import config_text
from assume_helper.errors import ConfigurationError
from assume_helper.light import TYPE_CHECKING, dataclass
from assume_helper.profiles.settings import NEXT_KEY_ID, NEXT_SECRET
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.text import printable

if TYPE_CHECKING:
    from configupdater import ConfigUpdater, Option


@dataclass(frozen=True)
class KeyLines:
    """Where the key of a profile stands: in which `section`, and under which keys.

    `key_id` and `secret` are spelled as in the file, with the prefix or without.
    """

    section: str
    key_id: str
    secret: str

    def read(self, text: str) -> tuple[str, str] | None:
        """The id and the secret that stand there. Raises ConfigurationError as all methods."""
        return _values(_options(config_text.parse(text), self.section), self.key_id, self.secret)

    def read_next(self, text: str) -> tuple[str, str] | None:
        """Those of the next key."""
        return _values(_options(config_text.parse(text), self.section), NEXT_KEY_ID, NEXT_SECRET)

    def with_next(self, text: str, pair: KeyPair) -> str:
        """`text` with the next key behind the key."""
        document = config_text.parse(self.without_next(text))
        secret = _options(document, self.section)[self.secret]
        depth = secret.lines[0][: len(secret.lines[0]) - len(secret.lines[0].lstrip())]
        new = [
            f"{depth}{key} = {value}"
            for key, value in ((NEXT_KEY_ID, pair.access_key_id), (NEXT_SECRET, pair.secret_access_key))
        ]
        config_text.insert_after_first(secret.lines, new, config_text.line_end(text))
        return _ended_as(text, str(document))

    def without_next(self, text: str) -> str:
        """`text` without the next key."""
        return self._without(text, NEXT_KEY_ID, NEXT_SECRET)

    def promoted(self, text: str) -> str:
        """`text` with the next key in the key's place."""
        document = config_text.parse(text)
        options = _options(document, self.section)
        found = _values(options, NEXT_KEY_ID, NEXT_SECRET)
        if found is None:
            return text
        for key, value in zip((self.key_id, self.secret), found, strict=True):
            config_text.set_value(options[key], value)
        for key in (NEXT_KEY_ID, NEXT_SECRET):
            config_text.set_value(options[key], None)
        return _ended_as(text, str(document))

    def without_key(self, text: str) -> str:
        """`text` without the key, and without a next one."""
        return self._without(text, self.key_id, self.secret, NEXT_KEY_ID, NEXT_SECRET)

    def _without(self, text: str, *keys: str) -> str:
        document = config_text.parse(text)
        options = _options(document, self.section)
        for key in keys:
            if key in options:
                config_text.set_value(options[key], None)
        return _ended_as(text, str(document))


def _ended_as(before: str, after: str) -> str:
    """`after`, whose last line has an end only if that of `before` had one."""
    if before.endswith("\n"):
        return after
    return after.removesuffix("\r\n") if after.endswith("\r\n") else after.removesuffix("\n")


def _options(document: "ConfigUpdater", section: str) -> "dict[str, Option]":
    found = [each for each in document.iter_sections() if each.name == section]
    if len(found) > 1:
        raise ConfigurationError(f"[{printable(section, 64)}] is there {len(found)} times", "merge them into one")
    return config_text.options_of(found[0] if found else None)


def _values(options: "dict[str, Option]", *keys: str) -> tuple[str, str] | None:
    values = [options[key].value or "" if key in options else "" for key in keys]
    return (values[0], values[1]) if all(values) else None
