"""The text of a key in, a checked value out: one function for each kind of value.

`named` is the key as a message names it. Each function raises ConfigurationError for what cannot be, before STS or a
host sees it. The limits are STS's own (API reference of AssumeRole) where nothing else is said.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from assume_helper.credentials import (
    KEY_PLACES,
    LOGIN_METHODS,
    LONGEST_SESSION,
    LONGEST_USER_SESSION,
    SHORTEST_SESSION,
    STORAGES,
    KeyPlace,
    LoginMethod,
    Storage,
)
from assume_helper.errors import ConfigurationError
from assume_helper.light import TypeVar
from assume_helper.text import COMMENT, has_comment, has_control_character, printable

T = TypeVar("T")
W = TypeVar("W", bound=str)

# Patterns are compiled where they are used: most calls use few of these keys.
# IAM: a role's ARN (User Guide, "IAM identifiers"); the path is optional.
_ROLE_ARN = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/([\x21-\x7e]+/)?[\w+=,.@-]{1,64}"
# IAM: the name of a SAML provider has 1 to 128 characters (API reference of CreateSAMLProvider).
_SAML_PROVIDER_ARN = r"arn:aws[a-z-]*:iam::[0-9]{12}:saml-provider/[\w._-]{1,128}"
# What nothing is wrong with: it is told without importing `urllib.parse`.
_USUAL_URL = r"https?://[a-z0-9][a-z0-9.-]*(?::([0-9]{1,5}))?(?:/[a-z0-9./_-]*)?"
_EXTERNAL_ID = r"[\w+=,.@:/-]{2,1224}"
_SESSION_NAME = r"[\w+=,.@-]{2,64}"
# `GAHT12345678`, `arn:aws-us-gov:iam::123456789012:mfa/me`.
_MFA_SERIAL = r"[\w+=/:,.@-]{9,256}"
# A region becomes a part of a host's name.
_REGION = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_LONGEST_TAG_KEY, _LONGEST_TAG_VALUE = 128, 256
_TAG_KEY = rf"[\w .:/=+@-]{{1,{_LONGEST_TAG_KEY}}}"
_TAG_VALUE = rf"[\w .:/=+@-]{{0,{_LONGEST_TAG_VALUE}}}"
_MOST_TAGS = 50
_SOURCE_IDENTITY = r"[\w+=,.@-]{2,64}"
_POLICY_ARN = r"arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\x21-\x7e]{1,512}"
_MOST_POLICY_ARNS = 10


def parsed(parse: Callable[[str, str], T], value: str, named: str) -> T:
    """What `parse` makes of `value`. Where it refuses one for its comment or its quotes, these are named."""
    try:
        return parse(value, named)
    except ConfigurationError as error:
        raise (_with_comment(error, value) or _in_quotes(error, parse, value, named) or error) from None


def of_variable(environ: Mapping[str, str], name: str, parse: Callable[[str, str], T]) -> T | None:
    """What `parse` makes of the variable `name`; None where it is empty or not set. Raises ConfigurationError."""
    text = environ.get(name)
    return parse(text, name) if text else None


def _with_comment(error: ConfigurationError, value: str) -> ConfigurationError | None:
    if not has_comment(value):
        return None
    return ConfigurationError(error.message, "put the comment on a line of its own: here it is a part of the value")


def _in_quotes(
    error: ConfigurationError, parse: Callable[[str, str], T], value: str, named: str
) -> ConfigurationError | None:
    """The error for a value that is good but for the quotes around it, or for one that is not closed."""
    bare = value.strip("\"'")
    if bare == value:
        return None
    try:
        parse(bare, named)
    except ConfigurationError:
        return None
    if value[0] != value[-1]:
        return ConfigurationError(error.message, "close the quote, or remove it")
    # `parse` has not seen the double ones of a key with the prefix
    with_prefix = "" if value[0] == '"' else ", or write double ones if the key begins with assume_helper_"
    return ConfigurationError(error.message, f"remove the quotes, which are a part of the value here{with_prefix}")


def before_comment(value: str) -> str:
    """`value` without what looks like a comment at its end."""
    found = re.search(COMMENT, value)
    return value if found is None else value[: found.start() + 1].rstrip("#")


def _with_blanks(value: str, longest: int) -> str:
    """`value` as a message shows it: in quotes where blanks at its ends would not be seen."""
    shown = printable(value, longest)
    return shown if shown == shown.strip() else f'"{shown}"'


def role_arn(value: str, named: str) -> str:
    """The ARN of a role."""
    if not re.fullmatch(_ROLE_ARN, value, re.ASCII):
        raise ConfigurationError(
            f"{named} is not the ARN of a role: {printable(value, 120)}",
            "it looks like arn:aws:iam::123456789012:role/NAME",
        )
    return value


def saml_provider_arn(value: str, named: str) -> str:
    """PrincipalArn of AssumeRoleWithSAML: the identity provider in IAM."""
    if not is_saml_provider_arn(value):
        raise ConfigurationError(
            f"{named} is not the ARN of a SAML provider: {printable(value, 120)}",
            "it looks like arn:aws:iam::123456789012:saml-provider/NAME",
        )
    return value


def is_saml_provider_arn(value: str) -> bool:
    """Whether it is the ARN of a SAML provider."""
    return re.fullmatch(_SAML_PROVIDER_ARN, value, re.ASCII) is not None


def external_id(value: str, named: str) -> str:
    """ExternalId of AssumeRole."""
    return _matching(value, named, _EXTERNAL_ID, "2 to 1224 letters, digits and _+=,.@:/-")


def role_session_name(value: str, named: str) -> str:
    """RoleSessionName of AssumeRole, placeholders filled in."""
    form = "2 to 64 letters, digits and _+=,.@-, and {user}, {host} or {profile}"
    return _matching(value, named, _SESSION_NAME, form)


def mfa_serial(value: str, named: str) -> str:
    """SerialNumber of AssumeRole."""
    return _matching(value, named, _MFA_SERIAL, "the ARN of a virtual device or the number on a hardware one")


def source_identity(value: str, named: str) -> str:
    """SourceIdentity of AssumeRole."""
    if value.lower().startswith("aws:"):
        value = ""
    return _matching(value, named, _SOURCE_IDENTITY, "2 to 64 letters, digits and _+=,.@-")


def _matching(value: str, named: str, pattern: str, form: str) -> str:
    if not re.fullmatch(pattern, value, re.ASCII):
        raise ConfigurationError(f"{named} is not one that STS takes", f"use {form}")
    return value


def session_seconds(value: str, named: str) -> int:
    """How long a role's session lasts, in seconds."""
    return _seconds(value, named, LONGEST_SESSION)


