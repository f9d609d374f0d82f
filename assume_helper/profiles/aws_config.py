"""The AWS config and credentials files, read as the AWS CLI reads them.

The rules are botocore's (`botocore.configloader`, and `Session.full_config` for the merge), and a test compares the
two. botocore itself is not used: it decodes with the locale, refuses a byte order mark, and puts lines of the file,
secrets among them, into its errors.
"""

import configparser
import io
import os
import re
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field

from assume_helper import hit
from assume_helper.errors import ConfigurationError
from assume_helper.system import private_files
from assume_helper.text import printable

# As configparser finds one: the last bracket of the line counts. (Indented, the line would belong to a value.)
_HEADER = re.compile(r"^\[(.+)\]", re.M)


@dataclass(frozen=True)
class AwsConfig:
    """The contents of the two files. Values stay as they are written; a profile's values may be secrets.

    `profiles` has both files merged, the credentials file winning; `config_profiles` and `credentials_profiles` say
    which file a value came from; `services` holds the nested values of `[services ...]`, `other_sections` names
    the config file's sections that are neither. `states` are those of the two files as they were read (see
    `hit.state_of`), `environ` is what paths in them are expanded with.
    """

    config_path: str
    credentials_path: str
    profiles: Mapping[str, Mapping[str, str]] = field(repr=False)
    config_profiles: Mapping[str, Mapping[str, str]] = field(repr=False)
    credentials_profiles: Mapping[str, Mapping[str, str]] = field(repr=False)
    services: Mapping[str, Mapping[str, str]] = field(repr=False)
    other_sections: frozenset[str] = frozenset()
    states: tuple[str, str] = field(default=(hit.ABSENT, hit.ABSENT), compare=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


def load(environ: Mapping[str, str], config_text: str | None = None) -> AwsConfig:
    """Read both files; `config_text` is read in place of the config file's own.

    Raises ConfigurationError where one exists and cannot be read.
    """
    config_path, credentials_path = hit.config_paths(environ)
    config_data, config_state = _read(config_path, "AWS_CONFIG_FILE")
    config = _sections(decode(config_data, config_path) if config_text is None else config_text, config_path)
    credentials_data, credentials_state = _read(credentials_path, "AWS_SHARED_CREDENTIALS_FILE")
    credentials = _sections(decode(credentials_data, credentials_path), credentials_path)
    config_profiles: dict[str, Mapping[str, str]] = {}
    services: dict[str, Mapping[str, str]] = {}
    others: set[str] = set()
    for section, values in config.items():
        if section == "default":
            config_profiles[section] = values
        elif section.startswith("profile"):
            config_profiles.update(_named(section, values))
        elif section.startswith("services"):
            services.update(_named(section, values))
        else:
            others.add(section)
    profiles = dict(config_profiles)
    for name, values in credentials.items():
        profiles[name] = {**profiles.get(name, {}), **values}
    return AwsConfig(
        config_path, credentials_path, profiles, config_profiles, credentials, services, frozenset(others),
        (config_state, credentials_state), environ,
    )  # fmt: skip


def profile_names(environ: Mapping[str, str]) -> list[str]:
    """The names of all profiles, in order, from the lines that begin a section: many times faster than `load`.

    For completion, at every TAB; files with syntax errors have names too. Raises ConfigurationError where a file exists
    and cannot be read.
    """
    config_path, credentials_path = hit.config_paths(environ)
    credentials = decode(read_bytes(credentials_path, "AWS_SHARED_CREDENTIALS_FILE"), credentials_path)
    config = decode(read_bytes(config_path, "AWS_CONFIG_FILE"), config_path)
    names = set(_HEADER.findall(_with_newlines(credentials)))
    for section in _HEADER.findall(_with_newlines(config)):
        if section == "default":
            names.add(section)
        elif section.startswith("profile"):
            names.update(_named(section, {}))
    return sorted(names)


def _with_newlines(text: str) -> str:
    """`text` with every system's line ends as `io.StringIO` reads them for `load`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


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
    if '"' in section or "'" in section or "\\" in section:
        try:
            words = shlex.split(section)
        except ValueError:
            return {}
    else:
        words = [word for word in re.split("[ \t\r\n]+", section) if word]  # what shlex takes for blanks
    return {words[1]: values} if len(words) == 2 else {}


def _sections(text: str, path: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    where = printable(path)
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.DuplicateSectionError as error:
        problem, line = "a section appears twice", error.lineno
    except configparser.DuplicateOptionError as error:
        problem, line = "a key appears twice in one section", error.lineno
    except configparser.MissingSectionHeaderError as error:
        problem, line = "something comes before the first [section]", error.lineno
    except configparser.ParsingError as error:
        problem, line = "a line is neither a [section] nor key = value", error.errors[0][0]
    except configparser.Error:
        problem, line = "it is not in the format of the AWS config", None
    else:
        return {section: dict(parser.items(section)) for section in parser.sections()}
    raise ConfigurationError(
        f"{where}{'' if line is None else f', line {line}'}: {problem}",
        "correct that line: the AWS CLI and boto3 cannot read the file either",
    )


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
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{printable(path)}, line {line} is not UTF-8", "save the file as UTF-8 (iconv -f latin1 -t utf-8 does it)"
        ) from None
