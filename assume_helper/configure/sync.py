"""`sync`: a profile for each account and role of a login, and what becomes of those that are there already.

A synced profile is known by its account and role. It is never written anew: its name and its keys are as the user has
them. Only a credential_process that cannot work any more is mended, and a region added that was asked for and is not
there.
"""

import os
from collections.abc import Collection, Mapping, Sequence

from assume_helper.configure import change as changes
from assume_helper.configure import config_text, consequences, editor, own_kind, sync_names, synced_profiles
from assume_helper.configure.change import Change, Loaded, ProfileChange
from assume_helper.configure.difference import difference, indentation
from assume_helper.configure.sync_names import Named, Pair
from assume_helper.configure.synced_profiles import Synced
from assume_helper.light import TYPE_CHECKING, Literal, dataclass, field
from assume_helper.profiles import aws_config, helper_command, php_syntax, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.double_quotes import unquoted
from assume_helper.profiles.raw_profile import with_prefix
from assume_helper.profiles.settings import SYNCED_KEY

if TYPE_CHECKING:
    from assume_helper.logins.accounts import Account  # loads the SDK

_PROCESS = "credential_process"
# `new` and `changed` are written, `removed` is taken out. `kept` is there and stays, `gone` too: its account or role is
# not there any more. `own` is a profile of the user's own that has the name and the role. `left` is marked, and its
# keys do not say any more what it is for.
State = Literal["new", "changed", "kept", "own", "gone", "removed", "left"]


@dataclass(frozen=True)
class Wish:
    """What the user asked for: see `sync --help`."""

    session: str
    template: str = sync_names.TEMPLATE
    region: str | None = None
    prunes: bool = False


@dataclass(frozen=True)
class Entry:
    """What becomes of one profile; `reason` is why it is left, or kept though its role was not listed."""

    profile: str
    state: State
    pair: Pair | None
    account_name: str = ""
    reason: str = ""


@dataclass(frozen=True)
class KeyChange:
    """A key that is set: what it was (None for nothing) and what it will be."""

    key: str
    old: str | None
    new: str


@dataclass(frozen=True)
class Plan:
    """The change, and what becomes of each profile: by account and role, then those that are gone or left.

    `keys` are the changes of those that are changed, `sections` the text of those that are removed.
    """

    change: Change
    entries: list[Entry]
    keys: Mapping[str, Sequence[KeyChange]] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict, repr=False)

    def names(self, *states: State) -> list[str]:
        """The profiles that are in one of these states."""
        return [entry.profile for entry in self.entries if entry.state in states]

    def count(self, *states: State) -> int:
        """How many profiles are in one of these states."""
        return sum(entry.state in states for entry in self.entries)


def plan(loaded: Loaded, environ: Mapping[str, str], wish: Wish, accounts: "Sequence[Account]") -> Plan:
    """What becomes of the config file for these `accounts`. Raises ConfigurationError.

    Nothing is removed of an account whose roles could not be listed.
    """
    config, before = loaded.config, loaded.file.text
    document, end = config_text.parse(before), config_text.line_end(before)
    pairs = [Named(Pair(a.account_id, role), a.name, a.email) for a in accounts for role in a.roles]
    pairs.sort(key=lambda named: (named.account_name.casefold(), named.pair.account_id, named.pair.role_name))
    marked = synced_profiles.find(document, wish.session)
    there, others = _sorted(marked, wish, pairs, accounts)
    removed = {entry.profile for entry in others if entry.state == "removed"}
    sections = {each.name: each.text for each in marked if each.name in removed}
    own = _own(config, wish.session)
    names = sync_names.choose(
        wish.template,
        wish.session,
        pairs,
        {pair: same[0].name for pair, same in there.items()},
        _taken(config) - removed,
        own,
    )
    entries, edits = [], []
    keys = {each.name: _mend(each, config, wish.region, end) for same in there.values() for each in same}
    mended = {name: changed for name, changed in keys.items() if changed}
    program = helper_command.program(fastest=False)
    for named in pairs:
        pair, name = named.pair, names[named.pair]
        if pair in there:
            states: list[tuple[str, State]] = [
                (each.name, "changed" if each.name in mended else "kept") for each in there[pair]
            ]
        else:
            states = [(name, "own" if own.get(name) == pair else "new")]
        entries += [Entry(profile, state, pair, named.account_name) for profile, state in states]
        if states[0][1] == "new":
            command = helper_command.command_line(program, ["get", name])
            edits.append(synced_profiles.edit(name, command, pair, wish.session, wish.region))
    text = config_text.with_sections(synced_profiles.without(document, removed), map(editor.new_section, edits), end)
    new = [each.name for each in edits]
    warnings = [*_of_sources(config, removed), *_check(loaded, environ, text, new, {*new, *mended, *removed})]
    profiles = [ProfileChange(each.name, True, each.command, []) for each in edits]  # noqa: FBT003
    made = Change(loaded.file, text, profiles, difference(before, text, loaded.file.path), warnings)
    return Plan(made, [*entries, *others], mended, sections)


