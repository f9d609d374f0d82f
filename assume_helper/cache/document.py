"""The document that every SDK reads."""

import json
from datetime import UTC, datetime

from assume_helper.credentials import Credentials


def credential_document(credentials: Credentials, expiration: datetime | None, account_id: str | None) -> bytes:
    """The credential process's answer: one compact JSON object in ASCII, without a line's end.

    `Version` is the integer 1 and `Expiration` is `YYYY-MM-DDTHH:MM:SSZ`: measured, what every client reads. The
    source of the form: SDKs and Tools Reference Guide, "Process credential provider". What credentials do not have (a
    key's session token, an end) is left out.
    """
    fields: dict[str, object] = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
    }
    if credentials.session_token is not None:
        fields["SessionToken"] = credentials.session_token
    if expiration is not None:
        fields["Expiration"] = timestamp(expiration)
    if account_id is not None:
        fields["AccountId"] = account_id
    return json.dumps(fields, separators=(",", ":")).encode("ascii")


def timestamp(moment: datetime) -> str:
    """`moment` (aware) in UTC as `YYYY-MM-DDTHH:MM:SSZ`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
