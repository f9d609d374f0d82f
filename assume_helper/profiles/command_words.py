"""The words of a command, as a `credential_process` is split before it is started: without a shell, as botocore does.

On Windows by the rules of its C runtime, where a backslash is part of a path, and single quotes are nothing.
"""

import re
import sys

# A part of a word: what double quotes hold (to the end, where they are not closed), backslashes before a quote, the
# rest.
_PART = re.compile(r'(\\*)"|(\\+)|([^\\"]+)')


def split(command: str, platform: str = sys.platform) -> list[str]:
    """The words of `command`. Raises ValueError for a quote that is not closed."""
    if platform == "win32":
        return _windows(command)
    import shlex

    return shlex.split(command)


def _windows(command: str) -> list[str]:
    words: list[str] = []
    word: str | None = None
    is_quoted = False
    for slashes, others, text in _PART.findall(command):
        if others:
            word = (word or "") + others
        elif text and is_quoted:
            word = (word or "") + text
        elif text:
            for blanks, bare in re.findall(r"([ \t]+)|([^ \t]+)", text):
                if bare:
                    word = (word or "") + bare
                elif blanks and word is not None:
                    words.append(word)
                    word = None
        else:
            # Two backslashes before a quote are one; the last of an odd number takes the quote's meaning away.
            word = (word or "") + "\\" * (len(slashes) // 2) + '"' * (len(slashes) % 2)
            is_quoted ^= not len(slashes) % 2
    if is_quoted:
        raise ValueError("no closing quotation")
    return words if word is None else [*words, word]
