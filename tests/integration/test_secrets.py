"""The canary: known secrets appear in no stderr, log, traceback, argv, file name, or child's environment."""

import json
import re
import sys
from pathlib import Path

import pytest
from front import Behaviour, Front, denied, error, html, reset, session
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

GIVEN_SECRET = "GivenSecretCanary+0123456789/abcdefghijk"
GIVEN_TOKEN = "GivenTokenCanary0123456789+/=" * 6
SOURCE_TOKEN = "SourceTokenCanary0123456789+/=" * 6
SECRETS = (SECRET, GIVEN_SECRET, GIVEN_TOKEN, SOURCE_TOKEN)
GIVEN = session(SecretAccessKey=GIVEN_SECRET, SessionToken=GIVEN_TOKEN)


def without_secrets(text: str | bytes) -> bool:
    data = text if isinstance(text, bytes) else text.encode()
    return not any(secret.encode() in data for secret in SECRETS)


@pytest.fixture
def watched(role: Home) -> Home:
    """A home whose source has a session token too, and whose every secret is a canary."""
    role.credentials.write_text(
        f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
        f"aws_session_token = {SOURCE_TOKEN}\n"
    )
    return role


@pytest.mark.parametrize(
    "behaviour",
    [
        GIVEN,
        denied,
        reset,
        html(200),
        error(400, "ExpiredToken", SOURCE_TOKEN),
        error(
            403, "SignatureDoesNotMatch", f"The Canonical String should have been x-amz-security-token:{SOURCE_TOKEN}"
        ),
        error(400, "ValidationError", f"1 validation error: Value '{SECRET}' at 'x'"),
        error(403, "AccessDenied", f"{GIVEN_SECRET} {GIVEN_TOKEN}"),
        session(SecretAccessKey=GIVEN_SECRET, SessionToken=""),
        session(SecretAccessKey=GIVEN_SECRET, SessionToken=GIVEN_TOKEN, Expiration="1999-01-01T00:00:00Z"),
        session(SecretAccessKey=GIVEN_SECRET + " ", SessionToken=GIVEN_TOKEN + " x"),
    ],
)
def test_no_secret_is_said_or_logged(watched: Home, offline_front: Front, behaviour: Behaviour) -> None:
    offline_front.behaviour = behaviour
    ran = watched.run("get", "dev")
    assert without_secrets(ran.stderr)
    assert ran.code == 0 or ran.stdout == b""
    if watched.log.exists():
        assert without_secrets(watched.log.read_bytes())
    for path in watched.folder.rglob("*"):
        assert without_secrets(str(path))
        if path.is_file() and path.suffix != ".entry" and path != watched.credentials:
            assert without_secrets(path.read_bytes()), path


def test_the_sources_secrets_are_in_no_entry(watched: Home, offline_front: Front) -> None:
    offline_front.behaviour = GIVEN
    watched.get("dev")
    data = watched.entries()[0].read_bytes()
    assert SECRET.encode() not in data
    assert SOURCE_TOKEN.encode() not in data


def test_a_broken_config_never_shows_the_line_that_is_broken(watched: Home) -> None:
    watched.credentials.write_text(f"[base]\naws_secret_access_key {SECRET}\n{SECRET}\n")
    watched.run("get", "dev").failed(3, "line 2")


def test_an_error_of_our_own_shows_no_value(watched: Home) -> None:
    """A fault is put into the reading of the config: the line names its kind and place, and nothing that it held."""
    fault = (
        "from assume_helper.profiles import aws_config\n"
        "load = aws_config.load\n"
        "def broken(environ):\n"
        "    raise KeyError(str(load(environ).profiles))\n"
        "aws_config.load = broken\n"
    )
    program = (
        f"import sys; sys.argv[1:] = ['get', 'dev']; exec(compile({fault!r}, 'broken.py', 'exec'))\n"
        "from assume_helper.__main__ import main; sys.exit(main())"
    )
    watched.run("-c", program, command=[sys.executable]).failed(1, "KeyError at broken.py", "report it")


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_secret_is_in_an_argument_or_the_environment_of_a_process_while_sts_is_called(
    watched: Home, offline_front: Front
) -> None:
    document = {"Version": 1, "AccessKeyId": ACCESS_KEY_ID, "SecretAccessKey": SECRET, "SessionToken": SOURCE_TOKEN}
    program = watched.folder / "broker"
    (watched.folder / "document").write_text(json.dumps(document))
    seen = f"tr '\\0' '\\n' < /proc/$$/environ > '{watched.folder}/seen'"
    program.write_text(f"#!/bin/sh\n{seen}\ncat '{watched.folder}/document'\n")
    program.chmod(0o755)
    watched.config.write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/dev\nsource_profile = broker\n"
        f"[profile broker]\ncredential_process = {program}\n"
    )
    offline_front.behaviour = offline_front.held_back(GIVEN)
    environ = {
        "AWS_ENDPOINT_URL": offline_front.url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": GIVEN_SECRET,
        "AWS_SESSION_TOKEN": GIVEN_TOKEN,
    }
    with watched.start("get", "dev", **environ) as child:
        assert offline_front.arrived.wait(60)
        assert without_secrets(Path(f"/proc/{child.pid}/cmdline").read_bytes())
        offline_front.released.set()
        stdout, stderr = child.communicate(timeout=60)
    assert json.loads(stdout)["SecretAccessKey"] == GIVEN_SECRET
    assert stderr == b""
    assert without_secrets((watched.folder / "seen").read_bytes())


def test_no_secret_is_in_the_repr_of_what_flows(watched: Home, offline_front: Front) -> None:
    from assume_helper.cache import directory as cache_directory
    from assume_helper.cache import entries
    from assume_helper.profiles import aws_config, role_chain
    from assume_helper.sessions.source_credentials import source_credentials

    offline_front.behaviour = GIVEN
    watched.get("dev")
    environ = {"HOME": str(watched.folder)}
    config = aws_config.load(environ)
    profile = role_chain.read_profile(config, environ, "dev")
    assert not isinstance(profile.source, type(profile))
    credentials = source_credentials(profile.source, environ, 1)  # type: ignore[arg-type]
    store = cache_directory.open_cache(environ, lambda _message: None)
    entry = entries.read(store, watched.entries()[0].stem)
    assert entry is not None
    for value in (config, profile, credentials, entry, entry.session):
        assert without_secrets(repr(value))
        assert without_secrets(str(value))
    assert ACCESS_KEY_ID in repr(credentials), "the key's name is no secret"


def test_the_demo_and_the_examples_hold_no_key() -> None:
    root = Path(__file__).resolve().parents[2]
    pattern = re.compile(r"(AKIA|ASIA)[A-Z0-9]{16}")
    for path in (root / "examples").rglob("*"):
        if path.is_file() and path.suffix in {".py", ".md", ".ini", ""}:
            assert not pattern.search(path.read_text(encoding="utf-8")), path
    assert SCRIPT
