"""Edits one profile's section of the AWS config as text: everything else stays, to the byte.

`configupdater` says which lines belong to which key. Only the first line of a key is ever rewritten, so comments, blank
lines, indentation, spelling and line ends stay.
"""

import difflib
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from assume_helper.errors import ConfigurationError
from assume_helper.profiles import helper_command
from assume_helper.profiles.aws_config import AwsConfig, profile_name
from assume_helper.profiles.double_quotes import quoted, unquoted
from assume_helper.profiles.raw_profile import PREFIX, may_be_quoted
from assume_helper.text import CONTROL_CHARACTERS, printable, redacted

if TYPE_CHECKING:
    from configupdater import ConfigUpdater, Option, Section

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
_STATIC_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token")
_SECRET = re.compile(
    r"(?i)([#;\s]*(?:aws_\w*(?:secret|token)\w*|\w*password\w*|\w*(?:credential|mfa)_process)\s*[=:]).*", re.DOTALL
)
_FIRST_LINE = re.compile(r"(\s*[^=:]*[=:][ \t]*)(.*)", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\n|\r")


def is_for_the_helper(key: str) -> bool:
    """Whether `key`, or the key that it belongs to, would make SDKs bypass the helper: a login wins over a process."""
    return key in ROLE_KEYS or key.startswith("sso_") or key == "login_session"


def configured(text: str, name: str, command: str, values: Mapping[str, str | None]) -> str:
    """`text` with `credential_process = command` in the profile `name`, and its role's keys prefixed.

    `values` are the keys to set, by their bare names; None removes a key. Raises ConfigurationError, also for a control
    character in what would be written: a line end would make a line of its own of what follows.
    """
    _refuse_control_characters(name, {"credential_process": command, **values})
    document = _parsed(text)
    section = _section(document, name)
    end = _line_end(text)
    if section is None:
        keys = [("credential_process", command), *((key, value) for key, value in values.items() if value)]
        title = name if name == "default" else f'profile "{name}"' if " " in name else f"profile {name}"
        lines = [f"[{title}]", *(f"{_key_in_file(key)} = {_value_in_file(key, value)}" for key, value in keys)]
        return _with_blank_line(text, end) + "".join(line + end for line in lines)
    options = {option.key: option for option in section.iter_options()}
    beside = options.get("credential_process") or next(iter(options.values()), None)
    indentation = _indentation(beside.lines[0]) if beside is not None else ""
    for key, option in options.items():
        if is_for_the_helper(key):
            _refuse_both(options, key, name)
            before = _indentation(option.lines[0])
            option.lines[0] = before + PREFIX + option.lines[0][len(before) :]
    new = []
    for key, value in {"credential_process": command, **values}.items():
        found = options.get(PREFIX + key, options.get(key)) if is_for_the_helper(key) else options.get(key)
        if found is None and value is not None:
            new.append(f"{indentation}{_key_in_file(key)} = {_value_in_file(key, value)}{end}")
        elif found is not None and value is None:
            _set(found, None)
        elif found is not None and value is not None and found.value not in {value, quoted(value)}:
            _set(found, _value_in_file(key, value))
    if new:
        # A line that is indented deeper than the key before it would become part of that key's value.
        lines = options["credential_process"].lines if "credential_process" in options else section.lines
        if not lines[0].endswith("\n"):
            lines[0] += end
        lines[1:1] = new
    return str(document)


def undone(text: str, name: str, *, ours: bool) -> str:
    """`text` with the keys of the profile `name` unprefixed, and without its credential_process if that is `ours`.

    Raises ConfigurationError.
    """
    document = _parsed(text)
    section = _section(document, name)
    if section is None:
        return text
    options = {option.key: option for option in section.iter_options()}
    for key, option in options.items():
        bare = key.removeprefix(PREFIX)
        if bare != key and is_for_the_helper(bare):
            _refuse_both(options, bare, name)
            option.lines[0] = re.sub(re.escape(PREFIX), "", option.lines[0], count=1, flags=re.IGNORECASE)
        elif key == "credential_process" and ours:
            _set(option, None)
    return str(document)


def requoted(text: str, name: str, *, undo: bool) -> str:
    """`text` with the values of the profile `name` that PHP's parser needs in double quotes in these.

    These are the keys of ours; with `undo` those that had become ours lose the quotes. Raises ConfigurationError.
    """
    document = _parsed(text)
    section = _section(document, name)
    for option in section.iter_options() if section is not None else ():
        value, bare = option.value or "", unquoted(option.value or "")
        if undo and is_for_the_helper(option.key) and bare != value == quoted(bare):
            _set(option, bare)
        elif not undo and may_be_quoted(option.key) and quoted(value) != value:
            _set(option, quoted(value))
    return str(document)


def check_rest(before: AwsConfig, after: AwsConfig, name: str) -> None:
    """Raise ConfigurationError where anything but the profile `name` has changed."""
    profiles = [{n: p for n, p in c.config_profiles.items() if n != name} for c in (before, after)]
    if profiles[0] != profiles[1] or (before.services, before.other_sections) != (after.services, after.other_sections):
        raise ConfigurationError(
            f"{printable(after.config_path)} cannot be changed without changing other profiles too",
            "edit it by hand",
        )


def warnings(before: AwsConfig, after: AwsConfig, name: str) -> list[str]:
    """What still makes SDKs bypass the helper for the profile `name`, and what worked `before` and no longer does."""
    found = []
    credentials = after.credentials_profiles.get(name, {})
    profile = after.config_profiles.get(name, {})
    credentials_path = printable(after.credentials_path)
    beside = [key for key in credentials if is_for_the_helper(key) or key in _STATIC_KEYS]
    theirs = helper_command.parse(credentials.get("credential_process"))
    if "credential_process" in credentials and (theirs is None or not theirs.is_for(name)):
        beside.append("credential_process")  # the helper's own is there for restic
    if beside:
        found.append(
            f"{credentials_path} has {', '.join(beside)} for this profile and wins: SDKs will not call the helper; "
            "move them to another profile"
        )
    if any(key in profile for key in _STATIC_KEYS):
        found.append(
            "the SDKs of Go, JavaScript, Kotlin, C++ and Ruby use this profile's access key, not the helper, and PHP "
            "does where the helper fails; move it to another profile and name that with --source-profile"
        )
    inherited = [key for key in profile if is_for_the_helper(key)]
    if inherited:
        found.append(f"[DEFAULT] has {', '.join(inherited)} for every profile: SDKs will not call the helper; move it")
    logins = [key for key in before.config_profiles.get(name, {}) if key.startswith("sso_") or key == "login_session"]
    if any(key not in profile for key in logins):
        found.append(
            "the profile's login (sso_..., login_session) would win over the helper, so its keys are prefixed; log in "
            "with another profile"
        )
    return found


def difference(before: str, after: str, path: str, *, context: int = 3) -> list[str]:
    """The change as the lines of a unified diff with `context` lines around each change; secrets are covered."""
    old, new = _without_secrets(before), _without_secrets(after)
    diff = difflib.unified_diff(old, new, printable(path), printable(path), lineterm="", n=context)
    return [printable(line.expandtabs(), 4096) if line[:1] in "+-@" else _covered(line) for line in diff]


def _parsed(text: str) -> "ConfigUpdater":
    """The parsed text. Raises ConfigurationError where writing it again would not give the same text."""
    import configupdater

    document = configupdater.ConfigUpdater(strict=False)  # aws_config has refused duplicates
    try:
        document.read_file(io.StringIO(text, newline=""))
        if str(document) == text:
            return document
    except (configupdater.ParsingError, configupdater.MissingSectionHeaderError):
        pass
    raise ConfigurationError("the config file cannot be edited without changing its other lines", "edit it by hand")


def _section(document: "ConfigUpdater", name: str) -> "Section | None":
    found = [section for section in document.iter_sections() if profile_name(section.name) == name]
    if len(found) > 1:
        raise ConfigurationError(
            f"profile {printable(name, 64)} has {len(found)} sections in the config file", "merge them into one"
        )
    return found[0] if found else None


def _refuse_control_characters(name: str, values: Mapping[str, str | None]) -> None:
    """The one gate for all that is written: raise ConfigurationError for a value or name that is no plain line."""
    section = f"[{printable(name, 64)}]"
    for key, value in values.items():
        if CONTROL_CHARACTERS.search(value or ""):
            raise ConfigurationError(
                f"{key} of {section} has a control character in it: {printable(value or '', 64)}",
                "type it anew: it was copied with a line end, say",
            )
    if any(CONTROL_CHARACTERS.search(text) for text in (name, *values)):
        raise ConfigurationError(f"the name {section} has a control character in it", "type it anew")


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


def _set(option: "Option", value: str | None) -> None:
    """Set the value of a key, or remove the key for None; comments and blank lines after it stay."""
    first, *rest = option.lines
    stays = [line for line in rest if not line.strip() or line.strip()[0] in "#;"]
    found = _FIRST_LINE.match(first)
    if value is not None and found is not None:
        start = found[1] if found[1].endswith((" ", "\t")) or found[2].strip() else found[1] + " "
        stays.insert(0, start + value + first[len(first.rstrip("\r\n")) :])
    option.lines[:] = stays
    if not stays:
        option.detach()


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _line_end(text: str) -> str:
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def _with_blank_line(text: str, end: str) -> str:
    """`text` with the blank line that comes before a new section."""
    if text and not text.endswith(("\n", "\r")):
        text += end
    return text + end if text.strip() and not re.search(r"(?:\n|\A)[ \t]*\r?\n\Z", text) else text


def _without_secrets(text: str) -> list[str]:
    """The lines of `text` with secret values covered, also those that continue on further lines."""
    lines: list[str] = []
    depth: int | None = None  # of the secret's key
    for line in io.StringIO(text, newline=None):
        here = len(_indentation(line))
        found = _SECRET.fullmatch(line)
        if found is not None and helper_command.parse(line[len(found[1]) :]) is None:
            depth = here
            lines.append(f"{found[1]} [...]")
        elif depth is not None and line.strip() and here > depth:
            lines.append("    [...]")
        else:
            depth = None if line.strip() else depth
            lines.append(line.rstrip("\n"))
    return lines


def _covered(line: str) -> str:
    """An unchanged line of the diff, with everything covered that looks like a secret."""
    return _indentation(line) + redacted(line)
