"""The list that a person chooses from: what typing finds, and what Enter takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.cli.choice_list import Choice, ChoiceList, select_by_line

NAMES = st.lists(st.text("abAB-ö ", min_size=1, max_size=6).map(str.strip).filter(bool), min_size=1, unique=True)


def taken(names: list[str], typed: str, **others: str) -> str | None:
    shown = ChoiceList([Choice(f"{name}  the row of {name}", name) for name in names], None, others)
    shown.type(typed)
    return shown.current.value if shown.current is not None else None


@given(NAMES, st.data())
def test_a_name_typed_exactly_is_taken_whatever_contains_it(names: list[str], data: st.DataObject) -> None:
    typed = data.draw(st.sampled_from(names))
    assert taken(names, typed) == typed


@given(NAMES, st.text("abAB-ö ", max_size=6))
def test_what_is_taken_has_all_that_was_typed_in_it(names: list[str], typed: str) -> None:
    found = taken(names, typed)
    if found is not None and typed.strip():
        rest = iter(f"{found}  the row of {found}".lower())
        assert all(letter in rest for letter in typed.strip().lower())


@given(NAMES, st.data())
def test_the_exact_name_of_a_profile_without_a_row_takes_nothing(names: list[str], data: st.DataObject) -> None:
    hidden = data.draw(st.sampled_from(names))
    others = [name for name in names if name != hidden] + [hidden + "-more"]
    shown = ChoiceList([Choice(name, name) for name in others if name != hidden], None, {hidden: "it has no role"})
    shown.type(hidden)
    assert shown.current is None
    assert shown.note == f"{hidden} cannot be chosen: it has no role"
    shown.move(1)
    assert shown.current is not None  # an arrow goes to the others


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("prod", ["prod", "Prod", "prod-eu", "nonprod", "web", "p-r-o-d"]),
        ("Prod", ["Prod", "prod", "prod-eu", "nonprod", "web", "p-r-o-d"]),
        ("zzz", []),
        ("", ["p-r-o-d", "nonprod", "prod-eu", "Prod", "prod", "web"]),
    ],
)
def test_the_order_is_exact_then_prefix_then_similar(typed: str, expected: list[str]) -> None:
    titles = {"web": "web  prod-role"}
    names = ["p-r-o-d", "nonprod", "prod-eu", "Prod", "prod", "web"]
    shown = ChoiceList([Choice(titles.get(name, name), name) for name in names])
    shown.type(typed)
    assert [row.value for row in shown.rows] == expected


def test_the_last_row_is_always_shown_and_taken_only_where_it_is_meant() -> None:
    shown = ChoiceList([Choice("dev", "dev")], Choice("type a role's ARN ...", ""))
    for typed, value, note in (("", "dev", False), ("type a", "", False), ("zzz", None, True), ("dev", "dev", False)):
        shown.type(typed)
        assert shown.rows[-1].value == ""
        assert (shown.current.value if shown.current is not None else None) == value
        assert bool(shown.note) is note


def test_arrows_go_around_the_ends_and_typing_starts_again_at_the_top() -> None:
    shown = ChoiceList([Choice(name, name) for name in ("a1", "a2", "a3")])
    shown.move(-1)
    assert shown.current == Choice("a3", "a3")
    shown.move(1)
    assert shown.current == Choice("a1", "a1")
    shown.move(1)
    shown.type("a")
    assert shown.current == Choice("a1", "a1")


def test_nothing_to_choose_from_takes_nothing() -> None:
    shown = ChoiceList([])
    shown.move(1)
    assert (shown.current, shown.note) == (None, "nothing to choose from")


def test_control_characters_are_not_typed() -> None:
    shown = ChoiceList([Choice("ab", "ab")])
    shown.type("a\nb\x1b")
    assert (shown.typed, shown.current) == ("ab", Choice("ab", "ab"))


def asked_by_line(shown: ChoiceList, *lines: str) -> tuple[tuple[Choice | None, str], list[str], list[str]]:
    """What a person who types these `lines` takes, what was said, and the prompts."""
    said: list[str] = []
    prompts: list[str] = []
    typed = iter(lines)

    def read(prompt: str) -> str:
        prompts.append(prompt)
        return next(typed)

    return select_by_line("Which role?", shown, said.append, read), said, prompts


DEV, PROD, OTHER = Choice("dev  role", "dev"), Choice("prod  role", "prod"), Choice("another one", "")


@pytest.mark.parametrize(("typed", "expected"), [("2", PROD), (" prod ", PROD), ("dev", DEV), ("1", DEV)])
def test_without_a_screen_a_number_or_a_name_is_taken(typed: str, expected: Choice) -> None:
    (found, _), said, prompts = asked_by_line(ChoiceList([DEV, PROD]), typed)
    assert found == expected
    assert said == ["Which role?", "  1  dev  role", "  2  prod  role"]
    assert prompts == ["Number or name"]


def test_without_a_screen_an_arn_is_taken_where_one_may_be_typed() -> None:
    arn = "arn:aws:iam::123456789012:role/dev"
    (found, typed), _, prompts = asked_by_line(ChoiceList([DEV], OTHER), arn)
    assert (found, typed) == (None, arn)
    assert prompts == ["Number, name or a role's ARN"]
    (found, _), said, _ = asked_by_line(ChoiceList([DEV]), arn, "1")
    assert found == DEV
    assert f"{arn} cannot be chosen: it is no number or name of these" in said


@pytest.mark.parametrize("typed", ["0", "3", "-1", "de", "²", ""])
def test_without_a_screen_what_is_no_choice_is_said_and_asked_again(typed: str) -> None:
    (found, _), said, prompts = asked_by_line(ChoiceList([DEV, PROD]), typed, "dev")
    assert found == DEV
    assert said[3] == f"{typed} cannot be chosen: it is no number or name of these"
    assert (said[4], len(prompts)) == ("Which role?", 2)


def test_without_a_screen_a_profile_without_a_role_is_told() -> None:
    _, said, _ = asked_by_line(ChoiceList([DEV], None, {"base": "it has no role"}), "base", "1")
    assert "base cannot be chosen: it has no role" in said


def test_without_a_screen_a_name_that_is_a_number_comes_before_the_number() -> None:
    named = Choice("2  role", "2")
    (found, _), _, _ = asked_by_line(ChoiceList([named, PROD]), "2")
    assert found == named


def test_without_a_screen_a_long_list_is_cut_and_its_rest_taken_by_name() -> None:
    many = [Choice(f"role-{number}", f"role-{number}") for number in range(203)]
    (found, _), said, _ = asked_by_line(ChoiceList(many), "201", "role-202")
    assert found == many[202]
    assert said[200:202] == ["200  role-199", "and 3 more: give one by its name"]
    assert "201 cannot be chosen: it is no number or name of these" in said
