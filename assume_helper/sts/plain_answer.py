"""STS's answer with a session, read without the SDK where its form is plain; otherwise botocore reads it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper.light import Any
from assume_helper.sts.request import GET_SESSION_TOKEN

# As STS writes it.
_TIME = r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z"
_LARGEST = 256 * 1024
_CREDENTIALS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")


def session(operation: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any] | None:
    """The session in `body` in botocore's form, and `headers`, their names in small letters.

    Of the session only what is used. None where the body has another form than STS gives it.
    """
    texts = _texts(body) if len(body) <= _LARGEST else None
    if texts is None:
        return None
    result = f"{operation}Response/{operation}Result/"
    found = {name: texts.get(f"{result}Credentials/{name}") for name in _CREDENTIALS}
    arn = texts.get(f"{result}AssumedRoleUser/Arn")
    time = re.fullmatch(_TIME, found["Expiration"] or "")
    if not all(found.values()) or time is None or (arn is None) != (operation == GET_SESSION_TOKEN):
        return None
    try:
        expiration = datetime(*map(int, time.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    answer: dict[str, Any] = {
        "Credentials": found | {"Expiration": expiration},
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": dict(headers)},
    }
    return answer if arn is None else answer | {"AssumedRoleUser": {"Arn": arn}}


def _texts(body: bytes) -> dict[str, str] | None:
    """The text of each element without others in it, by its path. None for what is no plain XML, or has one twice."""
    from pyexpat import ExpatError, ParserCreate

    if b"<!" in body or not body.lstrip().startswith(b"<"):
        return None
    path: list[str] = []
    parts: list[str] = []
    found: dict[str, str] = {}
    problems: list[str] = []
    is_leaf = False

    def start(name: str, _attributes: Mapping[str, str]) -> None:
        nonlocal is_leaf
        if ":" in name or "/" in name:
            problems.append(name)
        path.append(name)
        parts.clear()
        is_leaf = True

    def end(_name: str) -> None:
        nonlocal is_leaf
        where = "/".join(path)
        if is_leaf:
            if where in found:
                problems.append(where)
            found[where] = "".join(parts)
        path.pop()
        is_leaf = False

    parser = ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, parts.append
    try:
        parser.Parse(body, True)  # noqa: FBT003 - pyexpat takes no names
    except (ExpatError, ValueError):
        return None
    return None if problems else found