def mfa_session_seconds(value: str, named: str) -> int:
    """How long an MFA session lasts, in seconds."""
    return _seconds(value, named, LONGEST_USER_SESSION)


def scoped_seconds(value: str, named: str) -> int:
    """How long a scoped session lasts, in seconds (API reference of GetScopedCredentials)."""
    return _seconds(value, named, LONGEST_USER_SESSION, 1)


def _seconds(value: str, named: str, longest: int, shortest: int = SHORTEST_SESSION) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value) or not shortest <= int(value) <= longest:
        raise ConfigurationError(
            f"{named} is {printable(value, 40)}", f"use whole seconds from {shortest} to {longest}"
        )
    return int(value)


def storage(value: str, named: str) -> Storage:
    """How sessions are stored."""
    return _one_of(STORAGES, value, named, "use file, encrypted, memory or none")


def key_place(value: str, named: str) -> KeyPlace:
    """Which keyring keeps an access key."""
    return _one_of(KEY_PLACES, value, named, "use keyring or kernel")


def days(value: str, named: str) -> int:
    """A number of days."""
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) < 1:
        raise ConfigurationError(f"{named} is {printable(value, 40)}", "use whole days from 1 to 99999")
    return int(value)


def login_method(value: str, named: str) -> LoginMethod:
    """How to log in."""
    return _one_of(LOGIN_METHODS, value, named, "use device or browser")


def _one_of(words: Sequence[W], value: str, named: str, mend: str) -> W:
    if value.lower() in words:
        return words[words.index(value.lower())]
    raise ConfigurationError(f"{named} is {printable(value, 40)}", mend)


