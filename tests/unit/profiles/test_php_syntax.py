"""What PHP cannot read. That PHP's own parser says the same is in tests/integration/test_php.py."""

import pytest

from assume_helper.profiles.php_syntax import problems, unread_profiles


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profile a]\n  # b (c\n", "reads no credentials of the config: line 2 has '(' in a comment"),
        ("[profile a] # b (c\nk = v\n", "line 1 has '(' in a comment"),
        ("[profile a]\nk = v\n# b (c", "line 3 has '(' in a comment"),
        ("[profile a]\nk(x = v\n", "line 2 has '(' in a key"),
        ("[profile a]\nnull = v\n", "line 2 has a word of PHP's own in a key"),
        ("[profile a]\nk = a=b\n", "ignores all settings of the config: line 2 has = outside of double quotes"),
        ("[profile a;b]\nk = v\n", "line 1 has a quote or semicolon in its header"),
        ('[profile a]\ncredential_process = x "b;c" d\n', "line 2 has ';' in the command"),
        ("[profile a]\nk = a=b\n# c\n  # d ~\n", "reads no credentials of the config: line 4"),
    ],
)
def test_the_worst_is_named_with_its_line(text: str, words: str) -> None:
    (problem,) = problems(text)
    assert words in problem.what
    assert problem.next_step


@pytest.mark.parametrize("text", ["", "# a (b\n[profile a]\nk = v\n", '[profile a]\nk = "a=b;c"\n; d (e\n'])
def test_what_php_reads_is_no_problem(text: str) -> None:
    assert problems(text) == []


def test_profiles_that_php_does_not_find() -> None:
    text = '[default]\n[profile a]\n[profile "b c"]\n[profile  d]\n'
    assert unread_profiles(text) == {
        "default": "does not read [default]",
        "b c": "takes a name with blanks or quotes for another one",
        "d": "takes a name with blanks or quotes for another one",
    }
    assert unread_profiles("[profile default]\n") == {}
