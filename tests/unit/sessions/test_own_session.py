"""Profiles without a role: the session of each, kept while it lasts, and one for all roles over it."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from front import Call, denied
from running import ACCESS_KEY_ID, SECRET, joined
from unit.sessions.world import EXPIRED, HOUR, World, told

from assume_helper.cache import entries, key_lock, outcomes
from assume_helper.cache.directory import Cache
from assume_helper.cache.outcomes import NotKept
from assume_helper.errors import ConfigurationError, MFARequired, SourceExpired, STSRefused
from assume_helper.sessions import provider, session_keys
from assume_helper.sessions.provider import RoleRequest

DOCUMENT = {"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": SECRET}


@pytest.fixture
def me(world: World) -> World:
    """The world with the profile `me`: an access key, whose STS is the front."""
    world.home.environ["AWS_ENDPOINT_URL_STS"] = world.front.url
    world.add(f"[profile me]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    return world


class Broker:
    """The profile `broker`: a program that prints `document`, and notes that it ran."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        (folder / "program.py").write_text(
            f"open({str(folder / 'runs')!r}, 'a').write('x')\nprint(open({str(folder / 'printed')!r}).read())\n"
        )
        command = joined(sys.executable, "-I", "-S", str(folder / "program.py"))
        world.add(f"[profile broker]\ncredential_process = {command}\n")
        self.prints(3600)

    def prints(self, left: float | None, **fields: str) -> None:
        """Print credentials with so much left (seconds), None for those that do not say when they end."""
        end = {"Expiration": zulu(self.world.now + left)} if left is not None else {}
        (self.folder / "printed").write_text(json.dumps(DOCUMENT | end | fields))

    @property
    def runs(self) -> int:
        path = self.folder / "runs"
        return len(path.read_text()) if path.exists() else 0


