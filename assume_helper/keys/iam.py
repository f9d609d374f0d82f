"""What IAM says and does of a user's access keys. Each call is signed with a key of that very user, who is not named.

API reference of IAM, version 2010-05-08: without `UserName` IAM takes the user whose key signs the request.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime

import botocore.exceptions as aws
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials as Signing

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SourceNotKnown,
    SourceRefused,
    STSNotConnected,
    STSNotReached,
    STSRefused,
    STSThrottled,
    STSUnavailable,
)
from assume_helper.light import Any, ClassVar, TypeVar, dataclass, field
from assume_helper.profiles.role import Endpoint
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import sdk_client, sdk_errors, unreached
from assume_helper.system.answer_time import answered_at
from assume_helper.system.context import Clock
from assume_helper.system.deadline import Deadline, within
from assume_helper.system.retries import retry
from assume_helper.text import printable, redacted

T = TypeVar("T")

_VERSION = "iam/2010-05-08"
# Seconds for one call, and for one that is throttled. CreateAccessKey is over within seconds of the note before it.
_PATIENCE, _PATIENCE_THROTTLED = 10.0, 20.0
_THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
_NOT_KNOWN = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"}
_BAD_SIGNATURE = {"SignatureDoesNotMatch", "IncompleteSignature", "InvalidSignatureException", "RequestExpired"}
_IS_GONE = "NoSuchEntity"


class _Gone(AssumeHelperError):
    """The key is not there (any more)."""


@dataclass(frozen=True)
class IAMService:
    """Where IAM is: what `system.called_service` says of it."""

    region: str
    endpoint_url: str | None = None
    ca_bundle: str | None = None
    ca_bundle_named: str = ""
    use_fips_endpoint: bool = False
    use_dualstack_endpoint: bool = False
    service: ClassVar[str] = "IAM"
    region_named: ClassVar[str] = "region or AWS_REGION"


def service_of(sts: Endpoint, url: str | None) -> IAMService:
    """The IAM beside the STS of a profile, at `url` where one is configured."""
    return IAMService(sts.region, url, sts.ca_bundle, sts.ca_bundle_named, sts.use_fips_endpoint,
                      sts.use_dualstack_endpoint)  # fmt: skip


@dataclass(frozen=True)
class ListedKey:
    """One of the user's access keys as IAM lists it; `created` in seconds since the epoch, by IAM's clock."""

    access_key_id: str
    is_active: bool
    created: float

    @property
    def shown(self) -> str:
        """The key as messages name it."""
        return f"…{printable(self.access_key_id[-4:])} ({'active' if self.is_active else 'inactive'})"


@dataclass(frozen=True)
class IAM:
    """IAM as the user of one access key `pair` asks it.

    Each method raises SourceNotKnown for a key that IAM does not know (yet), SourceRefused for a signature, STSRefused
    where the user may not do that, ConfigurationError where there are two keys already, STSNotReached and its like.
    """

    service: IAMService
    pair: KeyPair
    clock: Clock = field(repr=False)

    def list_keys(self) -> tuple[list[ListedKey], float | None]:
        """The user's access keys, and the time by IAM's clock (seconds since the epoch), None where it says none."""

        def read(answer: dict[str, Any]) -> tuple[list[ListedKey], float | None]:
            keys = [
                ListedKey(_text(key["AccessKeyId"]), key["Status"] == "Active", _seconds(key["CreateDate"]))
                for key in answer["AccessKeyMetadata"]
            ]
            return keys, answered_at(answer)

        return self._call("ListAccessKeys", {}, read)

    def create_key(self) -> KeyPair:
        """A new access key. It is asked for once: where no answer comes, it may have been made all the same."""

        def read(answer: dict[str, Any]) -> KeyPair:
            made = answer["AccessKey"]
            return KeyPair(
                _text(made["AccessKeyId"]), _text(made["SecretAccessKey"]), _seconds(made["CreateDate"]),
                self.clock.now(),
            )  # fmt: skip

        return self._call("CreateAccessKey", {}, read, is_repeatable=False)

    def deactivate(self, access_key_id: str) -> None:
        """Make a key inactive. One that is not there is none to fear."""
        self._change("UpdateAccessKey", {"AccessKeyId": access_key_id, "Status": "Inactive"})

    def delete(self, access_key_id: str) -> None:
        """Delete a key. One that is not there is deleted."""
        self._change("DeleteAccessKey", {"AccessKeyId": access_key_id})

    def was_used(self, access_key_id: str) -> bool:
        """Whether the key has ever signed a request, as far as IAM knows."""

        def read(answer: dict[str, Any]) -> bool:
            return "LastUsedDate" in answer["AccessKeyLastUsed"]

        return self._call("GetAccessKeyLastUsed", {"AccessKeyId": access_key_id}, read)

    def _change(self, operation: str, values: Mapping[str, object]) -> None:
        try:
            self._call(operation, values, lambda _answer: None)
        except _Gone:
            return

    def _call(
        self, operation: str, values: Mapping[str, object], read: Callable[[dict[str, Any]], T], *,
        is_repeatable: bool = True,
    ) -> T:  # fmt: skip
        @functools.cache
        def connected() -> sdk_client.Client:
            timeout = sdk_client.CONNECT_TIMEOUT, sdk_client.READ_TIMEOUT
            rules: dict[str, object] = {}
            if self.service.endpoint_url is None:
                rules = {
                    "UseFIPS": self.service.use_fips_endpoint,
                    "UseDualStack": self.service.use_dualstack_endpoint,
                }
            return sdk_client.connect(
                self.service, lambda: sdk_client.client(_VERSION, self.service, rules, timeout, operation)
            )

        def send() -> T:
            client = connected()
            signing = Signing(self.pair.access_key_id, self.pair.secret_access_key)
            return read(client.call(operation, values, SigV4Auth(signing, "iam", client.signing_region).add_auth))

        def attempt(limit: Deadline) -> T:
            def translated() -> T:
                return sdk_errors.translate(send, self.service, lambda error: self._refusal(error, operation))

            try:
                return within(limit.at - self.clock.monotonic(), translated)
            except TimeoutError as error:
                raise unreached.in_time(self.service, error) from None

        now = self.clock.monotonic()
        return retry(
            attempt, Deadline(now + _PATIENCE, now + _PATIENCE_THROTTLED), self.clock, lambda: None,
            lambda error: not is_repeatable and not isinstance(error, STSNotConnected | STSThrottled),
        )  # fmt: skip

    def _refusal(self, error: aws.ClientError, operation: str) -> AssumeHelperError:
        """The error for an error answer. Of a failed signature IAM's message is not repeated: it holds the request."""
        answer: Any = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        said = redacted(str(answer.get("Error", {}).get("Message", "")))
        if code in _THROTTLED or status == 429:
            return STSThrottled("IAM throttles", "wait a minute and try again")
        if status >= 500:
            return unreached.not_reached(self.service, f"is out of order (HTTP {status})", STSUnavailable)
        if code in _NOT_KNOWN:
            return SourceNotKnown(
                f"IAM does not know the access key {self.pair.shown}", "it was deleted, deactivated or mistyped"
            )
        if code in _BAD_SIGNATURE:
            return SourceRefused(
                f"IAM refuses the signature of the access key {self.pair.shown}",
                "check this machine's clock and the secret access key",
            )
        if code == _IS_GONE:
            return _Gone("there is no such key", "nothing is to be done")
        if code == "LimitExceeded":
            return ConfigurationError(
                "the user has two access keys already, as many as IAM allows", "delete one that nothing uses"
            )
        return STSRefused(
            f"IAM refused {operation}: {said or printable(code, 80)}",
            f"have the user allowed iam:{operation} on itself, without an MFA condition",
        )


def is_ambiguous(error: AssumeHelperError) -> bool:
    """Whether a request that ended with `error` may have been carried out all the same."""
    return isinstance(error, STSNotReached) and not isinstance(error, STSNotConnected | STSThrottled)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, datetime):
        raise TypeError
    return value.timestamp()
