"""What an answer depends on: config files, variables, HOME, locale. Both fast paths take the same for the same."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_front import HANDED_ON, Scene

from assume_helper import answers, hit

OLD = 1_700_000_000_123_456_789


def settled(*paths: Path) -> None:
    for path in paths:
        os.utime(path, ns=(0, OLD))


# The config files.


def replaced(path: Path) -> None:
    """By a file of the same content and times."""
    new = path.with_name("new")
    new.write_bytes(path.read_bytes())
    settled(new)
    new.rename(path)


def changed(path: Path) -> None:
    path.write_text(path.read_text() + "\n[profile new]\nregion = x\n")
    settled(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "touched": lambda path: os.utime(path, ns=(0, OLD + 1)),
    "its times are as before, its ctime is not": settled,
    "another mode": lambda path: path.chmod(0o600 if path.stat().st_mode & 0o777 != 0o600 else 0o644),
    "replaced by its like": replaced,
    "changed": changed,
}


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_config_is_no_hit(warm: Scene, file: str, change: str) -> None:
    CHANGES[change](getattr(warm.home, file))
    warm.quick("get", "dev", is_answered=False)


def test_after_a_change_of_the_config_both_forms_answer_without_a_call(warm: Scene) -> None:
    changed(warm.home.config)
    seen = warm.both("get", "dev", is_answered=False)
    assert (seen.code, seen.stderr, seen.calls) == (0, b"", ())


def test_a_config_that_has_gone_is_no_hit(warm: Scene) -> None:
    warm.home.config.rename(warm.home.config.with_name("away"))
    warm.quick("get", "dev", is_answered=False)
    seen = warm.both("get", "dev", is_answered=False)
    assert seen.code == 3


def test_a_config_behind_a_link_is_followed(warm: Scene) -> None:
    warm.home.config.rename(warm.home.config.with_name("away"))
    warm.home.config.symlink_to("away")
    warm.fill("get", "dev")
    warm.quick("get", "dev", is_answered=True)
    changed(warm.home.config.with_name("away"))
    warm.quick("get", "dev", is_answered=False)


# The variables.


@pytest.mark.parametrize("name", hit.WATCHED)
def test_each_watched_variable_asks_for_another_answer(warm: Scene, name: str) -> None:
    for value in ("", "x", "0", " ", "="):
        warm.quick("get", "dev", environ={name: value}, is_answered=None if name in hit.WATCHED[:2] else False)
        assert warm.run(warm.alone, "get", "dev", environ=warm.home.environ | {name: value}).code in (
            {0, HANDED_ON} if value == "" and name in hit.WATCHED[:2] else {HANDED_ON}
        )


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_SSO"])
def test_an_answer_is_remembered_for_a_variable_s_value(warm: Scene, name: str) -> None:
    warm.fill("get", "dev", **{name: "eu-central-1"})
    warm.quick("get", "dev", is_answered=True, environ={name: "eu-central-1"})
    warm.quick("get", "dev", is_answered=False, environ={name: "eu-central-2"})
    warm.quick("get", "dev", is_answered=True)


UNWATCHED = {
    "AWS_PROFILE": "x",
    "AWS_DEFAULT_PROFILE": "y",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "LOGNAME": "z",
    "A": "",
}


def test_what_changes_no_session_is_not_watched(warm: Scene) -> None:
    warm.quick("get", "dev", is_answered=True, environ=UNWATCHED)


def test_a_value_beyond_ascii_is_handed_on_and_python_answers_it(warm: Scene) -> None:
    for value in ("grün", "\udcff", "\t", "a\nb", "\x7f"):
        assert warm.run(warm.alone, "get", "dev", environ=warm.home.environ | {"AWS_REGION": value}).code == HANDED_ON


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX", "en_US.ISO-8859-1", "nonsense"])
def test_the_locale_changes_no_answer(warm: Scene, locale: str) -> None:
    seen = warm.both("get", "dev", is_answered=True, environ=warm.home.environ | {"LC_ALL": locale})
    assert (seen.code, seen.stderr) == (0, b"")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_name_beyond_ascii_is_handed_on(warm: Scene, locale: str) -> None:
    text = warm.home.config.read_text()
    warm.home.config.write_text(text + text.replace("profile dev", "profile grün"), encoding="utf-8")
    settled(warm.home.config)
    seen = warm.both("get", "grün", is_answered=False, environ=warm.home.environ | {"LC_ALL": locale})
    assert seen.code in (0, 3)


def test_the_callers_of_a_process_of_our_own_are_for_python_to_see(warm: Scene) -> None:
    for value in ("", "[]", "x"):
        warm.quick("get", "dev", is_answered=False, environ={hit.CALLERS: value})


def test_hits_that_are_logged_are_python_s(warm: Scene) -> None:
    for command in (["get", "dev"], ["get", "dev", "--read-only"], ["exec", "dev", "--", "true"], ["env", "dev"]):
        warm.quick(*command, is_answered=False, ASSUME_HELPER_LOG_HITS="1")
    for value in ("", "0", "11", "true"):
        warm.quick("get", "dev", is_answered=True, ASSUME_HELPER_LOG_HITS=value)


# Entries that no mapping has.

DOUBLED = [
    b"AWS_REGION=",
    b"AWS_REGION=x",
    b"HOME=/nonexistent",
    b"PATH=",
    b"ASSUME_HELPER_CACHE_DIR",
    b"AWS_CONFIG_FILE",
]
MALFORMED = [b"", b"AWS_REGION", b"=AWS_REGION=x", b"=", b"no entry", b"\xff=\xff", b"A\nB=c", b"HOME", b"AWS_PROFILE"]


def test_of_two_entries_the_first_counts(warm: Scene) -> None:
    warm.fill("get", "dev", AWS_REGION="eu-central-1")
    environ = warm.home.environ
    try:
        warm.home.environ = environ | {"AWS_REGION": "eu-central-1"}
        warm.quick("get", "dev", is_answered=True, raw=[b"AWS_REGION=x", b"AWS_REGION=eu-central-1"])
        warm.home.environ = environ | {"AWS_REGION": "x"}
        warm.quick("get", "dev", is_answered=False, raw=[b"AWS_REGION=eu-central-1"])
    finally:
        warm.home.environ = environ
    warm.quick("get", "dev", is_answered=False, raw=[b"AWS_REGION=x", b"AWS_REGION=eu-central-1"])


@pytest.mark.parametrize("entry", MALFORMED)
def test_an_entry_that_sets_nothing_changes_no_answer(warm: Scene, entry: bytes) -> None:
    warm.quick("get", "dev", is_answered=True, raw=[entry])
    seen = warm.both("get", "dev", is_answered=True, raw=[entry])
    assert (seen.code, seen.stderr) == (0, b"")


# HOME, and where files are.


def test_another_home_has_another_config(warm: Scene, tmp_path: Path) -> None:
    (tmp_path / "other" / ".aws").mkdir(parents=True)
    warm.quick("get", "dev", is_answered=False, HOME=str(tmp_path / "other"))


def test_a_slash_behind_home_is_the_same_home(warm: Scene) -> None:
    warm.quick("get", "dev", is_answered=True, HOME=f"{warm.home.folder}/")
    warm.quick("get", "dev", is_answered=True, HOME=f"{warm.home.folder}///")


@pytest.mark.parametrize("value", ["", "relative", "/nonexistent", "~", "/"])
def test_a_home_that_is_none_is_python_s(warm: Scene, value: str) -> None:
    for command in (["get", "dev"], ["exec", "dev", "--", "true"], ["env", "dev", "--shell", "sh"]):
        warm.quick(*command, HOME=value)
        assert warm.run(warm.alone, *command, environ=warm.home.environ | {"HOME": value}).code == HANDED_ON


def test_without_home_it_is_python_s(warm: Scene) -> None:
    environ = {name: value for name, value in warm.home.environ.items() if name != "HOME"}
    assert warm.run(warm.alone, "get", "dev", environ=environ).code == HANDED_ON


def test_the_home_of_another_user_is_python_s(warm: Scene) -> None:
    os.chown(warm.home.folder, 65534, 65534)
    for command in (["get", "dev"], ["exec", "dev", "--", "true"], ["env", "dev", "--shell", "sh"]):
        assert warm.run(warm.alone, *command).code == HANDED_ON


PLACES = {
    "the files named": {
        "AWS_CONFIG_FILE": "{home}/.aws/config",
        "AWS_SHARED_CREDENTIALS_FILE": "{home}/.aws/credentials",
    },
    "the files named in HOME": {
        "AWS_CONFIG_FILE": "~/.aws/config",
        "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    },
    "the cache named": {"ASSUME_HELPER_CACHE_DIR": "{home}/elsewhere"},
    "the cache named, with slashes": {"ASSUME_HELPER_CACHE_DIR": "{home}/elsewhere//"},
    "the cache named in HOME": {"ASSUME_HELPER_CACHE_DIR": "~/elsewhere"},
    "the cache's base": {"XDG_CACHE_HOME": "{home}/base"},
    "the cache's base, with a slash": {"XDG_CACHE_HOME": "{home}/base/"},
    "no base": {"XDG_CACHE_HOME": ""},
    "a relative base": {"XDG_CACHE_HOME": "base"},
    "no cache named": {"ASSUME_HELPER_CACHE_DIR": ""},
}
ODD_PLACES = {
    "a relative config": {"AWS_CONFIG_FILE": ".aws/config"},
    "a variable in a path": {"AWS_CONFIG_FILE": "$HOME/.aws/config"},
    "another user's": {"AWS_CONFIG_FILE": "~root/.aws/config"},
    "a path beyond ASCII": {"AWS_CONFIG_FILE": "/grün"},
    "a relative cache": {"ASSUME_HELPER_CACHE_DIR": ".cache"},
    "a cache of another user": {"ASSUME_HELPER_CACHE_DIR": "~root/x"},
    "a very long path": {"ASSUME_HELPER_CACHE_DIR": "/" + "x" * 5000},
    "a very long config": {"AWS_CONFIG_FILE": "/" + "x/" * 4000},
}


@pytest.mark.parametrize("places", PLACES)
def test_config_and_cache_are_where_the_variables_say(warm: Scene, places: str) -> None:
    environ = {name: value.format(home=warm.home.folder) for name, value in PLACES[places].items()}
    warm.fill("get", "dev", **environ)
    warm.quick("get", "dev", is_answered=True, environ=environ)


@pytest.mark.parametrize("places", ODD_PLACES)
def test_a_place_that_takes_more_than_the_environment_is_python_s(warm: Scene, places: str) -> None:
    assert warm.run(warm.alone, "get", "dev", environ=warm.home.environ | ODD_PLACES[places]).code == HANDED_ON


# What a profile's answer depends on beside that: each kind of condition (see lookups).


def with_conditions(scene: Scene, conditions: dict[str, str]) -> None:
    """Have the answer depend on these too."""
    (path,) = scene.home.cache.glob("*.hit")
    content = hit.unseal(path.read_bytes())
    size = int(content.rpartition(b"\0")[2])
    pointer, _ = hit.unpack_hit(content, content[:size])
    assert pointer is not None
    key, directory, _, origin, given_, is_quiet = pointer
    packed = hit.pack_pointer(content[:size], key, conditions, directory, origin, given_, is_quiet=is_quiet)
    path.write_bytes(hit.seal(packed))


def state(path: Path) -> str:
    return hit.file_state(str(path))


def conditions(folder: Path) -> dict[str, tuple[str, str, bool]]:
    """What is looked up, what it came to, and whether that is so."""
    here, home = str(folder), str(folder)
    (folder / "file").write_text("a line\nmore\n")
    (folder / "nul").write_bytes(b"a line\0\nmore\n")
    (folder / "program").write_text("#!/bin/sh\n")
    (folder / "program").chmod(0o755)
    (folder / "link").symlink_to("file")
    (folder / "loop").symlink_to("loop")
    (folder / "closed").write_text("#!/bin/sh\n")
    file = folder / "file"
    return {
        "a file": (f"file {file}", state(file), True),
        "a file in HOME": ("file ~/file", state(file), True),
        "a relative file": ("file file", state(file), True),
        "a file behind a link": (f"file {here}/link", state(file), True),
        "no file": (f"file {here}/none", "absent", True),
        "a file that is there by now": (f"file {here}/file", "absent", False),
        "a file that has gone": (f"file {here}/none", "1 2 3 4 5", False),
        "a variable": ("env HOME", f"={home}", True),
        "a variable with another value": ("env HOME", "=/x", False),
        "no variable": ("env NONE", "absent", True),
        "a variable that is empty": ("env EMPTY", "=", True),
        "a variable whose value is the word": ("env ABSENT", "=absent", True),
        "a variable that is set by now": ("env HOME", "absent", False),
        "the host": ("host", socket.gethostname(), True),
        "another host": ("host", "another", False),
        "a text": (f"text {file}", "a line", True),
        "another text": (f"text {file}", "a lin", False),
        "no text": (f"text {here}/none", "a line", False),
        "a text with a NUL": (f"text {here}/nul", "a line", False),
        "the machine's own": ("text /proc/sys/kernel/random/boot_id", boot_id(), True),
        "a program": ("program sh", os.path.realpath("/bin/sh"), True),
        "no program": ("program none-of-this-name", "absent", True),
        "a program by its path": (f"program {here}/program", f"{here}/program", True),
        "a program by a relative path": ("program ./program", f"{here}/program", True),
        "a program that may not be run": (f"program {here}/closed", "absent", True),
        "a folder is no program": (f"program {here}/.aws", "absent", True),
        "another program": ("program sh", "/bin/none", False),
        "a path": (f"path {here}/link", f"{here}/file", True),
        "a path in HOME": ("path ~/link", f"{here}/file", True),
        "a relative path": ("path ./link", f"{here}/file", True),
        "no path": (f"path {here}/loop", "absent", True),
        "another path": (f"path {here}/link", f"{here}/link", False),
        "a folder": (f"folder {here}/.aws/../.aws", f"{here}/.aws", True),
    }


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_each_kind_of_condition_is_looked_up_by_both(warm: Scene) -> None:
    environ = {"EMPTY": "", "ABSENT": "absent"}
    for kind, (what, value, holds) in conditions(warm.home.folder).items():
        with_conditions(warm, {what: value})
        code = warm.quick("get", "dev", environ=environ).code
        assert (kind, code) == (kind, 0 if holds else HANDED_ON)


ODD_CONDITIONS = [
    "",
    "moon",
    "path $HOME",
    "path ~root/x",
    "folder $X/y",
    "file ~root/x",
    "env",
    "text ",
    "program ~/x",
]


def test_a_condition_that_the_front_cannot_tell_is_python_s(warm: Scene) -> None:
    for what in ODD_CONDITIONS:
        for value in ("absent", "", "=", "/root"):
            with_conditions(warm, {what: value})
            seen = warm.quick("get", "dev")
            assert seen.code == HANDED_ON or what.startswith(("env", "text", "program")), what


SEARCHES = ["one:two:three", ":one", "one:", "one::three", "three/", "", ":", "/nonexistent:three", "three:one", "one"]


def test_the_search_for_a_program_is_python_s(warm: Scene) -> None:
    """Empty parts of PATH are the working directory; what is not a file, or may not be run, is passed over."""
    folder = warm.home.folder
    for name in ("one", "two", "three"):
        (folder / name).mkdir()
    (folder / "one" / "tool").mkdir()
    (folder / "two" / "tool").write_text("")
    for path in (folder / "three" / "tool", folder / "tool"):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    for search in SEARCHES:
        found = folder / ("three/tool" if "three" in search and "::" not in search else "tool")
        is_there = search in ("", ":") or "three" in search or search[0] == ":" or search[-1] == ":"
        with_conditions(warm, {"program tool": os.path.realpath(found) if is_there else hit.ABSENT})
        warm.quick("get", "dev", is_answered=True, PATH=search)


# Anything at all.

NAMES = st.sampled_from(
    [*hit.WATCHED, *answers.IDENTITY, "HOME", "PATH", "XDG_CACHE_HOME", "ASSUME_HELPER_CACHE_DIR", "X"]
)
VALUES = st.one_of(
    st.sampled_from(["", "x", "eu-central-1", "/", "~", "~/.aws/config", "true", "=", "http://127.0.0.1:1"]),
    st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=20),
)


@settings(max_examples=120)
@given(environ=st.dictionaries(NAMES, VALUES, max_size=4), raw=st.lists(st.binary(max_size=12), max_size=3))
def test_in_any_environment_the_front_answers_as_python_does_or_hands_on(
    warm: Scene, environ: dict[str, str], raw: list[bytes]
) -> None:
    entries = [entry.replace(b"\0", b"") for entry in raw]
    for command in (["get", "dev"], ["exec", "dev", "--", "/usr/bin/env"], ["env", "dev", "--shell", "fish"]):
        warm.quick(*command, raw=entries, environ=environ)
