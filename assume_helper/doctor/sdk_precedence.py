"""Which credentials win in which SDK, where a profile or the environment names more than one kind.

This was measured with each SDK. How boto3 and the AWS CLI rank the credentials file is from botocore's source
(`botocore.credentials.ProfileProviderBuilder`).
"""

import shlex
from collections.abc import Mapping

from assume_helper.doctor import php
from assume_helper.doctor.check import Check, failed
from assume_helper.profiles import helper_command, likely_meant, profile_variables
from assume_helper.profiles.aws_config import AwsConfig, role_in_credentials
from assume_helper.profiles.raw_profile import merge, with_prefix
from assume_helper.text import printable

_COMMAND = "credential_process"
_ROLE_KEYS = ("role_arn", "source_profile", "credential_source", "web_identity_token_file")
# SDKs that find only profiles with ASCII names, as the SDK matrix in the docs names them.
ASCII_ONLY = ("JavaScript v3", "Java v2", "Rust", "C++ (pyarrow)", "C++ (duckdb)", "CRT (awscrt)")
_STATIC = "aws_access_key_id"
_SSO = ("sso_session", "sso_start_url", "sso_account_id", "sso_role_name")


def profile(config: AwsConfig, name: str, called_by: Mapping[str, list[str]]) -> list[Check]:
    """How the SDKs read the profile `name`; they ignore prefixed keys. `called_by`: see `callers`."""
    section = f"[{printable(name, 64)}]"
    values = config.profiles.get(name, {})
    results = (
        _role(config, name),
        _another(config, name),
        _sso(config, name),
        *_static(config, name),
        _ascii(config, name),
    )
    checks = [check for check in results if check]
    if values.get(_COMMAND):
        if all(check.status == "ok" for check in checks):
            but = "" if php.finds(config, name) else " but PHP"
            checks.append(Check("sdks", "ok", f"every SDK{but} runs the credential_process of {section}"))
    elif not checks:
        checks.append(_called_through(config, name, called_by.get(name, [])))
    return checks


def _role(config: AwsConfig, name: str) -> Check | None:
    values, section = config.profiles.get(name, {}), f"[{printable(name, 64)}]"
    if not values.get(_COMMAND) or not values.get("role_arn"):
        return None
    bare = [key for key in _ROLE_KEYS if values.get(key)]
    what = (
        f"{section} has role_arn beside credential_process: boto3, the AWS CLI, JavaScript v3, Java v2, Kotlin, Rust "
        "and Ruby do not call the helper; Go v1, Go v2 and Terraform refuse the profile"
    )
    mend = f"assume-helper configure {shlex.quote(printable(name, 64))} (it renames {_prefixed(bare)})"
    return Check("sdks", "fail", what, _move_first(config, name) or mend)


def _move_first(config: AwsConfig, name: str) -> str | None:
    """The mend where the profile's role stands in the credentials file, which `configure` does not change."""
    theirs = role_in_credentials(config, name)
    if not theirs:
        return None
    section = "[default]" if name == "default" else f"[profile {printable(name, 64)}]"
    command = f"assume-helper configure {shlex.quote(printable(name, 64))}"
    paths = printable(config.credentials_path), printable(config.config_path)
    return f"move {', '.join(theirs)} from {paths[0]} to {section} of {paths[1]}, then run {command}"


def _another(config: AwsConfig, name: str) -> Check | None:
    """The check of a copied section: it has its own role, but its credential_process asks for another profile."""
    values, section = config.profiles.get(name, {}), f"[{printable(name, 64)}]"
    ours = helper_command.parse(values.get(_COMMAND))
    if ours is None or ours.is_for(name) or "role_arn" not in merge(config, name).values:
        return None
    asked = next((word for word in ours.arguments[1:] if not word.startswith("-")), "")
    what = f"the credential_process of {section} asks for {printable(asked, 64)}: SDKs do not get the role of {section}"
    return Check("sdks", "fail", what, f"assume-helper configure {shlex.quote(printable(name, 64))}")


def _sso(config: AwsConfig, name: str) -> Check | None:
    values, section = config.profiles.get(name, {}), f"[{printable(name, 64)}]"
    found = [key for key in _SSO if values.get(key)]
    if not values.get(_COMMAND) or not found:
        return None
    what = (
        f"{section} has {found[0]} beside credential_process: SSO wins in boto3, the AWS CLI, Go, Java v2, Kotlin, "
        "Rust, Ruby and PHP, which do not call the helper"
    )
    source_profile = with_prefix("source_profile")
    mend = f"move {', '.join(found)} to a profile of its own, and name that in {source_profile} of {section}"
    return Check("sdks", "fail", what, mend)


def _static(config: AwsConfig, name: str) -> list[Check]:
    """The checks of an access key, or a second credential_process, that some SDKs use instead."""
    section = f"[{printable(name, 64)}]"
    ours, theirs = config.config_profiles.get(name, {}), config.credentials_profiles.get(name, {})
    credentials_path = printable(config.credentials_path)
    has_process = bool(ours.get(_COMMAND) or theirs.get(_COMMAND))
    move = f"move the access key to a profile of its own, and name that in {with_prefix('source_profile')} of {section}"
    checks = []
    if has_process and theirs.get(_STATIC):
        what = (
            f"{section} of {credentials_path} has an access key: it wins over credential_process in boto3, the AWS "
            "CLI, Go, JavaScript, Kotlin, C++, Ruby and PHP, which do not call the helper"
        )
        checks.append(Check("sdks", "fail", what, move))
    elif has_process and ours.get(_STATIC):
        what = (
            f"{section} has an access key beside credential_process: the process wins in boto3, the AWS CLI, Java and "
            "Rust, the access key in Go, JavaScript, Kotlin, C++ and Ruby, and in PHP where the process fails"
        )
        checks.append(Check("sdks", "warn", what, move))
    if ours.get(_COMMAND) and theirs.get(_COMMAND) and _is_for_restic(config, name):
        what = f"{section} has the same command in {credentials_path}, where restic (minio-go) reads it"
        checks.append(Check("restic", "ok", what))
    elif ours.get(_COMMAND) and theirs.get(_COMMAND):
        what = (
            f"{section} has a credential_process in both files: the one in {credentials_path} wins, except in "
            "duckdb and awscrt"
        )
        mend = f"remove credential_process from {section} in {credentials_path}"
        checks.append(Check("sdks", "warn", what, mend))
    return checks


