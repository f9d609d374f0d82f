"""A change of one profile in the AWS config: the helper added or removed, checked before anything is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assume_helper.configure import editor, writer
from assume_helper.configure.writer import ConfigFile
from assume_helper.errors import ChangedMeanwhile, ConfigurationError
from assume_helper.profiles import aws_config, helper_command, likely_meant, php_syntax, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.helper_command import HelperCommand
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.text import printable

# The keys that name the source of a role. Setting one removes the others.
SOURCE_KEYS = ("source_profile", "credential_source", "web_identity_token_file")
_PHP_MEND = "use another name with PHP"
# How often a file that another program changes is read again.
_TRIES = 20


@dataclass(frozen=True)
class Present:
    """What the profile has before the change.

    `ours` is its credential_process, if that calls this helper. `is_pair`: it has no role, and its credential_process
    asks this helper for another profile.
    """

    file: ConfigFile
    config: AwsConfig
    ours: HelperCommand | None
    has_role: bool
    has_source: bool
    is_pair: bool


@dataclass(frozen=True)
class Change:
    """A change that has not been written yet: the file before, its text after, and what a person is shown."""

    file: ConfigFile
    text: str = field(repr=False)
    command: str | None
    diff: list[str]
    warnings: list[str]

    @property
    def is_needed(self) -> bool:
        """Whether the text after differs from the one before."""
        return self.text != self.file.text


def read(environ: Mapping[str, str], name: str, values: Mapping[str, str]) -> Present:
    """What the profile `name` has now; `values` are the keys that are to be set.

    Raises ConfigurationError where the helper cannot be added to it.
    """
    file, config = _load(environ)
    helper_command.check_profile_name(name)
    if name not in config.profiles and likely_meant.unread(config, name) is not None:
        role_chain.read_profile(config, environ, name)  # raises the error that says how to name the section
    ours = _our_command(config, name)
    settings = ProfileSettings(merge(config, name)) if name in config.profiles else None
    has_role = settings is not None and settings.has("role_arn")
    has_source = settings is not None and any(settings.has(key) for key in SOURCE_KEYS)
    is_pair = ours is not None and not ours.is_for(name) and not has_role and "role_arn" not in values
    return Present(file, config, ours, has_role, has_source, is_pair)


def add_helper(
    present: Present, environ: Mapping[str, str], name: str, values: Mapping[str, str], *, fastest: bool | None
) -> Change:
    """The change that adds the helper to the profile `name` and sets `values`.

    `fastest`: write the form that starts fastest; None keeps the present form.
    Raises AssumeHelperError where `get` could not use the result.
    """
    config, ours = present.config, present.ours
    _refuse_role_in_credentials(config, name)
    form = fastest if fastest is not None else ours is not None and ours.is_fastest
    keeps_arguments = ours is not None and (present.is_pair or ours.is_for(name))
    arguments = ours.arguments if ours is not None and keeps_arguments else ("get", name)
    line = helper_command.command_line(helper_command.program(fastest=form), arguments)
    new: dict[str, str | None] = dict(values)
    if any(key in values for key in SOURCE_KEYS):
        new |= {key: None for key in SOURCE_KEYS if key not in values}
    text = editor.requoted(editor.configured(present.file.text, name, line, new), name, undo=False)
    after = aws_config.load(environ, text)
    editor.check_rest(config, after, name)
    role_chain.read_profile(after, environ, name)
    diff = editor.difference(present.file.text, text, present.file.path)
    warnings = [*editor.warnings(config, after, name), *_links(present.file, text), *_php_warnings(text, name)]
    return Change(present.file, text, line, diff, warnings)


def _php_warnings(text: str, name: str) -> list[str]:
    """What keeps PHP's SDK, which reads the config with PHP's own parser, from the profile `name`."""
    unread = php_syntax.unread_profiles(text).get(name)
    headers = [] if unread is None else [f"PHP {unread} of the config, and does not call the helper; {_PHP_MEND}"]
    return headers + [f"{problem.what}; {problem.next_step}" for problem in php_syntax.problems(text)]


def _refuse_role_in_credentials(config: AwsConfig, name: str) -> None:
    """Raise ConfigurationError where the credentials file has the profile's role: it would win over the helper.

    SDKs merge the two files, so that a role there stands beside the credential_process that is written here.
    """
    keys = aws_config.role_in_credentials(config, name)
    if keys:
        title = "[default]" if name == "default" else f"[profile {printable(name, 64)}]"
        raise ConfigurationError(
            f"{printable(config.credentials_path)} has {', '.join(keys)} of [{printable(name, 64)}], which would win",
            f"move what it has to {title} of {printable(config.config_path)}, then run this again",
        )


def remove_helper(environ: Mapping[str, str], name: str) -> Change:
    """The change that removes the helper from the profile `name`. Raises ConfigurationError."""
    file, config = _load(environ)
    if name not in config.profiles:
        role_chain.read_profile(config, environ, name)  # raises the error that names a similar profile
    command = config.config_profiles.get(name, {}).get("credential_process")
    ours = command is not None and helper_command.parse(command) is not None
    text = editor.undone(file.text, name, ours=ours)
    if text != file.text:
        text = editor.requoted(text, name, undo=True)
    after = aws_config.load(environ, text)
    editor.check_rest(config, after, name)
    left = after.config_profiles.get(name, {}).get("credential_process")
    return Change(file, text, left, editor.difference(file.text, text, file.path), _links(file, text))


def _links(file: ConfigFile, text: str) -> list[str]:
    """The warning that a file has more names than one: a new file takes the place of one of them alone."""
    if file.links < 2 or text == file.text:
        return []
    return [
        f"{printable(file.path)} has {file.links} names (hard links): the others keep the old text; make them symbolic "
        "links"
    ]


def write(change: Change, environ: Mapping[str, str], again: Callable[[], Change] | None) -> tuple[Change, str | None]:
    """Write `change`; the change that was written, and the backup's path, None where there was no file.

    Where another program has changed the file meanwhile, `again` makes the change anew. Without `again`, because a
    person has seen and accepted this change alone, that raises ChangedMeanwhile.
    """
    for _ in range(_TRIES):
        try:
            return change, writer.replace(change.file, change.text, environ)
        except ChangedMeanwhile:
            if again is None:
                raise
            change = again()
    return change, writer.replace(change.file, change.text, environ)


def _load(environ: Mapping[str, str]) -> tuple[ConfigFile, AwsConfig]:
    file = writer.read(environ)
    writer.check_home(file.path, environ)
    return file, aws_config.load(environ, file.text)


def _our_command(config: AwsConfig, name: str) -> HelperCommand | None:
    """The profile's credential_process, if it calls this helper; its owner has to remove another program's."""
    command = config.config_profiles.get(name, {}).get("credential_process")
    if not command:
        return None
    ours = helper_command.parse(command)
    if ours is None:
        raise ConfigurationError(
            f"[{printable(name, 64)}] has a credential_process of another program",
            "remove it, or move it to a profile of its own and name that with --source-profile",
        )
    return ours
