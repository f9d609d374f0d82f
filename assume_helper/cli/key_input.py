"""An access key as a person types it, unseen, or as standard input has it."""

import json
import os
import re

from assume_helper.cli import config_change
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import can_be_sent
from assume_helper.errors import SourceError
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import terminal
from assume_helper.text import printable

# Seconds for a person who looks a key up.
_PATIENCE = 600.0
_LONGEST = 64 * 1024
# API reference of IAM, AccessKey; temporary ones begin as the second says (IAM User Guide, "IAM identifiers").
_ACCESS_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)
_TEMPORARY = "ASIA"
_WANTED = "two lines, the access key id and the secret, or what `aws iam create-access-key` prints"


def read(invocation: Invocation, name: str) -> KeyPair:
    """The access key for the profile `name`: asked for on the terminal, or from standard input where that is none.

    Raises SourceError for what is no long-lived key, click.UsageError where there is nothing; KeyboardInterrupt.
    """
    found = _typed(name) if invocation.is_terminal(0) else _piped()
    return checked(*found, invocation.clock.now())


def checked(access_key_id: str, secret_access_key: str, now: float) -> KeyPair:
    """The key, kept from `now` on (seconds since the epoch). Raises SourceError; nothing of it is repeated."""
    if access_key_id.startswith(_TEMPORARY):
        raise SourceError(
            "that is a temporary key, which ends by itself", "give a user's long-lived access key (AKIA…)"
        )
    if not _ACCESS_KEY_ID.fullmatch(access_key_id) or not can_be_sent(secret_access_key):
        raise SourceError("that is no access key id and secret access key", "copy both again, without blanks")
    return KeyPair(access_key_id, secret_access_key, None, now)


def _typed(name: str) -> tuple[str, str]:
    found = []
    for what in ("Access key id", "Secret access key"):
        try:
            text = terminal.ask(f"{what} for {printable(name, 64)} (not shown): ", _PATIENCE)
        except (TimeoutError, EOFError):
            text = ""
        if not text:
            raise config_change.usage_error("no access key was typed")
        found.append(text)
    return found[0], found[1]


def _piped() -> tuple[str, str]:
    data = b""
    while len(data) < _LONGEST and (more := os.read(0, _LONGEST)):
        data += more
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        raise config_change.usage_error(f"standard input has no access key: give it {_WANTED}")
    if text.startswith("{"):
        return _of_json(text)
    lines = [line.strip() for line in text.splitlines()]
    if len(lines) != 2:
        raise SourceError("standard input is no access key", f"give it {_WANTED}")
    return lines[0], lines[1]


def _of_json(text: str) -> tuple[str, str]:
    try:
        found = json.loads(text)
        found = found.get("AccessKey", found)
        identity, secret = found["AccessKeyId"], found["SecretAccessKey"]
        if isinstance(identity, str) and isinstance(secret, str) and not found.get("SessionToken"):
            return identity, secret
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise SourceError("standard input is no long-lived access key", f"give it {_WANTED}")
