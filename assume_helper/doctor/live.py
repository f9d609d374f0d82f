"""The checks of STS: whether it answers, and its clock; and of where an MFA code would come from.

Each call has its own deadline, so a run always ends. SDK code is imported only by the checks that need it.
"""

import os
import shutil
import sys

from assume_helper.cache import entries, storage
from assume_helper.credentials import Credentials
from assume_helper.doctor.check import Check, failed
from assume_helper.errors import AssumeHelperError
from assume_helper.light import Any, dataclass
from assume_helper.profiles import endpoint as endpoint_settings
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.origin import (
    EnvironmentKeys,
    MFADevice,
)
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Endpoint, Profile
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.system import process, terminal
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.deadline import within
from assume_helper.system.environment import for_child
from assume_helper.text import duration_text, printable, redacted

# Seconds for one call to STS, as for a `get` that has nothing cached.
PATIENCE = 15.0
# Seconds. A slower call is a warning: some clients give up after 5.
_SLOW = 3.0
# Seconds that the clock may be off. STS refuses signatures from a clock that is minutes off.
_CLOCK_FAILS = 300
_CLOCK_WARNS = 30
# An access key from AWS's documentation. STS refuses it, which shows that STS is reached.
_NOBODY = Credentials("AKIAIOSFODNN7EXAMPLE", "nobody")


@dataclass(frozen=True)
class Reached:
    """STS answered after `seconds`; `clock_difference` is this machine's clock minus STS's (seconds), if known."""

    seconds: float
    clock_difference: float | None


def default_endpoint(config: AwsConfig | None, context: CallContext, name: str | None) -> Endpoint:
    """The STS to call where no role is known: that of the profile `name`, or of the default one.

    Raises ConfigurationError.
    """
    if config is None or (name or "default") not in config.profiles:
        config, name = AwsConfig("", "", {"default": {}}, {}, {}, {}), None
    settings = ProfileSettings(merge(config, name or "default"))
    return endpoint_settings.resolve(
        endpoint_settings.from_settings(settings, context.environ, EndpointSettings()), None
    )


def sts(endpoint: Endpoint, clock: Clock) -> tuple[list[Check], bool]:
    """The checks of whether STS answers, how fast, and of the clock; and whether STS was reached."""
    where = printable(endpoint.endpoint_url or f"in {endpoint.region}", 120)
    try:
        reached = _reach(endpoint, clock)
    except AssumeHelperError as error:
        return [failed("sts", error)], False
    took = f"STS {where} answered in {reached.seconds:.2f} s"
    if reached.seconds > _SLOW:
        mend = "use a nearer region, and check the network and the proxy"
        checks = [Check("sts", "warn", f"{took}: some clients give up after 5 s", mend)]
    else:
        checks = [Check("sts", "ok", took)]
    from assume_helper.system import plain_text

    warning = plain_text.plain_text_warning(endpoint.endpoint_url)
    if warning is not None:
        checks.append(Check("sts", "warn", warning.what, warning.next_step))
    return [*checks, *_clock(reached.clock_difference)], True


def _reach(endpoint: Endpoint, clock: Clock) -> Reached:
    """Ask STS for an identity with an unknown key: its refusal is the answer. Raises AssumeHelperError."""
    import botocore.exceptions as aws

    from assume_helper.sts import client, request
    from assume_helper.sts.failures import translate_errors
    from assume_helper.system import unreached
    from assume_helper.system.answer_time import answered_at

    asked = request.get_caller_identity(endpoint, EnvironmentKeys(None))

    def answer() -> dict[str, Any]:
        connected = client.connect(endpoint, _NOBODY)
        begun.append(clock.monotonic())
        try:
            response = connected.call(asked.operation, asked.values)
            response["Arn"]  # a local STS may accept the key; a captive portal's page has no ARN
        except aws.ClientError as error:
            response = dict(error.response)
            if response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or "Type" not in response["Error"]:
                raise
        return response

    begun: list[float] = []
    try:
        response = within(PATIENCE, lambda: translate_errors(answer, asked, clock.now))
    except TimeoutError as error:
        raise unreached.in_time(endpoint, error) from None
    theirs, now = answered_at(response), clock.now()
    return Reached(clock.monotonic() - begun[0], None if theirs is None else now - theirs)


def clock_when_cached(found: Profile, context: CallContext) -> list[Check]:
    """The check of the clock as it was when the cached session was issued, for when STS cannot be reached now."""
    store = storage.open_store(context.environ, context.warn, found.storage)
    entry = entries.read(store, entries.key(found.session_inputs()))
    if entry is None or abs(entry.session.clock_difference) <= _CLOCK_WARNS:
        return []
    return _clock(entry.session.clock_difference, ", as the cached answer says")


def _clock(difference: float | None, source: str = "") -> list[Check]:
    if difference is None:
        return []
    relation = "ahead of" if difference > 0 else "behind"
    off = f"this machine's clock is {duration_text(difference)} {relation} STS's{source}"
    if sys.platform == "win32":
        mend = "w32tm /resync"
    else:
        mend = "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"
    if abs(difference) > _CLOCK_FAILS:
        return [Check("clock", "fail", f"{off}: STS refuses signatures from a clock that is so far off", mend)]
    if abs(difference) > _CLOCK_WARNS:
        return [Check("clock", "warn", off, mend)]
    return [Check("clock", "ok", "this machine's clock is right to about a second")]


def mfa(found: Profile, context: CallContext) -> Check | None:
    """The check of where an MFA code would come from; None where the role needs none."""
    first = next((link for link in found.links() if link.mfa is not None), None)
    device = first.mfa if first is not None else None
    if first is None or device is None:
        return None
    from assume_helper.sources import mfa as codes
    from assume_helper.sources import shell_command

    needed = f"a code of {printable(device.serial, 256)} is needed"
    try:
        codes.check(device, first.name, context)
    except AssumeHelperError as error:
        return Check("mfa", "warn", f"{needed}, and there is no way to get one here", error.next_step)
    ways = []
    if context.environ.get(codes.TOKEN):
        ways.append(codes.TOKEN)
    if device.mfa_process:
        program = _program(device, context)
        if program is None:
            what = f"{needed}, and the program of mfa_process ({shell_command.name(device.mfa_process)}) does not exist"
            mend = f"correct mfa_process of [{printable(first.name, 64)}]: give the program's absolute path"
            return Check("mfa", "fail", what, mend)
        ways.append(f"mfa_process ({program})")
    if terminal.is_there():
        ways.append("this terminal")
    if context.environ.get(codes.ASKPASS):
        ways.append(codes.ASKPASS)
    return Check("mfa", "ok", f"{needed}; it comes from {', then '.join(ways)}")


def _program(device: MFADevice, context: CallContext) -> str | None:
    """The program of `mfa_process`, without its arguments, which may be secrets; None where it does not exist.

    A shell runs it: so it may be a word of the shell's own.
    """
    from assume_helper.sources import shell_command

    word = shell_command.program(device.mfa_process or "")
    if word is None:
        return None
    exists = shutil.which(os.path.expanduser(word), path=context.environ.get("PATH", os.defpath)) is not None
    if not exists and sys.platform != "win32" and os.sep not in word:
        shell = ["/bin/sh", "-c", 'command -v -- "$1" >/dev/null', "sh", word]
        try:
            exists = process.run(shell, for_child(context.environ), PATIENCE).returncode == 0
        except (OSError, TimeoutError):
            exists = False
    return redacted(word) if exists else None
