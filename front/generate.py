"""Writes what the native front knows of the Python program as a C header: `python front/generate.py HEADER`.

Names, options, syntax, scripts, times and the version come from the package's own modules, which need the standard
library alone. So there is one truth, and the front is built anew where it changes.
"""

import os
import sys
from collections.abc import Iterable, Mapping

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True

from assume_helper import answers, hit
from assume_helper.cli import shell_functions, tab
from assume_helper.cli.completion_scripts import SCRIPTS
from assume_helper.sessions import herd_gate, refresh_ahead, time_budget

_KINDS = {answers.FLAG: "OPTION_FLAG", answers.VALUE: "OPTION_VALUE", answers.PATH: "OPTION_PATH"}


def literal(text: str) -> str:
    """`text` as a C string literal: short pieces, one line of the text each."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "?": "\\?"}
    pieces = [
        "".join(escapes.get(character, character) for character in line) for line in text.splitlines(keepends=True)
    ]
    return "\n    ".join(f'"{piece}"' for piece in pieces) or '""'


def strings(name: str, values: Iterable[str]) -> str:
    """An array of strings that ends with NULL."""
    lines = "".join(f"    {literal(value)},\n" for value in values)
    return f"const char *const {name}[] = {{\n{lines}    NULL,\n}};\n"


def scripts(name: str, texts: Mapping[str, str]) -> str:
    """A table of the texts that are printed for each shell."""
    lines = "".join(f'    {{"{shell}",\n    {literal(text)}}},\n' for shell, text in texts.items())
    return f"const struct pair {name}[] = {{\n{lines}    {{NULL, NULL}},\n}};\n"


def header() -> str:
    """The whole header."""
    numbers = {
        "LARGEST_FILE": hit.LARGEST_FILE,
        "LARGEST_NAMES": tab.LARGEST,
        "STALE_SECONDS": herd_gate._STALE,
        "POLL_MILLISECONDS": round(herd_gate._POLL * 1000),
        "GATE_WITH_CACHE": round(time_budget.GATE_WITH_CACHE),
        "GATE_WITHOUT_CACHE": round(time_budget.GATE_WITHOUT_CACHE),
        "BACK_OFF_SHORTEST": round(time_budget.BACK_OFF[0]),
        "BACK_OFF_LONGEST": round(time_budget.BACK_OFF[1]),
        "REFRESH_SLOTS": refresh_ahead._SLOTS,
        "MOST_TRIES": refresh_ahead._MOST_TRIES,
        "LONGEST_TRIES": refresh_ahead._LONGEST,
        "LONGEST_FUNCTION": shell_functions._LONGEST_NAME,
        "LONGEST_CMD_VALUE": answers._LONGEST_VALUE_OF_CMD,
    }
    texts = {
        "VERSION": answers.VERSION,
        "SEAL": (hit._MAGIC + b"%d " % hit.FORMAT).decode(),
        "STAMP_FORMAT": hit._STAMP_FORMAT,
        "NAMES_FORMAT": tab._FORMAT,
        "NAMES_SUFFIX": tab.SUFFIX,
        "GATE_SUFFIX": herd_gate.SUFFIX,
        "AHEAD_SUFFIX": hit.AHEAD_SUFFIX,
        "ABSENT": hit.ABSENT,
        "FULL_WAY": hit.FULL_WAY,
        "CALLERS": hit.CALLERS,
        "LOG_HITS": answers.LOG_HITS,
        "INSIDE": answers.INSIDE,
        "FOR_PROMPTS": answers.FOR_PROMPTS,
        "NO_INPUT": answers.NO_INPUT,
        "BY_ENV": answers.BY_ENV,
        "SHELL_OPTION": answers.SHELL,
        "FOLDER": answers.FOLDER,
        "REFRESH_OPTION": refresh_ahead.OPTION,
        "FUNCTION": shell_functions.COMMAND,
        "USUAL_FUNCTION": shell_functions.DEFAULT_COMMAND,
    }
    parts = [
        "/* Written by front/generate.py from the Python package. */\n#ifndef GENERATED_H\n#define GENERATED_H\n\n"
    ]
    parts += [f"#define {name} {number}\n" for name, number in numbers.items()]
    parts += [f"#define {name} {literal(text)}\n" for name, text in texts.items()]
    parts.append("\n#endif\n\n#ifdef WITH_SCRIPTS\n")
    parts.append(scripts("SCRIPTS", SCRIPTS))
    parts.append(scripts("FUNCTIONS", shell_functions.FUNCTIONS))
    parts.append("#endif\n\n#ifdef WITH_TABLES\n")
    parts.append(strings("WATCHED", hit.WATCHED))
    parts.append(strings("CREDENTIALS", answers.CREDENTIALS))
    parts.append(strings("IDENTITY", answers.IDENTITY))
    parts.append(strings("STALE", answers.STALE))
    parts.append(strings("ALWAYS_CLEARED", answers.ALWAYS_CLEARED))
    parts.append(strings("CONTAINER", answers.CONTAINER))
    parts.append(strings("TAB_COMMANDS", tab.COMMANDS))
    parts.append(strings("NO_FUNCTIONS", shell_functions.NO_FUNCTIONS))
    parts.append("const struct option OPTIONS[] = {\n")
    for command, options in answers.SESSION_OPTIONS.items():
        parts += [f'    {{"{command}", "{name}", {_KINDS[kind]}}},\n' for name, kind in options.items()]
    parts.append("    {NULL, NULL, OPTION_FLAG},\n};\n")
    parts.append("const struct handed_on HANDED_ON[] = {\n")
    for mark, names in answers.HANDED_ON.items():
        both = [f'"{name}"' for name in names] + ["NULL"] * (2 - len(names))
        parts.append(f'    {{"{mark}", {{{", ".join(both)}}}}},\n')
    parts.append("    {NULL, {NULL, NULL}},\n};\n")
    parts.append("const struct syntax SYNTAX[] = {\n")
    for shell, (before, between, behind, setting, clearing) in answers.SYNTAX.items():
        failing = answers.FAILING.get(shell)
        texts_ = [before, between, behind, setting, clearing, *(failing or [None] * 4)]
        written = ", ".join("NULL" if text is None else literal(text).replace("\n    ", " ") for text in texts_)
        parts.append(f'    {{"{shell}", {written}}},\n')
    parts.append("    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL},\n};\n")
    parts.append("const struct pair KNOWN_AS[] = {\n")
    parts += [f'    {{"{name}", "{shell}"}},\n' for name, shell in answers.KNOWN_AS.items()]
    parts.append("    {NULL, NULL},\n};\n#endif\n")
    return "".join(parts)


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="ascii", newline="\n") as file:
        file.write(header())
