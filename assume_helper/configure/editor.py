"""Edits the sections of profiles in the AWS config as text: everything else stays, to the byte.

Only the first line of a key is ever rewritten, so comments, blank lines, indentation, spelling and line ends stay. The
file is parsed once, however many profiles are edited.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from assume_helper.configure import config_text
from assume_helper.configure.difference import indentation
from assume_helper.errors import ConfigurationError
from assume_helper.light import TYPE_CHECKING, dataclass, field
from assume_helper.profiles import helper_command
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.double_quotes import quoted, unquoted
from assume_helper.profiles.raw_profile import PREFIX, may_be_quoted
from assume_helper.text import printable

if TYPE_CHECKING:
    from configupdater import Option

    from assume_helper.configure.config_text import Sections

# With one of the first four beside credential_process, SDKs assume the role themselves, or (Go) refuse the profile. The
# others belong to the role and are moved with it.
ROLE_KEYS = (
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "external_id",
    "mfa_serial",
    "role_session_name",
    "duration_seconds",
)
# In the config file these win over credential_process in the SDKs of Go, JavaScript, Kotlin, C++ and Ruby.
ACCESS_KEY_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")
_PROCESS = "credential_process"


@dataclass(frozen=True)
class Edit:
    """What is to change in the profile `name`: its credential_process is to be `command`.

    `values` are the keys to set, by their bare names; None removes a key. `moves_access_key`: an access key in its
    section gets the prefix too.
    """

    name: str
    command: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    moves_access_key: bool = True


def is_for_the_helper(key: str) -> bool:
    """Whether `key`, or the key that it belongs to, would make SDKs bypass the helper: a login wins over a process.

    JavaScript's SDK takes any key of Identity Center for a login.
    """
    return key in ROLE_KEYS or key.startswith("sso_") or key == "login_session"


def is_movable(key: str) -> bool:
    """Whether `key` may be given the prefix by `configured`, and loses it by `undone`."""
    return is_for_the_helper(key) or key in ACCESS_KEY_KEYS or key == _PROCESS


def ignore(_name: str) -> None:
    """Where nobody asks which profile is looked at."""


def configured(text: str, edits: Iterable[Edit], looking_at: Callable[[str], None] = ignore) -> str:
    """`text` with each edit made: the helper is the profile's credential_process, and what bypasses it is prefixed.

    Another program's credential_process becomes `assume_helper_credential_process`. `looking_at` is told the profile
    before each edit. Raises ConfigurationError, also for a control character in what would be written: a line end would
    make a line of its own of what follows.
    """
    document = config_text.parse(text)
    sections, end = config_text.sections(document), config_text.line_end(text)
    added = []
    for edit in edits:
        looking_at(edit.name)
        if not _configure(sections, edit, end):
            added.append(edit)
    return config_text.with_sections(str(document), map(new_section, added), end)


def new_section(edit: Edit) -> list[str]:
    """The lines of a new section, without their ends. Raises ConfigurationError."""
    name = edit.name
    config_text.refuse_control_characters(name, {_PROCESS: edit.command, **edit.values})
    title = name if name == "default" else f'profile "{name}"' if " " in name else f"profile {name}"
    keys = [(_PROCESS, edit.command), *((key, value) for key, value in edit.values.items() if value)]
    return [f"[{title}]", *(f"{_key_in_file(key)} = {_value_in_file(key, value)}" for key, value in keys)]


def refused(text: str, edits: Iterable[Edit]) -> dict[str, ConfigurationError]:
    """Those of the `edits` that `configured` would refuse for their own profile, by its name. Raises as it does."""
    sections, found = config_text.sections(config_text.parse(text)), {}
    for edit in edits:
        try:
            _configure(sections, edit, "\n")
        except ConfigurationError as error:
            found[edit.name] = error
    return found


def _configure(sections: "Sections", edit: Edit, end: str) -> bool:
    """Make `edit` in the profile's section. False where it has none."""
    config_text.refuse_control_characters(edit.name, {_PROCESS: edit.command, **edit.values})
    section = config_text.section_of(sections, edit.name)
    if section is None:
        return False
    options = config_text.options_of(section)
    written = options.get(_PROCESS)  # another program's is moved
    process = written if written is not None and helper_command.parse(written.value) is not None else None
    beside = process if process is not None else next(iter(options.values()), None)
    depth = indentation(beside.lines[0]) if beside is not None else ""
    moved = {key for key in options if _is_moved(key, edit, is_ours=process is not None)}
    for key in moved:
        _refuse_both(options, key, edit.name)
        first = options[key].lines[0]
        before = indentation(first)
        options[key].lines[0] = before + PREFIX + first[len(before) :]
    new, is_set = [], set()
    for key, value in {_PROCESS: edit.command, **edit.values}.items():
        found = process if key == _PROCESS else options.get(key)
        if is_for_the_helper(key):
            found = options.get(PREFIX + key, found)
        if found is None and value is not None:
            new.append(f"{depth}{_key_in_file(key)} = {_value_in_file(key, value)}")
        elif found is not None and (value is None or found.value not in {value, quoted(value)}):
            is_set.add(found.key)
            config_text.set_value(found, None if value is None else _value_in_file(key, value))
    for key, option in options.items():
        if key not in is_set:
            _quote(option, PREFIX + key if key in moved else key, is_moved=key in moved)
    if new:
        # A line that is indented deeper than the key before it would become part of that key's value.
        config_text.insert_after_first(process.lines if process is not None else section.lines, new, end)
    return True


