"""Which credentials win in which SDK, where a profile or the environment names more than one kind.

This was measured with each SDK. How boto3 and the AWS CLI rank the credentials file is from botocore's source
(`botocore.credentials.ProfileProviderBuilder`).
"""

from collections.abc import Mapping

from assume_helper.doctor import bare_keys, php, variable_change
from assume_helper.doctor.check import Check, failed
from assume_helper.profiles import helper_command, likely_meant, profile_variables
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import merge
from assume_helper.text import printable, typed

_COMMAND = bare_keys.PROCESS
# What SDKs use by themselves where there is no process, and what a person calls it.
_BY_THEMSELVES = {
    "sso_account_id": "get the credentials of its permission set",
    "sso_role_name": "get the credentials of its permission set",
    "login_session": "use its console login",
}
# SDKs that find only profiles with ASCII names, as the SDK matrix in the docs names them.
ASCII_ONLY = ("JavaScript v3", "Java v2", "Rust", "C++ (pyarrow)", "C++ (duckdb)", "CRT (awscrt)")
# Any of these makes a profile more than a name for another one.
_OF_ITS_OWN = ("role_arn", "web_identity_token_file", *_BY_THEMSELVES)


def profile(config: AwsConfig, name: str, called_by: Mapping[str, list[str]]) -> list[Check]:
    """How the SDKs read the profile `name`; they ignore prefixed keys. `called_by`: see `callers`."""
    section = f"[{printable(name, 64)}]"
    values = config.profiles.get(name, {})
    results = (
        _another(config, name),
        *bare_keys.examine(config, name),
        _two_processes(config, name),
        _ascii(config, name),
    )
    checks = [check for check in results if check]
    if values.get(_COMMAND):
        if all(check.status == "ok" for check in checks):
            but = "" if php.finds(config, name) else " but PHP"
            is_ours = helper_command.parse(values[_COMMAND]) is not None
            whose = "" if is_ours else ", another program's: without the helper's cache"
            checks.append(Check("sdks", "ok", f"every SDK{but} runs the credential_process of {section}{whose}"))
    elif not checks:
        checks.append(_called_through(config, name, called_by.get(name, [])))
    return checks


def _another(config: AwsConfig, name: str) -> Check | None:
    """The check of a copied section: it has its own role or login, but its process asks for another profile."""
    values, section = config.profiles.get(name, {}), f"[{printable(name, 64)}]"
    ours = helper_command.parse(values.get(_COMMAND))
    if ours is None or ours.is_for(name) or not any(key in merge(config, name).values for key in _OF_ITS_OWN):
        return None
    asked = next((word for word in ours.arguments[1:] if not word.startswith("-")), "")
    has_role = "role_arn" in merge(config, name).values
    missed = "role" if has_role else "session"
    what = (
        f"the credential_process of {section} asks for {printable(asked, 64)}: SDKs do not get the {missed} of "
        f"{section}"
    )
    return Check("sdks", "fail", what, f"assume-helper configure {typed(printable(name, 64))}")


def _two_processes(config: AwsConfig, name: str) -> Check | None:
    """The check of a process in both files."""
    section, credentials_path = f"[{printable(name, 64)}]", printable(config.credentials_path)
    ours, theirs = config.config_profiles.get(name, {}), config.credentials_profiles.get(name, {})
    if not (ours.get(_COMMAND) and theirs.get(_COMMAND)):
        return None
    if _is_for_restic(config, name):
        what = f"{section} has the same command in {credentials_path}, where restic (minio-go) reads it"
        return Check("restic", "ok", what)
    what = (
        f"{section} has a credential_process in both files: the one in {credentials_path} wins, except in "
        "duckdb and awscrt"
    )
    return Check("sdks", "warn", what, f"remove credential_process from {section} in {credentials_path}")


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
    bare = [key for key in bare_keys.ROLE_KEYS if values.get(key)]
    if bare:
        what = f"{section} has no credential_process: SDKs assume its role themselves, without the helper's cache"
        return Check("sdks", "warn", what, bare_keys.configure(config, name, bare))
    prefixed = merge(config, name).prefixed
    own = next((key for key in (*_BY_THEMSELVES, bare_keys.ACCESS_KEY) if values.get(key)), None)
    if own is None or "role_arn" in prefixed:
        mend = bare_keys.configure(config, name, ())
        return Check("sdks", "warn", f"{section} has no credential_process: SDKs find no credentials in it", mend)
    if own == bare_keys.ACCESS_KEY:
        return Check("sdks", "ok", f"{section} has no role: SDKs use its {own}")
    what = f"{section} has no credential_process: SDKs {_BY_THEMSELVES[own]} themselves, without the helper's cache"
    keys = [key for key in (*bare_keys.SSO_KEYS, "login_session") if values.get(key)]
    return Check("sdks", "warn", what, bare_keys.configure(config, name, keys))


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
        mend = variable_change.clearing("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        checks.append(Check("environment", "warn", what, mend))
    elif has_keys:
        what = "the environment has an access key: SDKs use it where no profile is named"
        checks.append(Check("environment", "ok", what))
    if environ.get("AWS_DEFAULT_PROFILE") and not environ.get("AWS_PROFILE"):
        what = "Java, JavaScript, Kotlin, .NET, PHP, Rust and C++ ignore AWS_DEFAULT_PROFILE"
        mend = variable_change.copying("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
        checks.append(Check("environment", "warn", what, mend))
    return checks or [Check("environment", "ok", "no variable wins over a profile")]


def _named_profiles(environ: Mapping[str, str], config: AwsConfig | None) -> list[Check]:
    """The checks of the variables that name a profile: each is set to one that exists, and both to the same."""
    checks = []
    for variable in profile_variables.NAMES:
        name = environ.get(variable)
        if name == "":
            what = f"{variable} is empty: boto3 and the AWS CLI look for a profile without a name"
            checks.append(Check("environment", "fail", what, variable_change.clearing(variable)))
        elif name is not None and config is not None and name not in config.profiles:
            what = f"{variable} names {printable(name, 64)}, which does not exist: most SDKs find no credentials"
            otherwise = f"{variable_change.clearing(variable)}, or set it to a profile that exists"
            checks.append(failed("environment", likely_meant.missing(config, what, name, otherwise)))
    disagreement = profile_variables.disagreement(environ)
    if disagreement is not None:
        checks.append(Check("environment", "fail", disagreement.what, disagreement.next_step))
    return checks
