"""The access key that a chain begins with: how old it is, and whether it would outlive this machine's next start."""

from collections.abc import Iterator

from assume_helper.doctor.check import Check
from assume_helper.errors import AssumeHelperError
from assume_helper.keys import age
from assume_helper.profiles import endpoint, key_record
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.origin import AccessKey, KeptKey
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile
from assume_helper.profiles.settings import KEY_AGE, ProfileSettings
from assume_helper.system.context import CallContext
from assume_helper.text import printable


def examine(config: AwsConfig, found: Profile, context: CallContext, *, may_ask: bool) -> Iterator[Check]:
    """The checks of the access key behind `found`; none for another source, for temporary keys, and for an age that is
    not to be had.

    The age of a key in a keyring is by our note of it. For one in a file IAM is asked with that key, if that `may_ask`.
    """
    origin = found.origin
    if not isinstance(origin, AccessKey) or origin.session_token is not None:
        return
    named = printable(origin.profile, 64)
    if isinstance(origin, KeptKey) and origin.place == "kernel":
        what = f"the kernel's keyring keeps the access key of [{named}] until this machine restarts or you log out"
        yield Check("access key", "warn", what, "keep it in a desktop's keyring, or have the key elsewhere, too")
    try:
        settings = ProfileSettings(merge(config, origin.profile))
        longest = settings.longest_key_age or age.LONGEST
        created = _created(settings, origin, context) if may_ask or isinstance(origin, KeptKey) else None
    except AssumeHelperError as error:
        if error.exit_code == 3:
            yield Check("access key", "fail", error.message, error.next_step)
        return  # IAM may not be asked by every user
    if created is None:
        return
    days = age.in_days(created, context.clock.now())
    if days > longest:
        what = f"the access key of [{named}] is {days} days old, more than {longest}"
        mend = f"assume-helper keys rotate {named} ({KEY_AGE} sets another limit)"
        yield Check("access key", "warn", what, mend)
    else:
        yield Check("access key", "ok", f"the access key of [{named}] is {days} days old")


def _created(settings: ProfileSettings, origin: AccessKey, context: CallContext) -> float | None:
    """When IAM made the key (seconds since the epoch); None where that is not known. Raises AssumeHelperError."""
    environ = context.environ
    if isinstance(origin, KeptKey):
        record = key_record.read(environ, origin.profile, origin.place)
        return None if record is None else record.created
    from assume_helper.keys import iam

    sts = endpoint.resolve(endpoint.from_settings(settings, environ, EndpointSettings()), None)
    return age.of_static(
        origin, sts, iam.service_of(sts, endpoint.service_url(settings, environ, "iam")), context.clock
    )
