"""A `credential_process`, checked as each kind of client runs it: split into words, or by `sh -c`.

botocore (boto3, the AWS CLI) splits the line itself; all other SDKs pass it to a shell. Both read the same way: an
absolute path, double quotes around blanks, and no character that is special to a shell.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping

from assume_helper.doctor.check import Check, Status
from assume_helper.doctor.config_files import process_line
from assume_helper.profiles import command_words, helper_command
from assume_helper.profiles.helper_command import PACKAGE_PATH, PYTHON_SCRIPT, HelperCommand
from assume_helper.system import process
from assume_helper.system.environment import for_child
from assume_helper.text import has_comment, printable, redacted, typed

# Seconds for a program to print its version: a hung one is found, a busy machine's is not taken for one.
_PATIENCE = 30.0
_LONGEST_LINE = 4096
# What a program of Linux or macOS begins with. (On Windows the console script is a program, too.)
_PROGRAM = (b"\x7fELF", b"\xcf\xfa\xed\xfe")
# Characters that are special to a shell outside of quotes; and those that are special within double quotes too.
_TO_A_SHELL = re.compile(r"[;|&<>()*?\[\]\n]|(?<!\S)#")
_TO_A_SHELL_IN_QUOTES = re.compile(r"[$`]")
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|\\.", re.DOTALL)


def credential_process(command: str, name: str, environ: Mapping[str, str], *, start: bool) -> list[Check]:
    """The checks of the `credential_process` of the profile `name`.

    `start`: if it is this helper, start it both ways and ask for its version. The program's arguments may be secrets
    and are never shown.
    """
    whose = f"the credential_process of [{printable(name, 64)}]"
    if has_comment(_QUOTED.sub("x", command)):
        what = f"{whose} has a comment behind it: boto3 and the AWS CLI hand its words to the program"
        return [Check("process", "fail", what, "put the comment on a line of its own")]
    try:
        words = command_words.split(command)
    except ValueError:
        what = f"{whose} has an unclosed quote: no client can run it"
        return [Check("process", "fail", what, f"close the quote in [{printable(name, 64)}]")]
    if not words:
        return [Check("process", "fail", f"{whose} is empty", f"write {process_line(name, environ)}")]
    program = redacted(words[0]) if "=" not in words[0] else "its first word"
    special = _shell_syntax(command)
    if special:
        what = f"{whose} has {special}: boto3 and the AWS CLI take it literally, a shell in all other SDKs does not"
        # In the program's name it keeps one kind of client or the other from finding the program.
        in_program = words[0].startswith("~") or "$" in words[0] or "=" in words[0]
        status: Status = "fail" if in_program else "warn"
        if words[0].startswith("~/"):
            mend = f"write {printable(os.path.expanduser(words[0]))} in place of {program}"
        else:
            mend = "write absolute paths without ~ or $; put what needs a shell into a script"
        return [Check("process", status, what, mend)]
    path, check = _program(words[0], whose, name, environ)
    if path is None:
        return [check] if check is not None else []
    ours = helper_command.recognise(words)
    results = (
        check,
        _interpreter(path, whose),
        _ours(ours, path, whose, name, environ),
        _leading_quote(command, whose, sys.platform),
    )
    checks = [found for found in results if found]
    if any(found.status == "fail" for found in checks):
        return checks
    if start and ours is not None:
        checks.append(_started(ours, command, whose, environ))
    return checks or [Check("process", "ok", f"{whose} runs {program}, with a shell and without")]


def _shell_syntax(command: str) -> str:
    """What in `command` is special to a shell, in words; empty where nothing is."""
    if sys.platform == "win32":  # it has no sh
        return ""
    bare = _QUOTED.sub("", command)
    in_quotes = "".join(part for part in _QUOTED.findall(command) if part.startswith('"'))
    if re.search(r"(^|\s)~", bare):
        return "a ~"
    if _TO_A_SHELL_IN_QUOTES.search(bare + in_quotes.replace("\\$", "").replace("\\`", "")):
        return "a $ or a backquote"
    found = _TO_A_SHELL.search(bare)
    if found:
        return f"a {found.group()!r}"
    return "a variable before the program" if re.match(r"\s*[A-Za-z_]\w*=", command) else ""


def _leading_quote(command: str, whose: str, platform: str) -> Check | None:
    """The check of a leading quote, which some clients strip (measured with each)."""
    if not command.lstrip().startswith('"'):
        return None
    what = (
        f"{whose} begins with a double quote, which Go v1 and rclone strip (PHP too, with one at the end): they run "
        "another command"
    )
    mend = 'begin with /, and quote only the parts with blanks: /path/to/"my tools"/assume-helper'
    if platform == "win32":
        mend = "write the path without quotes; where it has blanks, install assume-helper in a folder without any"
    return Check("process", "warn", what, mend)


def _program(word: str, whose: str, name: str, environ: Mapping[str, str]) -> tuple[str | None, Check | None]:
    """The program's path, None where it cannot run; and the check of how it is named."""
    program = redacted(word)
    if not os.path.dirname(word):
        path = shutil.which(word, path=environ.get("PATH", os.defpath))
        if path is None:
            what = f"{whose} runs {program}, which is not on the PATH"
            return None, Check(
                "process", "fail", what, f"give its absolute path, such as {process_line(name, environ)}"
            )
        what = f"{whose} runs {program}, found on this PATH: desktop programs and services have another PATH"
        return path, Check("process", "warn", what, f"write {printable(path)} in place of {program}")
    if not os.path.isabs(word):
        what = f"{whose} runs {program}, which depends on the working directory"
        return None, Check("process", "fail", what, f"give its absolute path, such as {process_line(name, environ)}")
    if not os.path.isfile(word):
        what = f"{whose} runs {program}, which does not exist" + (" (it is a folder)" if os.path.isdir(word) else "")
        return None, Check("process", "fail", what, f"correct the path, such as {process_line(name, environ)}")
    if not os.access(word, os.X_OK):
        what = f"{whose} runs {program}, which is not executable"
        return None, Check("process", "fail", what, f"chmod +x {shlex.quote(printable(word))}")
    return word, None


