"""MFA sessions: nobody is asked while there is something to serve."""

import pytest
from front import error
from unit.sessions.world import HOUR, World

from assume_helper.errors import MFARequired
from assume_helper.system import terminal


@pytest.fixture
def mfa_world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """`dev` wants MFA; there is a terminal, and whoever is asked there fails the test."""
    world.add("mfa_serial = GAHT12345678\nmfa_session_duration_seconds = 900\n")
    monkeypatch.setattr(terminal, "is_there", lambda: True)
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: pytest.fail("asked"))
    return world


def test_a_role_s_credentials_are_renewed_without_a_code_while_its_mfa_session_lasts(mfa_world: World) -> None:
    mfa_world.front.behaviour = lambda call: mfa_world.giving(HOUR * (4 if call.action == "GetSessionToken" else 1))(
        call
    )
    mfa_world.get(ASSUME_HELPER_MFA_TOKEN="123456")
    mfa_world.pass_by(HOUR)
    mfa_world.get()
    assert [call.action for call in mfa_world.front.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_an_mfa_session_past_its_window_is_used_to_its_end_without_asking(mfa_world: World) -> None:
    mfa_world.front.behaviour = mfa_world.giving(900)
    mfa_world.get(ASSUME_HELPER_MFA_TOKEN="123456")
    for path in mfa_world.home.cache.glob("*.hit"):
        path.unlink()
    mfa_world.pass_by(700)
    mfa_world.front.behaviour = mfa_world.giving()
    mfa_world.get()
    assert [call.action for call in mfa_world.front.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    assert any("no new ones could be had: [dev] needs a code" in warning for warning in mfa_world.warnings)


def test_credentials_past_their_window_are_served_where_a_new_code_would_have_to_be_asked_for(mfa_world: World) -> None:
    first = mfa_world.shorter_mfa_session()
    assert mfa_world.get().session == first.session
    assert mfa_world.calls == 2


def test_when_nothing_is_left_to_serve_somebody_is_asked(mfa_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mfa_world.front.behaviour = mfa_world.giving(900)
    mfa_world.get(ASSUME_HELPER_MFA_TOKEN="123456")
    mfa_world.pass_by(900)
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: "654321")
    mfa_world.get()
    assert mfa_world.front.calls[-2].parameters["TokenCode"] == "654321"


def test_a_wrong_code_does_not_take_what_is_cached(mfa_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = mfa_world.shorter_mfa_session()
    text = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
    mfa_world.front.behaviour = error(403, "AccessDenied", text)
    wrong = {"ASSUME_HELPER_MFA_TOKEN": "654321"}
    assert mfa_world.get(**wrong).session == first.session
    assert mfa_world.front.calls[-1].parameters["TokenCode"] == "654321"
    mfa_world.pass_by(60)
    monkeypatch.setattr(terminal, "is_there", lambda: False)
    monkeypatch.setattr(terminal, "ask", lambda _prompt, _seconds: None)
    with pytest.raises(MFARequired, match="was used already"):
        mfa_world.get(**wrong)
