"""macOS, which no test runs on: each branch for it is run here with the platform's name handed in.

Its system calls are not Linux's, so those are stood in for. What the real ones do was never seen.
"""

import ctypes
import importlib.util
import os
import re
import select
import sys
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from running import PACKAGE

from assume_helper import hit
from assume_helper.cache import encryption, storage
from assume_helper.cli import sandboxing
from assume_helper.cli.invocation import Invocation
from assume_helper.doctor import live, orphans
from assume_helper.errors import ConfigurationError
from assume_helper.export import parent_shell
from assume_helper.sources import kept_keys
from assume_helper.sts import plain_request
from assume_helper.system import browser, home, kernel_keyring
from assume_helper.system.context import Clock

# Where the code asks for macOS, or for whether it is Linux, and the test here of it.
ASKS = {
    "cache/encryption.py": "test_there_is_no_kernel_keyring",
    "system/kernel_keyring.py": "test_there_is_no_kernel_keyring",
    "cache/storage.py": "test_there_is_no_runtime_directory_without_its_variable",
    "cli/sandboxing.py": "test_there_is_no_sandbox",
    "configure/attributes.py": "test_a_replaced_file_keeps_its_access_list_and_attributes",
    "configure/exchange.py": "test_files_are_not_exchanged_by_linux_s_call",
    "doctor/live.py": "test_the_clock_is_set_by_sntp",
    "doctor/orphans.py": "test_processes_left_behind_are_not_looked_for",
    "export/parent_shell.py": "test_the_parent_shell_is_told_by_ps",
    "export/sandbox_process.py": "test_there_is_no_sandbox",
    "hit.py": "test_cache_and_log_are_in_the_library_folders",
    "sources/kept_keys.py": "test_a_desktop_s_keyring_is_the_one_way_that_is_told",
    "sts/plain_request.py": "test_a_proxy_of_the_system_s_settings_counts",
    "system/browser.py": "test_a_browser_needs_no_display_variable",
    "system/home.py": "test_cache_and_log_are_in_the_library_folders",
    "system/local_peer.py": "test_who_has_a_socket_is_not_told",
    "system/process_beside.py": "test_a_program_is_watched_by_kqueue",
    "system/process_stat.py": "test_the_age_of_a_process_is_not_told",
}
_ASKED = re.compile(r'"darwin"|sys\.platform [!=]= "linux"')


@pytest.fixture(autouse=True)
def _on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")


def loaded(name: str) -> ModuleType:
    """The module anew: what it defines depends on the platform."""
    spec = importlib.util.spec_from_file_location("on_macos_" + Path(name).stem, PACKAGE / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


def test_every_branch_for_macos_has_a_test_here() -> None:
    asking = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if _ASKED.search(path.read_text("utf-8"))
    }
    assert asking == set(ASKS)
    assert set(ASKS.values()) <= set(globals())


def test_cache_and_log_are_in_the_library_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert hit.cache_directory({"HOME": "/Users/me"}) == "/Users/me/Library/Caches/assume-helper"
    monkeypatch.setenv("HOME", "/Users/me")
    assert home.state_directory() == "/Users/me/Library/Application Support/assume-helper"
    monkeypatch.setattr(home, "is_foreign", lambda *_: True)
    monkeypatch.setattr(home, "own_home", lambda: "/Users/other")
    assert home.moved_cache({"HOME": "/Users/me"}) == "/Users/other/Library/Caches/assume-helper"
    assert home.moved_state("/Users/me/x") == "/Users/other/Library/Application Support/assume-helper"


def test_there_is_no_kernel_keyring() -> None:
    with pytest.raises(OSError, match="not implemented"):
        kernel_keyring.find("a key")
    with pytest.raises(encryption.NoKey, match="no keyring here"):
        encryption._of_the_kernel()


def test_there_is_no_runtime_directory_without_its_variable() -> None:
    assert storage._runtime_directory({}) == ""
    assert storage.memory_directory({}) is None


