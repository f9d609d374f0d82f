"""The environment: which variables SDK code must not see, here and in the processes that are started."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

# With these, SDK code would use other credentials than the profile says, call this helper again, or (`AWS_DATA_PATH`,
# which the AWS CLI adds for the processes it starts: measured) load another program's data.
HIDDEN = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_DATA_PATH",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "ASSUME_HELPER_MFA_TOKEN",  # good once, and for this process
)


# With these an SDK would use other credentials than those of `exec` and `env`. The last two are old names of Java's,
# AWS_SECURITY_TOKEN is an old name of the session token.
STALE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "ASSUME_HELPER_MFA_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
)


def hide(environ: MutableMapping[str, str]) -> None:
    """Take HIDDEN out of `environ`, the process's own. To be called before any SDK code runs."""
    for name in HIDDEN:
        environ.pop(name, None)
    bundle = environ.get("AWS_CA_BUNDLE")
    if bundle == "":  # for botocore it is a path even so
        del environ["AWS_CA_BUNDLE"]
    elif bundle is not None and bundle.startswith("~"):  # which botocore takes for a folder's name
        environ["AWS_CA_BUNDLE"] = os.path.expanduser(bundle)


@contextmanager
def shown(environ: Mapping[str, str]) -> Iterator[None]:
    """Within it SDK code sees the whole of `environ`, HIDDEN included: botocore reads the process's environment."""
    os.environ.update(environ)
    try:
        yield
    finally:
        hide(os.environ)


def for_child(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a source's process: the caller's, less HIDDEN."""
    return {name: value for name, value in environ.items() if name not in HIDDEN}
