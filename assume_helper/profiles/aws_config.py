"""The AWS config and credentials files, read as the AWS CLI reads them.

The rules are botocore's (`botocore.configloader`, and `Session.full_config` for the merge), and a test compares the
two. botocore itself is not used: it decodes with the locale, refuses a byte order mark, and puts lines of the file,
secrets among them, into its errors.
"""

import configparser
import io
import os
import re
import stat
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass, field
from assume_helper.profiles import file_problems, unread_sections
from assume_helper.profiles.unread_sections import UnreadSection
from assume_helper.system import private_files
from assume_helper.text import printable

# As configparser finds one: the last bracket of the line counts. (Indented, the line would belong to a value.)
_HEADER = re.compile(r"^\[(.+)\]", re.M)
# SDKs assume the role, or use the login, themselves where the profile has one of these.
_OF_A_ROLE = frozenset({"role_arn", "source_profile", "credential_source", "web_identity_token_file", "login_session"})


@dataclass(frozen=True)
class AwsConfig:
    """The contents of the two files. Values stay as they are written; a profile's values may be secrets.

    `profiles` has both files merged, the credentials file winning; `config_profiles` and `credentials_profiles` say
    which file a value came from; `services` and `sso_sessions` hold the values of `[services ...]` and of
    `[sso-session ...]`; `other_sections` names the config file's sections that are neither profiles nor services.
    `unread_sections` are those of both files that are not read as they were meant. `states` are those of the two files
    as they were read (see `hit.state_of`), `environ` is what paths in them are expanded with.
    """

    config_path: str
    credentials_path: str
    profiles: Mapping[str, Mapping[str, str]] = field(repr=False)
    config_profiles: Mapping[str, Mapping[str, str]] = field(repr=False)
    credentials_profiles: Mapping[str, Mapping[str, str]] = field(repr=False)
    services: Mapping[str, Mapping[str, str]] = field(repr=False)
    sso_sessions: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    other_sections: frozenset[str] = frozenset()
    unread_sections: tuple[UnreadSection, ...] = ()
    states: tuple[str, str] = field(default=(hit.ABSENT, hit.ABSENT), compare=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def load(environ: Mapping[str, str], config_text: str | None = None, credentials_text: str | None = None) -> AwsConfig:
    """Read both files; `config_text` and `credentials_text` are read in place of the files' own.

    Raises ConfigurationError where one exists and cannot be read.
    """
    config_path, credentials_path = hit.config_paths(environ)
    config_data, config_state = _read(config_path, "AWS_CONFIG_FILE")
    if config_text is None:
        config_text = decode(config_data, config_path)
    config = _sections(config_text, config_path)
    credentials_data, credentials_state = _read(credentials_path, "AWS_SHARED_CREDENTIALS_FILE")
    if credentials_text is None:
        credentials_text = decode(credentials_data, credentials_path)
    credentials = _sections(credentials_text, credentials_path)
    config_profiles: dict[str, Mapping[str, str]] = {}
    services: dict[str, Mapping[str, str]] = {}
    sso_sessions: dict[str, Mapping[str, str]] = {}
    others: set[str] = set()
    for section, values in config.items():
        if section == "default":
            config_profiles[section] = values
        elif section.startswith("profile"):
            config_profiles.update(_named(section, values))
        elif section.startswith("services"):
            services.update(_named(section, values))
        elif section.startswith("sso-session"):
            sso_sessions.update(_named(section, values))
            others.add(section)
        else:
            others.add(section)
    profiles = dict(config_profiles)
    for name, values in credentials.items():
        profiles[name] = {**profiles.get(name, {}), **values}
    unread: list[UnreadSection] = []
    if config_path != credentials_path:  # one file for both has sections of either form
        unread += unread_sections.of_config(config_path, _with_newlines(config_text), config)
        text = _with_newlines(credentials_text)
        unread += unread_sections.of_credentials(credentials_path, text, credentials, config_path)
    return AwsConfig(
        config_path,
        credentials_path,
        profiles,
        config_profiles,
        credentials,
        services,
        sso_sessions,
        frozenset(others),
        tuple(unread),
        (config_state, credentials_state),
        environ,
    )


def profile_names(environ: Mapping[str, str]) -> list[str]:
    """The names of all profiles, in order, from the lines that begin a section: many times faster than `load`.

    For completion, at every TAB; files with syntax errors have names too. Raises ConfigurationError where a file exists
    and cannot be read.
    """
    return names_and_states(environ)[0]


def names_and_states(environ: Mapping[str, str]) -> tuple[list[str], tuple[str, str]]:
    """What `profile_names` gives, and the states of the config and the credentials file as they were read."""
    config_path, credentials_path = hit.config_paths(environ)
    config_data, config_state = _read(config_path, "AWS_CONFIG_FILE")
    credentials_data, credentials_state = _read(credentials_path, "AWS_SHARED_CREDENTIALS_FILE")
    credentials = decode(credentials_data, credentials_path)
    config = decode(config_data, config_path)
    names = set(_HEADER.findall(_with_newlines(credentials)))
    for section in _HEADER.findall(_with_newlines(config)):
        if section == "default":
            names.add(section)
        elif section.startswith("profile"):
            names.update(_named(section, {}))
    return sorted(names), (config_state, credentials_state)


def _with_newlines(text: str) -> str:
    """`text` with every system's line ends as `io.StringIO` reads them for `load`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def role_in_credentials(config: AwsConfig, name: str) -> list[str]:
    """The keys of a role or a login that the profile has in the credentials file: they win over the config file's."""
    values = config.credentials_profiles.get(name, {})
    return [key for key, value in values.items() if value and (key in _OF_A_ROLE or key.startswith("sso_"))]


def section_title(config: AwsConfig, name: str) -> str:
    """The section of the config file that is the profile's, as a message names it."""
    title = "[default]" if name == "default" else f"[profile {printable(name, 64)}]"
    return f"{title} of {printable(config.config_path)}"


def parse_nested(value: str) -> dict[str, str]:
    """The `key = value` lines of an indented block, as in `[services ...]`. Raises ValueError for any other line."""
    pairs = {}
    for line in value.splitlines():
        if line.strip():
            key, separator, inner = line.partition("=")
            if not separator:
                raise ValueError("a line without =")
            pairs[key.strip()] = inner.strip()
    return pairs


def profile_name(section: str) -> str | None:
    """The profile that a section of the config file defines; None for another kind of section."""
    if section == "default":
        return section
    return next(iter(_named(section, {})), None) if section.startswith("profile") else None


def _named(section: str, values: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """`[profile NAME]` under NAME; nothing where the section's name is not of that form."""
    words = unread_sections.words_of(section)
    return {words[1]: values} if words is not None and len(words) == 2 else {}


def _sections(text: str, path: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error as error:
        problem = file_problems.of_text(error, _with_newlines(text))
    else:
        return {section: dict(parser.items(section)) for section in parser.sections()}
    raise ConfigurationError(f"{printable(path)}{problem.what}", problem.mend)


def read_bytes(path: str, variable: str) -> bytes:
    """The file's bytes, none where there is no file.

    Raises ConfigurationError with the environment variable that sets the path, `variable`.
    """
    return _read(path, variable)[0]


def _read(path: str, variable: str) -> tuple[bytes, str]:
    """The bytes of a file, and its state as it was read."""
    where = printable(path)
    try:
        status = os.stat(path)
        kind = status.st_mode
        if stat.S_ISCHR(kind):  # /dev/null: the usual way to have none
            return b"", hit.state_of(status)
        if not stat.S_ISREG(kind):
            what = "a directory" if stat.S_ISDIR(kind) else "not a regular file"
            raise ConfigurationError(f"{where} is {what}", f"set {variable} to the path of a file")
        return private_files.read_with_state(path)
    except (FileNotFoundError, NotADirectoryError):
        return b"", hit.ABSENT
    except ValueError:  # a NUL in the path
        raise ConfigurationError(f"{where} is not a path", f"correct {variable}") from None
    except OSError as error:
        raise ConfigurationError(
            f"{where} cannot be read ({error.strerror})", "make it readable for the user who runs this"
        ) from None


def decode(data: bytes, path: str) -> str:
    """The text of the file at `path`. A byte order mark is skipped. Raises ConfigurationError."""
    text = ""
    try:
        text = data.decode("utf-8-sig")
        problem = file_problems.of_wide_characters(data) if "\0" in text else None
    except UnicodeDecodeError as error:
        problem = file_problems.of_bytes(error, data)
    if problem is not None:
        raise ConfigurationError(f"{printable(path)}{problem.what}", problem.mend)
    return text
