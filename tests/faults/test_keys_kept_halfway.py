"""`keys add` that ends before its end: it says whether the key is in the keyring, and the next run goes on.

A piped key may be nowhere else: it is never dropped without a word. One that a person typed, or that a file has, is
taken out again.
"""

import shlex
import sys
from collections.abc import Iterator

import pexpect
import pytest
from front import Front, error, wait_for
from kept_keys_scene import KERNEL, TWO_LINES, Scene, file_of, scene, without_files
from running import ACCESS_KEY_ID, SCRIPT, SECRET, Home

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's keyring is Linux's")
UNAVAILABLE = error(503, "ServiceUnavailable", "x")
SIGNALS = [(2, 130), (15, 143), (1, 129)]


@pytest.fixture
def keys(home: Home, offline_front: Front) -> Iterator[Scene]:
    with scene(home, offline_front) as found:
        yield found


@pytest.fixture
def empty(keys: Scene) -> Scene:
    return without_files(keys)


def other(keys: Scene) -> str:
    """Another key of the user, as two lines."""
    key = keys.user.add("AKIASECOND0000000002")
    return f"{key.access_key_id}\n{key.secret}\n"


def is_kept(keys: Scene) -> bool:
    kept = keys.kept()
    return kept is not None and (kept.access_key_id, kept.secret_access_key) == (ACCESS_KEY_ID, SECRET)


@pytest.mark.parametrize("is_set_up", [False, True])
def test_a_second_piped_key_is_refused_by_name_and_the_first_one_stays(empty: Scene, is_set_up: bool) -> None:
    if not is_set_up:
        empty.user.before = UNAVAILABLE
    assert empty.run("add", empty.name, *KERNEL, given=TWO_LINES).code == (0 if is_set_up else 7)
    empty.user.before = lambda _call: None
    for given in (other(empty), f"{ACCESS_KEY_ID}\n{SECRET[:-1]}x\n"):
        last = given.split()[0][-4:]
        empty.run("add", empty.name, *KERNEL, given=given).failed(
            3, f"the piped key …{last} was not kept", "has another access key …6789", "delete it in IAM"
        )
        assert is_kept(empty)
    empty.done("add", empty.name, *KERNEL, given=TWO_LINES)  # the same one


@pytest.mark.parametrize("was_set_up", [False, True])
def test_the_next_run_tries_it_as_is_said_and_what_is_said_takes_it_out(empty: Scene, was_set_up: bool) -> None:
    if was_set_up:
        empty.done("add", empty.name, *KERNEL, given=TWO_LINES)
        empty.done("remove", empty.name, "--yes")
    empty.user.before = UNAVAILABLE
    said = ""
    for given in (TWO_LINES, "", TWO_LINES):
        ran = empty.run("add", empty.name, *KERNEL, given=given)
        ran.failed(7, "the key is in the kernel's keyring, but it was not tried", "run it again, which tries it")
        assert is_kept(empty)
        said = ran.stderr
    command = shlex.split(said.split("`")[1])
    assert empty.run(*command[2:], "--yes").code == 0
    assert empty.kept() is None
    assert empty.run("add", empty.name, *KERNEL, given=TWO_LINES).code == 7
    empty.user.before = lambda _call: None
    empty.done("add", empty.name, *KERNEL)
    empty.home.get(empty.name)


