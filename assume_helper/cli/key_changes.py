"""`keys add`: a key into a keyring, typed, piped or moved out of a file. It is never lost on the way."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from assume_helper.cli import config_change, display, key_input, key_keeping, profile_key
from assume_helper.cli.invocation import Invocation
from assume_helper.configure import change as changes
from assume_helper.configure import editor, key_file, writer
from assume_helper.configure.change import Loaded
from assume_helper.configure.difference import difference
from assume_helper.configure.key_file import FilePlace
from assume_helper.credentials import KeyPlace
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError
from assume_helper.keys.places import KeyringPlace
from assume_helper.light import dataclass, field, replace
from assume_helper.profiles import aws_config, key_record
from assume_helper.profiles.origin import KeptKey
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import KEPT_KEY, ProfileSettings
from assume_helper.profiles.source_description import KEYRINGS
from assume_helper.sources import kept_keys
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.text import error_line, printable

OF_THE_KERNEL = (
    "the kernel's keyring keeps it until this machine restarts or the last of your sessions ends, and AWS shows a "
    "secret once: keep it elsewhere, too"
)


@dataclass(frozen=True)
class _Files:
    """Both files as they are and as they are to be. `source` is where a key is taken from, None for no file."""

    loaded: Loaded
    config_text: str = field(repr=False)
    source: FilePlace | None
    credentials_text: str = field(repr=False)

    def diff(self) -> list[str]:
        """What changes, as diff prints it, secrets covered."""
        lines = difference(self.loaded.file.text, self.config_text, self.loaded.file.path)
        if self.source is not None and self.is_apart:
            file = self.source.file()
            lines += difference(file.text, self.credentials_text, file.path)
        return lines

    @property
    def is_apart(self) -> bool:
        """Whether the key is taken out of another file than the config file."""
        return self.source is not None and self.source.variable != "AWS_CONFIG_FILE"

    def write(self, environ: Mapping[str, str], pair: KeyPair) -> None:
        """Write both, the config file first: until the other is written the key is in both places."""
        if self.config_text != self.loaded.file.text:
            writer.replace(self.loaded.file, self.config_text, environ)
        if self.source is not None and self.is_apart:
            self.source.take_out(pair)


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes`. Raises AssumeHelperError for a no."""
    if not yes and not config_change.is_confirmed(question):
        raise AssumeHelperError("nothing was changed", "answer y to go on")


def require_answer(invocation: Invocation, *, yes: bool) -> None:
    """Raise click.UsageError where nobody can be asked, and `yes` is not given."""
    if not yes and not invocation.can_ask():
        raise config_change.usage_error(
            "nothing was changed: there is no terminal to ask on; use --yes to do it without asking"
        )


def add(invocation: Invocation, name: str, *, from_file: bool, keyring: KeyPlace, yes: bool, as_json: bool) -> None:
    """Put the access key of the profile `name` into a keyring. Raises AssumeHelperError, click.UsageError."""
    # Read before anything else may fail: it may be nowhere else.
    piped = None if from_file or invocation.is_terminal(0) else key_input.piped(invocation)
    with ExitStack() as held:
        with key_input.told_if_not_kept(piped):
            require_answer(invocation, yes=yes)
            kept_keys.check(keyring, profile_key.KEYRING_PATIENCE)
            held.enter_context(profile_key.locked(invocation))
            place = KeyringPlace(name, keyring, invocation.environ, profile_key.KEYRING_PATIENCE)
            profile_key.check_no_rotation(invocation, place)
            loaded = changes.load(invocation.environ)
            _check_other_keyring(invocation, place)
            config_change.sweep(invocation)
            source = _source(invocation, loaded, name) if from_file else None
            if from_file and source is None:
                _say_moved(invocation, loaded, place, as_json=as_json)
                return
            files = _files(invocation, loaded, name, keyring, source)
            asked = profile_key.asked(invocation, ProfileSettings(merge(loaded.config, name)))
            pair, is_elsewhere = _pair(invocation, place, source, piped)
            diff = files.diff()
            where = "" if source is None else f" from {source.named}"
            if not yes:
                _show(invocation, name, keyring, diff, as_json=as_json)
            confirm(f"Put the access key {pair.shown}{where} into {place.named}?", yes=yes)
        who = key_keeping.keep(
            invocation, asked, place, pair, lambda: files.write(invocation.environ, pair), is_elsewhere=is_elsewhere
        )
    if yes:  # where it fails, only that is said
        _show(invocation, name, keyring, diff, as_json=as_json)
    changed = files.config_text != loaded.file.text
    if as_json:
        document = {"profile": name, "place": keyring, "access_key": pair.access_key_id[-4:], "arn": who,
                    "config_changed": changed, "taken_from": None if source is None else source.path}  # fmt: skip
        display.print_json(invocation, document)
        return
    lines = [f"The access key {pair.shown} of {printable(who, 200)} is in {place.named}."]
    lines += [f"It was taken out of {source.named}."] if source is not None else []
    display.print_lines(invocation, lines)


