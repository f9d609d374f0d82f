"""PHP's own parser reads what `configure` writes, and all examples, in both modes of its SDK without a warning.

PHP's SDK itself is no part of the suite: its package registry is another one.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from needs import needs_php
from running import SCRIPT, Home

from assume_helper.profiles import php_syntax

pytestmark = needs_php
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "profiles").glob("*.ini"))
DOCUMENTS = sorted((Path(__file__).resolve().parents[2]).glob("docs/**/*.md"))
ROLE = "arn:aws:iam::123456789012:role/dev"
# As the SDK reads a file (Aws\parse_ini_file): lines that begin with # are taken out before.
PARSER = r"""
error_reporting(E_ALL);
$text = preg_replace('/^#.*\n/m', '', stream_get_contents(STDIN));
$found = [];
foreach ([INI_SCANNER_RAW, INI_SCANNER_NORMAL] as $mode) {
    error_clear_last();
    $sections = @parse_ini_string($text, true, $mode);
    $found[] = error_get_last() ? null : $sections;
}
echo json_encode($found, JSON_PARTIAL_OUTPUT_ON_ERROR);
"""


def php(text: str, parser: str = PARSER) -> tuple[Any, Any]:
    """The sections that PHP finds for credentials and for settings; None where it warns."""
    done = subprocess.run(
        [shutil.which("php") or "php", "-n", "-r", parser], input=text.encode(), capture_output=True, check=True
    )
    raw, normal = json.loads(done.stdout)
    return raw, normal


def is_clean(text: str) -> dict[str, Any]:
    raw, normal = php(text)
    assert raw is not None, text
    assert normal is not None, text
    assert php_syntax.problems(text) == []
    found: dict[str, Any] = raw
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert is_clean(text)
    assert None not in php(text, re.sub(r"preg_replace\(.*?stream", "(stream", PARSER)), "also with its comments"


def test_the_configs_of_the_documents_are_read() -> None:
    blocks = [
        block.partition("\n```")[0] + "\n"
        for path in DOCUMENTS
        for block in path.read_text(encoding="utf-8").split("```ini\n")[1:]
    ]
    assert len(blocks) > 3
    for block in blocks:
        is_clean(block)


# What may be in the file already, and what is written.
BEFORE = {
    "nothing": "",
    "a role": f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = me\nexternal_id = a=b\n",
    "own values": f"[profile dev]\nassume_helper_role_arn = {ROLE}\nassume_helper_source_profile = me\n"
    "assume_helper_session_tags = team=a,b=c\n# (a comment)\nassume_helper_source_identity = me\n",
    "a command with options": f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = me\n"
    f"credential_process = {SCRIPT} get dev --session-tag team=a --session-tag b=c\n",
}


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("options", [(), ("--external-id", "x=y,z"), ("--role-session-name", "a=b-{user}")])
def test_what_configure_writes_is_read(home: Home, before: str, options: tuple[str, ...]) -> None:
    home.config.write_text(f"{BEFORE[before]}[profile me]\naws_access_key_id = AKIA\naws_secret_access_key = x\n")
    new = ("--role-arn", ROLE, "--source-profile", "me")
    ran = home.run("configure", "dev", *new, *options, "--yes")
    assert ran.code == 0, ran.stderr
    assert "PHP" not in ran.stderr
    text = home.config.read_text()
    sections = is_clean(text)
    values = sections["profile dev"]
    assert values["credential_process"] == next(
        line.partition(" = ")[2] for line in text.splitlines() if line.startswith("credential_process")
    )
    assert values["assume_helper_role_arn"] == ROLE
    if before == "own values":
        assert values["assume_helper_session_tags"] == "team=a,b=c"
        assert "# (a comment)\n" in text
    if before == "a command with options":
        assert values["credential_process"].endswith(' --session-tag "team=a" --session-tag "b=c"')
    again = home.run("configure", "dev", *new, *options, "--yes")
    assert again.stdout.startswith(b"Nothing to change")


@pytest.mark.parametrize("name", ["a=b", "a.b-c_d", "x@y+z", "50%", "a,b:c/d"])
def test_every_name_that_configure_takes_is_read(home: Home, name: str) -> None:
    home.config.write_text("[profile me]\naws_access_key_id = AKIA\naws_secret_access_key = x\n")
    ran = home.run("configure", name, "--role-arn", ROLE, "--source-profile", "me", "--yes")
    assert (ran.code, ran.stderr) == (0, "")
    assert f"profile {name}" in is_clean(home.config.read_text())


def test_undo_takes_the_quotes_away_for_keys_that_others_read(home: Home) -> None:
    keys = "aws_access_key_id = AKIA\naws_secret_access_key = x\n"
    text = f"[profile dev]\nrole_arn = {ROLE}\nsource_profile = me\nexternal_id = a=b\n[profile me]\n{keys}"
    home.config.write_text(text)
    assert home.run("configure", "dev", "--yes").code == 0
    assert 'assume_helper_external_id = "a=b"\n' in home.config.read_text()
    assert home.run("configure", "dev", "--undo", "--yes").code == 0
    assert home.config.read_text() == text


SIGNS = "(){}!&|^\"~;=']$#?*`,:<>%@\\/+-_."
PLACES = [
    "[profile a]\n  # x %s y\nk = v\n",
    "[profile a] # x%sy\nk = v\n",
    "[profile a]\nk = v\n# x %s y",
    "[profile a]\n# x %s y\nk = v\n",
    "[profile a]\n; x %s y\nk = v\n",
    "[profile a]\nk%sk = v\n",
    "[profile a]\nk = v%sv\n",
    "[profile a]\nk = v %s v\n",
    '[profile a]\nk = "v%sv"\n',
    '[profile a]\nk = v "v%sv" v\n',
    "[profile a%sb]\nk = v\n",
]


@pytest.mark.parametrize("place", PLACES)
def test_what_php_refuses_is_known(place: str) -> None:
    for sign in SIGNS:
        text = place.replace("%s", sign)
        raw, normal = php(text)
        found = php_syntax.problems(text)
        assert bool(found and found[0].is_whole_file) == (raw is None), (text, found)
        if normal is None:
            assert found, text
        elif found and normal == raw:
            pytest.fail(f"PHP reads {text!r}: {found}")
