"""A key replaced by a new one. At every moment, and whatever ends this process, a working key is kept.

    the ids that are there and IAM's time are noted (`journal`)
    CreateAccessKey
    the new id is noted, too
    the new key is kept beside the old one
    it is tried until IAM knows it
    it takes the old one's place
    the old one is deactivated, then deleted
    the note is removed

A run that finds a note finishes the job where the new key is kept, and else takes it back: that key's secret is lost.
Amazon's order (IAM User Guide, "Update access keys"): a new key first, the old one's end last.
"""

from collections.abc import Callable

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SettingFault,
    SourceError,
    SourceRefused,
    STSNotReached,
)
from assume_helper.keys import iam as iam_calls
from assume_helper.keys.iam import IAM, ListedKey
from assume_helper.keys.journal import Journal, Rotation
from assume_helper.keys.places import Place
from assume_helper.light import Literal, NoReturn, TypeVar, dataclass, field, replace
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system.context import Clock
from assume_helper.text import printable

T = TypeVar("T")

# Seconds until IAM knows a new key everywhere, and between two looks. (Ten seconds are usual.)
KNOWN_WITHIN = 60.0
_LOOK = 1.0
# A key was made by the run that noted the time, if IAM made it so many seconds from then. CreateAccessKey takes at most
# 20 s; IAM's times are whole seconds.
_BEFORE, _AFTER = -2.0, 30.0
_RUN_AGAIN = "run it again: it finishes what was begun"


@dataclass(frozen=True)
class Outcome:
    """What has been done. `new` is kept now, `old` was; `how` says who did it, `old_is` what became of the old one."""

    new: KeyPair
    old: str
    how: Literal["rotated", "finished", "rotated by another process"]
    old_is: Literal["deleted", "deactivated"]


@dataclass(frozen=True)
class Job:
    """The rotation of the key in `place`.

    `iam` gives IAM as a key's user asks it, `try_key` asks STS who a key is, `say` tells a person a line.
    """

    place: Place
    journal: Journal
    iam: Callable[[KeyPair], IAM] = field(repr=False)
    try_key: Callable[[KeyPair], object] = field(repr=False)
    clock: Clock = field(repr=False)
    say: Callable[[str], None] = field(repr=False)


def rotate(job: Job, seen: str, *, keeps_old: bool) -> Outcome:
    """Replace the key of the job's place. Call it with the lock of the place held.

    `seen` is the id of the key that a person was shown: where another process has replaced that meanwhile, nothing is
    done. Raises AssumeHelperError: the old key is kept and works, or the new one does.
    """
    current = job.place.read() or job.place.read_next()
    if current is None:
        raise SourceError(
            f"{job.place.named} has no access key of this profile", "put one there with `assume-helper keys add`"
        )
    begun = job.journal.read()
    if begun is not None:
        finished = _resume(job, begun, current)
        if finished is not None:
            return finished
    elif current.access_key_id != seen:
        return Outcome(current, seen, "rotated by another process", "deleted")
    return _rotate(job, current, keeps_old=keeps_old)


def check(keys: list[ListedKey], current: KeyPair) -> None:
    """Raise ConfigurationError where the user has two keys, SourceError where `current` is not among them."""
    ids = [key.access_key_id for key in keys]
    if current.access_key_id not in ids:
        raise SourceError(f"IAM does not list the access key {current.shown} among its user's", "try again")
    others = [key.shown for key in keys if key.access_key_id != current.access_key_id]
    if others:
        raise ConfigurationError(
            f"the user has two access keys already, as many as IAM allows: {current.shown} here, and {others[0]}",
            "delete the other one if nothing uses it (`aws iam list-access-keys` and `delete-access-key`)",
        )


def _rotate(job: Job, current: KeyPair, *, keeps_old: bool) -> Outcome:
    iam = job.iam(current)
    keys, noted = iam.list_keys()
    check(keys, current)
    if noted is None:
        raise STSNotReached("IAM does not say what time it is", "check the endpoint and the proxy")
    begun = Rotation(current.access_key_id, tuple(key.access_key_id for key in keys), noted, keeps_old, new=None)
    try:
        job.journal.write(begun)
    except SettingFault as error:
        raise SettingFault(f"nothing was made: {error.message}", error.next_step) from None
    try:
        new = iam.create_key()
    except AssumeHelperError as error:
        if iam_calls.is_ambiguous(error):  # one may have been made
            raise type(error)(
                error.message, f"{error.next_step}; then run it again: it takes back what was made"
            ) from None
        job.journal.remove()
        raise
    try:
        # Before the key is kept: a key that stands in the old one's place later is this run's own, or another.
        begun = replace(begun, new=new.access_key_id)
        job.journal.write(begun)
        job.place.keep_next(new)
    except AssumeHelperError as error:
        _give_up(job, current, new, f"the new key {new.shown} was not kept ({error.message})", error)
    return _finish(job, begun, current, new, "rotated")


