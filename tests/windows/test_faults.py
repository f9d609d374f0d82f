"""What breaks on Windows: processes that are killed, files that are open, a terminal with Ctrl-C, and the keyring."""

import json
import random
import subprocess
import threading
import time

from front import Front, session
from running import ACCESS_KEY_ID, SECRET
from wine import WindowsHome
from wine import path as windows_path

from assume_helper import hit

KEY = "ASIAFRONT00000000000"
# Starts a program in a console of its own. When that shows "MFA", a line of standard input is typed there; `^C` is
# Ctrl-C. [Windows API: console functions]
CONSOLE = """
import ctypes, os, subprocess, sys, time
api = ctypes.WinDLL("kernel32", use_last_error=True)
api.FreeConsole()
assert api.AllocConsole()
ignore = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(lambda event: 1)
api.SetConsoleCtrlHandler(None, 0)
api.SetConsoleCtrlHandler(ignore, 1)
class Record(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_ushort), ("down", ctypes.c_int), ("repeat", ctypes.c_ushort),
                ("code", ctypes.c_ushort), ("scan", ctypes.c_ushort), ("char", ctypes.c_wchar), ("state", ctypes.c_uint)]
api.CreateFileW.restype = ctypes.c_void_p
def opened(name):
    return ctypes.c_void_p(api.CreateFileW(ctypes.c_wchar_p(name), 0xC0000000, 3, None, 3, 0, None))
keys, screen = opened("CONIN$"), opened("CONOUT$")
def shown():
    text, count = ctypes.create_unicode_buffer(4000), ctypes.c_uint()
    api.ReadConsoleOutputCharacterW(screen, text, 3999, 0, ctypes.byref(count))
    return text.value
pipe = subprocess.PIPE
process = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)
end = time.monotonic() + 100
while "MFA" not in shown() and process.poll() is None and time.monotonic() < end:
    time.sleep(0.05)
if sys.argv[1] == "^C":
    assert api.GenerateConsoleCtrlEvent(0, 0)
else:
    for character in sys.argv[1] + "\\r":
        for down in (1, 0):
            record, count = Record(1, down, 1, 0, 0, character, 0), ctypes.c_uint()
            assert api.WriteConsoleInputW(keys, ctypes.byref(record), 1, ctypes.byref(count))
out, error = process.communicate()
os.write(1, out)
os.write(2, error)
sys.exit(process.returncode)
"""
MFA = """[profile dev]
role_arn = arn:aws:iam::123456789012:role/dev
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
region = us-east-1
endpoint_url = {url}
"""
# Opens each file of a folder as programs do that look at files, and holds it, over and over.
HOLD = """
import os, sys, time
end = time.monotonic() + float(sys.argv[2])
print("here", flush=True)
while time.monotonic() < end:
    for name in os.listdir(sys.argv[1]):
        try:
            with open(os.path.join(sys.argv[1], name), "rb") as file:
                file.read()
                time.sleep(0.01)
        except OSError:
            pass
"""


def asking(home: WindowsHome, front: Front) -> None:
    home.config.write_text(MFA.format(url=front.url))
    home.credentials.write_text(f"[base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    front.behaviour = session()


def in_console(home: WindowsHome, typed: str) -> "subprocess.CompletedProcess[bytes]":
    return home.in_python(CONSOLE, typed, windows_path(home.launcher), "get", "dev")


def test_a_code_is_asked_for_on_the_console(home: WindowsHome, offline_front: Front) -> None:
    asking(home, offline_front)
    done = in_console(home, "123456")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["AccessKeyId"] == KEY
    assert [call.parameters["TokenCode"] for call in offline_front.calls if "TokenCode" in call.parameters] == [
        "123456"
    ]


def test_ctrl_c_at_the_prompt_is_130(home: WindowsHome, offline_front: Front) -> None:
    asking(home, offline_front)
    done = in_console(home, "^C")
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr == b"assume-helper: dev: interrupted; nothing was changed, run it again\n"
    assert offline_front.calls == []


def test_processes_that_are_killed_leave_nothing_half(granted: WindowsHome, offline_front: Front) -> None:
    """Whenever it happens: what is cached is whole or not there, and the next call is served."""
    chance = random.Random(22)
    began = time.monotonic()
    granted.get("dev")
    longest = time.monotonic() - began
    for _ in range(12):
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
    holder = granted.start("-c", HOLD, windows_path(granted.cache), "20", command=[str(granted.python)])
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"here"
    stop = threading.Event()
    while holder.poll() is None and not stop.is_set():
        offline_front.behaviour = session()
        assert granted.run("clear", "dev").code == 0
        ran = granted.run("get", "dev")
        assert ran.code == 0, ran.stderr
        assert ran.document["AccessKeyId"] == KEY
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
