"""What the environment sets for Python, TLS and the process itself."""

import os
import sys
from pathlib import Path

import pytest
from running import PACKAGE

from assume_helper.doctor import this_machine, variable_change

if sys.platform != "win32":
    import resource


def checks(**environ: str) -> list[tuple[str, str]]:
    return [(check.status, f"{check.what}; {check.mend}") for check in this_machine.examine(environ)]


def test_nothing_is_said_where_nothing_is_set() -> None:
    assert checks(HOME="/", PYTHONPATH="") == []


def test_pythonpath_is_named() -> None:
    ((status, text),) = checks(PYTHONPATH="/theirs")
    assert status == "ok"
    assert "PYTHONPATH is set" in text


def test_another_version_in_pythonpath_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "assume_helper").mkdir()
    (tmp_path / "assume_helper" / "start.py").touch()
    ((status, text),) = checks(PYTHONPATH=os.pathsep.join(["/theirs", str(tmp_path)]))
    assert status == "warn"
    assert f"take {tmp_path} out of PYTHONPATH" in text
    assert checks(PYTHONPATH=str(PACKAGE.parent))[0][0] == "ok"


@pytest.mark.parametrize("name", ["PYTHONHOME", "SSLKEYLOGFILE"])
def test_what_does_harm_is_a_warning_that_names_it(name: str) -> None:
    ((status, text),) = checks(**{name: "/somewhere"})
    assert status == "warn"
    assert f"{name} is /somewhere" in text
    assert variable_change.clearing(name) in text


def test_how_tls_is_set_up_is_said() -> None:
    assert checks(OPENSSL_CONF="/etc/my.cnf")[0][0] == "ok"


def test_few_descriptors_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (16, 16))
    assert "may open 16 files at once" in checks()[0][1]
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert checks() == []
