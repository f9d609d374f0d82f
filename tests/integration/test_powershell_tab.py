"""TAB in a real PowerShell: as pressed in PSReadLine on a terminal, and as its engine completes a line."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import powershell
import pytest
from powershell import APPLIED, PowerShell
from powershell_terminal import Terminal
from running import SCRIPT, Home

# What is typed before TAB, and the profile that it becomes: bare, within a quote that is open or closed, with escapes.
# fmt: off
BARE = {
    "sho": "short", "tw": "two words", "acc:p": "acc:prod", "at@h": "at@home", "it": "it's", "st": "st*r",
    "mo": "mo$HOME", "gr": "grün", "pa": "pa(1);x", "bac": "back`tick", "do": 'dou"ble', "cu": "curly\u2019s",
}
# fmt: on
NAMES = [*BARE.values(), "acc:test"]
QUOTED = {f"{quote}{typed}": name for typed, name in BARE.items() for quote in "'\""} | {
    "'tw'": "two words",
    '"two w': "two words",
    "two` w": "two words",
    "'two w": "two words",
    "'it''": "it's",
    "\"it'": "it's",
    "'mo$": "mo$HOME",
    '"mo`$': "mo$HOME",
    '"back``t': "back`tick",
    "'back`t": "back`tick",
    "'dou\"": 'dou"ble',
    "\u2018tw": "two words",
    "\u201ctw": "two words",
}
LOAD = f"{SCRIPT} completion powershell"


@pytest.fixture
def many(home: Home) -> Home:
    home.credentials.write_text("".join(f"[{name}]\nregion = x\n" for name in NAMES), encoding="utf-8")
    home.environ |= {"PATH": f"{Path(SCRIPT).parent}:{home.environ['PATH']}", "LC_ALL": "C.UTF-8", "TERM": "xterm"}
    return home


@pytest.fixture(scope="module", autouse=True)
def _before_this_file_and_after(pwsh: PowerShell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No completer of another test's."""
    folder = tmp_path_factory.mktemp("none")
    forget = "Register-ArgumentCompleter -Native -CommandName assume-helper -ScriptBlock { }"
    pwsh.run(forget, {"HOME": str(folder)}, folder)
    yield
    pwsh.run(forget, {"HOME": str(folder)}, folder)


# The engine.

_COMPLETE = r"""
foreach ($typed in {typed}) {{
    $found = [System.Management.Automation.CommandCompletion]::CompleteInput($typed, $typed.Length, $null)
    $texts = @($found.CompletionMatches.ForEach({{ $_.CompletionText }}))
    $line = if ($texts.Count -eq 1) {{
        $typed.Substring(0, $found.ReplacementIndex) + $texts[0] +
            $typed.Substring($found.ReplacementIndex + $found.ReplacementLength)
    }} else {{ "assume-helper get $($texts.Count)-found" }}
    ConvertTo-Json -Compress @(iex ('& {{ $args }} ' + $line))
}}
"""


def completed(
    pwsh: PowerShell, home: Home, typed: list[str], load: str = f"{LOAD} | iex", before: str = ""
) -> list[str]:
    """For each line, the words that it is after TAB, as JSON."""
    lines = ", ".join("'" + re.sub("(['\u2018\u2019])", r"\1\1", line) + "'" for line in typed)
    script = f"{before}{load}\n" + _COMPLETE.format(typed=f"@({lines})")
    found = pwsh.run(script, home.environ, home.folder)
    assert found.failed is None
    return found.output


def as_json(*words: str) -> str:
    return json.dumps(["assume-helper", *words], separators=(",", ":"), ensure_ascii=False)


def test_each_name_is_completed_bare_and_in_every_kind_of_quotes(pwsh: PowerShell, many: Home) -> None:
    names: Mapping[str, str] = BARE | QUOTED
    got = completed(pwsh, many, [f"assume-helper get {typed}" for typed in names])
    assert dict(zip(names, got, strict=True)) == {typed: as_json("get", name) for typed, name in names.items()}
    assert {path.suffix for path in many.cache.glob("*")} == {".names"}, "nothing was run"


@pytest.mark.parametrize("before", ["", "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; "])
@pytest.mark.parametrize("load", APPLIED)
def test_it_is_loaded_in_every_way_and_works_in_strict_mode(
    pwsh: PowerShell, many: Home, load: str, before: str
) -> None:
    typed = ["assume-helper comp", "assume-helper get short --rea", 'assume-helper get --read-only "tw']
    assert completed(pwsh, many, typed, load.format(LOAD), before) == [
        as_json("completion"),
        as_json("get", "short", "--read-only"),
        as_json("get", "--read-only", "two words"),
    ]


def test_a_file_is_completed_where_one_is_wanted(pwsh: PowerShell, many: Home) -> None:
    (many.folder / "policy.json").write_text("{}")
    (got,) = completed(pwsh, many, ["assume-helper get short --session-policy pol"])
    assert got.endswith('policy.json"]')


# On a terminal.


@pytest.fixture
def terminal(many: Home) -> Iterator[Terminal]:
    """A PowerShell as a person has it, with the completion loaded."""
    program = powershell.program()
    assert program is not None
    environ = many.environ | powershell.QUIET
    terminal = Terminal([program, "-NoLogo", "-NoProfile"], environ, many.folder)
    terminal.wait_for("PS ")
    terminal.type("function prompt { 'RE' + 'ADY> ' }\r")
    terminal.wait_for("READY>")
    terminal.type("function words { Clear-Host; $args | % { \"<$_>\" }; '<e' + 'nd>' }\r")
    terminal.type(f"{LOAD} | iex; 'lo' + 'aded'\r")
    terminal.wait_for("loaded")
    yield terminal
    terminal.close()


def words(terminal: Terminal, typed: str) -> list[str]:
    """The words of the command after `typed` and TAB, as PowerShell understands them: it is had to print them."""
    terminal.type(f"{typed}\t\x01words \x05\r")  # to the beginning of the line, to its end
    shown = terminal.wait_for("<end>")
    terminal.type("Clear-Host; 'cl' + 'eared'\r")
    terminal.wait_for("cleared")
    return re.findall(r"^<(.*)>$", shown, flags=re.M)[1:-1]


def test_tab_as_pressed_completes_also_within_an_open_quote(terminal: Terminal) -> None:
    names = {"sho": "short", "tw": "two words", '"tw': "two words", "'tw": "two words", "'two w": "two words"}
    names |= {"mo": "mo$HOME", "'mo$": "mo$HOME", '"bac': "back`tick", "'it''": "it's", "gr": "grün"}
    got = {typed: words(terminal, f"assume-helper get {typed}") for typed in names}
    assert got == {typed: ["get", name] for typed, name in names.items()}
    assert words(terminal, "assume-helper comp") == ["completion"]
    assert words(terminal, "assume-helper get ac") == ["get", "acc:"], "what is common to several"
    # As it is on Windows, and as a menu.
    for function in ("TabCompleteNext", "MenuComplete"):
        terminal.type(f"Set-PSReadLineKeyHandler -Key Tab -Function {function}; Clear-Host; 'cl' + 'eared'\r")
        terminal.wait_for("cleared")
        assert words(terminal, 'assume-helper get "tw') == ["get", "two words"]
        assert words(terminal, "assume-helper get 'mo$") == ["get", "mo$HOME"]
