"""The config files: whether they can be read, every key is known, and every source leads to credentials."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from assume_helper.credentials import SHORTEST_SESSION
from assume_helper.doctor.check import Check, failed
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles import (
    aws_config,
    duplicate_sections,
    helper_command,
    known_keys,
    likely_meant,
    role_chain,
)
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import AccessKey
from assume_helper.profiles.raw_profile import PREFIX, has_prefix, included_profiles, merge
from assume_helper.profiles.role import LONGEST_BY_MFA_SESSION, Profile
from assume_helper.profiles.source_description import described
from assume_helper.text import duration_text, has_comment, printable, typed

# Keys whose value is a program's line: what a # in it means is checked there.
_COMMANDS = ("credential_process", "mfa_process", "web_identity_token_process", "saml_process")


def config_files(environ: Mapping[str, str]) -> tuple[AwsConfig | None, list[Check]]:
    """The config, None where it cannot be read, and the checks of its files."""
    try:
        config = aws_config.load(environ)
    except AssumeHelperError as error:
        return None, [failed("config", error)]
    paths = (config.config_path, config.credentials_path)
    there = [path for path in paths if os.path.exists(path)]
    if not there:
        what = f"neither {printable(paths[0])} nor {printable(paths[1])} exists"
        return config, [Check("config", "fail", what, "run `aws configure`, or set AWS_CONFIG_FILE")]
    count = len(config.profiles)
    what = f"{' and '.join(printable(path) for path in there)}: {count} profile{'' if count == 1 else 's'}"
    checks = [Check("config", "ok", what)]
    checks += [Check("config", "fail", same.what, same.next_step) for same in duplicate_sections.find(environ)]
    return config, [*checks, *_unread_sections(config)]


def _unread_sections(config: AwsConfig) -> list[Check]:
    """The sections that are not read as they were meant."""
    return [Check("config", "warn", s.what, f"{s.mend()}, or remove it") for s in config.unread_sections]


def keys(config: AwsConfig, names: Iterable[str]) -> list[Check]:
    """The unknown keys of these profiles, each with the known key that is nearest."""
    found: list[Check] = []
    unknown: list[str] = []
    count = 0
    for name in names:
        for key, value in config.profiles.get(name, {}).items():
            count += 1
            check = _key(name, key) or _comment(name, key, value) or _swallowed(name, key, value)
            if check is not None:
                found.append(check)
            elif not known_keys.is_known(key):
                unknown.append(printable(key))
    but = f" but {', '.join(dict.fromkeys(unknown))} (perhaps another program's)" if unknown else ""
    return found or [Check("keys", "ok", f"{count} key{'' if count == 1 else 's'}, all known{but}")]


def _comment(name: str, key: str, value: str) -> Check | None:
    """The check of a value that ends with a comment, which is a part of it to some SDKs."""
    if "\n" in value or not has_comment(value) or key.removeprefix(PREFIX) in _COMMANDS:
        return None
    what = f"{key} of [{printable(name, 64)}] ends with a comment: to boto3, the AWS CLI and this helper it is a value"
    return Check("keys", "warn", what, "put the comment on a line of its own")


def _swallowed(name: str, key: str, value: str) -> Check | None:
    """The check of a value that goes on with another key's line, because that line is indented."""
    inside = likely_meant.swallowed_key(key, value)
    if inside is None:
        return None
    section = f"[{printable(name, 64)}]"
    what = f"{inside} of {section} is indented, which makes it a part of the value of {key}"
    return Check("keys", "fail", what, f"remove the blanks before {inside}")


def _key(name: str, key: str) -> Check | None:
    if known_keys.is_known(key):
        return None
    section = f"[{printable(name, 64)}]"
    written = printable(key) if known_keys.is_word(key) else None
    right = known_keys.nearest(key)
    if written is None:
        what = f"a key of {section} is no word, perhaps half of another line (not shown: it may be a secret)"
        return Check("keys", "warn", what, f"look for it in {section}")
    if right is not None:
        what = f"{section} has the unknown key {written}"
        # A misspelt key of ours was meant for this helper; others may be some other program's.
        return Check("keys", "fail" if has_prefix(right) else "warn", what, f"did you mean {right}? rename the key")
    if has_prefix(key):
        what = f"{section} has {written}, which this helper does not know"
        return Check("keys", "fail", what, "correct it, or remove it")
    return None


def process_line(name: str, environ: Mapping[str, str]) -> str:
    """The config line that makes SDKs call this helper for the profile `name`."""
    try:
        program = helper_command.program(fastest=False)
    except AssumeHelperError:  # called as a package: the command that PATH has
        program = [shutil.which("assume-helper", path=environ.get("PATH", os.defpath)) or "assume-helper"]
    words = [*map(printable, program), "get", printable(name, 64)]
    return "credential_process = " + " ".join(map(helper_command.portable, words))


