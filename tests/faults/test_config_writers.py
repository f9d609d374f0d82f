"""`configure` killed at any of its steps, and beside other programs that write the same file."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from configuring import CONFIG, ROLE, configure, written
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

from assume_helper.configure import change, exchange
from assume_helper.configure.change import Change
from assume_helper.errors import ChangedMeanwhile

KEYS = f"[profile base]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
# What a write is made of: each call of these is a step before which the process is killed.
STEPS = ("open", "write", "fsync", "fchmod", "rename", "replace", "unlink", "close")
THEIRS = "[profile theirs]\nregion = eu-west-1\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has renameat2")


def make(home: Home, **values: str) -> Change:
    loaded = change.load(home.environ)
    present = change.read(loaded, home.environ, "dev", values)
    return change.add_helper(loaded, home.environ, [change.edit(loaded, present, values, fastest=False)])


def killed_before(step: int, home: Home, theirs: str) -> bool:
    """Run the write, killed before its step of that number; whether it was. `theirs` comes before the exchange."""

    other, marker, rename = home.config.with_name("other"), home.folder / "other", os.rename

    def run() -> None:
        left = [step]

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return call

        def exchanged(source: str, target: str, flags: int, real: Callable[..., bool] = exchange._rename) -> bool:
            if theirs and not marker.exists():
                other.write_text(CONFIG + theirs)
                rename(other, home.config)
                marker.write_text("it did")
            return bool(counted(real)(source, target, flags))

        seen = make(home)
        for name in STEPS:
            setattr(os, name, counted(getattr(os, name)))
        exchange._rename = exchanged
        change.write(seen, home.environ, None)

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(60)
    return child.exitcode == -signal.SIGKILL


@linux
def test_killed_at_any_step_the_config_is_whole_and_clear_removes_the_leftovers(folk: Home) -> None:
    before = KEYS + CONFIG
    folk.config.write_text(before)
    after = make(folk).text
    step, seen = 0, set()
    while True:
        folk.config.write_text(before)
        was_killed = killed_before(step, folk, "")
        text = folk.config.read_text()
        assert text in {before, after}
        if not was_killed:
            break
        seen.add(text)
        ran = folk.run("clear", "--all")
        assert (ran.code, ran.stderr) == (0, ""), (step, ran.stderr)
        for path in folk.config.parent.iterdir():
            assert path.name in {"config", "credentials", "config.assume-helper.bak"}, step
            assert path.name != "config.assume-helper.bak" or SECRET not in path.read_text()
        step += 1
    assert step > 15
    assert seen == {before, after}


@linux
def test_killed_at_any_step_another_program_s_change_is_in_the_config_or_named(folk: Home) -> None:
    step, told = 0, 0
    while True:
        folk.config.write_text(CONFIG)
        was_killed = killed_before(step, folk, THEIRS)
        came = THEIRS in folk.config.read_text() or not (folk.folder / "other").exists()
        if not was_killed:
            assert came
            break
        ran = configure(folk, "other")
        left = [path for path in folk.config.parent.iterdir() if ".assume-helper-" in path.name]
        assert came or left
        for path in left:
            assert path.read_text() == CONFIG + THEIRS
            assert f"{path} was left behind, and is not a text of assume-helper" in ran.stderr
            told += 1
            path.unlink()
        (folk.folder / "other").unlink(missing_ok=True)
        step += 1
    assert told


# Another program, which adds a profile for each byte that it is sent, at a moment between 0 and 4 ms later.
ADDS = """
import os, random, sys, time
for n in range(int(sys.argv[2])):
    os.read(0, 1)
    until = time.perf_counter() + random.uniform(0, 0.004)
    while time.perf_counter() < until:
        pass
    text = open(sys.argv[1]).read()
    missing = [m for m in range(n) if f'[profile their{m}]' not in text]
    if missing:
        sys.exit(f'lost {missing}')
    open(sys.argv[1] + '.theirs', 'w').write(text + f'[profile their{n}]\\nregion = x\\n')
    os.rename(sys.argv[1] + '.theirs', sys.argv[1])
    os.write(1, b'x')
"""


@linux
def test_profiles_that_another_program_adds_meanwhile_are_not_lost(folk: Home) -> None:
    times, made = 200, 0
    with subprocess.Popen(
        [sys.executable, "-c", ADDS, str(folk.config), str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stderr
        for number in range(times):
            again = partial(make, folk, external_id=f"n{number}")
            seen = again()
            other.stdin.write(b"x")
            try:
                change.write(seen, folk.environ, None if number % 2 else again)
                made += 1
            except ChangedMeanwhile:
                pass
            assert other.stdout.read(1) == b"x", other.stderr.read()
    assert other.returncode == 0
    assert made
    text = folk.config.read_text()
    assert [n for n in range(times) if f"[profile their{n}]" not in text] == []
    assert sorted(path.name for path in folk.config.parent.iterdir()) == [
        "config",
        "config.assume-helper.bak",
        "credentials",
    ]


# The backup.


@pytest.mark.parametrize("secret", [KEYS, f"# aws_session_token = {SECRET}\n", f"# {SECRET}\n"])
def test_no_copy_of_a_key_is_left_and_undo_gives_the_file_back(folk: Home, secret: str) -> None:
    before = secret + CONFIG
    folk.config.write_text(before)
    backup = folk.config.with_name("config.assume-helper.bak")
    backup.write_text(f"of before: {SECRET}")
    ran = configure(folk, "dev")
    assert "It holds a key or a token, so no copy is kept: config.assume-helper.bak has the changed lines alone." in (
        ran.stdout.decode()
    )
    assert f"-role_arn = {ROLE}/dev\n" in backup.read_text()
    done = written(folk, "dev", "--undo")
    assert (done["backup"], done["backup_is_whole"]) == (str(backup), False)
    assert folk.config.read_text() == before
    holding = [path.name for path in folk.folder.rglob("*") if path.is_file() and SECRET in path.read_text("latin1")]
    assert sorted(holding) == ["config", "credentials"]


# What belongs to the file.


def test_a_hard_link_to_the_file_is_named(folk: Home) -> None:
    other = folk.folder / "other-name"
    os.link(folk.config, other)
    told = f"{folk.config} has 2 names (hard links): the others keep the old text"
    assert told in configure(folk, "dev").stderr
    assert other.read_text() == CONFIG
    assert told not in configure(folk, "dev").stderr  # the new file has one name
    os.link(folk.config, folk.folder / "third")
    assert told not in configure(folk, "dev").stderr  # nothing to change
    assert told in "".join(written(folk, "dev", "--undo")["warnings"])


def test_a_temporary_file_in_the_cache_of_a_killed_process_is_taken_by_clear_all(folk: Home) -> None:
    folk.get("dev")
    entry = folk.entries()[0]
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    here = "0" * 8
    left = [folk.cache / f"tmp-{here}-{ended.pid}-{'a' * 16}", folk.cache / f"tmp-{ended.pid}-{'a' * 16}"]
    for path in left:
        path.write_bytes(entry.read_bytes())
        path.chmod(0o600)
    other = folk.cache / "tmp-mine"
    other.write_text("precious")
    ran = folk.run("clear", "--all", command=[SCRIPT])
    assert ran.code == 0
    assert ran.stdout.decode().count("removed: what a killed process left behind\n") == 2
    assert not any(path.exists() for path in left)
    assert other.read_text() == "precious"
