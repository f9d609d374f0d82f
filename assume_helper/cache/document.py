"""What a session is handed out as: the document that every SDK reads, and the variables."""

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


def variables(credentials: Credentials, expiration: datetime | None, account_id: str | None) -> dict[str, str]:
    """The environment variables of a session; `expiration` is the true one. What it does not have is left out.

    AWS_CREDENTIAL_EXPIRATION is botocore's (`botocore.credentials.EnvProvider`).
    """
    found = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_CREDENTIAL_EXPIRATION": timestamp(expiration) if expiration is not None else None,
        "AWS_ACCOUNT_ID": account_id or None,
    }
    return {name: value for name, value in found.items() if value is not None}
