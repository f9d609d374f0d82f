"""The words of a `credential_process`, as botocore starts it: without a shell."""

import re
import sys

# Backslashes count only before a quote ("Parsing C++ command-line arguments", Microsoft C++).
_PIECE = re.compile(r'(?P<escapes>\\*)"|(?P<blanks>[ \t]+)|\\+|[^\\" \t]+')


def split(line: str, platform: str = sys.platform) -> list[str]:
    """The words of `line`: by the rules of a POSIX shell, on Windows by those of Windows' programs.

    Raises ValueError where a quote is not closed.
    """
    if platform != "win32":
        import shlex

        return shlex.split(line)
    words: list[str] = []
    word: str | None = None
    is_quoted = False
    for piece in _PIECE.finditer(line):
        text, escapes = piece.group(), piece["escapes"]
        if piece["blanks"] and not is_quoted:
            words += [] if word is None else [word]
            word = None
            continue
        if escapes is not None:
            text = "\\" * (len(escapes) // 2)
            if len(escapes) % 2:
                text += '"'
            else:
                is_quoted = not is_quoted
        word = (word or "") + text
    if is_quoted:
        raise ValueError("a quote is not closed")
    return words if word is None else [*words, word]
