"""The front beside a script whose interpreter it cannot tell, or whose package is found by PYTHONPATH alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from front import wait_for
from native_front import Scene, interpreter
from rewound import rewound
from running import PACKAGE

# As `uv venv --relocatable` writes it, and as `env -S` needs it: the script starts itself.
LINES = {
    "relocatable": "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n",
    "env": "#!/usr/bin/env -S {0}\n",
}
ENTRY = "import sys\nfrom assume_helper.start import main\nsys.exit(main())\n"


@pytest.fixture(params=LINES)
def odd(request: pytest.FixtureRequest, warm: Scene) -> Scene:
    """A scene with a session that is cached, whose front stands beside such a script."""
    folder = warm.home.folder / "odd"
    folder.mkdir()
    python = Path(interpreter(warm.native.with_name("assume-helper-python")))
    starter = folder / "python"
    starter.write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    script = folder / "assume-helper-python"
    script.write_text(LINES[request.param].format(starter) + ENTRY)
    shutil.copy(warm.native, folder / "assume-helper")
    for each in (starter, script):
        each.chmod(0o755)
    warm.native = folder / "assume-helper"
    return warm


def test_a_miss_leaves_the_gate_to_the_script(odd: Scene) -> None:
    """It would wait for a gate that the front holds, and the program of `exec` would inherit that."""
    for path in odd.home.cache.glob("*"):
        path.unlink()
    listing = "for each in /proc/self/fd/*; do readlink $each; done; true"
    ran = odd.run(odd.native, "exec", "dev", "--", "/bin/sh", "-c", listing)
    assert (ran.code, ran.stderr) == (0, b"")
    assert b".door" not in ran.stdout
    assert ran.calls == ("AssumeRole",)
    assert not list(odd.home.cache.glob("*.door"))


def test_a_hit_that_is_due_is_refreshed_behind_it(odd: Scene) -> None:
    entry = rewound(odd.home)
    before = entry.read_bytes()
    assert odd.run(odd.native, "get", "dev").code == 0
    wait_for(lambda: entry.read_bytes() != before)


@pytest.fixture
def target(cold: Scene) -> str:
    """The package and its libraries in one folder, as `pip install --target` puts them there, with front and script
    beside them; the interpreter has none of it. The folder.
    """
    folder = cold.home.folder / "target"
    (folder / "bin").mkdir(parents=True)
    libraries = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    for path in libraries.iterdir():
        (folder / path.name).symlink_to(path)
    shutil.copytree(PACKAGE, folder / "assume_helper", ignore=shutil.ignore_patterns("__pycache__"))
    bare = cold.home.folder / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    script = folder / "bin" / "assume-helper-python"
    script.write_text(f"#!{bare}/bin/python\n{ENTRY}")
    script.chmod(0o755)
    shutil.copy(cold.native, folder / "bin" / "assume-helper")
    cold.native = folder / "bin" / "assume-helper"
    return str(folder)


@pytest.mark.parametrize("among", ["{0}", "/nonexistent:{0}", "{0}/:/nonexistent"])
def test_a_package_that_pythonpath_alone_names_is_found(cold: Scene, target: str, among: str) -> None:
    cold.home.environ["PYTHONPATH"] = among.format(target)
    ran = cold.run(cold.native, "get", "dev")
    assert (ran.code, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["Version"] == 1
    entry = rewound(cold.home)
    before = entry.read_bytes()
    assert cold.run(cold.native, "get", "dev").code == 0
    wait_for(lambda: entry.read_bytes() != before)


def test_another_pythonpath_is_not_read(warm: Scene) -> None:
    """Its libraries may break this program, or be other versions."""
    folder = warm.home.folder / "theirs"
    folder.mkdir()
    (folder / "os.py").write_text("raise RuntimeError('not this one')\n")
    warm.home.environ["PYTHONPATH"] = str(folder)
    warm.home.config.write_text(warm.home.config.read_text() + "\n")
    ran = warm.run(warm.native, "get", "dev")
    assert (ran.code, ran.stderr) == (0, b"")
