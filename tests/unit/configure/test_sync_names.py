"""The names of synced profiles: safe for every reader, unique, and the same whatever the order."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assume_helper.configure import sync_names
from assume_helper.configure.sync_names import TEMPLATE, Named, Pair
from assume_helper.profiles import helper_command

A, B, C = "111111111111", "222222222222", "333333333333"


def named(account_id: str, role: str = "Admin", name: str = "main", email: str = "") -> Named:
    return Named(Pair(account_id, role), name, email)


def chosen(
    *pairs: Named,
    template: str = TEMPLATE,
    kept: dict[Pair, str] | None = None,
    taken: tuple[str, ...] = (),
    served: dict[str, Pair] | None = None,
) -> list[str]:
    found = sync_names.choose(template, "corp", pairs, kept or {}, taken, served or {})
    return [found[each.pair] for each in pairs]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("main", "main"),
        ("Prod (EU) #1", "Prod-EU-1"),
        ("  a  b  ", "a-b"),
        ("a/b", "a-b"),
        ("[x]", "x"),
        ("a=b;c:d#e", "a-b-c-d-e"),
        ("a\nb\x1b[31m\u202ec\x00", "a-b-31m-c"),
        ("Büro Zürich", "Buro-Zurich"),
        ("Straße Ærø Łódź", "Strasse-AEro-Lodz"),
        ("e\u0301te\u0301", "ete"),
        ("ﬁle ①", "file-1"),
        ("a_b.c@d+e-f", "a_b.c@d+e-f"),
        ("$HOME `id` %PATH% ~ * ? ! & | < > \" '", "HOME-id-PATH"),
        ("開発", A),
        ("---", A),
        ("", A),
        ("\ud800", A),
    ],
)
def test_an_account_s_name_becomes_a_part_of_a_profile_s(text: str, name: str) -> None:
    assert chosen(named(A, name=text)) == [f"{name}.Admin"]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{account_name}.{role_name}", "main.Admin"),
        ("{account_id}", A),
        ("{sso_session}/{account_name}/{role_name}", "corp/main/Admin"),
        ("{email}:{role_name}", "me@x.example-Admin"),
        ("x {role_name} [y]", "x-Admin-y"),
        ("-{role_name}-", "Admin"),
        ("{role_name}{role_name}", "AdminAdmin"),
    ],
)
def test_a_template_is_filled_in_and_made_safe(template: str, name: str) -> None:
    assert sync_names.problem(template) is None
    assert chosen(named(A, email="me@x.example"), template=template) == [name]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{account}", "there is no field {account}: there are {account_name}, {account_id}, {email}, {role_name}, "
                      "{sso_session}"),
        ("{}", "there is no field {}"),
        ("{account_name.__class__}", "there is no field {account_name.__class__}"),
        ("{account_name!r}", "there is no field {account_name!r}"),
        ("{role_name:>99}", "there is no field {role_name:>99}"),
        ("{ role_name }", "there is no field { role_name }"),
        ("{role_name", "a brace has no other"),
        ("{{role_name}}", "a brace has no other"),
        ("name", "it has no field"),
        ("", "it has no field"),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_filled_in_is_refused_with_the_fields(template: str, said: str) -> None:
    found = sync_names.problem(template)
    assert found is not None
    assert found.startswith(said)
    assert "{account_name}, {account_id}, {email}, {role_name}, {sso_session}" in found


def test_all_accounts_of_one_name_get_their_numbers_in_any_order() -> None:
    pairs = [named(A), named(B), named(C, name="other"), named(A, "Reader"), named(B, "Reader")]
    expected = {
        Pair(A, "Admin"): f"main.Admin.{A}",
        Pair(B, "Admin"): f"main.Admin.{B}",
        Pair(C, "Admin"): "other.Admin",
        Pair(A, "Reader"): f"main.Reader.{A}",
        Pair(B, "Reader"): f"main.Reader.{B}",
    }
    for order in itertools.permutations(pairs):
        assert chosen(*order) == [expected[each.pair] for each in order]


def test_names_that_differ_in_upper_case_or_in_what_is_left_out_collide() -> None:
    assert chosen(named(A, name="Main"), named(B, name="main")) == [f"Main.Admin.{A}", f"main.Admin.{B}"]
    assert chosen(named(A, name="a b"), named(B, name="a-b")) == [f"a-b.Admin.{A}", f"a-b.Admin.{B}"]


def test_a_template_without_the_role_gets_it_where_it_is_needed() -> None:
    pairs = [named(A, "Admin"), named(A, "Reader"), named(B, "Admin", name="other")]
    assert chosen(*pairs, template="{account_name}") == [f"main.{A}.Admin", f"main.{A}.Reader", "other"]
    assert chosen(*pairs, template="{account_id}") == [f"{A}.Admin", f"{A}.Reader", B]


def test_roles_that_are_one_when_made_safe_are_told_apart_by_a_digest() -> None:
    first, second = chosen(named(A, "a=b"), named(A, "a,b"))
    assert first != second
    for name in (first, second):
        assert re.fullmatch(rf"main\.a-b\.{A}\.a-b\.[0-9a-f]{{8}}", name)
    assert [second, first] == chosen(named(A, "a,b"), named(A, "a=b"))


@pytest.mark.parametrize("taken", ["main.Admin", "MAIN.admin"])
def test_the_name_of_another_profile_is_never_taken(taken: str) -> None:
    assert chosen(named(A), taken=(taken,)) == [f"main.Admin.{A}"]
    assert chosen(named(A), taken=(taken, f"main.Admin.{A}")) == [f"main.Admin.{A}.Admin"]


def test_default_is_nobody_s_name() -> None:
    assert chosen(named(A, name="default"), template="{account_name}") == [f"default.{A}"]
    assert chosen(named(A, name="Default"), template="{account_name}") == [f"Default.{A}"]


def test_a_pair_keeps_its_name_and_a_new_one_of_that_name_gets_more() -> None:
    kept = {Pair(A, "Admin"): "main.Admin"}
    assert chosen(named(A), named(B), kept=kept, taken=("main.Admin",)) == ["main.Admin", f"main.Admin.{B}"]
    kept = {Pair(A, "Admin"): "mine"}
    assert chosen(named(A), named(B), kept=kept, taken=("mine",)) == ["mine", f"main.Admin.{B}"]
    assert chosen(named(A), kept=kept, template="{account_id}") == ["mine"]


def test_a_profile_that_serves_the_pair_under_its_very_name_is_the_pair_s() -> None:
    served = {"main.Admin": Pair(A, "Admin")}
    assert chosen(named(A), taken=("main.Admin",), served=served) == ["main.Admin"]
    assert chosen(named(B), taken=("main.Admin",), served=served) == [f"main.Admin.{B}"]
    served = {"dev": Pair(A, "Admin")}
    assert chosen(named(A), taken=("dev",), served=served) == ["main.Admin"], "under another name it is another one"


def test_a_very_long_name_is_cut_and_stays_unique() -> None:
    long = "x" * 300
    (name,) = chosen(named(A, name=long))
    assert len(name) == 100
    names = chosen(named(A, name=long), named(B, name=long), named(A, "Reader", name=long))
    assert len(set(names)) == 3
    assert all(len(name) < 140 for name in names)


TEXT = st.text(max_size=30) | st.sampled_from(["main", "Main", "ma-in", "default", "a b"])
PAIRS = st.lists(
    st.builds(
        Named,
        st.builds(Pair, st.sampled_from([A, B, C]), st.sampled_from(["Admin", "admin", "a=b", "a,b", "x" * 64])),
        TEXT,
        TEXT,
    ),
    unique_by=lambda each: each.pair,
    max_size=12,
)


@given(
    PAIRS,
    st.sampled_from([TEMPLATE, "{account_name}", "{role_name}", "{email}", "{sso_session}", "{account_id} x"]),
    st.lists(st.sampled_from(["main.Admin", "main", "ADMIN", A, "corp", f"corp.{A}"]), max_size=4),
    st.randoms(use_true_random=False),
)
def test_names_are_safe_unique_and_the_same_whatever_the_order(
    pairs: list[Named], template: str, taken: list[str], shuffled: random.Random
) -> None:
    found = sync_names.choose(template, "corp", pairs, {}, taken, {})
    assert set(found) == {each.pair for each in pairs}
    folded = [name.casefold() for name in (*found.values(), *taken, "default")]
    assert len(set(folded)) == len(found) + len({name.casefold() for name in (*taken, "default")})
    for name in found.values():
        helper_command.check_profile_name(name)
        assert re.fullmatch(r"[A-Za-z0-9_./@+][A-Za-z0-9_./@+-]*", name)
    again = list(pairs)
    shuffled.shuffle(again)
    assert sync_names.choose(template, "corp", again, {}, taken, {}) == found


def test_a_thousand_accounts_of_one_name_are_named_at_once() -> None:
    pairs = [named(f"{number:012}") for number in range(1000)]
    assert chosen(*pairs) == [f"main.Admin.{number:012}" for number in range(1000)]
