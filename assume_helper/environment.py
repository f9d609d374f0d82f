"""The environment: what code of the SDKs must not see, in this process and in those that it starts."""

from collections.abc import Mapping, MutableMapping

# With these, SDK code would use other credentials than the profile says, call this helper again, or (`AWS_DATA_PATH`,
# which the AWS CLI adds for the processes it starts: measured) load another program's data.
HIDDEN = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_DATA_PATH",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)


def hide(environ: MutableMapping[str, str]) -> None:
    """Take HIDDEN out of `environ`, the process's own. To be called before any SDK code runs."""
    for name in HIDDEN:
        environ.pop(name, None)
    if environ.get("AWS_CA_BUNDLE") == "":  # for botocore it is a path even so
        del environ["AWS_CA_BUNDLE"]


def for_child(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a source's process: the caller's, less HIDDEN."""
    return {name: value for name, value in environ.items() if name not in HIDDEN}