def test_a_replaced_file_keeps_its_access_list_and_attributes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By fcopyfile(3), with COPYFILE_ACL and COPYFILE_XATTR."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("x")
    source.chmod(0o640)
    copied: list[tuple[str, int]] = []

    class Library:
        result = 0

        def fcopyfile(self, given: int, _to: int, _state: None, flags: ctypes.c_uint32) -> int:
            copied.append((os.readlink(f"/proc/self/fd/{given}"), flags.value))
            return self.result

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Library())
    attributes = loaded("configure/attributes.py")
    with target.open("w") as file:
        attributes.copy(str(source), file.fileno())
        assert copied == [(str(source), 0b101)]
        assert target.stat().st_mode & 0o777 == 0o640
        attributes.make_private(file.fileno())
        assert target.stat().st_mode & 0o777 == 0o600
        monkeypatch.setattr(Library, "result", -1)
        with pytest.raises(ConfigurationError, match="access list or attributes cannot be kept"):
            attributes.copy(str(source), file.fileno())


def test_files_are_not_exchanged_by_linux_s_call(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    exchange = loaded("configure/exchange.py")
    assert exchange.exchange(str(one), str(other)) is False
    with pytest.raises(FileExistsError):
        exchange.place(str(one), str(other))
    other.unlink()
    exchange.place(str(one), str(other))
    assert (one.exists(), other.read_text()) == (False, "1")


def test_the_clock_is_set_by_sntp() -> None:
    (check,) = live._clock(4000.0)
    assert (check.status, check.mend) == ("fail", "sudo sntp -sS time.apple.com")


def test_processes_left_behind_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda *_: pytest.fail("there is no /proc"))
    assert list(orphans.examine()) == []


@pytest.mark.parametrize(("proxies", "plain"), [({}, True), ({"https": "http://proxy:3128"}, False)])
def test_a_proxy_of_the_system_s_settings_counts(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], plain: bool
) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: proxies)
    assert plain_request._is_plain({}) is plain


def test_a_browser_needs_no_display_variable() -> None:
    assert browser.obstacle({}) is None
    assert browser.obstacle({"SSH_CONNECTION": "x"}) is not None


def test_who_has_a_socket_is_not_told() -> None:
    assert loaded("system/local_peer.py").is_strange(("127.0.0.1", 1), ("127.0.0.1", 2)) is False


def test_a_program_is_watched_by_kqueue(monkeypatch: pytest.MonkeyPatch) -> None:
    """NOTE_EXIT of kqueue(2): its descriptor can be read when the process has ended."""
    asked: list[Any] = []
    reading, writing = os.pipe()

    class Queue:
        def fileno(self) -> int:
            return reading

        def control(self, events: list[Any], most: int) -> None:
            asked.append((events, most))

    names = {"KQ_FILTER_PROC": -5, "KQ_EV_ADD": 1, "KQ_NOTE_EXIT": 0x80000000}
    for name, value in {"kqueue": Queue, "kevent": lambda *words: words, **names}.items():
        monkeypatch.setattr(select, name, value, raising=False)
    try:
        beside = loaded("system/process_beside.py")
        assert beside._watch(4711) is None, "a kqueue is not inherited by a forked process"
        watch = beside._own_watch(4711)
        assert asked == [([(4711, -5, 1, 0x80000000)], 0)]
        assert not watch.is_over()
        os.write(writing, b"x")
        assert watch.is_over()
    finally:
        os.close(reading)
        os.close(writing)


def test_there_is_no_sandbox() -> None:
    with pytest.raises(ConfigurationError, match="--sandbox needs Linux"):
        sandboxing.prepare(Invocation({}, Clock(), 0, 0, stdout_closed=False), {})
    process = loaded("export/sandbox_process.py")
    assert process.has_terminal() is False
    with pytest.raises(NotImplementedError):
        process.run(["true"], {}, "", "")


def test_the_parent_shell_is_told_by_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent_shell, "by_ps", lambda _: (1, "/bin/zsh", "-zsh"))
    monkeypatch.setattr(parent_shell, "by_proc", lambda _: pytest.fail("there is no /proc"))
    assert parent_shell.find({}) == "/bin/zsh"


def test_a_desktop_s_keyring_is_the_one_way_that_is_told() -> None:
    assert "kernel" not in str(kept_keys.no_keyring())


def test_the_age_of_a_process_is_not_told() -> None:
    assert loaded("system/process_stat.py").age() == 0.0
