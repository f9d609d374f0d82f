"""A role's session: from its source, from the role before it, and what is done when a cached session is refused."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from front import Call, Reply, denied, error, reset
from running import ACCESS_KEY_ID, into
from unit.sessions.world import EXPIRED, UNKNOWN, World, told

from assume_helper.cache import entries, key_lock
from assume_helper.cache.directory import Cache
from assume_helper.credentials import Credentials
from assume_helper.errors import ConfigurationError, SourceExpired, SourceNotKnown, STSNotReached, STSRefused
from assume_helper.profiles.origin import WebIdentity
from assume_helper.profiles.role import Profile
from assume_helper.sessions import assume
from assume_helper.system.context import CallContext, Clock

HUB = "[profile far]\nrole_arn = arn:aws:iam::123456789012:role/far\nsource_profile = dev\n"


def test_a_chain_s_links_are_cached_each_by_itself(world: World) -> None:
    world.add(f"{HUB}region = us-east-1\nendpoint_url = {world.front.url}\n")
    world.front.behaviour = lambda call: world.giving(access_key_id="ASIA" + call.parameters["RoleArn"][-3:])(call)
    assert told(world.get("far"))["AccessKeyId"] == "ASIAfar"
    assert [call.access_key_id for call in world.front.calls] == [ACCESS_KEY_ID, "ASIAdev"]
    assert told(world.get("dev"))["AccessKeyId"] == "ASIAdev"
    assert world.calls == 2


def test_a_refused_link_is_told(world: World) -> None:
    world.add(f"{HUB}region = us-east-1\nendpoint_url = {world.front.url}\n")
    world.front.behaviour = lambda call: (
        denied(call) if call.parameters["RoleArn"].endswith("/far") else world.giving()(call)
    )
    with pytest.raises(STSRefused, match="role/far"):
        world.get("far")
    world.get("dev")


def chained(world: World) -> None:
    """`far` is assumed with `dev`, whose session is cached; STS numbers the sessions that it gives."""
    world.add(f"{HUB}region = us-east-1\nendpoint_url = {world.front.url}\n")

    def numbered(call: Call) -> Reply | None:
        return world.giving(access_key_id=f"ASIA{world.calls}")(call)

    world.front.behaviour = numbered
    world.get("dev")
    world.pass_by(60)


@pytest.mark.parametrize("refusal", [EXPIRED, UNKNOWN])
def test_a_cached_link_that_sts_no_longer_accepts_is_replaced(world: World, refusal: object) -> None:
    chained(world)
    given = world.front.behaviour
    world.front.behaviour = lambda call: refusal(call) if call.access_key_id == "ASIA1" else given(call)  # type: ignore[operator]
    assert told(world.get("far"))["AccessKeyId"] == "ASIA4"
    assert [call.access_key_id for call in world.front.calls] == [ACCESS_KEY_ID, "ASIA1", ACCESS_KEY_ID, "ASIA3"]
    assert told(world.get("dev"))["AccessKeyId"] == "ASIA3"


@pytest.mark.parametrize(("refusal", "kind"), [(EXPIRED, SourceExpired), (UNKNOWN, SourceNotKnown)])
def test_a_link_that_was_only_just_made_is_not_replaced(world: World, refusal: object, kind: type[Exception]) -> None:
    chained(world)
    for path in world.files("entry"):
        path.unlink()
    given = world.front.behaviour
    world.front.behaviour = lambda call: refusal(call) if call.access_key_id.startswith("ASIA") else given(call)  # type: ignore[operator]
    with pytest.raises(kind):
        world.get("far")
    assert world.calls == 3


def test_a_link_that_cannot_be_replaced_stays_as_it_was(world: World) -> None:
    chained(world)
    before = world.get("dev")

    def answer(call: Call) -> Reply | None:
        return EXPIRED(call) if call.access_key_id == "ASIA1" else reset(call)

    world.front.behaviour = answer
    with pytest.raises(STSNotReached):
        world.get("far")
    assert world.get("dev") == before


def test_a_refused_replacement_is_told(world: World) -> None:
    chained(world)
    world.front.behaviour = lambda call: EXPIRED(call) if call.access_key_id == "ASIA1" else denied(call)
    with pytest.raises(STSRefused):
        world.get("far")


def context(world: World) -> CallContext:
    clock = Clock(now=lambda: world.now, monotonic=lambda: world.now, sleep=world.pass_by)
    return CallContext(world.home.environ, clock, world.now, world.now, "host", lambda: "me", into(world.warnings))


def test_the_source_s_credentials_are_its_key_or_the_session_of_the_role_before(world: World) -> None:
    chained(world)
    assert assume.source_credentials(world.profile("dev"), context(world)).access_key_id == ACCESS_KEY_ID
    found = assume.source_credentials(world.profile("far"), context(world))
    assert isinstance(found, Credentials)
    assert found.access_key_id == "ASIA1"
    assert world.calls == 1


def test_a_web_identity_has_no_credentials_of_its_own(world: World) -> None:
    dev = world.profile("dev")
    pod = Profile("pod", dev.role_arn, WebIdentity("/token"), dev.endpoint)
    with pytest.raises(ConfigurationError, match="a token is no access key"):
        assume.source_credentials(pod, context(world))


def test_each_flight_has_the_key_of_its_profile(world: World) -> None:
    chained(world)
    keys = {name: entries.key(world.profile(name).session_inputs()) for name in ("dev", "far")}
    assert {name: assume.flight(world.profile(name), context(world)).key for name in keys} == keys
    assert keys["dev"] != keys["far"]


# A session that STS refuses.


@pytest.mark.parametrize("later", [reset, error(503, "ServiceUnavailable", "later")])
def test_a_link_that_sts_does_not_know_goes_though_no_other_can_be_had(world: World, later: object) -> None:
    chained(world)
    world.front.behaviour = lambda call: (UNKNOWN if call.access_key_id == "ASIA1" else later)(call)  # type: ignore[operator]
    with pytest.raises(SourceNotKnown):
        world.get("far")
    assert world.files("entry") == []


def test_a_link_that_another_process_has_replaced_meanwhile_is_not_replaced_again(world: World) -> None:
    chained(world)
    given = world.front.behaviour
    store = Cache(str(world.home.cache), lambda _warning: None)
    key = entries.key(world.profile("dev").session_inputs())

    def replaced_meanwhile(call: Call) -> Reply | None:
        if call.access_key_id != "ASIA1":
            return given(call)
        entry = entries.read(store, key)
        assert entry is not None
        credentials = replace(entry.session.credentials, access_key_id="ASIAOTHER")
        entries.write(store, key, replace(entry, session=replace(entry.session, credentials=credentials)))
        return UNKNOWN(call)

    world.front.behaviour = replaced_meanwhile
    world.get("far")
    assert [call.access_key_id for call in world.front.calls] == [ACCESS_KEY_ID, "ASIA1", "ASIAOTHER"]


def test_a_refused_link_is_removed_only_under_its_lock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    chained(world)
    held: list[str] = []
    acquire, remove = key_lock.acquire, entries.remove

    @contextmanager
    def noted(cache: Cache, key: str, stop: Callable[[], bool]) -> Iterator[bool]:
        with acquire(cache, key, stop) as is_held:
            held.append(key)
            yield is_held
            held.remove(key)

    def checked(cache: Cache, key: str) -> None:
        assert key in held
        remove(cache, key)

    monkeypatch.setattr(key_lock, "acquire", noted)
    monkeypatch.setattr(entries, "remove", checked)
    given = world.front.behaviour
    world.front.behaviour = lambda call: UNKNOWN(call) if call.access_key_id == "ASIA1" else given(call)
    assert told(world.get("far"))["AccessKeyId"] == "ASIA4"


def _token(number: int) -> str:
    """A JWT of one subject, renewed `number` times."""
    claims = {"iss": "https://issuer", "sub": "pod", "aud": "sts.amazonaws.com", "jti": number}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in ({}, claims, {}))


def test_a_token_that_was_just_being_replaced_is_no_refusal(world: World, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(_token(1))
    arn = "arn:aws:iam::123456789012:role/pod"
    world.add(
        f"[profile pod]\nrole_arn = {arn}\nweb_identity_token_file = {token}\nregion = us-east-1\n"
        f"endpoint_url = {world.front.url}\n"
    )
    first = world.get("pod")
    refusal = error(400, "InvalidIdentityToken", "no token")

    def answer(call: Call) -> Reply | None:
        (tmp_path / "new").write_text(_token(2))
        (tmp_path / "new").replace(token)
        return refusal(call)

    world.front.behaviour = answer
    world.pass_by(3000)
    assert world.get("pod").session == first.session
    world.front.behaviour = refusal
    world.pass_by(61)
    with pytest.raises(SourceNotKnown):
        world.get("pod")
    assert world.files("entry") == []
