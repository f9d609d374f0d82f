"""What a caller sets for Python, or for any program, of his own does not reach this one; where it must, it is named."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from front import Front, session
from running import PACKAGE, SCRIPT, Home

LIBRARIES = Path(sysconfig.get_path("purelib"))
# Started by a path, without -I, as a background refresh is.
BY_PATH = [sys.executable, "-P", str(PACKAGE / "__main__.py")]
FORMS = {"script": [SCRIPT], "path": BY_PATH, "fastest": [sys.executable, "-I", "-S", str(PACKAGE / "__main__.py")]}


@pytest.fixture
def dev(role: Home, offline_front: Front) -> Home:
    offline_front.behaviour = session()
    return role


def folder_with(folder: Path, **modules: str) -> str:
    """A folder of the caller's: `name` is a file, `name_` a package."""
    for name, text in modules.items():
        path = folder / f"{name}.py" if not name.endswith("_") else folder / name[:-1] / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


SHADOWS = {
    "an empty platformdirs": {"platformdirs_": ""},
    "another botocore": {"botocore_": "__version__ = '0.1'\n"},
    "a click of Python 2": {"click": "print 'hello'\n"},
    "a json that fails": {"json": "raise RuntimeError('not this one')\n"},
    "an empty filelock": {"filelock": ""},
    "an urllib3 that ends the program": {"urllib3_": "raise SystemExit(3)\n"},
    "an old typing": {"typing": "raise AttributeError('typing')\n"},
    "a logging of the caller's": {"logging_": ""},
    "a dateutil, a configparser and a re": {"dateutil_": "", "configparser": "", "re": "1/0\n"},
    "another version of this helper": {"assume_helper_": "raise RuntimeError('the other version')\n"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", SHADOWS)
def test_libraries_in_pythonpath_do_not_stand_in_for_ours(dev: Home, tmp_path: Path, kind: str, form: str) -> None:
    if (form, kind) == ("script", "another version of this helper"):
        pytest.skip("a script that is installed asks Python for the package, whatever it finds")
    if form == "script" and "re" in SHADOWS[kind] and "import re" in Path(SCRIPT).read_text():
        pytest.skip("the installer's own script imports re")
    folder = folder_with(tmp_path / "theirs", **SHADOWS[kind])
    ran = dev.run("get", "dev", command=FORMS[form], PYTHONPATH=folder)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.document["Version"] == 1
    assert '"event": "issue"' in dev.log.read_text()
    assert dev.run("get", "dev", command=FORMS[form], PYTHONPATH=folder).document == ran.document


@pytest.mark.parametrize("separator", ["{0}:", ":{0}", "{0}/:{0}", "./theirs", "{0}:" + sysconfig.get_path("stdlib")])
def test_however_pythonpath_names_them(dev: Home, separator: str) -> None:
    folder = folder_with(dev.folder / "theirs", platformdirs_="", json="1/0\n")
    ran = dev.run("get", "dev", command=[SCRIPT], PYTHONPATH=separator.format(folder))
    assert (ran.code, ran.stderr) == (0, "")


def test_the_interpreters_own_folder_in_pythonpath_changes_nothing(dev: Home) -> None:
    assert dev.run("get", "dev", command=[SCRIPT], PYTHONPATH=str(LIBRARIES)).code == 0


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Everything in one folder, as `pip install --target` puts it there; the interpreter has none of it."""
    folder = tmp_path / "target"
    folder.mkdir()
    for path in LIBRARIES.iterdir():
        (folder / path.name).symlink_to(path)
    shutil.copytree(PACKAGE, folder / "assume_helper", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter without any library."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin" / "python")


def test_a_package_that_only_pythonpath_names_is_found(dev: Home, target: Path, bare: str) -> None:
    ran = dev.run("-m", "assume_helper", "get", "dev", command=[bare], PYTHONPATH=str(target))
    assert (ran.code, ran.stderr) == (0, "")


def test_a_package_whose_libraries_have_folders_of_their_own_is_found(dev: Home, target: Path, bare: str) -> None:
    """As Nix and Bazel do it: each library is in a folder of its own, and PYTHONPATH names them all."""
    folders = []
    for path in target.iterdir():
        if path.suffix not in {".dist-info", ".pth"}:
            folder = target.parent / "store" / path.name
            folder.mkdir(parents=True)
            (folder / path.name).symlink_to(path)
            folders.append(str(folder))
    ran = dev.run("-m", "assume_helper", "get", "dev", command=[bare], PYTHONPATH=":".join(folders))
    assert (ran.code, ran.stderr) == (0, "")


def test_its_own_libraries_come_before_those_of_the_interpreter(dev: Home, target: Path, bare: str) -> None:
    """Where a system's Python has an old click, the one beside the package is meant."""
    old = folder_with(target.parent / "site-packages", click="raise ImportError('an old one')\n")
    code = f"import sys; sys.path.append({old!r}); sys.argv[0] = 'x'; from assume_helper.start import main; main()"
    ran = dev.run("-c", code, "get", "dev", command=[bare], PYTHONPATH=str(target))
    assert ran.code == 0, ran.stderr


def test_a_library_that_only_the_caller_has_and_that_is_none_is_named_with_its_folder_and_the_variable(
    dev: Home, target: Path, bare: str, tmp_path: Path
) -> None:
    (target / "platformdirs").unlink()
    (target / "filelock").unlink()
    for number, text in enumerate(["print 'hello'\n", "raise ValueError('x')\n", "", "import nothing_like_it\n"]):
        folder = folder_with(tmp_path / str(number), platformdirs_=text, filelock_=text)
        ran = dev.run("-m", "assume_helper", "get", "dev", command=[bare], PYTHONPATH=f"{target}:{folder}")
        ran.failed(1, "dev: ", folder, "PYTHONPATH")


def test_programs_that_are_started_get_pythonpath_as_it_was(dev: Home, tmp_path: Path) -> None:
    theirs = folder_with(tmp_path / "theirs", platformdirs_="")
    shown = [sys.executable, "-c", "import os; print(os.environ['PYTHONPATH'])"]
    ran = dev.run("exec", "dev", "--", *shown, command=[SCRIPT], PYTHONPATH=theirs)
    assert (ran.code, ran.stdout.decode().strip()) == (0, theirs)


def of_the_loader(folder: Path) -> str:
    """A folder with a library for TLS that is none, in place of the system's."""
    folder.mkdir()
    found = subprocess.run(
        ["ldd", str(next(Path(sysconfig.get_config_var("DESTSHARED")).glob("_ssl.*")))],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    names = [word for word in found.split() if word.startswith(("libssl.so", "libcrypto.so"))]
    if not names:
        pytest.skip("this Python brings its own OpenSSL")
    for name in names:
        (folder / name).write_text("not a library\n")
    return str(folder)


def test_a_library_of_the_loaders_that_is_none_is_told_with_the_variable(dev: Home, tmp_path: Path) -> None:
    folder = of_the_loader(tmp_path / "lib")
    # a request that is made by the SDK, which loads them
    ran = dev.run("get", "dev", command=[SCRIPT], LD_LIBRARY_PATH=folder, AWS_EXECUTION_ENV="a")
    ran.failed(1, "dev: ", "unset LD_LIBRARY_PATH", "env -u LD_LIBRARY_PATH")
    mended = dev.run("get", "dev", command=["env", "-u", "LD_LIBRARY_PATH", SCRIPT], AWS_EXECUTION_ENV="a")
    assert mended.code == 0


def replacing(target: Path, name: str, *, real: Path, meanwhile: str) -> None:
    """A library that an installer is replacing: whoever imports it finds `meanwhile`, and then the new one is there."""
    path = target / name
    path.unlink()
    text = f"import os\nos.rename({str(path)!r}, {str(path) + '.old'!r})\nos.symlink({str(real)!r}, {str(path)!r})\n"
    folder_with(target, **{name + "_": text + meanwhile})


@pytest.mark.parametrize(
    "meanwhile",
    ["import a_part_that_is_not_there_yet\n", "raise ImportError('half')\n", "raise SyntaxError('half a file')\n", ""],
)
def test_a_library_that_is_being_replaced_is_tried_once_more(
    dev: Home, target: Path, bare: str, meanwhile: str
) -> None:
    replacing(target, "filelock", real=LIBRARIES / "filelock", meanwhile=meanwhile)
    ran = dev.run("get", "dev", command=[bare, "-E", "-c", started_from(target)])
    assert (ran.code, ran.stderr) == (0, "")


def started_from(target: Path) -> str:
    """As the console script of an installation starts it."""
    return f"import sys; sys.path.append({str(target)!r}); from assume_helper.start import main; sys.exit(main())"


@pytest.mark.parametrize("meanwhile", ["gone", "import a_part_that_is_not_there\n", "raise SyntaxError('half')\n", ""])
def test_a_library_that_stays_broken_is_said_in_one_line(dev: Home, target: Path, bare: str, meanwhile: str) -> None:
    (target / "botocore").unlink()
    if meanwhile != "gone":
        folder_with(target, botocore_=meanwhile)
    ran = dev.run("get", "dev", command=[bare, "-E", "-c", started_from(target)])
    ran.failed(1, "dev: ", "is not installed for", "try again in a minute, then install assume-helper again")


def test_the_document_once_printed_is_a_success(dev: Home, target: Path, bare: str) -> None:
    """The log's library is none, and stays so."""
    (target / "platformdirs").unlink()
    folder_with(target, platformdirs_="")
    cache = str(dev.folder / "cache")
    ran = dev.run("get", "dev", command=[bare, "-E", "-c", started_from(target)], ASSUME_HELPER_CACHE_DIR=cache)
    assert (ran.code, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["Version"] == 1
    assert not os.path.exists(dev.log)
