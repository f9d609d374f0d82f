"""The profiles that `sync` wrote: how they are known again, and how one is taken out of the config's text.

The mark is the key `assume_helper_synced` with the session's name. It stands in the profile's own section: a value of
[DEFAULT] or of an included profile marks nothing.
"""

from collections.abc import Collection

from assume_helper.configure import config_text
from assume_helper.configure.editor import Edit
from assume_helper.configure.sync_names import Pair
from assume_helper.light import TYPE_CHECKING, dataclass, field
from assume_helper.profiles.aws_config import profile_name
from assume_helper.profiles.double_quotes import unquoted
from assume_helper.profiles.raw_profile import with_prefix
from assume_helper.profiles.settings import SYNCED_KEY

if TYPE_CHECKING:
    from configupdater import ConfigUpdater, Option, Section

# What says which account and role it is for.
KEYS = SESSION, ACCOUNT, ROLE = ("sso_session", "sso_account_id", "sso_role_name")


@dataclass(frozen=True)
class Synced:
    """A marked profile. `pair` is None where its keys do not say any more what it is for: `problem` says why."""

    name: str
    pair: Pair | None
    problem: str
    section: "Section" = field(repr=False)

    @property
    def options(self) -> "dict[str, Option]":
        """Its keys."""
        return config_text.options_of(self.section)

    @property
    def text(self) -> str:
        """Its lines, from the section's name to its last key."""
        return _split(self.section)[0]


def find(document: "ConfigUpdater", session: str) -> list[Synced]:
    """The marked profiles of `session`, in their order."""
    found = []
    for name, sections in config_text.sections(document).items():
        for section in sections if name is not None else []:
            options = config_text.options_of(section)
            if SYNCED_KEY in options and _value(options, SYNCED_KEY) == session:
                pair, problem = _pair(options, session)
                if len(sections) > 1:
                    pair, problem = None, "it has several sections"
                found.append(Synced(name or "", pair, problem, section))
    return found


def edit(name: str, command: str, pair: Pair, session: str, region: str | None) -> Edit:
    """What a new profile has."""
    keys = {SESSION: session, ACCOUNT: pair.account_id, ROLE: pair.role_name, "region": region, SYNCED_KEY: session}
    return Edit(name, command, keys)


def without(document: "ConfigUpdater", gone: Collection[str]) -> str:
    """The text without the profiles `gone`, from their sections' names to their last keys.

    What follows the last key, comments say, belongs to what comes next, and stays. Of two blank lines that would meet
    one goes.
    """
    import configupdater

    parts: list[str] = []
    for block in document.iter_blocks():
        if isinstance(block, configupdater.Section) and profile_name(block.name) in gone:
            rest = _split(block)[1]
            first, end, others = rest.partition("\n")
            before = "".join(parts[-1:])
            is_apart = before.endswith("\n") and not before[before.rfind("\n", 0, -1) + 1 :].strip()
            stays = others if end and not first.strip() and is_apart else rest
        else:
            stays = str(block)
        if stays:
            parts.append(stays)
    return "".join(parts)


def _split(section: "Section") -> tuple[str, str]:
    """A section up to its last key, and what follows that."""
    import configupdater

    text = str(section)
    blocks = list(section.iter_blocks())
    rest = ""
    while blocks and not isinstance(blocks[-1], configupdater.Option):
        rest = str(blocks.pop()) + rest
    return text[: len(text) - len(rest)], rest


def _pair(options: "dict[str, Option]", session: str) -> tuple[Pair | None, str]:
    values = {}
    for key in KEYS:
        value = _value(options, with_prefix(key)) or _value(options, key)
        if not value:
            return None, f"it has no {key}"
        values[key] = value
    if values[SESSION] != session:
        return None, f"it has another {SESSION}"
    return Pair(values[ACCOUNT], values[ROLE]), ""


def _value(options: "dict[str, Option]", key: str) -> str:
    found = options.get(key)
    return unquoted(found.value or "") if found is not None else ""
