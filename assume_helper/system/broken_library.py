"""A library that cannot be imported: why, what mends it, and one more try while an installer is replacing it.

What a caller sets for Python programs of his own can be the reason (PYTHONPATH, PYTHONHOME), or for any program of his
(LD_LIBRARY_PATH); then the line names that variable. This module imports nothing that could be broken, too.
"""

import importlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType, TracebackType

# Where the dynamic loader looks first, on Linux and on macOS.
_OF_THE_LOADER = (
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_FALLBACK_LIBRARY_PATH",
)
# Modules of the standard library that need libraries of the system.
_EXTENSIONS = ("_ssl", "_hashlib", "zlib", "_ctypes")
# Seconds. An installer that replaces a package takes its files away, and then writes the new ones.
_LONGEST_WAIT = 3.0
_FOR_THE_REST = 0.5
_POLL = 0.1
# Given to the interpreter (`-X`) for the second try: unlike a variable it does not reach the programs that are started.
_SECOND_TRY = "assume_helper_second_try"
_LONGEST_REASON = 120

Exec = Callable[[str, list[str], Mapping[str, str]], int]


def is_reason(error: BaseException) -> bool:
    """Whether `error` comes from a library that is missing, half there, or another one of the same name."""
    if isinstance(error, ImportError | SyntaxError):
        return True
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        return True
    codes = [frame.tb_frame.f_code for frame in _frames(error.__traceback__)[1:]]
    is_importing = any(code.co_name == "<module>" or code.co_filename.startswith("<frozen importlib") for code in codes)
    return isinstance(error, Exception) and is_importing


def line(error: BaseException, environ: Mapping[str, str], folders_of_caller: list[str]) -> str:
    """What happened and what to do, in one line. `folders_of_caller` are those that PYTHONPATH brought in."""
    of_loader = _of_the_loader(error)
    error = of_loader or error
    name, reason = _name(error), _reason(error)
    for path in reversed(_files(error)):
        for folder in folders_of_caller:
            if path.startswith(os.path.join(folder, "")):
                return (
                    f"{name} comes from {_printable(folder)}, a folder in PYTHONPATH, and does not work here{reason}; "
                    "unset PYTHONPATH for this program, or take that folder out of it"
                )
    variables = [each for each in _OF_THE_LOADER if of_loader is not None and environ.get(each)]
    if environ.get("PYTHONHOME") and not sys.flags.ignore_environment:
        variables.append("PYTHONHOME")
    if variables:
        unset = " ".join(f"-u {variable}" for variable in variables)
        return (
            f"{name} cannot be loaded{reason}, and {' and '.join(variables)} may be the reason; unset "
            f"{' and '.join(variables)} for this program: `env {unset} assume-helper ...`"
        )
    if of_loader is not None:
        return f"{name} cannot be loaded{reason}; install Python's own libraries again, or another Python"
    return (
        f"{name} is not installed for {_printable(sys.executable)}, or only in part{reason}: it may be about to be "
        "replaced; try again in a minute, then install assume-helper again"
    )


def may_try_again(error: BaseException, environ: Mapping[str, str], folders_of_caller: list[str]) -> bool:
    """Whether the library may be there in a moment: not on the second try, nor where a variable is the reason."""
    is_first = _SECOND_TRY not in sys._xoptions and bool(sys.executable) and bool(sys.orig_argv)
    return is_first and " is not installed for " in line(error, environ, folders_of_caller)


def try_again(
    error: BaseException,
    environ: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
    run: Exec | None = None,
) -> int:
    """Run this program once more, in this one's place, when the library is there again, or after a moment.

    `environ` is the environment as this process got it. Returns the exit code where the system cannot replace a
    process; otherwise it returns only by OSError.
    """
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    waited = 0.0
    while missing is not None and waited < _LONGEST_WAIT and not _is_there(missing):
        sleep(_POLL)
        waited += _POLL
    sleep(_FOR_THE_REST)  # its other files
    words = [sys.executable, "-X", _SECOND_TRY, *sys.orig_argv[1:]]
    return (run or _run)(sys.executable, words, environ)


if sys.platform == "win32":

    def _run(program: str, words: list[str], environ: Mapping[str, str]) -> int:
        """Windows does not replace a process: whoever started it would take it for ended."""
        import subprocess

        return subprocess.run(words, executable=program, env=dict(environ), check=False).returncode

else:

    def _run(program: str, words: list[str], environ: Mapping[str, str]) -> int:
        os.execve(program, words, dict(environ))  # noqa: S606


def _is_there(name: str) -> bool:
    from importlib.util import find_spec

    importlib.invalidate_caches()
    try:
        return find_spec(name) is not None
    except Exception:  # noqa: BLE001 - a package around it is half there
        return False


def _frames(traceback: TracebackType | None) -> list[TracebackType]:
    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found


def _files(error: BaseException) -> list[str]:
    """The files that the error came through, and the one that was imported."""
    files = [frame.tb_frame.f_code.co_filename for frame in _frames(error.__traceback__)]
    if isinstance(error, ImportError) and error.path:
        files.append(error.path)
    if isinstance(error, SyntaxError) and error.filename:
        files.append(error.filename)
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        files += [getattr(error.obj, "__file__", None) or "", *getattr(error.obj, "__path__", [])]
    if isinstance(error, ImportError) and error.name in sys.modules:
        files.append(getattr(sys.modules[error.name], "__file__", None) or "")
    return [os.path.abspath(file) for file in files if file]


def _name(error: BaseException) -> str:
    """The module that is at fault, as far as it is known."""
    name: str | None = None
    if isinstance(error, ImportError):
        name = error.name
    elif isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        name = error.obj.__name__
    elif isinstance(error, SyntaxError) and error.filename:
        name = error.filename
    if name is None:
        inner = [frame for frame in _frames(error.__traceback__) if frame.tb_frame.f_code.co_name == "<module>"]
        name = str(inner[-1].tb_frame.f_globals.get("__name__")) if inner else "a library"
    return _printable(name)


def _reason(error: BaseException) -> str:
    """Why, where that is more than that it is missing."""
    if isinstance(error, ModuleNotFoundError):
        return ""
    text = _printable(str(error).partition("\n")[0])[:_LONGEST_REASON]
    return f" ({text})" if text else ""


def _of_the_loader(error: BaseException) -> ImportError | None:
    """The dynamic loader's refusal of an extension module, None where there is none.

    Some libraries do without a module that cannot be loaded, until they need a part of it: then the error is another
    one, and the modules are asked for by themselves.
    """
    seen: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner not in seen:
        seen.append(inner)
        inner = inner.__cause__ or inner.__context__
    for module in _EXTENSIONS:
        try:
            importlib.import_module(module)
        except ImportError as problem:
            seen.append(problem)
    return next(
        (
            each
            for each in seen
            if isinstance(each, ImportError)
            and (each.path or "").endswith(tuple(EXTENSION_SUFFIXES))
            and not str(each).startswith("cannot import name")
        ),
        None,
    )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
