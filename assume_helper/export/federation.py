"""A console session for temporary credentials: one POST to the federation endpoint gives a sign-in token.

The credentials are in the body of the request, and nowhere else: a URL is in logs, and in the history of proxies. So
where the endpoint takes no POST there is no session. Source: IAM User Guide, "Enable custom identity broker access to
the AWS console".
"""

import functools
import json
from collections.abc import Mapping
from urllib.parse import urlencode

from assume_helper.credentials import Credentials, can_be_sent
from assume_helper.errors import ConfigurationError, STSNotReached, STSRefused, STSThrottled
from assume_helper.export import console_url
from assume_helper.light import Any, dataclass, field
from assume_helper.profiles import endpoint
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import AccessKey, EnvironmentKeys, Metadata, StaticKeys
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.system.context import Clock
from assume_helper.text import printable, typed

# Seconds for all of it. The limits of a console session are SHORTEST_SESSION and LONGEST_SESSION.
PATIENCE = 15.0
_LONGEST_TOKEN = 16 * 1024
_WHO_CAN = "a role and a permission set can"


@dataclass(frozen=True)
class SignInService:
    """The sign-in that is asked: what `system.called_service` says of it. It has a URL, whatever the region."""

    region: str
    endpoint_url: str
    ca_bundle: str | None = None
    ca_bundle_named: str = ""
    service: str = "the sign-in service"
    region_named: str = "region or AWS_REGION"


@dataclass(frozen=True)
class SignIn:
    """A sign-in token, good for 15 minutes, and how long its session lasts (seconds); None is as AWS has it."""

    token: str = field(repr=False)
    seconds: int | None


class _Refused(Exception):
    """The endpoint does not take the request; `status` is HTTP's."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def service(config: AwsConfig, profile: Profile, partition: str, environ: Mapping[str, str]) -> SignInService:
    """The sign-in of a profile: the one that is configured, else the partition's own. Raises ConfigurationError."""
    configured = endpoint.service_url(ProfileSettings(merge(config, profile.name)), environ, "signin")
    sts = profile.endpoint
    return SignInService(sts.region, configured or console_url.sign_in(partition), sts.ca_bundle, sts.ca_bundle_named)


def check_kind(profile: Profile) -> None:
    """Raise ConfigurationError for a profile whose session is a user's own: it cannot sign in, whatever is sent."""
    if isinstance(profile.source, AccessKey) and profile.role_arn is None and profile.source.session_token is None:
        name = printable(profile.name, 64)
        raise ConfigurationError(
            f"profile {name} is an access key, and a user's own session cannot sign in to the console: {_WHO_CAN}",
            f"run: assume-helper console ROLE_ARN --source-profile {typed(name)}",
        )


def check_credentials(profile: Profile, credentials: Credentials) -> None:
    """Raise ConfigurationError for credentials that are no session's: of a process that prints an access key."""
    if credentials.session_token is None:
        raise ConfigurationError(
            f"the {profile.kind} of profile {printable(profile.name, 64)} gives an access key, and only a session can "
            "sign in to the console",
            f"name a profile that is a role or a permission set: {_WHO_CAN}",
        )


def takes_no_duration(profile: Profile, environ: Mapping[str, str]) -> str | None:
    """What a role is assumed with, where AWS takes no duration for that; None where it does, or may.

    It takes none for a role that is assumed with a temporary session. Whether a process gives one is not known here.
    """
    source = profile.source
    if profile.role_arn is None:
        return None
    if profile.user_session is not None:
        return "an MFA session"
    if isinstance(source, Profile):
        return None if source.kind == "process" else f"the session of profile {printable(source.name, 64)}"
    if isinstance(source, Metadata):
        return "the role of this machine"
    of_environment = isinstance(source, EnvironmentKeys) and any(
        environ.get(name) for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
    )
    if of_environment or (isinstance(source, StaticKeys) and source.session_token is not None):
        return "temporary keys"
    return None


