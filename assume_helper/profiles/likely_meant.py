"""What was probably meant: a profile of another name, a section that is not read, another key, a comment.

An error about something that is missing names what is there and looks like it.
"""

import os
import re
from collections.abc import Iterable, Mapping

from assume_helper.errors import ConfigurationError, UnknownProfile
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.unread_sections import UnreadSection
from assume_helper.text import ON_ITS_OWN_LINE, has_comment, printable

# Enough for a person, and little to compare with.
_MOST_NAMES = 2000
_LONGEST_NAME = 128
_NEAR = 3


def unread(config: AwsConfig, name: str, kind: str = "profile") -> UnreadSection | None:
    """The section that was meant to be the profile `name` (or the section of another `kind`) and is not read."""
    return next((s for s in config.unread_sections if s.kind == kind and name in s.names), None)


def unknown_profile(config: AwsConfig, name: str) -> UnknownProfile:
    """The error for a profile `name` that was asked for and is not there."""
    paths = (config.config_path, config.credentials_path)
    missing = [path for path in paths if not os.path.exists(path)]
    where = " and ".join(printable(path) + (" (no such file)" if path in missing else "") for path in paths)
    section = unread(config, name)
    if section is not None:
        return UnknownProfile(section.what, section.mend(name))
    if not config.profiles and not config.unread_sections:
        return UnknownProfile(f"there is no profile in {where}", "create the file, or set AWS_CONFIG_FILE to it")
    near = did_you_mean(config, name)
    return UnknownProfile(
        f"there is no such profile in {where}",
        near or "`aws configure list-profiles` shows those that are there, AWS_CONFIG_FILE names another file",
    )


def missing(config: AwsConfig, what: str, name: str, otherwise: str, kind: str = "profile") -> ConfigurationError:
    """The error for a profile (or a section of another `kind`) that another one names and that is not there.

    `what` says that it is not there; `otherwise` is the next step where nothing is like it.
    """
    section = unread(config, name, kind)
    if section is not None:
        return ConfigurationError(f"{what}: {section.what}", section.mend(name))
    near = did_you_mean(config, name) if kind == "profile" else without_comment(name)
    return ConfigurationError(what, near or otherwise)


def near_profiles(config: AwsConfig, name: str) -> list[str]:
    """The profiles with a name like `name`, those whose section is not read among them; upper case is no difference."""
    import difflib

    names = {known.casefold(): known for known in list(config.profiles)[:_MOST_NAMES]}
    for section in config.unread_sections[:_MOST_NAMES]:
        if section.kind == "profile" and section.names:
            names[section.names[0].casefold()] = section.names[0]
    wanted = name[:_LONGEST_NAME].casefold()
    bare = wanted.removeprefix("profile ").strip(" \"'[]")  # the section's name in place of the profile's
    near = [bare] if bare in names else difflib.get_close_matches(wanted, names, n=_NEAR)
    return [names[found] for found in near if names[found] != name]


def did_you_mean(config: AwsConfig, name: str) -> str | None:
    """The next step of a message about the profile `name`, which is not there; None where nothing is like it."""
    if has_comment(name):
        return ON_ITS_OWN_LINE
    near = near_profiles(config, name)
    if not near:
        return None
    section = unread(config, near[0]) if near[0] not in config.profiles else None
    if section is not None:
        where = f"line {section.line} of {printable(section.path)}"
        return f"did you mean {printable(near[0], 64)}? then {section.mend(near[0])} ({where})"
    return f"did you mean {', '.join(printable(n, 64) for n in near)}?"


def without_comment(value: str) -> str | None:
    """The next step for a bad `value` that ends with what looks like a comment; None for another one."""
    return ON_ITS_OWN_LINE if has_comment(value) else None


def key_meant(config: AwsConfig, names: Iterable[str], wanted: Iterable[str]) -> str | None:
    """The next step of a message about one of the keys `wanted` that is missing in all the profiles `names`.

    None where they have nothing like it.
    """
    bare = frozenset(wanted)
    for name in names:
        values = config.profiles.get(name, {})
        section = f"[{printable(name, 64)}]"
        for key, value in values.items():
            inside = swallowed_key(key, value, bare)
            if inside is not None:
                return f"remove the blanks before {inside} in {section}: they make it a part of {key}"
        misspelt = _misspelt(values, bare)
        if misspelt is not None:
            return f"did you mean {misspelt[1]}? rename the key {misspelt[0]} of {section}"
    return None


def check_prefixed_keys(values: Mapping[str, str], section: str) -> None:
    """Raise ConfigurationError for a misspelt key with the prefix, which is for nobody but this helper.

    Without it a role may be assumed otherwise than was meant: not narrowed, say. A key that is like none is let pass.
    """
    from assume_helper.profiles.raw_profile import PREFIX
    from assume_helper.profiles.settings import KEYS, PREFIXED_ONLY

    for key in values:
        if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in KEYS and key not in PREFIXED_ONLY:
            from assume_helper.profiles.known_keys import is_known, is_word, nearest

            right = nearest(key) if is_word(key) and not is_known(key) else None
            if right is not None:
                raise ConfigurationError(
                    f"{section} has the unknown key {key}", f"did you mean {right}? rename the key, or remove it"
                )


def swallowed_key(key: str, value: str, wanted: frozenset[str] | None = None) -> str | None:
    """The key, one of `wanted` or any known one, whose indented line is a part of the `value` of `key`.

    None where there is none; for any key also where the value is a block, as that of `s3` is.
    """
    from assume_helper.profiles.known_keys import is_word
    from assume_helper.profiles.raw_profile import PREFIX
    from assume_helper.profiles.settings import KEYS

    if "\n" not in value or not is_word(key) or (wanted is None and value.startswith("\n")):
        return None
    for line in value.split("\n")[1:]:
        found = re.match(r"[a-z_]+(?=\s*[=:])", line.strip(), re.I)
        if found is not None and found.group().lower().removeprefix(PREFIX) in (KEYS if wanted is None else wanted):
            return found.group()
    return None


def _misspelt(values: Mapping[str, str], wanted: frozenset[str]) -> tuple[str, str] | None:
    """An unknown key and the wanted one that it is nearest to."""
    from assume_helper.profiles.known_keys import is_known, is_word, nearest
    from assume_helper.profiles.raw_profile import PREFIX
    from assume_helper.profiles.settings import KEYS

    for key in values:
        # What all programs know is asked last: that loads the SDK.
        if key.removeprefix(PREFIX) not in KEYS and is_word(key) and not is_known(key):
            right = nearest(key)
            if right is not None and right.removeprefix(PREFIX) in wanted:
                return key, right
    return None
