"""Files exchanged, or placed where there is none."""

import ctypes
import errno
import os
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from assume_helper.configure import exchange


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has renameat2")
def test_two_files_are_exchanged(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "zwei-ö"
    one.write_text("1")
    two.write_text("2")
    assert exchange.exchange(str(one), str(two))
    assert (one.read_text(), two.read_text()) == ("2", "1")
    two.unlink()
    with pytest.raises(FileNotFoundError):
        exchange.exchange(str(one), str(two))
    assert one.read_text() == "2"


@pytest.mark.parametrize("has_flag", [True, False])
@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_is_placed_only_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_flag: bool, has_links: bool
) -> None:
    def no_link(*_arguments: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not has_flag:
        monkeypatch.setattr(exchange, "_rename", lambda *_arguments: False)
    if not has_links:
        monkeypatch.setattr(os, "link", no_link)
    new, target = tmp_path / "new", tmp_path / "target"
    new.write_text("new")
    exchange.place(str(new), str(target))
    assert target.read_text() == "new"
    assert not new.exists()
    new.write_text("newer")
    with pytest.raises(FileExistsError):
        exchange.place(str(new), str(target))
    assert (new.read_text(), target.read_text()) == ("newer", "new")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has renameat2")
def test_a_file_system_that_cannot_is_told_from_one_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import ctypes

    class Library:
        def renameat2(self, *_arguments: object) -> int:
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_options: Library())
    for number in (errno.ENOSYS, errno.EINVAL):
        ctypes.set_errno(number)
        assert not exchange.exchange(str(tmp_path), str(tmp_path))
    ctypes.set_errno(errno.EACCES)
    with pytest.raises(PermissionError):
        exchange.exchange(str(tmp_path), str(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP"])
def test_signals_wait_whichever_thread_they_come_to(name: str) -> None:
    number = signal.Signals[name]
    came = []
    before = signal.signal(number, lambda *_arguments: came.append(1))
    try:
        with exchange.uninterrupted():
            other = threading.Thread(target=signal.raise_signal, args=[number])
            other.start()
            other.join()
            signal.raise_signal(number)
            assert not came
        assert came
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exchange.uninterrupted():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has renameat2")
def test_a_c_library_without_the_function_has_the_system_call_and_else_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []

    class Old:
        def syscall(self, number: ctypes.c_long, *_given: object) -> int:
            called.append(number.value)
            return 0

    monkeypatch.setattr(ctypes, "CDLL", lambda *_given, **_named: Old())
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="aarch64"))
    assert exchange.exchange(str(tmp_path / "one"), str(tmp_path / "two"))
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="pdp11"))
    assert not exchange.exchange(str(tmp_path / "one"), str(tmp_path / "two"))
    assert called == [276]