def _sorted(
    marked: Sequence[Synced], wish: Wish, pairs: Sequence[Named], accounts: "Sequence[Account]"
) -> tuple[dict[Pair, list[Synced]], list[Entry]]:
    """The marked profiles that are wanted, by account and role, and what becomes of the others."""
    wanted = {named.pair for named in pairs}
    unlisted = {account.account_id for account in accounts if account.problem}
    there: dict[Pair, list[Synced]] = {}
    others = []
    for each in marked:
        if each.pair is None:
            others.append(Entry(each.name, "left", None, reason=each.problem))
        elif each.pair in wanted:
            there.setdefault(each.pair, []).append(each)
        elif each.pair.account_id in unlisted:
            others.append(Entry(each.name, "kept", each.pair, reason="its account could not be listed"))
        else:
            others.append(Entry(each.name, "removed" if wish.prunes else "gone", each.pair))
    return there, others


def _taken(config: AwsConfig) -> set[str]:
    """The names of all profiles of both files, those among them that are not read as they were meant."""
    return {*config.profiles, *(name for section in config.unread_sections for name in section.names)}


def _own(config: AwsConfig, session: str) -> dict[str, Pair]:
    """The account and role of each permission set of `session` in the config file that is not marked."""
    found = {}
    for name, keys in config.config_profiles.items():
        values = [
            unquoted(keys.get(with_prefix(key), "")) or keys.get(key, "") for key in (*synced_profiles.KEYS, "role_arn")
        ]
        if values[0] == session and values[1] and values[2] and not values[3] and SYNCED_KEY not in keys:
            found[name] = Pair(values[1], values[2])
    return found


def _mend(synced: Synced, config: AwsConfig, region: str | None, end: str) -> list[KeyChange]:
    """Change the section's process, where it cannot work any more, and add a region that it does not have.

    The process gets a profile that is not there (this one had its name then), or its program is not there.
    """
    options = synced.options
    process = options.get(_PROCESS)
    ours = helper_command.parse(process.value) if process is not None else None
    found = []
    if process is not None and ours is not None:
        is_renamed = ours.target is not None and ours.target not in config.profiles
        is_moved = any(os.path.isabs(word) and not os.path.exists(word) for word in ours.program)
        if is_renamed or is_moved:
            arguments = ("get", synced.name) if is_renamed else ours.arguments
            program = helper_command.program(fastest=ours.is_fastest) if is_moved else ours.program
            found.append(KeyChange(_PROCESS, process.value, helper_command.command_line(program, arguments)))
            config_text.set_value(process, found[-1].new)
    if region is not None and "region" not in options:
        last = list(options.values())[-1]
        config_text.insert_after_first(last.lines, [f"{indentation(last.lines[0])}region = {region}"], end)
        found.append(KeyChange("region", None, region))
    return found


def _of_sources(config: AwsConfig, removed: Collection[str]) -> list[str]:
    """The warnings that a profile loses its source."""
    above = consequences.users_of_sources(config) if removed else {}
    return [
        f"{', '.join(above[name][:5])} has {name} as its source, which is removed; name another one there"
        for name in sorted(removed)
        if name in above
    ]


def _check(
    loaded: Loaded, environ: Mapping[str, str], text: str, new: Sequence[str], edited: Collection[str]
) -> list[str]:
    """What a person is to know of the file as it will be. Raises ConfigurationError where `get` could not use it."""
    if text == loaded.file.text:
        return []
    after = aws_config.load(environ, text)
    editor.check_rest(loaded.config, after, edited)
    for name in new:
        role_chain.read_profile(after, environ, name)
    warnings = []
    if new:  # what is true of one is true of all
        kind = own_kind.own_kind(after, new[0])
        warnings = consequences.warnings(loaded.config, after, new[0], kind, {})
    warnings += changes.links(loaded.file, text)
    return [*warnings, *(f"{problem.what}; {problem.next_step}" for problem in php_syntax.problems(text))]
