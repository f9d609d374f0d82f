"""Another program's credential process: its document is read, and each way in which it can go wrong."""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from running import SECRET, joined

from assume_helper.credentials import Credentials
from assume_helper.errors import AssumeHelperError, ConfigurationError, SettingFault, SourceError, SourceExpired
from assume_helper.profiles.origin import CredentialProcess
from assume_helper.sources import process
from assume_helper.system.environment import HIDDEN

LONG_ENOUGH = 60.0
DOCUMENT = {"Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": SECRET}

Program = Callable[..., CredentialProcess]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A credential_process that is a Python program of this text."""

    def written(text: str) -> CredentialProcess:
        path = tmp_path / "program.py"
        path.write_text("import os, sys\n" + text)
        return CredentialProcess("other", joined(sys.executable, "-I", "-S", str(path)))

    return written


def printing(document: object) -> str:
    return f"print({json.dumps(document)!r})"


def credentials(source: CredentialProcess, environ: dict[str, str] | None = None) -> Credentials:
    """What the process gives, as credentials."""
    return process.run(source, environ or {}, LONG_ENOUGH, time.time()).credentials


def refused(
    source: CredentialProcess,
    kind: type[AssumeHelperError] = SourceError,
    seconds: float = LONG_ENOUGH,
    environ: dict[str, str] | None = None,
) -> str:
    with pytest.raises(AssumeHelperError) as caught:
        process.run(source, environ or {}, seconds, time.time())
    assert type(caught.value) is kind
    assert str(caught.value).isprintable()
    assert SECRET not in str(caught.value)
    return str(caught.value)


def from_now(**delta: float) -> str:
    return (datetime.now(UTC) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_process_s_document_is_a_source(program: Program) -> None:
    given = process.run(program(printing(DOCUMENT)), {}, LONG_ENOUGH, time.time())
    assert given.credentials == Credentials("AKIAPROCESS", SECRET, None)


@pytest.mark.parametrize("written", ["123456789012", 123456789012])
def test_an_account_is_text_also_where_the_program_prints_a_number(program: Program, written: object) -> None:
    given = process.run(program(printing(DOCUMENT | {"AccountId": written})), {}, LONG_ENOUGH, time.time())
    assert given.account_id == "123456789012"


def test_a_process_s_session_token_is_taken(program: Program) -> None:
    document = DOCUMENT | {"SessionToken": "a-token", "Expiration": from_now(hours=1)}
    assert credentials(program(printing(document))).session_token == "a-token"


SHOW = "sys.stdout.write(open(sys.argv[1]).read())"


def test_a_process_s_command_is_split_as_a_shell_splits_it(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a b").write_text(json.dumps(DOCUMENT))
    source = CredentialProcess("other", f'{program(SHOW).command} "{tmp_path / "a b"}"')
    assert credentials(source).access_key_id == "AKIAPROCESS"


def test_a_process_is_run_without_a_shell(program: Program, tmp_path: Path) -> None:
    (tmp_path / "printed").write_text(json.dumps(DOCUMENT))
    touched = tmp_path / "touched"
    refused(
        CredentialProcess("other", f"{program(SHOW).command} {tmp_path / 'printed'}; touch {touched}"), SourceExpired
    )
    assert not touched.exists()


def test_a_process_gets_the_caller_s_environment_and_nothing_that_leads_back(program: Program) -> None:
    text = (
        "import json\n"
        "print(json.dumps({'Version': 1, 'SecretAccessKey': 's', 'AccessKeyId': '+'.join(sorted(os.environ))}))"
    )
    source = program(text)
    environ = dict.fromkeys(HIDDEN, "x") | {"MINE": "1", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C.UTF-8"}
    names = set(credentials(source, environ).access_key_id.split("+"))
    assert names >= {"LC_ALL", "MINE", "PYTHONCOERCECLOCALE"}
    assert not names & set(HIDDEN)
    assert sys.platform == "win32" or len(names) == 3  # what Windows adds of its own


def test_a_process_finds_an_empty_standard_input(program: Program) -> None:
    source = program(f"assert sys.stdin.read() == ''\n{printing(DOCUMENT)}")
    assert credentials(source).access_key_id == "AKIAPROCESS"


def test_what_a_process_says_on_stderr_is_nobody_s_business_while_it_succeeds(
    program: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    source = program(f"sys.stderr.write('a warning')\n{printing(DOCUMENT)}")
    assert credentials(source).access_key_id == "AKIAPROCESS"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("minutes", [14, 5, 1])
def test_a_process_whose_credentials_soon_expire_is_run_only_once(
    program: Program, tmp_path: Path, minutes: float
) -> None:
    document = DOCUMENT | {"SessionToken": "t", "Expiration": from_now(minutes=minutes)}
    source = program(f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n{printing(document)}")
    assert credentials(source).access_key_id == "AKIAPROCESS"
    assert (tmp_path / "runs").read_text() == "x"


def test_expired_credentials_are_a_source_that_has_run_out(program: Program, tmp_path: Path) -> None:
    document = DOCUMENT | {"SessionToken": "t", "Expiration": from_now(minutes=-1)}
    source = program(f"open({str(tmp_path / 'runs')!r}, 'a').write('x')\n{printing(document)}")
    said = refused(source, SourceExpired)
    assert said == "the credential_process of other gave credentials that have expired; log in to that source again"
    assert (tmp_path / "runs").read_text() == "x"


def test_a_process_that_fails_is_a_source_that_has_run_out_and_its_words_are_repeated(program: Program) -> None:
    said = refused(program("sys.stderr.write('the session\\n  has ended\\n'); sys.exit(7)"), SourceExpired)
    assert said.startswith("the credential_process of other failed (exit 7): the session has ended; log in to that")


def test_a_process_that_fails_in_silence_is_named_by_its_exit_code(program: Program) -> None:
    assert refused(program("sys.exit(1)"), SourceExpired).startswith("the credential_process of other failed (exit 1);")


def test_a_process_that_fails_is_not_believed_whatever_it_printed(program: Program) -> None:
    refused(program(f"{printing(DOCUMENT)}\nsys.exit(1)"), SourceExpired)


def test_a_process_that_is_killed_is_named_by_its_signal(program: Program) -> None:
    said = refused(program("os.kill(os.getpid(), 9)"), SourceExpired)
    number = -9 if sys.platform != "win32" else 9
    assert said.startswith(f"the credential_process of other failed (exit {number});")


def test_a_loop_that_the_helper_in_the_process_has_drawn_is_a_configuration_error(program: Program) -> None:
    source = program("sys.stderr.write('assume-helper: dev: the sources form a loop: dev -> dev'); sys.exit(3)")
    assert "the sources form a loop: dev -> dev" in refused(source, ConfigurationError)


def test_stderr_that_is_not_utf8_is_repeated_as_far_as_it_can_be(program: Program) -> None:
    said = refused(program("sys.stderr.buffer.write(b'gr\\xfcn'); sys.exit(1)"), SourceExpired)
    assert "gr\ufffdn" in said


def test_escape_sequences_on_stderr_are_written_as_text(program: Program) -> None:
    said = refused(
        program("sys.stderr.write('\\x1b]0;title\\x07\\x1b[31m\\x9b31m\\u202ered\\u2028'); sys.exit(1)"), SourceExpired
    )
    assert "\\x1b[31m" in said
    assert "\\u202e" in said


def test_a_megabyte_on_stderr_is_cut(program: Program) -> None:
    assert len(refused(program("sys.stderr.write('word ' * 200_000); sys.exit(1)"), SourceExpired)) < 1000


def test_a_megabyte_on_stderr_does_not_block(program: Program) -> None:
    source = program("sys.stderr.write('x' * 1_000_000)\n" + printing(DOCUMENT))
    assert credentials(source).access_key_id == "AKIAPROCESS"


def test_a_process_that_prints_far_more_than_a_document_is_stopped(program: Program) -> None:
    said = refused(program("while True: sys.stdout.write('y' * 100_000)"))
    assert "printed far more than a document" in said


def test_a_process_is_over_when_it_ends_and_not_when_its_last_child_does(program: Program) -> None:
    left_behind = "import subprocess\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])\n"
    source = program(left_behind + printing(DOCUMENT))
    assert credentials(source).access_key_id == "AKIAPROCESS"


def test_a_quote_that_is_not_closed_is_the_config_s_fault() -> None:
    said = refused(CredentialProcess("other", 'login "x'), ConfigurationError)
    assert said == "the credential_process of other cannot be read; look for a quote that is not closed"


@pytest.mark.parametrize(
    "text", ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"]
)
def test_other_tokens_on_stderr_are_covered_too(program: Program, text: str) -> None:
    assert text not in refused(program(f"sys.stderr.write('said {text} there'); sys.exit(1)"), SourceExpired)


@pytest.mark.parametrize("text", [SECRET, f"key={SECRET}", f'{{"SecretAccessKey":"{SECRET}"}}', SECRET * 20])
def test_what_looks_like_a_secret_on_stderr_is_covered(program: Program, text: str) -> None:
    said = refused(program(f"sys.stderr.write({'said ' + text!r}); sys.exit(1)"), SourceExpired)
    assert "[...]" in said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "print('please log in')",
        f"print('here:'); {printing(DOCUMENT)}",
        f"print({json.dumps(DOCUMENT)[:-1]!r})",
        "sys.stdout.buffer.write(b'\\xff\\xfe')",
        printing([DOCUMENT]),
        printing("a text"),
        printing(None),
        printing(1),
        "print('{' * 10)",
        "print('nan')",
        printing(DOCUMENT | {"Expiration": "soon"}),
        printing(DOCUMENT | {"Expiration": 1}),
        printing(DOCUMENT | {"Expiration": ["x"]}),
    ],
)
def test_what_is_not_the_json_document_is_refused(program: Program, text: str) -> None:
    said = refused(program(text))
    assert said.startswith("the credential_process of other did not print the JSON document of a credential process")


@pytest.mark.parametrize(
    "document",
    [
        {},
        DOCUMENT | {"Version": 2},
        DOCUMENT | {"Version": "1"},
        DOCUMENT | {"Version": None},
        {key: value for key, value in DOCUMENT.items() if key != "Version"},
        {key: value for key, value in DOCUMENT.items() if key != "AccessKeyId"},
        {key: value for key, value in DOCUMENT.items() if key != "SecretAccessKey"},
    ],
)
def test_a_document_of_another_version_or_without_a_key_is_refused(
    program: Program, document: dict[str, object]
) -> None:
    said = refused(program(printing(document)))
    assert said == "the credential_process of other did not print a document of Version 1; run it by hand to see why"


@pytest.mark.parametrize("key", ["AccessKeyId", "SecretAccessKey", "SessionToken"])
@pytest.mark.parametrize("value", [1, ["x"], {"x": "y"}, "a b", "a\nb", "gr\u00fcn"])
def test_a_document_s_values_are_checked(program: Program, key: str, value: object) -> None:
    said = refused(program(printing(DOCUMENT | {key: value})))
    assert said.startswith("the access key of the credential_process of other is malformed; ")


@pytest.mark.parametrize("key", ["AccessKeyId", "SecretAccessKey"])
@pytest.mark.parametrize("value", ["", None])
def test_an_empty_key_in_the_document_is_refused(program: Program, key: str, value: object) -> None:
    assert "is malformed" in refused(program(printing(DOCUMENT | {key: value})))


@pytest.mark.parametrize("command", ["/does/not/exist", "does-not-exist-anywhere --now", "'/with space/none' x"])
def test_a_command_that_does_not_exist_is_named(command: str) -> None:
    said = refused(CredentialProcess("other", command), SettingFault, environ={"PATH": "/bin"})
    assert said.startswith("the credential_process of other cannot be started (")


def test_a_command_that_is_not_executable_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").touch(mode=0o600)
    said = refused(CredentialProcess("other", str(tmp_path / "text")), SettingFault)
    assert "Permission denied); give the program's absolute path" in said


@pytest.mark.parametrize("command", ["   ", '""'])
def test_a_command_of_nothing_is_named(command: str) -> None:
    said = refused(CredentialProcess("other", command), ConfigurationError)
    assert said.startswith("the credential_process of other cannot be started (")


def test_a_command_that_cannot_be_split_runs_nothing_and_is_not_repeated(tmp_path: Path) -> None:
    source = CredentialProcess("other", f"touch {tmp_path}/touched '{SECRET}")
    with pytest.raises(AssumeHelperError, match="the credential_process of other") as caught:
        credentials(source, {"PATH": "/bin:/usr/bin"})
    assert SECRET not in str(caught.value)
    assert not (tmp_path / "touched").exists()


def test_a_process_that_hangs_is_given_up_and_ended(program: Program, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"import time\nfile = open({str(pid)!r}, 'w')\nfile.write(str(os.getpid()))\nfile.flush()\ntime.sleep(600)"
    source = program(text)
    begun = time.monotonic()
    said = refused(source, SourceExpired, seconds=0.5)
    assert said.startswith("the credential_process of other did not answer in ")
    assert time.monotonic() - begun < LONG_ENOUGH
    if pid.exists() and sys.platform == "win32":
        pid.unlink()  # nobody has it open
    elif pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


def test_the_command_is_in_no_representation() -> None:
    assert SECRET not in repr(CredentialProcess("other", f"vault {SECRET}"))


def test_a_comment_behind_a_command_that_fails_is_named(program: Program) -> None:
    source = program("sys.stderr.write('what is #'); sys.exit(len(sys.argv))")
    said = refused(CredentialProcess("other", f"{source.command} # a comment"), SourceExpired)
    assert said.startswith("the credential_process of other failed (exit 4): what is #; put the comment")
    said = refused(CredentialProcess("other", f'{source.command} # 5" wide'), ConfigurationError)
    assert (
        said
        == "the credential_process of other cannot be read; put the comment behind its command on a line of its own"
    )
