"""The names of the profiles that `sync` writes: filled in from a template, safe for every reader, and unique.

The SDKs of Rust and Java ignore a profile whose name has other characters than ASCII letters, digits and `_-/.%@:+`
(Rust: `validate_identifier` of its profile parser). `%` is cmd's, and `:` a word break of bash.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from assume_helper.light import dataclass

TEMPLATE = "{account_name}.{role_name}"
FIELDS = ("account_name", "account_id", "email", "role_name", "sso_session")
_FIELD = re.compile(r"\{([^{}]*)\}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.@+/-]+")
_LONGEST = 100
# Letters that have no decomposition in Unicode.
_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d",
     "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L"}
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """An account and a role in it: what a synced profile is known by."""

    account_id: str
    role_name: str


@dataclass(frozen=True)
class Named:
    """A pair with what a template may name; `account_name` and `email` are "" where there are none."""

    pair: Pair
    account_name: str
    email: str


def problem(template: str) -> str | None:
    """What is wrong with a template; None where nothing is."""
    fields = _FIELD.findall(template)
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    unknown = next((field for field in fields if field not in FIELDS), None)
    if unknown is not None:
        return f"there is no field {{{unknown}}}: there are {known}"
    if set(_FIELD.sub("", template)) & {"{", "}"}:
        return f"a brace has no other: fields are {known}"
    return None if fields else f"it has no field: there are {known}"


def safe(text: str) -> str:
    """`text` with nothing in it that a config, a shell or an SDK reads as anything else.

    Accents are left out; what is no ASCII letter or digit otherwise becomes a hyphen.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub("-{2,}", "-", _UNSAFE.sub("-", plain)).strip("-")


def filled(template: str, named: Named, session: str) -> str:
    """The name that `template` gives a profile. What an account does not have is its number."""
    pair = named.pair
    values = {
        "account_name": _field(named.account_name) or pair.account_id,
        "account_id": pair.account_id,
        "email": _field(named.email) or pair.account_id,
        "role_name": _field(pair.role_name),
        "sso_session": _field(session),
    }
    found = safe(_FIELD.sub(lambda field: values[field[1]], template))[:_LONGEST].strip("-")
    return found or f"{pair.account_id}.{values['role_name']}"


def _field(text: str) -> str:
    """The value of a field: a slash is for the template alone."""
    return safe(text.replace("/", "-"))


def choose(
    template: str,
    session: str,
    pairs: Sequence[Named],
    kept: Mapping[Pair, str],
    taken: Collection[str],
    served: Mapping[str, Pair],
) -> dict[Pair, str]:
    """A name for each pair: what `template` gives it, and more where that is another's, too.

    A pair of `kept` has its name already, whatever the template says now. All pairs that the template gives one name
    get their account's number behind it, then the role's name, then a digest of both: which name a pair gets does not
    depend on the order. `taken` are the names of other profiles; upper case is no difference. `served` are those of
    them that serve a pair themselves: if the name is the one that this very pair would get, it is that.
    """
    folded = {name.casefold() for name in (*taken, *kept.values(), "default")}
    depths = {named.pair: 0 for named in pairs}
    while True:
        names = {named.pair: _name(template, named, session, depths[named.pair]) for named in pairs}
        by_name: dict[str, list[Pair]] = {}
        for pair, name in names.items():
            by_name.setdefault(name.casefold(), []).append(pair)
        deeper = [
            pair
            for name, same in by_name.items()
            for pair in same
            if len(same) > 1 or (name in folded and served.get(names[pair]) != pair)
        ]
        if not deeper:
            return names | {pair: name for pair, name in kept.items() if pair in names}
        for pair in deeper:
            depths[pair] += 1


def _name(template: str, named: Named, session: str, depth: int) -> str:
    """The name of a pair that needs `depth` additions to be the only one."""
    pair = named.pair
    base = filled(template, named, session)
    parts = [pair.account_id if pair.account_id not in base else "", _field(pair.role_name)]
    if depth > len(parts):
        digest = hashlib.sha256(f"{pair.account_id} {pair.role_name}".encode()).hexdigest()
        parts.append(digest[: 8 * (depth - len(parts))])
    return ".".join([base, *(part for part in parts[:depth] if part)])
