"""What breaks on Windows: processes that are killed, files that are open, a terminal with Ctrl-C, and the keyring."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
from front import Front, session
from running import ACCESS_KEY_ID, SECRET
from wine import KEYS_COME, WindowsHome, ended
from wine import path as windows_path

from assume_helper import hit

KEY = "ASIAFRONT00000000000"
MFA = """[profile dev]
role_arn = arn:aws:iam::123456789012:role/dev
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
region = us-east-1
endpoint_url = {url}
"""
# Opens each file of a folder as programs do that look at files, and holds it, over and over until it is killed.
HOLD = """
import os, sys, time
print("here", flush=True)
while True:
    for name in os.listdir(sys.argv[1]):
        try:
            with open(os.path.join(sys.argv[1], name), "rb") as file:
                file.read()
                time.sleep(0.01)
        except OSError:
            pass
"""
# What looking for a keyring is limited to, and whether the back end was loaded by then.
LIMITS = """
import sys
from assume_helper.system import os_keyring
limited = os_keyring.within
def within(seconds, call):
    print(seconds, "keyring.backends.Windows" in sys.modules)
    return limited(60, call)
os_keyring.within = within
assert os_keyring.find(0.5) is not None
"""


def asking(home: WindowsHome, front: Front) -> None:
    home.config.write_text(MFA.format(url=front.url))
    home.credentials.write_text(f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    front.behaviour = session()


@contextmanager
def on_terminal(home: WindowsHome, **environ: str) -> "Iterator[pexpect.spawn[str]]":
    """`get dev` on a terminal, which Wine makes a console of; all its streams have to be there."""
    words = [str(home.python), "-m", "assume_helper", "get", "dev"]
    more = {"TERM": "xterm", **environ}
    child = pexpect.spawn("wine", words, env=home.environ | more, encoding="utf-8", timeout=100, dimensions=(40, 250))
    try:
        yield child
    finally:
        child.close()


def test_a_code_is_asked_for_on_the_console_and_not_shown(home: WindowsHome, offline_front: Front) -> None:
    asking(home, offline_front)
    with on_terminal(home, **{KEYS_COME: "1"}) as child:
        child.expect("MFA")
        child.send("654321\r")
        child.expect(pexpect.EOF)
        assert KEY in child.before
        assert "654321" not in child.before
    assert child.exitstatus == 0
    assert [call.parameters["TokenCode"] for call in offline_front.calls if "TokenCode" in call.parameters] == [
        "654321"
    ]


def test_ctrl_c_at_the_prompt_is_130(home: WindowsHome, offline_front: Front) -> None:
    asking(home, offline_front)
    with on_terminal(home) as child:
        child.expect("MFA")
        child.send("\x03")
        child.expect("interrupted; nothing was changed, run it again")
        child.expect(pexpect.EOF)
    assert child.exitstatus == 130
    assert offline_front.calls == []


def test_ctrl_c_while_sts_does_not_answer_is_130(granted: WindowsHome, offline_front: Front) -> None:
    """All that runs in a console gets the event: the launcher does, too, and hands on what Python ends with."""
    offline_front.behaviour = offline_front.hang
    console = granted.in_console("get", "dev")
    assert offline_front.arrived.wait(120)
    said = "assume-helper: dev: interrupted; nothing was changed, run it again\n"
    assert ended(console, b"\n") == (130, "", said)


def test_processes_that_are_killed_leave_nothing_half(granted: WindowsHome, offline_front: Front) -> None:
    """Whenever it happens: what is cached is whole or not there, and the next call is served."""
    chance = random.Random(22)
    began = time.monotonic()
    granted.get("dev")
    longest = time.monotonic() - began
    for _ in range(8):
        for file in granted.cache.iterdir():
            file.unlink()
        process = granted.start("get", "dev", command=[str(granted.python), "-m", "assume_helper"])
        time.sleep(chance.uniform(0, longest))
        process.kill()
        process.communicate(timeout=60)
        for file in [*granted.cache.glob("*.entry"), *granted.cache.glob("*.hit")]:
            hit.unseal(file.read_bytes())
    assert granted.get("dev")["AccessKeyId"] == KEY


def test_files_that_are_open_are_replaced_or_it_is_said(granted: WindowsHome, offline_front: Front) -> None:
    """A scanner or an indexer opens what is written, and a file that is open there cannot be replaced."""
    granted.get("dev")
    holder = granted.start("-c", HOLD, windows_path(granted.cache), command=[str(granted.python)])
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"here"
    for _ in range(2):
        assert granted.run("clear", "dev").code == 0
        ran = granted.run("get", "dev")
        assert ran.code == 0, ran.stderr
        assert ran.document["AccessKeyId"] == KEY
    assert holder.poll() is None
    holder.kill()
    holder.communicate(timeout=60)
    assert granted.get("dev")["AccessKeyId"] == KEY
    left = [name for name in granted.cache.iterdir() if name.name.startswith("tmp-")]
    assert left == []


def test_what_is_encrypted_has_its_key_in_the_credential_manager(granted: WindowsHome, offline_front: Front) -> None:
    granted.config.write_text(granted.config.read_text() + "assume_helper_cache = encrypted\n")
    assert granted.get("dev")["AccessKeyId"] == KEY
    assert granted.get("dev")["AccessKeyId"] == KEY
    assert len(offline_front.calls) == 1
    (entry,) = (granted.cache / "encrypted").glob("*.entry")
    assert KEY.encode() not in entry.read_bytes()
    code = "import keyring; print(keyring.get_keyring().__class__.__module__)"
    assert granted.in_python(code).stdout.strip() == b"keyring.backends.Windows"


def test_the_time_limit_for_the_credential_manager_begins_behind_the_imports(home: WindowsHome) -> None:
    """On a busy machine they take longer than a person is given to unlock a keyring."""
    done = home.in_python(LIMITS)
    assert done.stdout.split() == [b"60.0", b"False", b"0.5", b"True"], done.stderr
