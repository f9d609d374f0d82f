"""What a rewritten file keeps of the one before it: its mode, its attributes, or nothing is written."""

import errno
import os
from pathlib import Path

import pytest

from assume_helper.configure import attributes
from assume_helper.errors import ConfigurationError


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, int]:
    old = tmp_path / "old"
    old.touch(0o640)
    old.chmod(0o640)
    new = os.open(tmp_path / "new", os.O_CREAT | os.O_RDWR, 0o600)
    return str(old), new


def test_the_mode_is_kept(files: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_path: str) -> list[str]:
        raise OSError(errno.ENOTSUP, "no attributes here")

    monkeypatch.setattr(os, "listxattr", none, raising=False)
    attributes.copy(*files)
    assert os.fstat(files[1]).st_mode & 0o777 == 0o640
    attributes.make_private(files[1])
    assert os.fstat(files[1]).st_mode & 0o777 == 0o600
    os.close(files[1])


def test_an_attribute_that_cannot_be_kept_is_named_and_one_of_the_system_s_left(
    files: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def refuse(_file: int, name: str, _value: bytes) -> None:
        tried.append(name)
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "listxattr", lambda _path: ["security.selinux", "user.mine"], raising=False)
    monkeypatch.setattr(os, "getxattr", lambda *_given: b"x", raising=False)
    monkeypatch.setattr(os, "setxattr", refuse, raising=False)
    with pytest.raises(ConfigurationError, match=r"its attribute user.mine cannot be kept \(Operation not supported\)"):
        attributes.copy(*files)
    assert tried == ["user.mine"]
    os.close(files[1])
