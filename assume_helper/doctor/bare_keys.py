"""The keys with which SDKs go round the helper: they find other credentials before they look at credential_process.

Which wins was measured with each SDK; for boto3 and the AWS CLI it is botocore's source
(`botocore.credentials.ProfileProviderBuilder`): a role, web identity, a permission set, an access key of the
credentials file, a console login, and then the process. JavaScript counts any key of a login by itself.
"""

from collections.abc import Sequence

from assume_helper.doctor.check import Check
from assume_helper.profiles.aws_config import AwsConfig, section_title
from assume_helper.profiles.raw_profile import with_prefix
from assume_helper.text import printable, typed

PROCESS = "credential_process"
ROLE_KEYS = ("role_arn", "source_profile", "credential_source", "web_identity_token_file")
# With one of the first two a profile is a permission set; JavaScript takes any of them for one.
SSO_KEYS = ("sso_account_id", "sso_role_name", "sso_session", "sso_start_url", "sso_region")
ACCESS_KEY = "aws_access_key_id"
_ACCESS_KEY_KEYS = (ACCESS_KEY, "aws_secret_access_key", "aws_session_token", "aws_security_token")


def examine(config: AwsConfig, name: str) -> list[Check]:
    """The checks of what goes round the credential_process of the profile `name`; none where it has no process."""
    values = config.profiles.get(name, {})
    if not values.get(PROCESS):
        return []
    found = (_role(config, name), _web_identity(config, name), _sso(config, name), _console_login(config, name))
    return [check for check in (*found, _access_key(config, name)) if check is not None]


def configure(config: AwsConfig, name: str, keys: Sequence[str]) -> str:
    """The command that gives `keys` the prefix; first they are to be moved where `configure` changes nothing."""
    command = f"assume-helper configure {typed(printable(name, 64))}"
    theirs = [key for key in keys if config.credentials_profiles.get(name, {}).get(key)]
    if not theirs:
        return command
    return (
        f"move {', '.join(theirs)} from {printable(config.credentials_path)} to {section_title(config, name)}, then "
        f"run {command}"
    )


def _bare(config: AwsConfig, name: str, keys: Sequence[str]) -> list[str]:
    values = config.profiles[name]
    return [key for key in keys if values.get(key)]


def _renamed(config: AwsConfig, name: str, keys: Sequence[str]) -> str:
    mend = configure(config, name, keys)
    renamed = ", ".join(f"{key} to {with_prefix(key)}" for key in keys)
    return f"{mend} (it renames {renamed})" if mend.startswith("assume-helper") else mend


def _role(config: AwsConfig, name: str) -> Check | None:
    keys = _bare(config, name, ROLE_KEYS)
    if "role_arn" not in keys:
        return None
    what = (
        f"[{printable(name, 64)}] has role_arn beside credential_process: boto3, the AWS CLI, JavaScript v3, Java v2, "
        "Kotlin, Rust and Ruby do not call the helper; Go v1, Go v2 and Terraform refuse the profile"
    )
    return Check("sdks", "fail", what, _renamed(config, name, keys))


def _web_identity(config: AwsConfig, name: str) -> Check | None:
    """The check of a token's file whose role is prefixed: SDKs look for the role, and fail."""
    key = "web_identity_token_file"
    if "role_arn" in config.profiles[name] or not _bare(config, name, [key]):
        return None
    what = (
        f"[{printable(name, 64)}] has {key} beside credential_process: boto3, the AWS CLI and Go v2 look for its role, "
        "and do not call the helper"
    )
    return Check("sdks", "fail", what, _renamed(config, name, [key]))


def _sso(config: AwsConfig, name: str) -> Check | None:
    keys, of_profile = _bare(config, name, SSO_KEYS), f"[{printable(name, 64)}]"
    if not keys:
        return None
    if keys[0] in SSO_KEYS[:2]:
        what = (
            f"{of_profile} has {keys[0]} beside credential_process: SSO wins in boto3, the AWS CLI, Go, JavaScript, "
            "Java v2, Kotlin, Rust, Ruby and PHP, which do not call the helper"
        )
        return Check("sdks", "fail", what, _renamed(config, name, keys))
    what = (
        f"{of_profile} has {keys[0]} beside credential_process, which JavaScript takes for a permission set: it does "
        "not call the helper; boto3 and the AWS CLI do"
    )
    return Check("sdks", "warn", what, _renamed(config, name, keys))


def _console_login(config: AwsConfig, name: str) -> Check | None:
    if not _bare(config, name, ["login_session"]):
        return None
    what = (
        f"[{printable(name, 64)}] has login_session beside credential_process: the console login wins in boto3, the "
        "AWS CLI and Go v2, which do not call the helper"
    )
    return Check("sdks", "fail", what, _renamed(config, name, ["login_session"]))


def _access_key(config: AwsConfig, name: str) -> Check | None:
    """The check of an access key beside the process: it wins in all SDKs, or in some."""
    ours, theirs = config.config_profiles.get(name, {}), config.credentials_profiles.get(name, {})
    of_profile, path = f"[{printable(name, 64)}]", printable(config.credentials_path)
    apart = f"to a profile of its own, and name that in {with_prefix('source_profile')} of {of_profile}"
    has_role = bool({"role_arn", with_prefix("role_arn")} & set(config.profiles[name]))
    if theirs.get(ACCESS_KEY):
        what = (
            f"{of_profile} of {path} has an access key: it wins over credential_process in boto3, the AWS CLI, Go, "
            "JavaScript, Kotlin, C++, Ruby and PHP, which do not call the helper"
        )
        keys = ", ".join(key for key in _ACCESS_KEY_KEYS if theirs.get(key))
        mend = f"move the access key {apart}" if has_role else f"remove {keys} from {of_profile} of {path}"
        if not has_role and not ours.get(with_prefix(ACCESS_KEY)):
            mend = (
                f"move {keys} from {path} to {section_title(config, name)}, then run assume-helper configure "
                f"{typed(printable(name, 64))}; or remove them"
            )
        return Check("sdks", "fail", what, mend)
    if ours.get(ACCESS_KEY):
        what = (
            f"{of_profile} has an access key beside credential_process: the process wins in boto3, the AWS CLI, Java "
            "and Rust, the access key in Go, JavaScript, Kotlin, C++ and Ruby, and in PHP where the process fails"
        )
        renamed = f"assume-helper configure {typed(printable(name, 64))} (it renames the access key's keys)"
        return Check("sdks", "warn", what, f"move the access key {apart}" if has_role else renamed)
    return None
