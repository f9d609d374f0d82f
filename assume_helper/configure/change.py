"""A change of profiles in the AWS config: the helper added or removed, checked before anything is written.

However many profiles it is for, it is one text, one difference and one write.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from assume_helper.configure import consequences, editor, own_kind, writer
from assume_helper.configure.difference import difference
from assume_helper.configure.editor import ACCESS_KEY_KEYS, Edit
from assume_helper.configure.writer import ConfigFile
from assume_helper.errors import ChangedMeanwhile, ConfigurationError
from assume_helper.light import dataclass, field
from assume_helper.profiles import aws_config, helper_command, likely_meant, php_syntax, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.helper_command import HelperCommand
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Kind
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

# The keys that name the source of a role. Setting one removes the others.
SOURCE_KEYS = (
    "source_profile", "credential_source", "web_identity_token_file", "web_identity_token_process", "saml_process",
)  # fmt: skip
_PROCESS = "credential_process"
_PHP_MEND = "use another name with PHP"
# How often a file that another program changes is read again.
_TRIES = 20


@dataclass(frozen=True)
class Loaded:
    """The config file as it is, and both files as they are read."""

    file: ConfigFile
    config: AwsConfig


@dataclass(frozen=True)
class Present:
    """What a profile has before the change.

    `ours` is its credential_process, if that calls this helper. `kind` is what it is by itself, None where it has
    neither a role nor credentials. `is_pair`: its credential_process asks this helper for another profile.
    """

    name: str
    ours: HelperCommand | None
    kind: Kind | None
    has_source: bool
    is_pair: bool

    @property
    def has_role(self) -> bool:
        """Whether the profile has a role of its own, or an included one."""
        return self.kind == "role"


@dataclass(frozen=True)
class ProfileChange:
    """What becomes of one profile: its credential_process after the change, and what a person is to know."""

    name: str
    is_needed: bool
    command: str | None
    warnings: list[str]


@dataclass(frozen=True)
class Change:
    """A change that has not been written yet: the file before, its text after, and what a person is shown.

    `warnings` are about the file as a whole. `left` are the profiles that stay as they are, each with the reason.
    """

    file: ConfigFile
    text: str = field(repr=False)
    profiles: list[ProfileChange]
    diff: list[str]
    warnings: list[str]
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_needed(self) -> bool:
        """Whether the text after differs from the one before."""
        return self.text != self.file.text


def load(environ: Mapping[str, str]) -> Loaded:
    """The files before a change. Raises ConfigurationError."""
    file = writer.read(environ)
    writer.check_home(file.path, environ)
    return Loaded(file, aws_config.load(environ, file.text))


def read(loaded: Loaded, environ: Mapping[str, str], name: str, values: Mapping[str, str]) -> Present:
    """What the profile `name` has now; `values` are the keys that are to be set.

    Raises ConfigurationError where the helper cannot be added to it.
    """
    config = loaded.config
    helper_command.check_profile_name(name)
    if name not in config.profiles and likely_meant.unread(config, name) is not None:
        role_chain.read_profile(config, environ, name)  # raises the error that says how to name the section
    ours = helper_command.parse(config.config_profiles.get(name, {}).get(_PROCESS))
    if name not in config.profiles:
        return Present(name, ours, None, has_source=False, is_pair=False)
    settings = ProfileSettings(merge(config, name))
    return Present(
        name,
        ours,
        own_kind.own_kind(config, name),
        has_source=any(settings.has(key) for key in SOURCE_KEYS),
        is_pair="role_arn" not in values and own_kind.is_pair(config, name),
    )


def edit(loaded: Loaded, present: Present, values: Mapping[str, str], *, fastest: bool | None) -> Edit:
    """The edit that adds the helper to a profile and sets `values`.

    `fastest`: write the form that starts fastest; None keeps the present form. Raises ConfigurationError.
    """
    name, ours = present.name, present.ours
    _refuse_role_in_credentials(loaded.config, name)
    form = fastest if fastest is not None else ours is not None and ours.is_fastest
    keeps_arguments = ours is not None and (present.is_pair or ours.is_for(name))
    arguments = ours.arguments if ours is not None and keeps_arguments else ("get", name)
    line = helper_command.command_line(helper_command.program(fastest=form), arguments)
    new: dict[str, str | None] = dict(values)
    if any(key in values for key in SOURCE_KEYS):
        new |= {key: None for key in SOURCE_KEYS if key not in values}
    # The helper would take one with the prefix before the credentials file's, which SDKs take.
    in_both = any(loaded.config.credentials_profiles.get(name, {}).get(key) for key in ACCESS_KEY_KEYS)
    return Edit(name, line, new, moves_access_key=not present.is_pair and not in_both)


def add_helper(
    loaded: Loaded,
    environ: Mapping[str, str],
    edits: Sequence[Edit],
    *,
    left: Mapping[str, str] | None = None,
    looking_at: Callable[[str], None] = editor.ignore,
) -> Change:
    """The change that makes all `edits`; `looking_at` is told which profile is edited or checked, before each.

    Raises AssumeHelperError where `get` could not use the result.
    """
    text, after = edited(loaded, environ, edits, looking_at)
    unread = php_syntax.unread_profiles(text)
    users = consequences.users_of_sources(after)
    profiles = []
    for each in edits:
        name = each.name
        looking_at(name)
        role_chain.read_profile(after, environ, name)  # raises what `get` would
        kind = own_kind.own_kind(after, name)
        warnings = consequences.warnings(loaded.config, after, name, kind, users)
        if name in unread:
            warnings.append(f"PHP {unread[name]} of the config, and does not call the helper; {_PHP_MEND}")
        is_needed = loaded.config.config_profiles.get(name) != after.config_profiles.get(name)
        profiles.append(ProfileChange(name, is_needed, each.command, warnings))
    diff = difference(loaded.file.text, text, loaded.file.path)
    of_file = [*links(loaded.file, text), *(f"{p.what}; {p.next_step}" for p in php_syntax.problems(text))]
    return Change(loaded.file, text, profiles, diff, of_file, left or {})


def edited(
    loaded: Loaded,
    environ: Mapping[str, str],
    edits: Sequence[Edit],
    looking_at: Callable[[str], None] = editor.ignore,
) -> tuple[str, AwsConfig]:
    """The text with the edits made, and what is read in it. Raises ConfigurationError."""
    text = editor.configured(loaded.file.text, edits, looking_at)
    after = aws_config.load(environ, text)
    editor.check_rest(loaded.config, after, (each.name for each in edits))
    return text, after


def _refuse_role_in_credentials(config: AwsConfig, name: str) -> None:
    """Raise ConfigurationError where the credentials file has the profile's role: it would win over the helper.

    SDKs merge the two files, so that a role there stands beside the credential_process that is written here.
    """
    keys = aws_config.role_in_credentials(config, name)
    if keys:
        raise ConfigurationError(
            f"{printable(config.credentials_path)} has {', '.join(keys)} of [{printable(name, 64)}], which would win",
            f"move what it has to {aws_config.section_title(config, name)}, then run this again",
        )


def remove_helper(
    loaded: Loaded,
    environ: Mapping[str, str],
    names: Iterable[str],
    *,
    left: Mapping[str, str] | None = None,
    looking_at: Callable[[str], None] = editor.ignore,
) -> Change:
    """The change that removes the helper from the profiles `names`. Raises ConfigurationError."""
    config, file = loaded.config, loaded.file
    ours = {}
    for name in names:
        looking_at(name)
        if name not in config.profiles:
            role_chain.read_profile(config, environ, name)  # raises the error that names a similar profile
        ours[name] = helper_command.parse(config.config_profiles.get(name, {}).get(_PROCESS)) is not None
    text = editor.undone(file.text, ours, looking_at)
    after = aws_config.load(environ, text)
    editor.check_rest(config, after, ours)
    profiles = []
    for name in ours:
        now = after.config_profiles.get(name, {})
        profiles.append(ProfileChange(name, config.config_profiles.get(name, {}) != now, now.get(_PROCESS), []))
    return Change(file, text, profiles, difference(file.text, text, file.path), links(file, text), left or {})


def to_text(loaded: Loaded, environ: Mapping[str, str], text: str) -> Change:
    """The change of the whole file to `text`, which it has had before. Raises ConfigurationError."""
    before, after = loaded.config.config_profiles, aws_config.load(environ, text).config_profiles
    changed = [name for name in after if before.get(name) != after[name]]
    profiles = [ProfileChange(name, True, after[name].get(_PROCESS), []) for name in changed]  # noqa: FBT003
    return Change(loaded.file, text, profiles, difference(loaded.file.text, text, loaded.file.path), [])


def links(file: ConfigFile, text: str) -> list[str]:
    """The warning that a file has more names than one: a new file takes the place of one of them alone."""
    if file.links < 2 or text == file.text:
        return []
    return [
        f"{printable(file.path)} has {file.links} names (hard links): the others keep the old text; make them symbolic "
        "links"
    ]


def write(
    change: Change,
    environ: Mapping[str, str],
    again: Callable[[], Change] | None,
    before: Callable[[Change], None] = lambda _change: None,
) -> tuple[Change, str | None]:
    """Write `change`; the change that was written, and the backup's path, None where there was no file.

    Where another program has changed the file meanwhile, `again` makes the change anew. Without `again`, because a
    person has seen and accepted this change alone, that raises ChangedMeanwhile. `before` is told what is about to be
    written, each time.
    """
    for _ in range(_TRIES):
        try:
            before(change)
            return change, writer.replace(change.file, change.text, environ)
        except ChangedMeanwhile:
            if again is None:
                raise
            change = again()
            if not change.is_needed:  # the other program has made it
                return change, None
    before(change)
    return change, writer.replace(change.file, change.text, environ)
