"""A profile's access key in the credentials file or in the config file, as a place that `keys` can replace it in.

While a key is replaced, the next one stands beside it in the same section, under keys that no SDK reads.
"""

from collections.abc import Callable, Mapping

from assume_helper.configure import writer
from assume_helper.configure.access_key_text import KeyLines
from assume_helper.configure.writer import ConfigFile
from assume_helper.errors import ChangedMeanwhile, ConfigurationError, SourceError
from assume_helper.light import dataclass, field
from assume_helper.profiles import aws_config
from assume_helper.profiles.raw_profile import with_prefix
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.sources.access_key import checked
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.text import printable

# How often a file that another program changes is read again.
_TRIES = 20


@dataclass(frozen=True)
class FilePlace:
    """The file at `path`, named so by `variable`, and the lines of it that have the key."""

    path: str
    variable: str
    lines: KeyLines
    environ: Mapping[str, str] = field(repr=False)

    @property
    def named(self) -> str:
        """The place as messages name it."""
        return printable(self.path)

    @property
    def value(self) -> str:
        """The place for a program: its path."""
        return self.path

    @property
    def identity(self) -> str:
        """What tells it from every other place."""
        return f"{self.file().path} {self.lines.section}"

    def file(self) -> ConfigFile:
        """The file as it is now. Raises ConfigurationError."""
        return writer.read_file(self.path, self.variable)

    def read(self) -> KeyPair | None:
        """The key that stands there. Raises SourceError for one that no request can carry."""
        return self._pair(self.lines.read(self.file().text))

    def read_next(self) -> KeyPair | None:
        """The key that is to take its place."""
        return self._pair(self.lines.read_next(self.file().text))

    def keep_next(self, pair: KeyPair) -> None:
        """Write `pair` beside the key."""
        self._change(lambda text: self.lines.with_next(text, pair))
        if self.read_next() != KeyPair(pair.access_key_id, pair.secret_access_key):
            raise SourceError(f"{self.named} does not hold what was written to it", "look at the file")

    def promote(self) -> None:
        """Write the next key in the key's place: one text, written whole."""
        self._change(self.lines.promoted)

    def drop_next(self) -> None:
        """Take the next key out."""
        self._change(self.lines.without_next)

    def take_out(self, pair: KeyPair) -> None:
        """Take `pair` out of the file. Raises ChangedMeanwhile where another key is there by now."""

        def edit(text: str) -> str:
            if self.lines.read(text) != (pair.access_key_id, pair.secret_access_key):
                raise ChangedMeanwhile(f"{self.named} has another access key by now", "nothing was taken out of it")
            return self.lines.without_key(text)

        self._change(edit)

    def _pair(self, found: tuple[str, str] | None) -> KeyPair | None:
        if found is None:
            return None
        pair = checked(*found, None, self.named)
        return KeyPair(pair.access_key_id, pair.secret_access_key)

    def _change(self, edit: Callable[[str], str]) -> None:
        for tries in range(_TRIES, 0, -1):
            file = self.file()
            text = edit(file.text)
            if text == file.text:
                return
            try:
                writer.replace(file, text, self.environ)
            except ChangedMeanwhile:
                if tries == 1:
                    raise
            else:
                return


def of_profile(settings: ProfileSettings, environ: Mapping[str, str]) -> FilePlace | None:
    """Where the files have the access key of a profile; None where they have none.

    Raises ConfigurationError where its id and its secret do not stand in one section, or in one spelling, and
    SourceError for temporary keys.
    """
    config, name = settings.raw.config, settings.name
    if settings.aws_access_key_id is None:
        return None
    if any(settings.has(key) for key in ("aws_session_token", "aws_security_token")):
        raise SourceError(
            f"profile {printable(name, 64)} has temporary keys, which end by themselves",
            "this is for a user's long-lived access key",
        )
    spelled = [
        with_prefix(key) if settings.has_prefixed(key) else key
        for key in ("aws_access_key_id", "aws_secret_access_key")
    ]
    in_credentials = [key in config.credentials_profiles.get(name, {}) for key in spelled]
    if len(set(in_credentials)) > 1 or len({key.startswith(with_prefix("")) for key in spelled}) > 1:
        raise ConfigurationError(
            f"the access key of profile {printable(name, 64)} and its secret stand in two places", "put them in one"
        )
    if in_credentials[0]:
        path, variable, section = config.credentials_path, "AWS_SHARED_CREDENTIALS_FILE", name
    else:
        path, variable = config.config_path, "AWS_CONFIG_FILE"
        section = _section(writer.read_file(path, variable).text, name)
    return FilePlace(path, variable, KeyLines(section, *spelled), environ)


def _section(text: str, name: str) -> str:
    """The name of the profile's section as the config file writes it."""
    from assume_helper.configure import config_text

    found = config_text.section_of(config_text.sections(config_text.parse(text)), name)
    return name if found is None else str(found.name)


def credentials_text(config: aws_config.AwsConfig) -> str:
    """The text of the credentials file. Raises ConfigurationError."""
    return writer.read_file(config.credentials_path, "AWS_SHARED_CREDENTIALS_FILE").text