def _is_moved(key: str, edit: Edit, *, is_ours: bool) -> bool:
    if key == _PROCESS:
        return not is_ours
    return is_for_the_helper(key) or (key in ACCESS_KEY_KEYS and edit.moves_access_key)


def _quote(option: "Option", key: str, *, is_moved: bool) -> None:
    """Put the value in the double quotes that PHP's parser needs, where it is one of ours, by its `key` in the file.

    One that stood in quotes before it was moved gets another pair: to SDKs the first was a part of the value, and
    `undone` gives it back.
    """
    value = option.value or ""
    if not may_be_quoted(key):
        return
    if is_moved and _is_quoted(value):
        config_text.set_value(option, f'"{value}"')
    elif quoted(value) != value:
        config_text.set_value(option, quoted(value))


def _is_quoted(value: str) -> bool:
    """Whether `value` stands in quotes that `_quote` may have given it: within all of them is what needs them."""
    core = value
    while unquoted(core) != core:
        core = unquoted(core)
    return core != value and quoted(core) != core


def undone(text: str, ours: Mapping[str, bool], looking_at: Callable[[str], None] = ignore) -> str:
    """`text` with the keys of each of these profiles unprefixed; without its credential_process where that is ours.

    Raises ConfigurationError.
    """
    document = config_text.parse(text)
    sections = config_text.sections(document)
    for name, is_ours in ours.items():
        looking_at(name)
        options = config_text.options_of(config_text.section_of(sections, name))
        if is_ours and _PROCESS in options:
            config_text.set_value(options.pop(_PROCESS), None)
        for key, option in options.items():
            bare = key.removeprefix(PREFIX)
            if bare != key and is_movable(bare):
                _refuse_both(options, bare, name)
                option.lines[0] = re.sub(re.escape(PREFIX), "", option.lines[0], count=1, flags=re.IGNORECASE)
                if may_be_quoted(key) and _is_quoted(option.value or ""):
                    config_text.set_value(option, unquoted(option.value or ""))
    return str(document)


def check_rest(before: AwsConfig, after: AwsConfig, names: Iterable[str]) -> None:
    """Raise ConfigurationError where anything but the profiles `names` has changed."""
    edited = set(names)
    profiles = [{n: p for n, p in c.config_profiles.items() if n not in edited} for c in (before, after)]
    if profiles[0] != profiles[1] or (before.services, before.other_sections) != (after.services, after.other_sections):
        raise ConfigurationError(
            f"{printable(after.config_path)} cannot be changed without changing other profiles too",
            "edit it by hand",
        )


def _refuse_both(options: Mapping[str, "Option"], key: str, name: str) -> None:
    if key in options and PREFIX + key in options:
        raise ConfigurationError(
            f"[{printable(name, 64)}] has both {key} and {PREFIX}{key}",
            "remove one of them: the helper reads the second",
        )


def _key_in_file(key: str) -> str:
    return PREFIX + key if is_for_the_helper(key) else key


def _value_in_file(key: str, value: str) -> str:
    """The value as it is written: one of ours in double quotes, where PHP's parser needs them."""
    return quoted(value) if may_be_quoted(_key_in_file(key)) else value
