"""A rotation step by step, with a clock of the test's: what is asked of IAM in which order, and what is left when."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from assume_helper.errors import (
    AssumeHelperError,
    ConfigurationError,
    SettingFault,
    SourceError,
    SourceNotKnown,
    STSNotConnected,
    STSNotReached,
    STSRefused,
)
from assume_helper.keys import rotation
from assume_helper.keys.iam import ListedKey
from assume_helper.keys.journal import Journal, Rotation
from assume_helper.keys.rotation import Job
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system.context import Clock

OLD, NEW = KeyPair("AKIAOLD0000000001111", "old"), KeyPair("AKIANEW0000000002222", "new")
BY_HAND = KeyPair("AKIAHAND000000004444", "hand")
NOTED = 1_000_000.0


@dataclass
class Place:
    """A place in memory; `problems` are raised by its methods of that name, each time."""

    key: KeyPair | None = OLD
    next: KeyPair | None = None
    problems: dict[str, AssumeHelperError] = field(default_factory=dict)
    named: str = "the place"
    identity: str = "place"

    def read(self) -> KeyPair | None:
        return self.key

    def read_next(self) -> KeyPair | None:
        return self.next

    def keep_next(self, pair: KeyPair) -> None:
        self._fail("keep_next")
        self.next = pair

    def promote(self) -> None:
        self._fail("promote")
        self.key, self.next = self.next, None

    def drop_next(self) -> None:
        self._fail("drop_next")
        self.next = None

    def _fail(self, name: str) -> None:
        if name in self.problems:
            raise self.problems[name]


@dataclass
class World:
    """IAM, STS, the clock and the place; `problems` are raised by calls of that name, once each."""

    keys: dict[str, ListedKey]
    place: Place = field(default_factory=Place)
    calls: list[str] = field(default_factory=list)
    problems: dict[str, AssumeHelperError] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    known: bool = True
    time: float | None = NOTED
    now: float = 0.0
    is_made: bool = True

    def call(self, name: str) -> None:
        self.calls.append(name)
        problem = self.problems.pop(name, None)
        if problem is not None:
            raise problem

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Iam:
    world: World
    pair: KeyPair

    def list_keys(self) -> tuple[list[ListedKey], float | None]:
        self.world.call("list")
        return [*self.world.keys.values()], self.world.time

    def create_key(self) -> KeyPair:
        if self.world.is_made:
            self.world.keys[NEW.access_key_id] = ListedKey(NEW.access_key_id, True, NOTED + 1)
        self.world.call("create")
        return NEW

    def deactivate(self, access_key_id: str) -> None:
        self.world.call(f"deactivate {access_key_id[-4:]} by {self.pair.access_key_id[-4:]}")

    def delete(self, access_key_id: str) -> None:
        self.world.call(f"delete {access_key_id[-4:]} by {self.pair.access_key_id[-4:]}")
        self.world.keys.pop(access_key_id, None)

    def was_used(self, access_key_id: str) -> bool:
        return access_key_id in self.world.used


@pytest.fixture
def world() -> World:
    return World({OLD.access_key_id: ListedKey(OLD.access_key_id, True, 0)})


@pytest.fixture
def job(world: World, tmp_path: "object") -> Job:
    def try_key(_pair: KeyPair) -> None:
        world.calls.append("try")
        if not world.known:
            raise SourceNotKnown("STS does not know it", "wait")

    clock = Clock(now=lambda: NOTED, monotonic=lambda: world.now, sleep=world.sleep)
    iam: Callable[[KeyPair], object] = lambda pair: Iam(world, pair)  # noqa: E731
    return Job(world.place, Journal(f"{tmp_path}/x.rotation"), iam, try_key, clock, world.said.append)  # type: ignore[arg-type]


def rotate(job: Job, *, keeps_old: bool = False) -> rotation.Outcome:
    return rotation.rotate(job, OLD.access_key_id, keeps_old=keeps_old)


def test_the_order_is_new_kept_tried_old_deactivated_old_deleted(job: Job, world: World) -> None:
    outcome = rotate(job)
    assert world.calls == ["list", "create", "try", "list", "deactivate 1111 by 2222", "delete 1111 by 2222"]
    assert (world.place.key, world.place.next, job.journal.read()) == (NEW, None, None)
    assert (outcome.new, outcome.old, outcome.how, outcome.old_is) == (NEW, OLD.access_key_id, "rotated", "deleted")


def test_a_new_key_that_is_never_known_is_deleted_and_the_old_one_stays(job: Job, world: World) -> None:
    world.known = False
    with pytest.raises(STSNotReached) as caught:
        rotate(job)
    assert "after 60 s: it was deleted, and the old one …1111 stays" in caught.value.message
    assert 55 <= world.now <= 60
    assert world.calls[-1] == "delete 2222 by 1111"
    assert (world.place.key, world.place.next, job.journal.read()) == (OLD, None, None)


def test_one_that_cannot_be_deleted_then_is_kept_and_noted_for_the_next_run(job: Job, world: World) -> None:
    world.known = False
    world.problems["delete 2222 by 1111"] = STSNotReached("not reached", "wait")
    with pytest.raises(STSNotReached, match="nor deleted"):
        rotate(job)
    assert (world.place.key, world.place.next) == (OLD, NEW)
    world.known = True
    outcome = rotate(job)
    assert (outcome.how, world.place.key, job.journal.read()) == ("finished", NEW, None)
    assert world.calls.count("create") == 1


@pytest.mark.parametrize("is_made", [True, False])
def test_where_no_answer_comes_to_create_the_next_run_takes_back_what_was_made(
    job: Job, world: World, is_made: bool
) -> None:
    world.is_made = is_made
    world.problems["create"] = STSNotReached("no answer", "wait")
    with pytest.raises(STSNotReached, match="takes back"):
        rotate(job)
    assert job.journal.read() is not None
    world.is_made = True
    outcome = rotate(job)
    assert (outcome.how, [*world.keys]) == ("rotated", [NEW.access_key_id])
    assert len(world.said) == is_made


@pytest.mark.parametrize("problem", [STSNotConnected("x", "y"), STSRefused("x", "y"), ConfigurationError("x", "y")])
def test_where_nothing_was_made_nothing_is_noted(job: Job, world: World, problem: AssumeHelperError) -> None:
    world.problems["create"] = problem
    world.is_made = False
    with pytest.raises(type(problem)):
        rotate(job)
    assert (job.journal.read(), world.place.key) == (None, OLD)


def test_a_new_key_that_was_not_kept_is_deleted(job: Job, world: World) -> None:
    world.place.problems["keep_next"] = SourceError("the keyring is locked", "unlock it")
    with pytest.raises(SourceError, match="was not kept"):
        rotate(job)
    assert world.calls[-1] == "delete 2222 by 1111"
    assert job.journal.read() is None


def test_one_that_was_deleted_is_not_called_kept_where_the_place_is_locked_by_then(job: Job, world: World) -> None:
    world.place.problems = dict.fromkeys(("keep_next", "drop_next"), SourceError("the keyring is locked", "unlock it"))
    with pytest.raises(SourceError) as caught:
        rotate(job)
    assert caught.value.message == (
        "the new key …2222 was not kept (the keyring is locked): it was deleted, and the old one …1111 stays"
    )
    assert caught.value.next_step == "unlock it; then run it again"
    assert [*world.keys] == [OLD.access_key_id]
    world.place.problems.clear()
    assert rotate(job).how == "rotated"


def test_where_the_new_key_cannot_take_the_old_one_s_place_both_work_and_the_next_run_goes_on(
    job: Job, world: World
) -> None:
    world.place.problems["promote"] = SourceError("the keyring is locked", "unlock it")
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            rotate(job)
        assert "the new key …2222 is kept, but not in the old one's place yet: the keyring" in caught.value.message
        assert caught.value.next_step == "unlock it; then run it again: it finishes what was begun"
        assert {*world.keys} == {OLD.access_key_id, NEW.access_key_id}
        assert (world.place.key, world.place.next) == (OLD, NEW)
    world.place.problems.clear()
    assert rotate(job).how == "finished"


@pytest.mark.parametrize("made", [None, NEW])
@pytest.mark.parametrize("is_beside", [True, False])
def test_a_key_that_a_hand_put_there_meanwhile_is_never_taken_for_the_new_one(
    job: Job, world: World, made: KeyPair | None, is_beside: bool
) -> None:
    new = None if made is None else made.access_key_id
    begun = Rotation(OLD.access_key_id, (OLD.access_key_id,), NOTED, keeps_old=False, new=new)
    job.journal.write(begun)
    world.place.key, world.place.next = BY_HAND, NEW if is_beside else None
    world.keys |= {pair.access_key_id: ListedKey(pair.access_key_id, True, NOTED + 1) for pair in (BY_HAND, NEW)}
    before = {*world.keys}
    with pytest.raises(ConfigurationError, match="another access key …4444 since the rotation of …1111"):
        rotation.rotate(job, BY_HAND.access_key_id, keeps_old=False)
    assert ({*world.keys}, world.place.key, world.calls, job.journal.read()) == (before, BY_HAND, [], begun)


def test_a_new_key_that_has_the_old_one_s_place_is_known_by_its_noted_id(job: Job, world: World) -> None:
    world.problems["deactivate 1111 by 2222"] = STSNotReached("not reached", "wait")
    with pytest.raises(STSNotReached, match="may be active"):
        rotate(job)
    assert (world.place.key, world.place.next) == (NEW, None)
    outcome = rotation.rotate(job, NEW.access_key_id, keeps_old=False)
    assert (outcome.how, [*world.keys], job.journal.read()) == ("finished", [NEW.access_key_id], None)


def test_where_the_new_id_cannot_be_noted_that_key_is_deleted(
    job: Job, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Journal.write

    def fail(journal: Journal, begun: Rotation) -> None:
        if begun.new is not None:
            raise SettingFault("the disk is full", "make room")
        write(journal, begun)

    monkeypatch.setattr(Journal, "write", fail)
    with pytest.raises(SettingFault, match=r"was not kept \(the disk is full\): it was deleted"):
        rotate(job)
    assert ([*world.keys], world.place.next, job.journal.read()) == ([OLD.access_key_id], None, None)


def test_where_nothing_can_be_noted_nothing_is_made(job: Job, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_journal: Journal, _begun: Rotation) -> None:
        raise SettingFault("the disk is full", "make room")

    monkeypatch.setattr(Journal, "write", fail)
    with pytest.raises(SettingFault, match="nothing was made: the disk is full"):
        rotate(job)
    assert "create" not in world.calls


def test_without_a_time_nothing_is_made(job: Job, world: World) -> None:
    world.time = None
    with pytest.raises(STSNotReached, match="what time it is"):
        rotate(job)
    assert "create" not in world.calls


def test_the_two_ends_of_the_seconds_in_which_it_was_made(job: Job, world: World) -> None:
    for offset, is_ours in ((-2.0, True), (-2.5, False), (30.0, True), (30.5, False)):
        job.journal.write(Rotation(OLD.access_key_id, (OLD.access_key_id,), NOTED, keeps_old=False, new=None))
        world.keys["AKIAORPHAN0000003333"] = ListedKey("AKIAORPHAN0000003333", True, NOTED + offset)
        world.place.key = OLD
        world.keys[OLD.access_key_id] = ListedKey(OLD.access_key_id, True, 0)
        world.keys.pop(NEW.access_key_id, None)
        if is_ours:
            rotate(job)
        else:
            with pytest.raises(ConfigurationError, match="two access keys already"):
                rotate(job)
        assert ("AKIAORPHAN0000003333" in world.keys) is not is_ours
        world.keys.pop("AKIAORPHAN0000003333", None)


def test_a_key_that_iam_does_not_list_is_not_replaced(job: Job, world: World) -> None:
    world.keys.clear()
    with pytest.raises(SourceError, match="does not list"):
        rotate(job)
    assert "create" not in world.calls


def test_where_there_is_no_key_nothing_is_done(job: Job, world: World) -> None:
    world.place.key = None
    with pytest.raises(SourceError, match="has no access key"):
        rotate(job)
    assert world.calls == []


def test_no_secret_is_in_a_repr() -> None:
    assert "old" not in repr(KeyPair("AKIAX", "old"))
