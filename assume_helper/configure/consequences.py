"""What a change means for its profile: what still goes round the helper, and what worked before and no longer does.

Which credentials win in which SDK was measured (see the SDK matrix in the docs). What the AWS CLI's logins read is from
its source: `aws sso login` wants bare sso_ keys, `aws login` refuses a profile with a credential_process. This helper's
own `login` needs neither.
"""

from collections.abc import Iterator, Mapping

from assume_helper.configure.editor import ACCESS_KEY_KEYS, is_for_the_helper
from assume_helper.profiles import helper_command, login
from assume_helper.profiles.aws_config import AwsConfig, section_title
from assume_helper.profiles.raw_profile import with_prefix
from assume_helper.profiles.role import Kind
from assume_helper.text import printable, typed

_PROCESS = "credential_process"


def users_of_sources(config: AwsConfig) -> Mapping[str, list[str]]:
    """For each profile that others name as their source, who does; all profiles are looked through once."""
    found: dict[str, list[str]] = {}
    for name, keys in config.profiles.items():
        source = keys.get(with_prefix("source_profile")) or keys.get("source_profile")
        if source and source != name:
            found.setdefault(source, []).append(printable(name, 64))
    return found


def warnings(
    before: AwsConfig, after: AwsConfig, name: str, kind: Kind | None, users: Mapping[str, list[str]]
) -> list[str]:
    """A line for each; `kind` is what the profile is by itself, `users` are those of its sources in `after`."""
    gone = {
        key: value
        for key, value in before.config_profiles.get(name, {}).items()
        if key not in after.config_profiles.get(name, {})
    }
    found = [*_in_credentials(after, name), *_in_config(after, name), *_of_logins(name, gone)]
    if "aws_access_key_id" in gone:
        is_temporary = bool(gone.get("aws_session_token") or gone.get("aws_security_token"))
        found += _of_access_key(users.get(name, []), kind, is_temporary=is_temporary)
    return found


def in_credentials(config: AwsConfig, name: str) -> list[str]:
    """The keys that the profile has in the credentials file, and that SDKs take before the config file's process."""
    values = config.credentials_profiles.get(name, {})
    return [key for key, value in values.items() if value and (is_for_the_helper(key) or key in ACCESS_KEY_KEYS)]


def _in_credentials(config: AwsConfig, name: str) -> Iterator[str]:
    path, keys = printable(config.credentials_path), in_credentials(config, name)
    if keys:
        yield (
            f"{path} has {', '.join(keys)} for this profile and wins: SDKs will not call the helper; move them to "
            f"{section_title(config, name)}, then run this again"
        )
    process = config.credentials_profiles.get(name, {}).get(_PROCESS)
    theirs = helper_command.parse(process)
    if process is not None and (theirs is None or not theirs.is_for(name)):  # the helper's own is there for restic
        yield (
            f"{path} has {_PROCESS} for this profile and wins: SDKs will not call the helper; remove it, or move it to "
            f"{section_title(config, name)} as {with_prefix(_PROCESS)}"
        )


def _in_config(config: AwsConfig, name: str) -> Iterator[str]:
    """What is left bare: the access key of a pair, or what [DEFAULT] gives every profile."""
    profile, theirs = config.config_profiles.get(name, {}), config.credentials_profiles.get(name, {})
    if any(key in profile and key not in theirs for key in ACCESS_KEY_KEYS):
        yield (
            "the SDKs of Go, JavaScript, Kotlin, C++ and Ruby use this profile's access key, not the helper, and PHP "
            "does where the helper fails; move it to another profile and name that with --source-profile"
        )
    inherited = [key for key in profile if is_for_the_helper(key)]
    if inherited:
        yield f"[DEFAULT] has {', '.join(inherited)} for every profile: SDKs will not call the helper; move it"


def _of_logins(name: str, gone: Mapping[str, str]) -> Iterator[str]:
    profile = typed(printable(name, 64))
    if session := gone.get("sso_session"):
        yield (
            f"`aws sso login --profile {profile}` no longer works: log in with `{login.command(name, session)}`; "
            "services that take a bearer token no longer find sso_session in this profile: use another one with them"
        )
    elif gone.get("sso_start_url"):
        yield f"`aws sso login --profile {profile}` no longer works: log in with `{login.command(name)}`"
    if "login_session" in gone:
        yield f"`aws login --profile {profile}` no longer works: log in with `{login.command(name)}`"


def _of_access_key(above: list[str], kind: Kind | None, *, is_temporary: bool) -> Iterator[str]:
    if kind == "access key" and is_temporary:
        return  # handed over as they stand
    if kind == "access key":
        yield (
            "SDKs get a session of this access key's user in place of the key: without MFA it may not call IAM, and of "
            "STS only AssumeRole and GetCallerIdentity; where a program needs more, give it a profile of its own"
        )
    elif kind == "role" and above:
        yield (
            f"{', '.join(above[:5])} can no longer use this profile's access key as a source, only its role; move "
            "the key to a profile of its own, and name that as their source"
        )
