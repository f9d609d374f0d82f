"""The stamp of an answer: what it depends on, and that each change shows."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from unit.hit_files import (
    appended,
    edited_with_size_and_mtime_put_back,
    removed,
    replaced_by_its_like,
    touched,
)

from assume_helper import hit

# config_paths


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("/etc/aws/config", "/etc/aws/config"),
        ("~/aws", "/home/jane/aws"),
        ("$TEAM/aws", "/team/aws"),
        ("${TEAM}/aws", "/team/aws"),
        ("~/$NAME", "/home/jane/a name"),
        ("$NOT_SET/aws", "$NOT_SET/aws"),
        ("%TEAM%/aws", "/team/aws" if sys.platform == "win32" else "%TEAM%/aws"),
        ("relative", "relative"),
    ],
)
@pytest.mark.parametrize("position", [0, 1])
def test_a_path_is_expanded_as_botocore_does(
    position: int, value: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, of in (("HOME", "/home/jane"), ("USERPROFILE", "/home/jane"), ("TEAM", "/team"), ("NAME", "a name")):
        monkeypatch.setenv(name, of)
    variable = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")[position]
    assert Path(hit.config_paths({variable: value})[position]) == Path(path)
    assert Path(os.path.expanduser(os.path.expandvars(value))) == Path(path)


OF_JANE = (Path("/home/jane/.aws/config"), Path("/home/jane/.aws/credentials"))


@pytest.mark.parametrize("environ", [{}, {"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}])
def test_the_paths_without_a_setting_are_those_of_the_cli(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(hit.HOME, "/home/jane")
    assert tuple(map(Path, hit.config_paths(environ))) == OF_JANE


def test_a_path_in_the_home_is_in_the_home_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hit.HOME, "/home/process")
    assert tuple(map(Path, hit.config_paths({hit.HOME: "/home/jane/"}))) == OF_JANE
    assert Path(hit.config_paths({hit.HOME: "/"})[0]) == Path("/.aws/config")


# stamp


def test_the_stamp_of_an_unchanged_world_is_the_same(environ: dict[str, str]) -> None:
    assert hit.stamp("dev", environ) == hit.stamp("dev", dict(environ))


def test_the_name_of_a_stamp_is_one_of_a_file(environ: dict[str, str]) -> None:
    name, _ = hit.stamp("../../" + "dev" * 200, environ)
    assert name.removesuffix(".hit").isalnum()
    assert name.endswith(".hit")
    assert len(name) == 36


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize(
    "change", [appended, touched, replaced_by_its_like, edited_with_size_and_mtime_put_back, removed]
)
def test_a_change_of_a_file_is_another_stamp_under_the_same_name(
    environ: dict[str, str], tmp_path: Path, file: str, change: Callable[[Path], None]
) -> None:
    name, stamp = hit.stamp("dev", environ)
    change(tmp_path / ".aws" / file)
    other_name, other = hit.stamp("dev", environ)
    assert other != stamp
    assert other_name == name


# Windows tells no time of a change.
FACTS = ["st_size", "st_mtime_ns", *["st_ctime_ns"] * (sys.platform != "win32"), "st_ino", "st_dev"]


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_each_fact_of_a_file_is_in_the_stamp(
    environ: dict[str, str], tmp_path: Path, file: str, fact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stamp = hit.stamp("dev", environ)
    path = str(tmp_path / ".aws" / file)
    real = os.stat

    class Status:
        """What `os.stat` says of a file that differs in one fact only."""

        def __init__(self, status: os.stat_result) -> None:
            self.__dict__ = {name: getattr(status, name) + (name == fact) for name in FACTS}

    monkeypatch.setattr(os, "stat", lambda p, **how: Status(real(p)) if p == path else real(p, **how))
    assert hit.stamp("dev", environ)[1] != stamp


def test_a_file_that_is_not_there_and_one_that_cannot_be_are_stamped_too(environ: dict[str, str]) -> None:
    gone = environ | {"AWS_CONFIG_FILE": "/nowhere/config", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null/credentials"}
    assert hit.stamp("dev", gone)[1].endswith(b"\0absent\0absent")


def test_another_profile_is_another_stamp_and_another_name(environ: dict[str, str]) -> None:
    name, stamp = hit.stamp("dev", environ)
    other_name, other = hit.stamp("Dev", environ)
    assert (other_name != name, other != stamp) == (True, True)


@pytest.mark.parametrize("variable", hit.WATCHED)
def test_a_watched_variable_unset_empty_and_set_are_three_stamps(environ: dict[str, str], variable: str) -> None:
    stamps = [
        hit.stamp("dev", environ),
        hit.stamp("dev", environ | {variable: ""}),
        hit.stamp("dev", environ | {variable: "x"}),
        hit.stamp("dev", environ | {variable: "y"}),
    ]
    assert len({stamp for _, stamp in stamps}) == 4
    assert len({name for name, _ in stamps}) == 4


def test_a_value_that_moves_to_another_variable_is_another_stamp(environ: dict[str, str]) -> None:
    stamps = {hit.stamp("dev", environ | {variable: "x"})[1] for variable in hit.WATCHED}
    assert len(stamps) == len(hit.WATCHED)


def test_the_same_config_by_another_path_is_another_stamp(environ: dict[str, str], tmp_path: Path) -> None:
    one = hit.stamp("dev", environ | {"AWS_CONFIG_FILE": f"{tmp_path}/.aws/config"})
    other = hit.stamp("dev", environ | {"AWS_CONFIG_FILE": f"{tmp_path}/.aws/../.aws/config"})
    assert one != other


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "HTTPS_PROXY", "AWS_CA_BUNDLE", "PATH", "AWS_SECRET_ACCESS_KEY"])
def test_what_does_not_change_the_session_does_not_change_the_stamp(environ: dict[str, str], variable: str) -> None:
    assert hit.stamp("dev", environ | {variable: "dummy"}) == hit.stamp("dev", environ)


def test_names_of_any_bytes_are_stamped(environ: dict[str, str]) -> None:
    _, stamp = hit.stamp("d\udcff", environ | {"AWS_REGION": "\udcfe"})
    assert stamp.startswith(b"d\xff\0")
    assert b"\0=\xfe\0" in stamp
