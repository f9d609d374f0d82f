"""How Windows starts a command: `npm` is npm.cmd there, and a batch file is read by cmd.

CreateProcess adds only `.exe`, and looks beside this Python before PATH: `python` would be ours. So the program is
looked for as cmd does, by PATH and PATHEXT. A batch file's words are read by cmd, which may take a part of one for a
command of its own: what it would is put in quotes, or refused.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from assume_helper.errors import ProgramNotRunnable
from assume_helper.text import printable

_OF_CMD = re.compile(r"[&|<>^()]")


def of(command: Sequence[str], environ: Mapping[str, str], platform: str = sys.platform) -> "list[str] | str":
    """What to give to `subprocess.Popen` for `command`, which is to run in `environ`: on other systems, its words.

    Raises ProgramNotRunnable for words that no batch file can be given.
    """
    if platform != "win32":
        return list(command)
    program = shutil.which(command[0], path=environ.get("PATH")) or command[0]
    words = [program, *command[1:]]
    return batch_line(words) if os.path.splitext(program)[1].lower() in (".bat", ".cmd") else words


def batch_line(words: Sequence[str]) -> str:
    """The command line for a batch file and its arguments. Raises ProgramNotRunnable."""
    typed = " ".join(words)
    # In a quote's reach cmd and the program may differ; within quotes, too, cmd replaces %NAME%.
    if re.search(r"[\r\n]", typed) or typed.count("%") > 1 or ('"' in typed and _OF_CMD.search(typed)):
        what = f"{printable(words[0])} is a batch file, and cmd would change its arguments"
        raise ProgramNotRunnable(what, "leave out line breaks, %, and quotes beside any of & | < > ^ ( )")
    return " ".join(_quoted(word) if _OF_CMD.search(word) else subprocess.list2cmdline([word]) for word in words)


def _quoted(word: str) -> str:
    at_the_end = word[len(word.rstrip("\\")) :]  # backslashes, which would escape the quote
    return f'"{word}{at_the_end}"'
