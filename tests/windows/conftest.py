"""The helper in real processes of Windows: a Windows for each of those that run the tests, and a home in it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import wine
from wine import WindowsHome


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Windows with the helper: the folder of `wine.install`. There is no run without one."""
    assert shutil.which("wine") is not None, "wine is not installed"
    folder = tmp_path_factory.mktemp("windows")
    wine.install(folder)
    yield folder
    subprocess.run(["wineserver", "-k"], env=wine.environ(folder / "prefix"), check=False, timeout=60)


@pytest.fixture
def home(installed: Path) -> WindowsHome:
    """The home of the user of that Windows, with nothing in it."""
    (user,) = [each for each in (installed / "prefix/drive_c/users").iterdir() if each.name != "Public"]
    (python,) = (installed / "python").rglob("python.exe")
    found = WindowsHome(user, python=python, scripts=installed / "own/Scripts", prefix=installed / "prefix")
    found.clean()
    return found