@pytest.mark.parametrize("why", ["no keyring", "no yes", "another kind", "a key in a file", "the other keyring"])
def test_what_ends_it_before_a_piped_key_is_kept_says_so(empty: Scene, why: str) -> None:
    arguments, code, environ = ["--keyring", "kernel", "--yes"], 3, {}
    match why:
        case "no keyring":
            arguments, environ = ["--yes"], {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        case "no yes":
            arguments, code = arguments[:-1], 2
        case "another kind":
            empty.home.config.write_text(f"[profile {empty.name}]\ncredential_process = /bin/true\n")
        case "a key in a file":
            empty.home.credentials.write_text(file_of(empty.name, ACCESS_KEY_ID, SECRET))
        case "the other keyring":
            empty.notes().mkdir(parents=True, mode=0o700)
            empty.done("add", empty.name, *KERNEL, given=TWO_LINES)
            note = next(empty.notes().glob("*-kernel.json"))
            note.rename(note.with_name(note.name.replace("kernel", "keyring")))
    ran = empty.run("add", empty.name, *arguments, given=other(empty), **environ)
    ran.failed(code, "the piped key …0002 was not kept", "pipe it again, or delete it in IAM and make another")
    assert empty.kept() is None or is_kept(empty)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_piped_key_is_said_to_be_in_the_keyring_where_a_signal_ends_its_try(
    empty: Scene, number: int, code: int
) -> None:
    empty.user.keys.clear()
    given = empty.home.folder / "given"
    given.write_text(TWO_LINES)
    command = ["sh", "-c", f'exec {SCRIPT} "$@" < {given}', "sh"]
    child = empty.home.start("keys", "add", empty.name, *KERNEL, command=command)
    wait_for(lambda: empty.user.calls.count("GetCallerIdentity") > 1)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code
    assert b"interrupted: the key is in the kernel's keyring, but it was not tried; run it again" in said
    assert is_kept(empty)
    empty.user.key(ACCESS_KEY_ID, SECRET)
    empty.done("add", empty.name, *KERNEL)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_key_that_a_file_has_is_taken_out_again_where_a_signal_ends_its_try(
    keys: Scene, number: int, code: int
) -> None:
    before = keys.home.credentials.read_bytes()
    keys.user.keys.clear()
    child = keys.home.start("keys", "add", keys.name, "--from-file", *KERNEL)
    wait_for(lambda: keys.user.calls.count("GetCallerIdentity") > 1)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code
    assert b"nothing was changed" in said
    assert (keys.kept(), keys.home.credentials.read_bytes(), keys.home.config.exists()) == (None, before, False)


def test_a_typed_key_is_taken_out_again_where_a_person_ends_its_try(empty: Scene) -> None:
    empty.user.keys.clear()
    environ = empty.home.environ | {"TERM": "xterm", "NO_COLOR": "1"}
    words = ["keys", "add", empty.name, "--keyring", "kernel"]
    child = pexpect.spawn(SCRIPT, words, env=environ, cwd=str(empty.home.folder), timeout=60)
    for prompt, answer in (("Access key id .*: ", ACCESS_KEY_ID), ("Secret .*: ", SECRET), (r"\[y/N\]: ", "y")):
        child.expect(prompt)
        child.sendline(answer)
    wait_for(lambda: empty.user.calls.count("GetCallerIdentity") > 1)
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, empty.kept()) == (130, None)
    assert b"nothing was changed" in child.before


@pytest.mark.parametrize(("number", "code"), SIGNALS[:2])
def test_a_key_that_was_tried_stays_where_a_signal_comes_before_the_files_are_written(
    keys: Scene, number: int, code: int
) -> None:
    def wait(_call: object) -> None:
        if keys.user.calls[-1] == "ListAccessKeys":
            child.send_signal(number)
            child.wait()

    keys.user.before = wait
    child = keys.home.start("keys", "add", keys.name, "--from-file", *KERNEL)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code
    assert b"the key is in the kernel's keyring and works, but not all files are written; run it again" in said
    assert (is_kept(keys), keys.in_file()) == (True, (ACCESS_KEY_ID, SECRET))
    keys.user.before = lambda _call: None
    keys.move()
    keys.home.get(keys.name)


def test_a_file_s_key_with_another_secret_than_the_kept_one_overwrites_and_empties_nothing(keys: Scene) -> None:
    keys.move()
    text = file_of(keys.name, ACCESS_KEY_ID, "wrong" + SECRET[5:])
    keys.home.credentials.write_text(text)
    keys.run("add", keys.name, "--from-file", *KERNEL).failed(3, "may be nowhere else")
    assert (is_kept(keys), keys.home.credentials.read_text()) == (True, text)


@pytest.mark.parametrize("file", ["config", "credentials"])
def test_a_second_key_in_the_other_spelling_is_told_and_stays(keys: Scene, file: str) -> None:
    second = other(keys).split()
    lines = (
        f"assume_helper_aws_access_key_id = {ACCESS_KEY_ID}\nassume_helper_aws_secret_access_key = {SECRET}\n"
        f"aws_access_key_id = {second[0]}\naws_secret_access_key = {second[1]}\n"
    )
    keys.home.credentials.write_text("" if file == "config" else f"[{keys.name}]\n{lines}")
    keys.home.config.write_text(f"[profile {keys.name}]\n{lines if file == 'config' else ''}")
    before = keys.home.config.read_text(), keys.home.credentials.read_text()
    keys.run("add", keys.name, "--from-file", *KERNEL).failed(3, "a second access key", "take one of the two out")
    assert (keys.home.config.read_text(), keys.home.credentials.read_text(), keys.kept()) == (*before, None)
