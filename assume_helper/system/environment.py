"""The environment: which variables SDK code must not see, here and in the processes that are started."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from assume_helper.answers import CONTAINER, CONTAINER_TOKENS

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


# The caller's credentials that a program which is started here must not use in place of its own. Our own SDK code may
# need these (`credential_source = EcsContainer`), and does not read the old names.
_CALLERS_CREDENTIALS = (*HIDDEN, "AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SECURITY_TOKEN", *CONTAINER_TOKENS)


def hide(environ: MutableMapping[str, str]) -> None:
    """Take HIDDEN out of `environ`, the process's own. To be called before any SDK code runs.

    Empty variables go too: they count as not set, and botocore takes some for a path or an address.
    """
    empty = [name for name, value in environ.items() if name.startswith("AWS_") and not value]
    for name in (*HIDDEN, *empty):
        environ.pop(name, None)
    bundle = environ.get("AWS_CA_BUNDLE", "")
    if bundle.startswith("~"):  # which botocore takes for a folder's name
        environ["AWS_CA_BUNDLE"] = os.path.expanduser(bundle)


@contextmanager
def unhidden(environ: Mapping[str, str]) -> Iterator[None]:
    """Within it SDK code sees the whole of `environ`, HIDDEN included: botocore reads the process's environment."""
    os.environ.update(environ)
    try:
        yield
    finally:
        hide(os.environ)


def for_child(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a source's process, `mfa_process` and askpass: the caller's, without his credentials.

    An address whose token is gone goes too: an SDK would fail there and look no further.
    """
    gone = {*_CALLERS_CREDENTIALS}
    if any(environ.get(name) for name in CONTAINER_TOKENS):
        gone.add(CONTAINER[0])
    return {name: value for name, value in environ.items() if name not in gone}