def _finish(job: Job, begun: Rotation, old: KeyPair, new: KeyPair, how: Literal["rotated", "finished"]) -> Outcome:
    """Try the new key, which is kept, until IAM knows it; then it takes the old one's place, and that one ends."""
    try:
        _try(job, new)
    except SourceRefused as error:
        what = f"IAM does not know the new key {new.shown} after {KNOWN_WITHIN:.0f} s"
        _give_up(job, old, new, what, STSNotReached(error.message, error.next_step))
    except AssumeHelperError as error:
        raise type(error)(f"the new key {new.shown} is kept beside the old one: {error.message}",
                          f"{error.next_step}; then {_RUN_AGAIN}") from None  # fmt: skip
    _promote(job, new)
    return _end(job, begun, new, how)


def _promote(job: Job, new: KeyPair) -> None:
    try:
        job.place.promote()
    except AssumeHelperError as error:
        raise type(error)(f"the new key {new.shown} is kept, but not in the old one's place yet: {error.message}",
                          f"{error.next_step}; then {_RUN_AGAIN}") from None  # fmt: skip


def _try(job: Job, new: KeyPair) -> None:
    def ask() -> None:
        job.try_key(new)
        job.iam(new).list_keys()

    until_known(ask, job.clock, KNOWN_WITHIN)


def until_known(ask: Callable[[], T], clock: Clock, seconds: float) -> T:
    """What `ask` returns, asked again for so many `seconds` while AWS does not know the key that it is asked with.

    A new key is known within seconds, and not everywhere at once. Raises SourceRefused, and what `ask` raises else.
    """
    until = clock.monotonic() + seconds
    while True:
        try:
            return ask()
        except SourceRefused:
            if clock.monotonic() + _LOOK >= until:
                raise
            clock.sleep(_LOOK)


def _end(job: Job, begun: Rotation, new: KeyPair, how: Literal["rotated", "finished"]) -> Outcome:
    """Deactivate the old key, and delete it unless it is to be kept: by the new one, which shows that it works."""
    iam = job.iam(new)
    try:
        iam.deactivate(begun.old)
        if not begun.keeps_old:
            iam.delete(begun.old)
    except AssumeHelperError as error:
        what = f"the new key {new.shown} is kept and works, but the old one …{printable(begun.old[-4:])} may be active"
        raise type(error)(f"{what}: {error.message}", f"{error.next_step}; then {_RUN_AGAIN}") from None
    job.journal.remove()
    return Outcome(new, begun.old, how, "deactivated" if begun.keeps_old else "deleted")


def _give_up(job: Job, old: KeyPair, new: KeyPair, what: str, error: AssumeHelperError) -> NoReturn:
    """Delete the new key at IAM, then forget it, and raise `error` with what was done. The old one stays."""
    try:
        job.iam(old).delete(new.access_key_id)
    except AssumeHelperError as problem:
        raise type(error)(f"{what}, nor deleted: {problem.message}", f"{_RUN_AGAIN}, or takes it back") from None
    done = f"{what}: it was deleted, and the old one {old.shown} stays"
    try:
        job.place.drop_next()
        job.journal.remove()
    except AssumeHelperError as problem:
        what_is_left = "" if problem.message == error.message else f" ({problem.message})"
        raise type(error)(f"{done}{what_is_left}", f"{error.next_step}; then run it again") from None
    raise type(error)(done, error.next_step) from None


def _resume(job: Job, begun: Rotation, current: KeyPair) -> Outcome | None:
    """Finish the rotation that was `begun`; None where it was taken back.

    Raises ConfigurationError where the key that is kept is neither of the two: a hand has put it there.
    """
    new = job.place.read_next()
    # What is kept beside the key is always a rotation's own.
    made = begun.new if new is None else new.access_key_id
    if current.access_key_id not in (begun.old, made):
        raise ConfigurationError(
            f"{job.place.named} has another access key {current.shown} since the rotation of "
            f"…{printable(begun.old[-4:])} was interrupted, and nothing was changed now",
            "compare `aws iam list-access-keys`, delete what nothing uses, then remove the note of the rotation, "
            f"{printable(job.journal.path)}",
        )
    if current.access_key_id == made:
        if new is not None:
            _promote(job, new)
        _try(job, current)
        return _end(job, begun, current, "finished")
    if new is not None:
        return _finish(job, begun, current, new, "finished")
    _take_back(job, begun, current)
    job.journal.remove()
    return None


def _take_back(job: Job, begun: Rotation, current: KeyPair) -> None:
    """Delete the key that the noted CreateAccessKey has made: its secret is lost.

    Only one that was not there before, that IAM made within seconds of the note, and that was never used. Any other may
    be a colleague's: it is told and left.
    """
    iam = job.iam(current)
    for key in iam.list_keys()[0]:
        if key.access_key_id in begun.ids:
            continue
        if _BEFORE <= key.created - begun.noted <= _AFTER and not iam.was_used(key.access_key_id):
            iam.delete(key.access_key_id)
            job.say(f"the key {key.shown} of a rotation that was interrupted was deleted: its secret was never kept")
        else:
            job.say(f"the second key {key.shown} is not of the rotation that was interrupted, and is left as it is")
