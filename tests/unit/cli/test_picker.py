"""Who picks a role: a profile's, or one whose ARN is typed."""

import pytest

from assume_helper.cli import choice_list, picker
from assume_helper.cli.choice_list import Choice, ChoiceList
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import ConfigurationError
from assume_helper.system.context import Clock

ARN = "arn:aws:iam::123456789012:role/dev"
NO_KIND = "it has nothing to get credentials from"


def an_invocation(environ: dict[str, str]) -> Invocation:
    return Invocation(environ, Clock(), 0, 0, stdout_closed=False)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "TERM": "dumb"}


def test_a_role_that_is_typed_after_the_last_row_is_taken_and_none_is_an_error(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[ChoiceList] = []

    def last(_invocation: Invocation, _question: str, rows: ChoiceList) -> tuple[Choice | None, str]:
        shown.append(rows)
        return rows.last, ""

    monkeypatch.setattr(picker, "_select", last)
    monkeypatch.setattr(picker, "_typed_role", lambda *_given: ARN)
    assert picker.pick(an_invocation(environ)) == ARN
    assert shown[0].unusable == {"dev": NO_KIND, "base": NO_KIND}
    monkeypatch.setattr(picker, "_typed_role", lambda *_given: "")
    with pytest.raises(ConfigurationError, match="no role was named; name a profile or a role's ARN"):
        picker.pick(an_invocation(environ))


def test_a_source_is_picked_by_line_on_a_dumb_terminal(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Invocation, "read_line", lambda _self, _prompt: "base")
    monkeypatch.setattr(Invocation, "say", lambda _self, _text: None)
    monkeypatch.setattr(choice_list, "select", lambda *_given: pytest.fail("nothing can be drawn"))
    assert picker.pick_source(an_invocation(environ)) == "base"


def test_without_a_profile_there_is_no_source(environ: dict[str, str]) -> None:
    none = {"AWS_CONFIG_FILE": "/none/config", "AWS_SHARED_CREDENTIALS_FILE": "/none/credentials"}
    with pytest.raises(ConfigurationError, match="there is no profile to assume the role with"):
        picker.pick_source(an_invocation(environ | none))
