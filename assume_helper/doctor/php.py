"""What PHP's SDK reads differently: it uses PHP's own parser."""

from collections.abc import Iterable

from assume_helper.doctor.check import Check
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles import aws_config, php_syntax
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.text import printable

_COMMAND = "credential_process"


def examine(config: AwsConfig, names: Iterable[str]) -> list[Check]:
    """The checks of what PHP cannot read: in the file, and of the profiles `names` that have a process there."""
    if not any(values.get(_COMMAND) for values in config.config_profiles.values()):
        return []
    text = _text(config)
    checks = [Check("php", "warn", found.what, found.next_step) for found in php_syntax.problems(text)]
    unread_profiles = php_syntax.unread_profiles(text)
    for name in names:
        if not config.config_profiles.get(name, {}).get(_COMMAND):
            continue
        unread = unread_profiles.get(name)
        if unread is not None and not config.credentials_profiles.get(name, {}).get(_COMMAND):
            section = f"[{printable(name, 64)}]"
            what = f"PHP {unread} of the config: it does not run the credential_process of {section}"
            mend = "name it [profile default]" if name == "default" else "give it a name without blanks and quotes"
            checks.append(Check("php", "warn", what, mend))
    return checks


def finds(config: AwsConfig, name: str) -> bool:
    """Whether PHP finds the process of the profile `name`; of a plain name that is known without a look at the file."""
    if config.credentials_profiles.get(name, {}).get(_COMMAND):
        return True
    return (name != "default" and not set(name) & set(" \t\"'\\")) or name not in php_syntax.unread_profiles(
        _text(config)
    )


def _text(config: AwsConfig) -> str:
    try:
        return aws_config.decode(aws_config.read_bytes(config.config_path, "AWS_CONFIG_FILE"), config.config_path)
    except AssumeHelperError:  # it was read a moment ago
        return ""