def _is_for_restic(config: AwsConfig, name: str) -> bool:
    """Whether the credentials file has the same command as the config, in the form that minio-go runs.

    minio-go reads the credentials file alone, and splits the command at blanks: a quote is a part of a word (measured).
    """
    ours = helper_command.parse(config.config_profiles.get(name, {}).get(_COMMAND))
    line = config.credentials_profiles.get(name, {}).get(_COMMAND)
    theirs = helper_command.parse(line)
    if ours is None or theirs is None or line is None:
        return False
    return ours.arguments == theirs.arguments and line.split() == [*theirs.program, *theirs.arguments]


def _ascii(config: AwsConfig, name: str) -> Check | None:
    """The check of a name that some SDKs do not find."""
    if name.isascii() or not config.profiles.get(name, {}).get(_COMMAND):
        return None
    what = f"[{printable(name, 64)}] has a name that is not ASCII: {', '.join(ASCII_ONLY)} do not find it"
    return Check("sdks", "warn", what, "give it an ASCII name, or use it with the other SDKs only")


def callers(config: AwsConfig) -> dict[str, list[str]]:
    """For each profile that a credential_process asks this helper for: the profiles with that credential_process."""
    found: dict[str, list[str]] = {}
    for name, values in config.profiles.items():
        target = helper_command.target(values.get(_COMMAND))
        if target is not None:
            found.setdefault(target, []).append(name)
    return found


def _called_through(config: AwsConfig, name: str, by: list[str]) -> Check:
    """The check of a profile without a credential_process: fine where another profile's asks for it."""
    section = f"[{printable(name, 64)}]"
    if by:
        return Check("sdks", "ok", f"SDKs reach {section} through {', '.join(printable(n, 64) for n in by[:5])}")
    values = config.profiles.get(name, {})
    bare = [key for key in _ROLE_KEYS if values.get(key)]
    own = next((key for key in (_STATIC, *_SSO[:2], "login_session") if values.get(key)), None)
    if own is not None and not bare and "role_arn" not in merge(config, name).prefixed:
        return Check("sdks", "ok", f"{section} has no role: SDKs use its {own}")
    mend = f"assume-helper configure {shlex.quote(printable(name, 64))}"
    mend = _move_first(config, name) or mend
    if bare:
        what = f"{section} has no credential_process: SDKs assume its role themselves, without the helper's cache"
        return Check("sdks", "warn", what, mend)
    return Check("sdks", "warn", f"{section} has no credential_process: SDKs find no credentials in it", mend)


def _prefixed(bare: list[str]) -> str:
    return ", ".join(f"{key} to {with_prefix(key)}" for key in bare)


def environment(environ: Mapping[str, str], config: AwsConfig | None = None) -> list[Check]:
    """The variables that win over any profile, or name one that does not exist."""
    checks = _named_profiles(environ, config)
    named, variable = profile_variables.profile(environ), profile_variables.variable(environ)
    has_keys = bool(environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"))
    if has_keys and named:
        what = (
            f"the environment has an access key beside {variable} = {printable(named, 64)}: the key wins silently in "
            "every SDK but JavaScript v3"
        )
        mend = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN"
        checks.append(Check("environment", "warn", what, mend))
    elif has_keys:
        what = "the environment has an access key: SDKs use it where no profile is named"
        checks.append(Check("environment", "ok", what))
    if environ.get("AWS_DEFAULT_PROFILE") and not environ.get("AWS_PROFILE"):
        what = "Java, JavaScript, Kotlin, .NET, PHP, Rust and C++ ignore AWS_DEFAULT_PROFILE"
        checks.append(Check("environment", "warn", what, 'export AWS_PROFILE="$AWS_DEFAULT_PROFILE"'))
    return checks or [Check("environment", "ok", "no variable wins over a profile")]


def _named_profiles(environ: Mapping[str, str], config: AwsConfig | None) -> list[Check]:
    """The checks of the variables that name a profile: each is set to one that exists, and both to the same."""
    checks = []
    for variable in profile_variables.NAMES:
        name = environ.get(variable)
        if name == "":
            what = f"{variable} is empty: boto3 and the AWS CLI look for a profile without a name"
            checks.append(Check("environment", "fail", what, f"unset {variable}"))
        elif name is not None and config is not None and name not in config.profiles:
            what = f"{variable} names {printable(name, 64)}, which does not exist: most SDKs find no credentials"
            otherwise = f"unset {variable}, or set it to a profile that exists"
            checks.append(failed("environment", likely_meant.missing(config, what, name, otherwise)))
    disagreement = profile_variables.disagreement(environ)
    if disagreement is not None:
        checks.append(Check("environment", "fail", disagreement.what, disagreement.next_step))
    return checks