def sign_in(to: SignInService, profile: Profile, credentials: Credentials, seconds: int | None, clock: Clock) -> SignIn:
    """A sign-in token for `credentials` of `profile`; `seconds` is how long the console session is to last.

    Where the endpoint does not take that, it is asked once more without, and the answer says so. Raises STSRefused;
    STSNotReached, STSNotConnected, STSThrottled; ConfigurationError, SettingFault, MachineFault.
    """
    keys = [credentials.access_key_id, credentials.secret_access_key, credentials.session_token]
    session = json.dumps(dict(zip(("sessionId", "sessionKey", "sessionToken"), keys, strict=True)))
    form = {"Action": "getSigninToken", "Session": session}
    try:
        if seconds is not None:
            try:
                return SignIn(_asked(to, form | {"SessionDuration": str(seconds)}, clock), seconds)
            except _Refused as refused:
                if refused.status != 400:
                    raise
        return SignIn(_asked(to, form, clock), None)
    except _Refused as refused:
        raise _refusal(to, profile, refused.status) from None


def _asked(to: SignInService, form: Mapping[str, str], clock: Clock) -> str:
    """The token that the endpoint gives for `form`, tried again while there is time. Raises _Refused as well."""
    from assume_helper.system import retries, sdk_client, sdk_errors, unreached
    from assume_helper.system.deadline import Deadline, within

    limits = (float(sdk_client.CONNECT_TIMEOUT), float(sdk_client.READ_TIMEOUT))
    url = console_url.federation(to.endpoint_url)
    connected = functools.cache(lambda: sdk_client.connect(to, lambda: sdk_client.http(url, to, limits)))

    def refusal(_error: Exception) -> STSNotReached:  # there is no model, so that no error answer is parsed
        return unreached.not_reached(to, unreached.not_from(to))

    def attempt(limit: Deadline) -> str:
        def send() -> str:
            return sdk_errors.translate(lambda: _token(to, *_post(connected(), url, form)), to, refusal)

        try:
            return within(limit.at - clock.monotonic(), send)
        except TimeoutError as error:
            raise unreached.in_time(to, error) from None

    at = clock.monotonic() + PATIENCE
    return retries.retry(attempt, Deadline(at, at), clock, lambda: None)


def _post(connected: Any, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
    """The status and the body of the answer. A redirect is an answer: nothing is sent to where it leads."""
    from botocore.awsrequest import AWSRequest
    from botocore.useragent import UserAgentString

    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": UserAgentString.from_environment().to_string(),
    }
    answer = connected.send(AWSRequest("POST", url, headers, data=urlencode(form)).prepare())
    return answer.status_code, answer.content


def _token(to: SignInService, status: int, body: bytes) -> str:
    """The token in an answer.

    AWS's own refusal is 400 with a page. A page with 401 or 403 is a proxy's, which forbids the address. Raises
    _Refused, STSNotReached, STSThrottled.
    """
    from assume_helper.system.unreached import not_from, not_reached, where

    if status == 200:
        found = json.loads(body).get("SigninToken")
        if can_be_sent(found) and len(found) <= _LONGEST_TOKEN:
            return found
        raise not_reached(to, f"{not_from(to)}: it has no SigninToken")
    if status == 429:
        raise STSThrottled(f"{where(to)} throttles (HTTP 429)", "wait a minute and try again")
    if status >= 500:
        raise not_reached(to, f"is out of order (HTTP {status})")
    if status in {400, 405} or (status in {401, 403} and not body.lstrip().startswith(b"<")):
        raise _Refused(status)
    raise not_reached(to, f"{not_from(to)} (HTTP {status})")


def _refusal(to: SignInService, profile: Profile, status: int) -> STSRefused:
    from assume_helper.system.unreached import where

    next_step = "add --portal, for which the access portal signs you in"
    if status == 405:
        if profile.kind != "permission set":
            next_step = "correct AWS_ENDPOINT_URL_SIGNIN or endpoint_url, if one is set"
        what = "takes no POST (HTTP 405), and the keys are sent in no URL"
        return STSRefused(f"{where(to)} {what}", next_step)
    if profile.kind == "role":
        next_step = f"see if they are good: assume-helper whoami {typed(printable(profile.name, 80))}"
    elif profile.kind != "permission set":
        next_step = f"if they are a user's own they cannot sign in: {_WHO_CAN}"
    no_post = ", or takes no POST" if status == 400 else ""
    return STSRefused(f"{where(to)} does not take these credentials{no_post} (HTTP {status})", next_step)
