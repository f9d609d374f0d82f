"""What only a call can tell: STS and its clock, who the source is, a way to an MFA code, and the role itself.

Each call has a deadline of its own, so a whole run ends, whatever hangs. SDK code is imported by the checks that call.
"""

import json
import os
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from typing import Any

from assume_helper import hit
from assume_helper.cache import entries, storage
from assume_helper.credentials import Credentials
from assume_helper.doctor.check import Check, failed
from assume_helper.errors import AssumeHelperError, STSRefused
from assume_helper.profiles import endpoint as endpoint_settings
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.endpoint import EndpointSettings
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import (
    CredentialProcess,
    Endpoint,
    EnvironmentKeys,
    MFADevice,
    Profile,
    WebIdentity,
    described,
)
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.sessions import provider
from assume_helper.system import terminal
from assume_helper.system.context import CallContext, Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.system.warning import Warning
from assume_helper.text import duration_text, printable, redacted

# Seconds for one call to STS, as for a `get` that has nothing cached; and for a source's process, which may ask
# somebody for something.
_PATIENCE = 15.0
_PATIENCE_WITH_SOMEBODY = 55.0
# A call that takes longer than this (seconds) is felt: clients give up from 5 s on.
_SLOW = 3.0
# STS takes no signature from a clock that is minutes off.
_CLOCK_FAILS = 300
_CLOCK_WARNS = 30
# Nobody's: AWS's own documentation uses it. STS answers that it does not know it, which is all that is wanted.
_NOBODY = Credentials("AKIAIOSFODNN7EXAMPLE", "nobody")


@dataclass(frozen=True)
class Reached:
    """STS has answered, after so many `seconds`; `clock_difference` is this machine's clock less STS's, if it said."""

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
    """Whether STS answers, how fast, and how far its clock is from ours; and whether it was reached."""
    where = printable(endpoint.endpoint_url or f"in {endpoint.region}", 120)
    try:
        reached = _reach(endpoint, clock)
    except AssumeHelperError as error:
        return [failed("sts", error)], False
    took = f"STS {where} answered in {reached.seconds:.2f} s"
    if reached.seconds > _SLOW:
        mend = "use a region that is nearer, and look at the network and the proxy"
        checks = [Check("sts", "warn", f"{took}: some clients give up after 5 s", mend)]
    else:
        checks = [Check("sts", "ok", took)]
    return [*checks, *_clock(reached.clock_difference)], True


def _reach(endpoint: Endpoint, clock: Clock) -> Reached:
    """Call STS without valid credentials: any answer of it will do, a refusal too. Raises AssumeHelperError."""
    import botocore.exceptions as aws

    from assume_helper.sts import client, request
    from assume_helper.sts.failures import translate_errors
    from assume_helper.sts.refusals import not_reached
    from assume_helper.sts.response import answered_at

    asked = request.get_caller_identity(endpoint, EnvironmentKeys(None))

    def answer() -> dict[str, Any]:
        connected = client.connect(endpoint, _NOBODY)
        begun.append(clock.monotonic())
        try:
            response = connected.call(asked.operation, asked.values)
            response["Arn"]  # where nobody is let in as somebody, it is a local STS; a portal's page has none
        except aws.ClientError as error:
            response = dict(error.response)
            if response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or "Type" not in response["Error"]:
                raise
        return response

    begun: list[float] = []
    try:
        response = within(_PATIENCE, lambda: translate_errors(answer, asked, clock.now))
    except TimeoutError:
        raise not_reached(endpoint, "gave no answer in time") from None
    theirs, now = answered_at(response), clock.now()
    return Reached(clock.monotonic() - begun[0], None if theirs is None else now - theirs)


def kept_clock(found: Profile, context: CallContext) -> list[Check]:
    """How far this machine's clock was off when what is cached came, where STS itself cannot be asked now."""
    store = storage.open_store(context.environ, context.warn, found.storage)
    entry = entries.read(store, entries.key(found.session_inputs()))
    if entry is None or abs(entry.session.clock_difference) <= _CLOCK_WARNS:
        return []
    return _clock(entry.session.clock_difference, ", by the answer that is cached")


def _clock(difference: float | None, by: str = "") -> list[Check]:
    if difference is None:
        return []
    off = f"this machine's clock is {duration_text(difference)} {'ahead of' if difference > 0 else 'behind'} STS's{by}"
    if sys.platform == "win32":
        mend = "w32tm /resync"
    else:
        mend = "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"
    if abs(difference) > _CLOCK_FAILS:
        return [Check("clock", "fail", f"{off}, which takes no signature from so far away", mend)]
    if abs(difference) > _CLOCK_WARNS:
        return [Check("clock", "warn", off, mend)]
    return [Check("clock", "ok", "this machine's clock is right, to the second or so")]