def served_profiles(config: AwsConfig) -> list[str]:
    """The profiles that this helper serves: those with a role, and those whose credential_process is this helper."""
    return [name for name in config.profiles if role_chain.can_be_served(config, name)]


def profile(config: AwsConfig, environ: Mapping[str, str], name: str) -> tuple[Profile | None, list[Check]]:
    """The role of the profile `name`, None where it cannot be read, and the checks of its sources and its duration.

    This finds sources that form a loop.
    """
    try:
        found = role_chain.read_profile(config, environ, name)
    except AssumeHelperError as error:
        said_already = [check.what for check in keys(config, contributing_profiles(config, name, None))]
        if error.message in said_already:  # a misspelt key
            return None, []
        return None, [_asks_with_options(config, name) or failed("profile", error)]
    chain = " <- ".join(_steps(found))
    check = _asks_with_options(config, name) if found.kind == "process" else None
    return found, [check or Check("profile", "ok", chain), *durations(found)]


def _asks_with_options(config: AwsConfig, name: str) -> Check | None:
    """The check of a profile that only asks for another one with options (`get dev --read-only`): that is fine.

    Unless the other one is not there.
    """
    raw = merge(config, name)
    ours = helper_command.parse(raw.own_bare("credential_process"))
    if ours is None or "role_arn" in raw.values or len(ours.arguments) <= 2:
        return None
    asked = next((word for word in ours.arguments[1:] if word != name and word in config.profiles), None)
    if asked is not None:
        other = printable(asked, 64)
        what = f"[{printable(name, 64)}] asks for {other} with options; see `assume-helper doctor {typed(other)}`"
        return Check("profile", "ok", what)
    meant = ours.arguments[1]
    if meant == name or meant.startswith("-"):
        return None
    what = f"[{printable(name, 64)}] asks for {printable(meant, 64)} with options, which is not there"
    return failed("profile", likely_meant.missing(config, what, meant, "correct the name, or add that profile"))


def _steps(found: Profile) -> Iterator[str]:
    for link in found.links():
        if link.role_arn is not None:
            yield printable(link.role_arn, 200)
    own = "" if found.role_arn is not None else f"a {found.kind}: " if found.kind != "access key" else "an access key: "
    yield own + described(found.origin)


def contributing_profiles(config: AwsConfig, name: str, found: Profile | None) -> list[str]:
    """The profiles whose keys matter for `name`: itself, those of its chain, and those that they include."""
    names = [name]
    if found is not None:
        names += found.names()
        if isinstance(found.origin, AccessKey):
            names.append(found.origin.profile)
    included: list[str] = []
    for visited in names:
        with suppress(AssumeHelperError):  # a loop, say: it was reported where the profile was read
            included.extend(included_profiles(config, visited))
    return list(dict.fromkeys([*names, *included]))


def durations(found: Profile) -> list[Check]:
    """The durations in a chain that STS refuses, or that make SDKs ask too often."""
    checks = []
    for link in found.links():
        seconds, section = link.duration_seconds, f"[{printable(link.name, 64)}]"
        if seconds is None:
            continue
        if link.role_arn is not None and isinstance(link.source, Profile) and seconds > LONGEST_BY_MFA_SESSION:
            what = f"{section} asks for {duration_text(seconds)}: a chained role lasts at most an hour"
            mend = f"set duration_seconds = {LONGEST_BY_MFA_SESSION} in {section}, or remove it"
            checks.append(Check("duration", "fail", what, mend))
        elif seconds == SHORTEST_SESSION:
            what = f"{section} asks for 15 min: with so little left, boto3 and the AWS CLI ask again on every request"
            checks.append(Check("duration", "warn", what, f"set duration_seconds = 3600 in {section}, or remove it"))
    return checks


def user_session(found: Profile, called_by: Mapping[str, list[str]]) -> list[Check]:
    """What the session of an access key cannot do: a warning where SDKs get it in place of the key.

    `called_by`: see `sdk_precedence.callers`.
    """
    if found.kind != "access key" or found.user_session is None or found.mfa is not None:
        return []
    what = f"the session of the access key of [{printable(found.name, 64)}] may not call IAM without an MFA code"
    if found.name not in called_by:
        return [Check("session", "ok", f"{what}; SDKs use the key itself")]
    mend = "set mfa_serial; or use `assume-helper exec --no-session`, or a profile of its own, for what needs IAM"
    return [Check("session", "warn", what, mend)]