def zulu(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def broker(me: World, tmp_path: Path) -> Broker:
    folder = tmp_path / "broker"
    folder.mkdir()
    return Broker(me, folder)


def store(world: World) -> Cache:
    return Cache(str(world.home.cache), lambda _warning: None)


def key_of(world: World, name: str) -> str:
    return entries.key(world.profile(name).session_inputs())


# An access key.


def test_an_access_key_is_served_as_the_user_s_own_session_and_kept(me: World) -> None:
    first = me.get("me")
    assert me.get("me") == first
    (call,) = me.front.calls
    assert (call.action, call.access_key_id) == ("GetSessionToken", ACCESS_KEY_ID)
    assert call.parameters["DurationSeconds"] == "43200"
    assert "SerialNumber" not in call.parameters
    document = told(first)
    assert set(document) == {"Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert SECRET not in document.values()


@pytest.mark.parametrize("seconds", [900, 129_600])
def test_a_user_s_session_is_asked_for_as_long_as_the_profile_says(me: World, seconds: int) -> None:
    me.add(f"duration_seconds = {seconds}\n")
    me.front.behaviour = me.giving(seconds)
    assert me.get("me").session.lifetime == seconds
    assert me.front.calls[0].parameters["DurationSeconds"] == str(seconds)


def test_a_user_s_session_is_had_with_the_code_of_its_device(me: World) -> None:
    me.add("mfa_serial = GAHT12345678\n")
    with pytest.raises(MFARequired):
        me.get("me")
    me.get("me", ASSUME_HELPER_MFA_TOKEN="123456")
    (call,) = me.front.calls
    assert (call.parameters["SerialNumber"], call.parameters["TokenCode"]) == ("GAHT12345678", "123456")


def test_a_user_s_session_and_roles_with_mfa_over_it_need_one_code(me: World) -> None:
    me.add("mfa_serial = GAHT12345678\n")
    for name in ("one", "two"):
        me.add(f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{name}\nsource_profile = me\n")
    me.front.behaviour = lambda call: me.giving(access_key_id=f"ASIA{call.action.upper()}")(call)
    me.get("me", ASSUME_HELPER_MFA_TOKEN="123456")
    me.get("one")
    me.get("two")
    assert [(call.action, call.access_key_id) for call in me.front.calls] == [
        ("GetSessionToken", ACCESS_KEY_ID),
        ("AssumeRole", "ASIAGETSESSIONTOKEN"),
        ("AssumeRole", "ASIAGETSESSIONTOKEN"),
    ]


def test_a_role_without_mfa_is_assumed_by_the_key_itself(me: World) -> None:
    me.add("[profile over]\nrole_arn = arn:aws:iam::123456789012:role/over\nsource_profile = me\n")
    me.get("me")
    me.get("over")
    assert [(call.action, call.access_key_id) for call in me.front.calls] == [
        ("GetSessionToken", ACCESS_KEY_ID),
        ("AssumeRole", ACCESS_KEY_ID),
    ]


def test_a_refused_user_s_session_is_told_and_goes(me: World) -> None:
    me.get("me")
    me.pass_by(HOUR - 100)
    me.front.behaviour = denied
    with pytest.raises(STSRefused, match="GetSessionToken"):
        me.get("me")
    assert me.files("entry") == []


def test_temporary_keys_are_handed_over_without_a_call_and_not_kept(me: World) -> None:
    me.add("aws_session_token = a-token\n")
    entry = me.get("me")
    assert told(entry) == {
        "Version": 1,
        "AccessKeyId": ACCESS_KEY_ID,
        "SecretAccessKey": SECRET,
        "SessionToken": "a-token",
    }
    assert (me.calls, me.files("entry")) == (0, [])
    assert provider.refresh(RoleRequest("me"), me.context(), lambda _at: None) is None


def test_without_a_session_the_key_itself_is_handed_over(me: World) -> None:
    profile, entry = provider.session(RoleRequest("me", no_session=True), me.context())
    assert profile.kind == "access key"
    assert told(entry) == {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET}
    assert (me.calls, me.files("entry"), me.files("hit")) == (0, [], [])


@pytest.mark.parametrize(("name", "kind"), [("dev", "role"), ("broker", "process")])
def test_only_an_access_key_can_be_had_without_a_session(broker: Broker, name: str, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=f"profile {name} is a {kind}, and only an access key can be handed"):
        provider.session(RoleRequest(name, no_session=True), broker.world.context())
    assert broker.runs == 0


# A process.


@pytest.mark.parametrize("account", [{}, {"AccountId": "123456789012"}])
@pytest.mark.parametrize("token", [{}, {"SessionToken": "a-token"}])
@pytest.mark.parametrize("left", [None, 3600])
def test_a_process_s_document_is_handed_through_with_what_it_has(
    broker: Broker, left: int | None, token: dict[str, str], account: dict[str, str]
) -> None:
    broker.prints(left, **token, **account)
    entry = broker.world.get("broker")
    document = told(entry)
    assert document.pop("Expiration", None) == (
        None if entry.session.printed_expiration is None else zulu(entry.session.printed_expiration.timestamp())
    )
    assert document == DOCUMENT | token | account
    assert (entry.session.expiration is None) is (left is None)
    broker.world.get("broker")
    assert broker.runs == (2 if left is None else 1)


def test_an_account_that_is_none_is_left_out(broker: Broker) -> None:
    broker.prints(3600, AccountId="mine")
    assert "AccountId" not in told(broker.world.get("broker"))


def test_what_does_not_say_when_it_ends_is_in_no_file(broker: Broker) -> None:
    broker.prints(None, SessionToken="a-token")
    broker.world.get("broker")
    assert broker.world.files("entry") == []
    for path in broker.world.home.cache.iterdir():
        assert SECRET.encode() not in path.read_bytes()
    assert isinstance(outcomes.read(store(broker.world), key_of(broker.world, "broker")), NotKept)


def test_for_what_is_not_kept_nobody_waits_for_another(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.prints(None)
    broker.world.get("broker")
    monkeypatch.setattr(key_lock, "acquire", lambda *_given: pytest.fail("waited for the lock"))
    broker.world.get("broker")
    assert broker.runs == 2


def test_those_who_wait_go_on_by_themselves_once_it_is_known_that_nothing_is_kept(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, asked = broker.world, []
    broker.prints(None)
    real = key_lock.acquire

    def acquire(cache: Cache, key: str, stop_waiting: Callable[[], bool]) -> Any:
        asked.append(stop_waiting())
        outcomes.write_not_kept(cache, key, world.now)  # the leader's result, while this one waits
        asked.append(stop_waiting())
        return real(cache, key, stop_waiting)

    monkeypatch.setattr(key_lock, "acquire", acquire)
    assert told(world.get("broker"))["AccessKeyId"] == "ASIAPROCESS"
    assert asked == [False, True]


def test_a_process_that_says_an_end_again_is_kept_again(broker: Broker) -> None:
    broker.prints(None)
    broker.world.get("broker")
    broker.prints(3600)
    broker.world.get("broker")
    broker.world.get("broker")
    assert broker.runs == 2
    assert broker.world.files("failure") == []


@pytest.mark.parametrize(("left", "most"), [(30, 12), (59, 14), (100, 16), (600, 20)])
def test_a_document_that_is_near_its_end_is_not_refreshed_on_every_call(broker: Broker, left: int, most: int) -> None:
    # How often exactly depends on the printed end, which is drawn anew from each expiry; a call comes each second.
    broker.prints(left)
    end = broker.world.now + left
    while broker.world.now < end - 2:
        assert told(broker.world.get("broker"))["AccessKeyId"] == "ASIAPROCESS"
        broker.world.pass_by(1)
    assert 1 < broker.runs <= most


def test_a_document_that_has_ended_is_a_source_that_has_expired(broker: Broker) -> None:
    broker.prints(0)
    with pytest.raises(SourceExpired, match="gave credentials that have expired"):
        broker.world.get("broker")


def test_roles_over_a_process_run_it_once(broker: Broker) -> None:
    world = broker.world
    for number in range(10):
        world.add(
            f"[profile role{number}]\nrole_arn = arn:aws:iam::123456789012:role/r{number}\nsource_profile = broker\n"
        )
    broker.prints(3600, SessionToken="a-token")
    for number in range(10):
        world.get(f"role{number}")
    world.get("broker")
    assert broker.runs == 1
    assert {(call.access_key_id, call.session_token) for call in world.front.calls} == {("ASIAPROCESS", "a-token")}
    assert len(world.front.assumed()) == 10


def test_a_role_over_a_process_that_says_no_end_runs_it_for_each_session(broker: Broker) -> None:
    broker.world.add("[profile over]\nrole_arn = arn:aws:iam::123456789012:role/o\nsource_profile = broker\n")
    broker.prints(None)
    broker.world.get("over")
    broker.world.get("over")
    assert broker.runs == 1
    broker.world.pass_by(HOUR)
    broker.world.get("over")
    assert broker.runs == 2


def test_a_process_s_session_that_sts_refuses_is_replaced(broker: Broker) -> None:
    world = broker.world
    world.add("[profile over]\nrole_arn = arn:aws:iam::123456789012:role/o\nsource_profile = broker\n")
    world.get("broker")
    world.pass_by(60)
    broker.prints(3600, AccessKeyId="ASIANEW")
    given = world.front.behaviour

    def answer(call: Call) -> Any:
        return EXPIRED(call) if call.access_key_id == "ASIAPROCESS" else given(call)

    world.front.behaviour = answer
    world.get("over")
    assert [call.access_key_id for call in world.front.calls] == ["ASIAPROCESS", "ASIANEW"]
    assert told(world.get("broker"))["AccessKeyId"] == "ASIANEW"
    assert broker.runs == 2


# The keys of all that leads to a session.


def test_each_link_of_a_chain_has_a_key_and_the_session_with_a_code_too(broker: Broker) -> None:
    world = broker.world
    world.add("[profile over]\nrole_arn = arn:aws:iam::123456789012:role/o\nsource_profile = broker\n")
    world.add("[profile far]\nrole_arn = arn:aws:iam::123456789012:role/f\nsource_profile = over\n")
    keys = {name: key_of(world, name) for name in ("broker", "over", "far", "me")}
    assert list(session_keys.of_chain(world.profile("far"))) == [keys["far"], keys["over"], keys["broker"]]
    assert [key[0] for key in (keys["broker"], keys["over"], keys["far"])] == ["1", "2", "3"]
    assert list(session_keys.of_chain(world.profile("me"))) == [keys["me"]]
    world.add("[profile coded]\nrole_arn = arn:aws:iam::123456789012:role/c\nsource_profile = me\n")
    world.add("mfa_serial = GAHT12345678\n")
    session = world.profile("coded").user_session
    assert session is not None
    assert list(session_keys.of_chain(world.profile("coded"))) == [
        key_of(world, "coded"),
        entries.key(session.session_inputs()),
    ]