def source(found: Profile, context: CallContext, *, is_reached: bool) -> Check:
    """Whose credentials assume the first role: there, and as STS knows them."""
    from assume_helper.sessions.source_credentials import source_credentials
    from assume_helper.sources import web_identity
    from assume_helper.sts import calls, request

    first = found.first_link
    named = described(found.origin)
    clock = context.clock
    try:
        if isinstance(found.origin, WebIdentity):
            web_identity.read_token(found.origin)
            return Check("source", "ok", f"{named} can be read; whose it is is for STS to say")
        patience = _PATIENCE_WITH_SOMEBODY if isinstance(found.origin, CredentialProcess) else _PATIENCE
        if isinstance(found.origin, CredentialProcess):
            context.asking()
        # For a process that leads back here.
        callers = json.dumps([(os.path.abspath(hit.config_paths(context.environ)[0]), name) for name in found.names()])
        credentials = source_credentials(found.origin, {**context.environ, hit.CALLERS: callers}, patience)
        if not is_reached:
            what = f"{named} is there; STS, which would say whose it is, was not reached"
            return Check("source", "warn", what, "mend the way to STS first")
        at = clock.monotonic() + _PATIENCE
        asked = request.get_caller_identity(first.endpoint, found.origin)
        who = calls.get_caller_identity(asked, credentials, Deadline(at, at), clock)
    except AssumeHelperError as error:
        return failed("source", error)
    return Check("source", "ok", f"{named} is {printable(who.arn, 200)}")


def mfa(found: Profile, context: CallContext) -> Check | None:
    """The MFA device that the way needs, and where a code would come from; None where it needs none."""
    first = found.first_link
    device = first.mfa
    if device is None:
        return None
    from assume_helper.sources import mfa as codes

    whose = f"a code of {printable(device.serial, 256)}"
    try:
        codes.check(device, first.name, context)
    except AssumeHelperError as error:
        return Check("mfa", "warn", f"{whose} is needed, and there is no way to one here", error.next_step)
    ways = []
    if context.environ.get(codes.TOKEN):
        ways.append(codes.TOKEN)
    if device.mfa_process:
        program = _program(device, context)
        if program is None:
            what = f"{whose} is needed, and the program of mfa_process is not there"
            mend = f"correct mfa_process of [{printable(first.name, 64)}], with the program's absolute path"
            return Check("mfa", "fail", what, mend)
        ways.append(f"mfa_process ({program})")
    if terminal.is_there():
        ways.append("this terminal")
    if context.environ.get(codes.ASKPASS):
        ways.append(codes.ASKPASS)
    return Check("mfa", "ok", f"{whose} is needed; it comes from {', then '.join(ways)}")


def _program(device: MFADevice, context: CallContext) -> str | None:
    """The program of `mfa_process`, without the words behind it, which may be secrets; None where it is not there."""
    try:
        words = shlex.split(device.mfa_process or "")
    except ValueError:
        return None
    return (
        redacted(words[0]) if words and shutil.which(words[0], path=context.environ.get("PATH", os.defpath)) else None
    )


def role(found: Profile, name: str, context: CallContext) -> list[Check]:
    """The role, as `get` would have it: from the cache or from STS; and how long its session lasts."""
    warnings: list[Warning] = []
    clock = context.clock
    begun = clock.monotonic()
    # As a `get` that starts now: what was checked before has taken some of this process's time.
    as_get = replace(context, started=clock.now(), started_monotonic=begun, warn=warnings.append)
    try:
        session = provider.get_credentials(name, as_get).session
    except AssumeHelperError as error:
        # What STS says of a duration is about a key of the profile, not about the role.
        about_time = isinstance(error, STSRefused) and "duration_seconds" in error.next_step
        return [failed("duration" if about_time else "role", error)]
    took = "from the cache" if session.issued < as_get.started else f"from STS in {clock.monotonic() - begun:.2f} s"
    who = printable(session.assumed_role_arn or found.role_arn, 200)
    checks = [Check("role", "ok", f"{who}, {took}, good for another {duration_text(session.left(clock.now()))}")]
    checks += [Check("role", "warn", warning.what, warning.next_step) for warning in dict.fromkeys(warnings)]
    lasts = f"sessions last {duration_text(session.lifetime)}" + (
        "" if found.duration_seconds else ", which is the default"
    )
    return [*checks, Check("duration", "ok", lasts)]
