"""The backup: the config file before the last change; of one with a key or a token in it, the changed lines alone."""

import re

from assume_helper.configure.difference import difference
from assume_helper.text import printable

# Words of a key's name, or of a comment, that a secret stands beside.
_NAMED = re.compile(
    r"(?i)secret|passw|passphrase|(?:session|security|auth|access|refresh|bearer|api)[_ -]?token|api[_ -]?key"
)
# A secret access key, and a session token.
_LONG = re.compile(r"(?<![\w/+=.-])(?:[A-Za-z0-9/+]{40}|[\w/+=-]{100,})(?![\w/+=.-])")


def holds_secret(text: str) -> bool:
    """Whether the config file's `text` has a key or a token in it, also in a comment."""
    return _NAMED.search(text) is not None or any(_is_mixed(found) for found in _LONG.findall(text))


def content(before: str, after: str, path: str) -> str:
    """What the backup of the file at `path` holds.

    `before` itself, or the lines that `after` changes, with secrets covered, where it has a key or a token in it.
    """
    if not holds_secret(before):
        return before
    head = (
        f"# What assume-helper changed last in {printable(path)}, as diff prints it.\n"
        "# The file holds a key or a token, so there is no copy of it.\n"
    )
    return head + "".join(line + "\n" for line in difference(before, after, path, context=0))


def _is_mixed(word: str) -> bool:
    """Whether a word has upper case, lower case and digits in it, as a secret has and a name or a path has not."""
    return all(any(test(c) for c in word) for test in (str.isupper, str.islower, str.isdigit))
