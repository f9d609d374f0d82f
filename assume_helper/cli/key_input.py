"""An access key as a person types it, unseen, or as standard input has it."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import click

from assume_helper.cli import config_change
from assume_helper.cli.interruption import interrupted
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import can_be_sent
from assume_helper.errors import AssumeHelperError, SourceError
from assume_helper.sessions.herd_gate import Terminated
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system import terminal
from assume_helper.text import printable

# Seconds for a person who looks a key up.
_PATIENCE = 600.0
_LONGEST = 64 * 1024
# API reference of IAM, AccessKey; temporary ones begin as the second says (IAM User Guide, "IAM identifiers").
_ACCESS_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)
_TEMPORARY = "ASIA"
# As `output = yaml` and `output = table` print them.
_NAMED = {
    key: re.compile(rf"^[\s|-]*{key}[:\s|]+['\"]?([\w+/=]+)['\"]?[\s|]*$", re.MULTILINE | re.ASCII)
    for key in ("AccessKeyId", "SecretAccessKey")
}
_WANTED = "two lines, the access key id and the secret, or what `aws iam create-access-key` prints"


def typed(invocation: Invocation, name: str) -> KeyPair:
    """The access key for the profile `name`, asked for on the terminal.

    Raises SourceError for what is no long-lived key, click.UsageError where there is none; KeyboardInterrupt.
    """
    if not invocation.is_terminal(0):
        raise config_change.usage_error(f"standard input has no access key: give it {_WANTED}")
    return checked(*_typed(name), invocation.clock.now())


def piped(invocation: Invocation) -> KeyPair | None:
    """The access key that standard input has, which is no terminal; None where that is empty. Raises SourceError."""
    data = b""
    try:
        while len(data) < _LONGEST and (more := os.read(0, _LONGEST)):
            data += more
    except OSError:
        return None  # it is closed
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        return None
    try:
        return checked(*_parsed(text), invocation.clock.now())
    except SourceError as error:
        raise SourceError(
            f"{error.message}; nothing of standard input was kept",
            f"{error.next_step}; if IAM made a key for this, delete that",
        ) from None


@contextmanager
def told_if_not_kept(pair: KeyPair | None) -> Iterator[None]:
    """Say of a piped key that it was not kept, where anything ends this: it may be nowhere else."""
    try:
        yield
    except (AssumeHelperError, click.UsageError, KeyboardInterrupt, Terminated) as error:
        if pair is None:
            raise
        what, again = f"the piped key {pair.shown} was not kept", "pipe it again, or delete it in IAM and make another"
        if isinstance(error, AssumeHelperError):
            raise type(error)(f"{what}: {error.message}", f"{error.next_step}; then {again}") from None
        if isinstance(error, click.UsageError):
            raise config_change.usage_error(f"{what}: {error.message}; {again}") from None
        raise interrupted(error, f"interrupted: {what}", again) from None


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


def _parsed(text: str) -> tuple[str, str]:
    if text.startswith("{"):
        return _of_json(text)
    lines = [line.strip() for line in text.splitlines()]
    fields = text.split("\t")  # `output = text`: by the names of the fields
    if len(lines) == 1 and len(fields) == 6 and fields[0] == "ACCESSKEY":
        return fields[1], fields[3]
    named = [_NAMED[key].findall(text) for key in ("AccessKeyId", "SecretAccessKey")]
    if all(len(found) == 1 for found in named) and "SessionToken" not in text:
        return named[0][0], named[1][0]
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
