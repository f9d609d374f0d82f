"""What PowerShell is given: in a real one, and by an interpreter of its documented rules, where there is none."""

import os
import re
from pathlib import Path

import pytest
from hostile_values import NASTY, many, named, values
from hypothesis import example, given
from hypothesis import strategies as st
from powershell import APPLIED, Evaluated, PowerShell

from assume_helper import answers
from assume_helper.export import shell_syntax

# PowerShell: about_Assignment_Operators, about_Quoting_Rules, about_Arithmetic_Operators.

QUOTES = "'\u2018\u2019\u201a\u201b"


def powershell(text: str) -> dict[str, str | None]:
    """What PowerShell makes of `text`, a line of statements. Raises ValueError for all else."""
    environ: dict[str, str | None] = {}
    rest = text.removesuffix("\n").removesuffix(";") + "; "
    if text and (text[-2:] != ";\n" or not text[:-1].isprintable()):
        raise ValueError(text)
    while rest.strip("; "):
        cleared = re.match(r"\$Env:(\w+) = \$null; ", rest, re.ASCII)
        if cleared:
            environ[cleared[1]] = None
            rest = rest[cleared.end() :]
            continue
        name = re.match(r"\$Env:(\w+) = (?=')", rest, re.ASCII)  # a string first: the left one decides what + means
        if name is None:
            raise ValueError(rest)
        rest = rest[name.end() :]
        units = b""
        while True:
            if rest[0] in QUOTES:
                end = 1
                while rest[end] not in QUOTES or rest[end + 1 : end + 2] in tuple(QUOTES):
                    end += 1 if rest[end] not in QUOTES else 2
                literal = re.sub(f"[{QUOTES}]([{QUOTES}])", r"\1", rest[1:end])
                units += literal.encode("utf-16-le")
                rest = rest[end + 1 :]
            else:
                number = re.match(r"\[char\]([0-9]+)", rest)
                if number is None:
                    raise ValueError(rest)
                units += int(number[1]).to_bytes(2, "little")
                rest = rest[number.end() :]
            if not rest.startswith(" + "):
                break
            rest = rest[3:]
        environ[name[1]] = units.decode("utf-16-le")
        if not rest.startswith("; "):
            raise ValueError(rest)
        rest = rest[2:]
    return environ


@many
@given(found=st.lists(values, max_size=12))
@example(found=NASTY)
def test_powershell_has_the_very_values_by_its_rules(found: list[str]) -> None:
    variables = named(found)
    text = shell_syntax.lines("powershell", variables)
    assert text.isascii(), "what else there is depends on the console's code page"
    assert powershell(text) == variables


def test_what_powershell_is_given() -> None:
    assert shell_syntax.lines("powershell", {"A": "it's", "B": None, "C": "", "D": "\n", "E": "a\u2019b"}) == (
        "$Env:A = 'it''s'; $Env:B = $null; $Env:C = ''; $Env:D = '' + [char]10; $Env:E = 'a' + [char]8217 + 'b';\n"
    )


# How people apply it. Each form hands the text over in another way: a line at a time, as a whole, or as an array.
WAYS = [
    *APPLIED,
    "{} | Invoke-Expression",
    "iex ({})",
    "{} | ForEach-Object {{ iex $_ }}",
    "& ([scriptblock]::Create((& {})))",
]
STRICT = "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; "


def in_powershell(
    pwsh: PowerShell, text: str, folder: Path, applied: str, before: str = "", **environ: str
) -> Evaluated:
    """What the real PowerShell has after it has applied the output of a program that prints `text`."""
    (folder / "lines").write_bytes(text.encode())
    given = {"PATH": os.environ["PATH"], "HOME": str(folder)} | environ
    found = pwsh.run(before + applied.format("/bin/cat lines"), given, folder)
    assert (found.failed, found.errors, found.output) == (None, [], [])
    assert not (folder / "pwned").exists()
    return found


@many
@given(found=st.lists(values, max_size=12))
@example(found=NASTY)
def test_the_real_powershell_has_the_very_values(pwsh: PowerShell, found: list[str], tmp_path: Path) -> None:
    variables = named(found)
    environ = in_powershell(pwsh, shell_syntax.lines("powershell", variables), tmp_path, APPLIED[0]).environ
    assert {name: environ.get(name) for name in variables} == variables


@pytest.mark.parametrize("before", ["", STRICT], ids=["", "strict"])
@pytest.mark.parametrize("applied", WAYS)
def test_the_real_powershell_has_them_however_they_are_applied(
    pwsh: PowerShell, tmp_path: Path, applied: str, before: str
) -> None:
    variables = named(NASTY)
    text = shell_syntax.lines("powershell", {**variables, "THERE": None, "NOT_THERE": None, "EMPTY": None})
    environ = in_powershell(pwsh, text, tmp_path, applied, before, THERE="1", EMPTY="", NEXT="2").environ
    assert {name: environ.get(name) for name in variables} == variables
    assert environ["NEXT"] == "2"
    assert not {"THERE", "NOT_THERE", "EMPTY"} & environ.keys()


@pytest.mark.parametrize("before", ["", STRICT], ids=["", "strict"])
@pytest.mark.parametrize("applied", WAYS)
def test_a_failure_stops_the_real_powershell_and_leaves_no_old_value(
    pwsh: PowerShell, tmp_path: Path, applied: str, before: str
) -> None:
    (tmp_path / "lines").write_text(answers.failing("powershell", ["OLD", "EMPTY", "NOT_THERE"]))
    given = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OLD": "1", "EMPTY": "", "NEXT": "2"}
    found = pwsh.run(before + applied.format("/bin/cat lines") + "; 'went on'", given, tmp_path)
    assert found.failed is not None
    assert "assume-helper env has failed" in found.failed
    assert found.output == []
    assert not {"OLD", "EMPTY", "NOT_THERE"} & found.environ.keys()
    assert found.environ["NEXT"] == "2"
