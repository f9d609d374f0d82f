"""`sync --undo`: takes back what the last `sync` of a session wrote.

A record of it lies beside the config file: the lines that it took out, and the profiles that it added, changed and
removed. While the file is as `sync` left it, what was there before comes back to the byte. If it was changed since,
only those profiles are taken out, changed back or put back; one that was edited since stays.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping

from assume_helper.configure import change as changes
from assume_helper.configure import config_text, editor, synced_profiles, temporary_file
from assume_helper.configure.change import Change, Loaded
from assume_helper.configure.difference import difference, opcodes
from assume_helper.configure.sync import Entry, KeyChange, Plan, State
from assume_helper.configure.synced_profiles import Synced
from assume_helper.configure.writer import ConfigFile
from assume_helper.errors import ConfigurationError
from assume_helper.light import TYPE_CHECKING, asdict, dataclass, field
from assume_helper.profiles import aws_config
from assume_helper.system import private_files
from assume_helper.text import printable

if TYPE_CHECKING:
    from configupdater import ConfigUpdater

_VERSION = 1


@dataclass(frozen=True)
class Record:
    """What the last `sync` of `session` did.

    `before` and `after` are digests of the file's text; `patch` leads back from the second to the first: from which
    line to which, and those that were there. `added` has the digest of each new section, `removed` the text of each
    that is gone.
    """

    session: str
    before: str
    after: str
    patch: list[tuple[int, int, list[str]]] = field(repr=False)
    added: Mapping[str, str]
    removed: Mapping[str, str] = field(repr=False)
    changed: Mapping[str, list[KeyChange]]


def write(
    plan: Plan, session: str, environ: Mapping[str, str], again: Callable[[], Plan] | None
) -> tuple[Plan, str | None]:
    """Write the plan, and what takes it back; the plan that was written, and the backup's path.

    `again` and what is raised are as in `change.write`. The record comes first: one of what was not written does no
    harm, none of what was written cannot be made up for.
    """
    plans = [plan]
    path = _path(plan.change.file, session)
    former = _read_bytes(path)

    def once_more() -> Change:
        plans.append(again() if again is not None else plans[-1])
        return plans[-1].change

    def keep(_change: Change) -> None:
        _write(path, _record(plans[-1], session))

    try:
        backup = changes.write(plan.change, environ, None if again is None else once_more, keep)[1]
    except BaseException:
        _restore(path, former)
        raise
    return plans[-1], backup


def plan(loaded: Loaded, environ: Mapping[str, str], session: str) -> Plan | None:
    """What takes the last `sync` of `session` back; None where nothing is known of one, or it was not written.

    Raises ConfigurationError, also for a record that cannot be read.
    """
    file = loaded.file
    record = _read(_path(file, session))
    if record is None or record.session != session or _digest(file.text) == record.before:
        return None
    document = config_text.parse(file.text)
    marked = {each.name: each for each in synced_profiles.find(document, session)}
    text = _exactly(file.text, record)
    if text is not None:
        states: list[tuple[State, Iterable[str]]] = [("removed", record.added), ("changed", record.changed)]
        entries = [_entry(name, state, marked.get(name)) for state, names in states for name in names]
        entries += [_put_back(name, record) for name in record.removed]
    else:
        text, entries = _one_by_one(loaded, record, document, marked)
    after = aws_config.load(environ, text)
    editor.check_rest(loaded.config, after, {*record.added, *record.removed, *record.changed})
    diff = difference(file.text, text, file.path)
    return Plan(Change(file, text, [], diff, changes.links(file, text)), entries)


def write_back(
    plan: Plan, session: str, environ: Mapping[str, str], again: Callable[[], Plan] | None
) -> tuple[Plan, str | None]:
    """Write a plan of `plan`, and forget the record; as `write`."""
    plans = [plan]

    def once_more() -> Change:
        plans.append(again() if again is not None else plans[-1])
        return plans[-1].change

    backup = None
    if plan.change.is_needed:
        backup = changes.write(plan.change, environ, None if again is None else once_more)[1]
    _restore(_path(plan.change.file, session), None)
    return plans[-1], backup


def _exactly(text: str, record: Record) -> str | None:
    """The very text before, where the file is as `sync` left it; else None."""
    if _digest(text) != record.after:
        return None
    lines = _lines(text)
    for start, end, were in reversed(record.patch):
        lines[start:end] = were
    before = "".join(lines)
    return before if _digest(before) == record.before else None


def _one_by_one(
    loaded: Loaded, record: Record, document: "ConfigUpdater", marked: Mapping[str, Synced]
) -> tuple[str, list[Entry]]:
    """The text with each profile of the record taken back that was not changed since, and what becomes of each."""
    entries: list[Entry] = []
    for name, digest in record.added.items():
        if name in marked:
            is_same = _digest_of_section(marked[name].text) == digest
            entries.append(_entry(name, "removed" if is_same else "left", marked[name]))
    for name, keys in record.changed.items():
        if name in marked:
            is_same = all(_is(marked[name], key) for key in keys)
            entries.append(_entry(name, "changed" if is_same else "left", marked[name]))
            for key in keys if is_same else []:
                config_text.set_value(marked[name].options[key.key], key.old)
    removed = {entry.profile for entry in entries if entry.state == "removed"}
    taken = set(loaded.config.profiles) - removed
    entries += [_put_back(name, record, is_free=name not in taken) for name in record.removed]
    back = [text.splitlines() for name, text in record.removed.items() if name not in taken]
    end = config_text.line_end(loaded.file.text)
    return config_text.with_sections(synced_profiles.without(document, removed), back, end), entries


def _entry(name: str, state: State, synced: Synced | None) -> Entry:
    reason = "it was changed since" if state == "left" else ""
    return Entry(name, state, synced.pair if synced is not None else None, reason=reason)


def _put_back(name: str, record: Record, *, is_free: bool = True) -> Entry:
    """What becomes of a profile that `sync` removed."""
    found = synced_profiles.find(config_text.parse(record.removed[name]), record.session)
    reason = "" if is_free else "another profile has its name"
    return Entry(name, "new" if is_free else "left", found[0].pair if found else None, reason=reason)


def _is(synced: Synced, key: KeyChange) -> bool:
    option = synced.options.get(key.key)
    return option is not None and option.value == key.new


def _record(plan: Plan, session: str) -> Record:
    before, after = plan.change.file.text, plan.change.text
    old, new = _lines(before), _lines(after)
    patch = [(b, b_end, old[a:a_end]) for tag, a, a_end, b, b_end in opcodes(old, new) if tag != "equal"]
    names = set(plan.names("new"))
    found = synced_profiles.find(config_text.parse(after), session)
    added = {each.name: _digest_of_section(each.text) for each in found if each.name in names}
    changed = {name: list(keys) for name, keys in plan.keys.items()}
    return Record(session, _digest(before), _digest(after), patch, added, dict(plan.sections), changed)


def _path(file: ConfigFile, session: str) -> str:
    return file.path + temporary_file.SYNC_SUFFIX + _digest(session)[:16]


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest_of_section(text: str) -> str:
    """Whatever the line ends: those of the last line may have been added."""
    return _digest("\n".join(text.splitlines()))


def _write(path: str, record: Record) -> None:
    """Write the record, 0600. Raises ConfigurationError."""
    try:
        new = temporary_file.write(path, json.dumps({"version": _VERSION, **asdict(record)}).encode())
        private_files.replace(new.path, path)
    except OSError as error:
        raise ConfigurationError(
            f"{printable(path)} cannot be written ({error.strerror})", "check who may write to its directory"
        ) from None


def _read(path: str) -> Record | None:
    """The record at `path`; None where there is none. Raises ConfigurationError."""
    data = _read_bytes(path)
    if data is None:
        return None
    try:
        found = json.loads(data)
        if found.pop("version") != _VERSION:
            raise ValueError
        found["changed"] = {name: [KeyChange(**key) for key in keys] for name, keys in found["changed"].items()}
        record = Record(**found)
        for start, end, were in record.patch:
            if not (0 <= start <= end and all(isinstance(line, str) for line in were)):
                raise ValueError
        texts = [record.session, record.before, record.after, *record.added.values(), *record.removed.values()]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ConfigurationError(
            f"{printable(path)} does not say what the last sync did", "remove it, and take the profiles out by hand"
        ) from None
    return record


def _read_bytes(path: str) -> bytes | None:
    return aws_config.read_bytes(path, "AWS_CONFIG_FILE") if os.path.lexists(path) else None


def _restore(path: str, data: bytes | None) -> None:
    """Have the record be what it was."""
    try:
        if data is not None:
            private_files.replace(temporary_file.write(path, data).path, path)
        elif os.path.lexists(path):
            os.unlink(path)
    except OSError:
        pass  # one of what was not written does no harm
