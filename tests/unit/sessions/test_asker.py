"""Who asks: a mark of the environment that tells nothing of it."""

import pytest

from assume_helper import hit
from assume_helper.sessions import asker

ENVIRON = {"HOME": "/home/me", "AWS_SESSION_TOKEN": "a-secret-token"}


def test_a_mark_is_that_of_the_same_environment(  # whatever its order
) -> None:
    mark = asker.mark(ENVIRON)
    assert asker.matches(mark, dict(reversed(ENVIRON.items())))
    assert asker.mark(ENVIRON) != mark, "it is salted"


@pytest.mark.parametrize(
    "changed", [{"AWS_SESSION_TOKEN": "another"}, {"HTTPS_PROXY": "http://127.0.0.1:9"}, {"HOME": ""}, {"HOME ": ""}]
)
def test_another_environment_is_another_asker(changed: dict[str, str]) -> None:
    assert not asker.matches(asker.mark(ENVIRON), ENVIRON | changed)
    assert not asker.matches(asker.mark(ENVIRON | changed), ENVIRON)


@pytest.mark.parametrize("name", ["_", "SHLVL", hit.CALLERS])
def test_what_differs_between_processes_of_one_asker_does_not_count(name: str) -> None:
    assert asker.matches(asker.mark(ENVIRON), ENVIRON | {name: "7"})


def test_what_else_it_depends_on_counts() -> None:
    assert asker.matches(asker.mark(ENVIRON, "/dev/pts/1"), ENVIRON, "/dev/pts/1")
    assert not asker.matches(asker.mark(ENVIRON, "/dev/pts/1"), ENVIRON, "/dev/pts/2")
    assert not asker.matches(asker.mark(ENVIRON, "/dev/pts/1"), ENVIRON)


def test_a_value_that_is_no_text_has_a_mark() -> None:
    environ = {"A": "\udcff"}
    assert asker.matches(asker.mark(environ), environ)


def test_no_mark_is_everybody_s() -> None:
    assert asker.matches("", ENVIRON)


@pytest.mark.parametrize("mark", ["0", "zz", "00" * 16, "00" * 40, " ", "é"])
def test_what_is_no_mark_is_nobody_s(mark: str) -> None:
    assert not asker.matches(mark, ENVIRON)
