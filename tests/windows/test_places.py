"""Where things are on Windows, and what is in them: drives, blanks, letters beyond ASCII, line ends and code pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import wine
from front import Front
from wine import WindowsHome

BEYOND = "Jürgen Müller 日本"


@pytest.fixture
def other_drive(home: WindowsHome, tmp_path: Path) -> Iterator[Path]:
    """The folder that is drive H."""
    link = home.prefix / "dosdevices/h:"
    link.symlink_to(tmp_path)
    yield tmp_path
    link.unlink()


def in_home(home: WindowsHome, folder: str, *words: str) -> "tuple[int, bytes, str]":
    """The helper, for a user whose home is `folder`. Wine itself knows one home."""
    code = (
        "import os, subprocess, sys; folder, *words = sys.argv[1:]; "
        "os.environ.update(USERPROFILE=folder, LOCALAPPDATA=folder + '\\\\Local', APPDATA=folder + '\\\\Roaming'); "
        "sys.exit(subprocess.call(words))"
    )
    done = home.in_python(code, folder, wine.path(home.launcher), *words)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.parametrize("name", ["home", f"a home of {BEYOND}"])
def test_a_home_on_another_drive(granted: WindowsHome, offline_front: Front, other_drive: Path, name: str) -> None:
    folder = other_drive / name
    (folder / ".aws").mkdir(parents=True)
    for file in (granted.config, granted.credentials):
        (folder / ".aws" / file.name).write_bytes(file.read_bytes())
        file.unlink()
    where = f"H:\\{name}"
    first = in_home(granted, where, "get", "dev")
    assert (first[0], first[2]) == (0, "")
    assert in_home(granted, where, "get", "dev") == first
    assert len(offline_front.calls) == 1
    assert list((folder / "Local/assume-helper/Cache").glob("*.entry"))
    said = in_home(granted, where, "doctor")[1].decode()
    assert f"cache: H:\\{name}\\Local\\assume-helper\\Cache, closed to other users" in said


def test_paths_with_blanks_and_letters_beyond_ascii_are_configured_and_called(folk: WindowsHome) -> None:
    config = folk.folder / ".aws" / f"{BEYOND} config"
    config.write_bytes(folk.config.read_bytes())
    there = "C:\\users\\root\\.aws\\" + config.name
    ran = folk.run("configure", "dev", "--yes", AWS_CONFIG_FILE=there)
    assert ran.code == 0, ran.stderr
    assert "credential_process" in config.read_text(encoding="utf-8")
    cache = "C:\\users\\root\\AppData\\Local\\assume-helper\\" + BEYOND
    for _ in range(2):
        ran = folk.run("get", "dev", AWS_CONFIG_FILE=there, ASSUME_HELPER_CACHE_DIR=cache)
        assert (ran.code, ran.stderr) == (0, "")
    assert list((folk.local / BEYOND).glob("*.entry"))


# A system's language, which Wine takes from the environment, and its code page.
CODE_PAGES = {"C.UTF-8": 1252, "ja_JP.UTF-8": 932, "ru_RU.KOI8-R": 1251}
IN_CODE_PAGE = f"""
import ctypes, subprocess, sys
page = ctypes.windll.kernel32.GetACP()
assert page == int(sys.argv[1]), page
sys.exit(subprocess.call([*sys.argv[2:], {BEYOND!a}]))
"""


@pytest.mark.parametrize("language", CODE_PAGES)
def test_a_name_beyond_ascii_is_told_in_utf_8_whatever_the_code_page(granted: WindowsHome, language: str) -> None:
    words = (str(CODE_PAGES[language]), wine.path(granted.launcher), "get")
    ran = granted.in_python(IN_CODE_PAGE, *words, LC_ALL=language)
    assert ran.returncode == 3, ran.stderr
    assert BEYOND in ran.stderr.decode("utf-8")


@pytest.mark.parametrize("language", CODE_PAGES)
def test_a_config_in_utf_8_is_read_and_written_whatever_the_code_page(folk: WindowsHome, language: str) -> None:
    text = folk.config.read_text(encoding="utf-8").replace("# of my own", f"# of my own: {BEYOND}")
    folk.config.write_text(text, encoding="utf-8", newline="")
    ran = folk.run("configure", "dev", "--yes", LC_ALL=language)
    assert ran.code == 0, ran.stderr
    assert f"# of my own: {BEYOND}" in folk.config.read_text(encoding="utf-8")
    assert BEYOND in ran.stdout.decode("utf-8")


def test_a_profile_beyond_ascii_is_served(granted: WindowsHome) -> None:
    text = granted.config.read_text(encoding="utf-8").replace("[profile dev]", f'[profile "{BEYOND}"]')
    granted.config.write_text(text, encoding="utf-8")
    assert granted.get(BEYOND)["AccessKeyId"]
    assert granted.get(BEYOND)["AccessKeyId"]


def test_line_ends_of_windows_are_read_and_stay(folk: WindowsHome) -> None:
    for file in (folk.config, folk.credentials):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert folk.get("dev")["AccessKeyId"]
    before = folk.config.read_bytes()
    assert folk.run("configure", "dev", "--yes").code == 0
    written = folk.config.read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n")
    assert folk.run("configure", "dev", "--undo", "--yes").code == 0
    assert folk.config.read_bytes() == before
