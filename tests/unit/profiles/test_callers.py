"""The chain of callers, this helper's and the AWS CLI's, as one."""

import json
import os

import pytest

from assume_helper.errors import ConfigurationError
from assume_helper.hit import CALLERS
from assume_helper.profiles import callers

CONFIG = os.path.abspath("/home/me/.aws/config")


def chain(*steps: tuple[str, str]) -> str:
    return json.dumps(steps)


def by_helper(*names: str) -> list[tuple[str, str]]:
    return [(CONFIG, name) for name in names]


def loop(environ: dict[str, str], *names: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        callers.add(environ, CONFIG, names)
    return caught.value.message.removeprefix("the sources form a loop: ")


def test_what_the_aws_cli_ran_for_is_added_once() -> None:
    first = callers.add({callers.CLI_CHAIN: '"b, c"'}, CONFIG, ["a"])
    assert first[CALLERS] == chain(("", "b, c"), *by_helper("a"))
    second = callers.add({**first, callers.CLI_CHAIN: '"b, c",d'}, CONFIG, ["e"])
    assert second[CALLERS] == chain(("", "b, c"), *by_helper("a"), ("", "d"), *by_helper("e"))


def test_a_profile_that_the_aws_cli_runs_for_may_call_this_helper_for_itself() -> None:
    callers.add({callers.CLI_CHAIN: "dev"}, CONFIG, ["dev", "base"])


def test_a_loop_through_the_aws_cli_has_its_profiles_in_it() -> None:
    environ = {CALLERS: chain(*by_helper("a", "p")), callers.CLI_CHAIN: "b"}
    assert loop(environ, "a", "p") == "a -> p -> b -> a"


def test_a_profile_that_both_run_for_is_drawn_once() -> None:
    environ = {CALLERS: chain(*by_helper("one", "two")), callers.CLI_CHAIN: "one"}
    assert loop(environ, "one", "two") == "one -> two -> one"


@pytest.mark.parametrize(
    ("known", "drawn", "expected"),
    [
        ([], ["b", "b"], ["b", "b"]),
        ([], ["x", "b", "c", "b"], ["b", "c", "b"]),
        ([("", "b"), *by_helper("a", "p")], ["b", "b"], ["b", "a", "p", "b"]),
        ([("", "x"), ("", "b"), *by_helper("a", "p")], ["x", "b", "b"], ["b", "a", "p", "b"]),
        ([("", "dev"), *by_helper("dev", "p")], ["dev", "dev"], ["dev", "p", "dev"]),
        (by_helper("a", "p"), ["p", "p"], ["p", "p"]),
        # what cannot be: it is shown as it was said
        ([("", "b"), ("", "c")], ["z"], ["z"]),
        ([], ["a", "b"], ["a", "b"]),
    ],
)
def test_a_loop_that_the_aws_cli_found_is_drawn_from_where_it_begins(
    known: list[tuple[str, str]], drawn: list[str], expected: list[str]
) -> None:
    assert callers.closed_by_cli({CALLERS: chain(*known)}, drawn) == expected


@pytest.mark.parametrize("value", ["", "\n", '"', "a\rb"])
def test_a_chain_of_the_aws_cli_that_cannot_be_read_does_no_harm(value: str) -> None:
    callers.add({callers.CLI_CHAIN: value}, CONFIG, ["a"])