def _show(invocation: Invocation, name: str, keyring: KeyPlace, diff: Sequence[str], *, as_json: bool) -> None:
    """What changes in the files, and what the kernel's keyring is."""
    if diff:
        config_change.show(invocation, 2 if as_json else 1, diff)
    if keyring == "kernel":
        invocation.say(f"assume-helper: {printable(name, 64)}: {OF_THE_KERNEL}")


def _check_other_keyring(invocation: Invocation, place: KeyringPlace) -> None:
    """Raise ConfigurationError where the other keyring has a key of the profile: it would be lost from sight."""
    other: KeyPlace = "kernel" if place.place == "keyring" else "keyring"
    record = key_record.read(invocation.environ, place.profile, other)
    if record is not None and record.access_key_id is not None:
        raise ConfigurationError(
            f"{KEYRINGS[other]} has an access key of profile {printable(place.profile, 64)}",
            f"take it out first: {key_keeping.removal(replace(place, place=other))}",
        )


def _source(invocation: Invocation, loaded: Loaded, name: str) -> FilePlace | None:
    """The file that the key is moved out of; None where none has it."""
    found = key_file.of_profile(profile_key.settings_of(loaded.config, name), invocation.environ)
    if found is not None:
        profile_key.check_no_rotation(invocation, found)
    return found


def _say_moved(invocation: Invocation, loaded: Loaded, place: KeyringPlace, *, as_json: bool) -> None:
    """Say that the key was moved before. Raises SourceError where there is none."""
    pair, named = place.read(), printable(place.profile, 64)
    if pair is None or not _leads_to_keyring(loaded, place):
        raise SourceError(f"neither file has an access key of profile {named}", "leave --from-file out, and type it")
    if as_json:
        display.print_json(
            invocation,
            {"profile": place.profile, "place": place.place, "access_key": pair.access_key_id[-4:], "arn": None,
             "config_changed": False, "taken_from": None},
        )  # fmt: skip
    else:
        display.print_lines(invocation, [f"The access key {pair.shown} is in {place.named} already."])


def _leads_to_keyring(loaded: Loaded, place: KeyringPlace) -> bool:
    """Whether the profile has its key in a keyring, as the config is."""
    is_there = place.profile in loaded.config.profiles
    return is_there and isinstance(profile_key.find(ProfileSettings(merge(loaded.config, place.profile))), KeptKey)


def _files(invocation: Invocation, loaded: Loaded, name: str, keyring: KeyPlace, source: FilePlace | None) -> _Files:
    """The files as they are to be. Raises ConfigurationError where the key in the keyring would not be used."""
    environ = invocation.environ
    values: dict[str, str | None] = {KEPT_KEY: keyring}
    if source is not None and source.variable == "AWS_CONFIG_FILE":
        values |= {source.lines.key_id: None, source.lines.secret: None}
    present = changes.read(loaded, environ, name, {})
    edit = changes.edit(loaded, present, {KEPT_KEY: keyring}, fastest=None)
    config_text = editor.configured(
        loaded.file.text, [replace(edit, values={**edit.values, **values}, moves_access_key=False)]
    )
    credentials = key_file.credentials_text(loaded.config)
    if source is not None and source.variable != "AWS_CONFIG_FILE":
        credentials = source.lines.without_key(credentials)
    after = aws_config.load(environ, config_text, credentials)
    editor.check_rest(loaded.config, after, [name])
    settings = ProfileSettings(merge(after, name))
    if not isinstance(profile_key.find(settings), KeptKey):
        if settings.aws_access_key_id is not None:
            which = "an" if source is None else "a second"
            raise ConfigurationError(
                f"profile {printable(name, 64)} has {which} access key in a file, which would win",
                "use --from-file to move it, or take it out" if source is None else "take one of the two out",
            )
        raise ConfigurationError(
            f"profile {printable(name, 64)} is something else, which comes before a key in a keyring",
            "keep the key in a profile of its own, and name that as source_profile",
        )
    return _Files(loaded, config_text, source, credentials)


def _pair(
    invocation: Invocation, place: KeyringPlace, source: FilePlace | None, piped: KeyPair | None
) -> tuple[KeyPair, bool]:
    """The key to put there, and whether it is anywhere else: a file has it, or a person who has just typed it.

    Raises ConfigurationError where another key is there: it may be nowhere else.
    """
    there, given = place.read() or place.read_next(), piped
    from_file = None if source is None else source.read()
    if from_file is not None:
        given = key_input.checked(from_file.access_key_id, from_file.secret_access_key, invocation.clock.now())
    if there is None:
        if given is None:
            return key_input.typed(invocation, place.profile), True
        return given, from_file is not None
    if given is None:
        if invocation.is_terminal(0):  # a person may wait to be asked for one
            what = f"{place.named} has the access key {there.shown} already; `keys rotate` replaces it"
            invocation.say(error_line(place.profile, what))
        return there, False
    # The same id with another secret is another key: one of the two works, and may be nowhere else.
    if there.credentials == given.credentials:
        return given, from_file is not None
    raise ConfigurationError(
        f"{place.named} has another access key {there.shown} of this profile, which may be nowhere else",
        f"replace it with `keys rotate`, or take it out first: {key_keeping.removal(place)}",
    )