def _first_lines(path: str) -> list[bytes]:
    """The first two lines of a file, cut where they are too long to be a script's; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return [file.readline(_LONGEST_LINE) for _ in range(2)]
    except OSError:
        return []


def _entry_point(path: str) -> str:
    """The Python entry point beside the front, if the program at `path` is the front; else the path itself."""
    is_front = helper_command.recognise([path]) is not None and b"".join(_first_lines(path)).startswith(_PROGRAM)
    return os.path.join(os.path.dirname(os.path.realpath(path)), PYTHON_SCRIPT) if is_front else path


def _interpreter_of(path: str) -> str | None:
    """The interpreter that a script's first line names.

    pip and uv write one that is too long for that, or has blanks, as a shell's command on the second line.
    """
    lines = [line.decode("utf-8", "replace") for line in _first_lines(path)]
    words = lines[0][2:].split() if lines and lines[0].startswith("#!") else []
    if words == ["/bin/sh"]:
        try:
            second = shlex.split(lines[1])
        except ValueError:
            second = []
        words = second[1:] if second[:1] == ["exec"] and "python" in "".join(second[1:2]) else words
    return words[0] if words else None


def _interpreter(path: str, whose: str) -> Check | None:
    """The check of a script's interpreter: it is gone where an environment was deleted or an upgrade moved it."""
    script = _entry_point(path)
    if not os.path.isfile(script):
        what = f"{whose} runs {redacted(path)}, and {PYTHON_SCRIPT} is not beside it"
        return Check("process", "fail", what, "install assume-helper again")
    interpreter = _interpreter_of(script)
    if interpreter is None or os.path.exists(interpreter):
        return None
    what = f"{whose} runs {redacted(path)}, a script for {redacted(interpreter)}, which no longer exists"
    return Check("process", "fail", what, "install that program again, or correct the path")


def _ours(ours: HelperCommand | None, path: str, whose: str, name: str, environ: Mapping[str, str]) -> Check | None:
    """What is wrong with a command of this helper; None where nothing is wrong, or another program is run."""
    if ours is None:
        return None
    if not ours.gets or len(ours.arguments) < 2:
        what = f"{whose} runs this helper without `get NAME`"
        return Check("process", "fail", what, f"write {process_line(name, environ)}")
    if "-m" in ours.program and not {"-I", "-P"} & set(ours.program):
        what = f"{whose} runs Python with -m, which looks for programs in the folder that it is called in"
        return Check("process", "warn", what, f"write {process_line(name, environ)}")
    module = ours.module_path
    if module is not None and not os.path.isfile(module):
        what = f"{whose} runs {printable(module)}, which no longer exists: an upgrade moved it"
        mend = f"write {printable(os.path.join(PACKAGE_PATH, '__main__.py'))} in its place"
        return Check("process", "fail", what, mend)
    if not _is_this_installation(module, path):
        what = f"{whose} runs another installation of this helper than this one"
        return Check("process", "warn", what, f"run that one's doctor, or write {process_line(name, environ)}")
    if ours.starts_python and helper_command.has_front():
        what = f"{whose} starts Python also for what the program assume-helper answers by itself, far faster"
        mend = f"run `assume-helper configure {typed(printable(name, 64))} --fastest`"
        return Check("process", "warn", what, mend)
    return None


def _is_this_installation(module: str | None, path: str) -> bool:
    """Whether a command runs this installation of the helper: by its `module`, else by the program at `path`.

    One whose interpreter is not there, or is no Python, is taken for it: another check says what is wrong.
    """
    if module is not None:
        return os.path.realpath(os.path.dirname(module)) == os.path.realpath(PACKAGE_PATH)
    interpreter = _interpreter_of(_entry_point(path))
    if interpreter is None or "python" not in interpreter or not os.path.exists(interpreter):
        return True
    return _same_folder(interpreter, sys.executable)


def _same_folder(one: str, other: str) -> bool:
    return os.path.realpath(os.path.dirname(one)) == os.path.realpath(os.path.dirname(other))


def _started(ours: HelperCommand, command: str, whose: str, environ: Mapping[str, str]) -> Check:
    """Start this helper as each kind of client does, and have it print its version."""
    forms = {"without a shell": [*ours.program, "--version"]}
    shell = shutil.which("sh", path=environ.get("PATH", os.defpath))
    if shell is not None:
        before = re.split(r"\sget\s", command)[0]
        forms["by sh -c"] = [shell, "-c", f"{before} --version"]
    printed = ""
    for form, line in forms.items():
        try:
            finished = process.run(line, for_child(environ), _PATIENCE)
        except TimeoutError:
            what = f"{whose}, started {form}, prints no version within {_PATIENCE:.0f} s"
            return Check("process", "fail", what, "install assume-helper again")
        except OSError as error:
            what = f"{whose} cannot be started {form} ({printable(error.strerror or 'not a program')})"
            return Check("process", "fail", what, "install assume-helper again, or correct the path")
        printed = redacted(finished.stdout.decode("utf-8", "replace"))
        if finished.returncode != 0 or not printed.startswith("assume-helper "):
            what = f"{whose}, started {form}, prints no version (exit {finished.returncode})"
            return Check("process", "fail", what, "install assume-helper again, or correct the path")
    return Check("process", "ok", f"{whose} runs {redacted(ours.program[0])} ({printed}), {' and '.join(forms)}")