def region(value: str, named: str) -> str:
    """The name of a region, also of one that AWS does not have yet."""
    if not re.fullmatch(_REGION, value):
        if has_comment(value):
            mend = "put the comment on a line of its own: here it is a part of the value"
            raise ConfigurationError(f"{named}: the region {printable(value, 64)} is not valid", mend)
        what = f"{named}: the region {_with_blanks(value, 64)} is not valid"
        if any(c.isspace() for c in value) and re.fullmatch(_REGION, "".join(value.split())):
            raise ConfigurationError(what, "use a name like eu-central-1, without a blank")
        quotes = ", without quotes" if value.strip("\"'") != value else ""
        raise ConfigurationError(what, f"use a name like eu-central-1{quotes}")
    return value


def is_true(value: str, named: str) -> bool:  # noqa: ARG001 - anything else is false, as for botocore
    """Whether it is `true`."""
    return value.lower() == "true"


def switch(value: str, named: str) -> bool:
    """`true` or `false`."""
    if value.lower() not in {"true", "false"}:
        raise ConfigurationError(f"{named} is {printable(value, 40)}", "use true or false")
    return value.lower() == "true"


def sts_regional_endpoints(value: str, named: str) -> str:
    """`regional` or `legacy` (SDKs and Tools Reference Guide, "AWS STS Regional endpoints")."""
    if value.lower() not in {"regional", "legacy"}:
        raise ConfigurationError(f"{named} is {printable(value, 40)}", "use regional or legacy")
    return value.lower()


def is_http_url(value: str) -> bool:
    """Whether `value` is a URL of http or https, without a password, a blank or a control character."""
    usual = re.fullmatch(_USUAL_URL, value)
    if usual is not None and 0 < int(usual[1] or 1) < 65536:
        return True
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return good and not (" " in value or "@" in value or has_control_character(value))


def endpoint_url(value: str, named: str = "") -> str:
    """A URL of http or https, without a password."""
    if not is_http_url(value):
        # one with an @ may hold a password
        which = "the endpoint URL" if "@" in value else f"the endpoint URL {_with_blanks(value, 120)}"
        where = f"{named}: " if named else ""
        raise ConfigurationError(f"{where}{which} is not valid", "it looks like https://sts.eu-central-1.amazonaws.com")
    return value


def comma_separated(value: str, named: str = "") -> tuple[str, ...]:  # noqa: ARG001 - as all functions here
    """The parts of `value` without blanks around them; empty ones are left out."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def session_tags(value: str, named: str) -> tuple[tuple[str, str], ...]:
    """`key=value`, separated by commas, as aws-vault writes them."""
    tags: dict[str, str] = {}
    for part in comma_separated(value):
        name, separator, content = (piece.strip() for piece in part.partition("="))
        if not separator or not re.fullmatch(_TAG_KEY, name) or not re.fullmatch(_TAG_VALUE, content):
            raise ConfigurationError(
                f"{named} has {printable(part, 80)}",
                "write key=value, with commas between them: letters, digits, blanks and _.:/=+-@, at most "
                f"{_LONGEST_TAG_KEY} and {_LONGEST_TAG_VALUE}",
            )
        if name.lower() in (known.lower() for known in tags):
            raise ConfigurationError(
                f"{named} has {printable(name, 80)} twice", "STS ignores the case of tag keys: take one of them out"
            )
        tags[name] = content
    if len(tags) > _MOST_TAGS:
        raise ConfigurationError(f"{named} has {len(tags)} tags", f"STS takes {_MOST_TAGS}: take some out")
    return tuple(tags.items())


def policy_arns(value: str, named: str) -> tuple[str, ...]:
    """ARNs of managed policies, separated by commas."""
    arns = comma_separated(value)
    for arn in arns:
        if not re.fullmatch(_POLICY_ARN, arn):
            raise ConfigurationError(
                f"{named} has {printable(arn, 120)}, which is not the ARN of a policy",
                "it looks like arn:aws:iam::aws:policy/ReadOnlyAccess",
            )
    if len(arns) > _MOST_POLICY_ARNS:
        raise ConfigurationError(f"{named} has {len(arns)} policies", f"STS takes {_MOST_POLICY_ARNS}: take some out")
    return tuple(dict.fromkeys(arns))
