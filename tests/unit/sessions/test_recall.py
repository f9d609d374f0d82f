"""What is remembered for a profile's name: only what was read, and only while it is certain that a change shows."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from front import Call, Reply, session
from hit_answers import fresh_document
from unit.sessions.world import START, World

from assume_helper import hit, lookups
from assume_helper.profiles import aws_config, resolution, session_policy
from assume_helper.sessions import recall
from assume_helper.system import private_files

ROLE = "arn:aws:iam::123456789012:role"
Switch = Callable[[str], None]


@pytest.fixture
def folders(world: World, monkeypatch: pytest.MonkeyPatch) -> Switch:
    """Two folders, `one` and `other`, with a config, a policy and a token each, and what switches a link to either."""
    for name in ("one", "other"):
        folder = world.home.folder / name
        folder.mkdir()
        (folder / "config").write_text(f"[profile dev]\nrole_arn = {ROLE}/{name}\nsource_profile = base\n")
        (folder / "credentials").write_text(f"[base]\naws_access_key_id = AKIA{name}\naws_secret_access_key = s\n")
        (folder / "policy.json").write_text(json.dumps({"Statement": [{"Sid": name}]}))
        (folder / "token").write_text(f"an-opaque-token-of-{name}")
    link = world.home.folder / "link"

    def switch(name: str) -> None:
        link.unlink(missing_ok=True)
        link.symlink_to(name)

    switch("one")
    for variable, name in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        world.home.environ[variable] = str(link / name)
    world.home.environ["AWS_ENDPOINT_URL_STS"] = world.front.url
    world.home.environ["AWS_REGION"] = "us-east-1"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return switch


def switched_for(reader: Any, switch: Switch, times: int = 1) -> Callable[..., Any]:
    """`reader`, with the link switched to the other folder before it reads, and back once it has."""
    left = [times]

    def read(*arguments: Any, **more: Any) -> Any:
        if not left[0]:
            return reader(*arguments, **more)
        left[0] -= 1
        switch("other")
        try:
            return reader(*arguments, **more)
        finally:
            switch("one")

    return read


def served(world: World) -> bytes | None:
    found = fresh_document("dev", world.home.environ, world.now, lookups.observe)
    return None if found is None else found[0]


def test_a_folder_that_is_switched_while_it_is_read_and_switched_back_leads_nobody_to_its_session(
    world: World, folders: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(aws_config, "load", switched_for(aws_config.load, folders))
        world.get()
    assert [c.parameters["RoleArn"] for c in world.front.calls] == [f"{ROLE}/other"]
    assert served(world) is None, "it is the other folder's"
    folders("other")
    assert served(world) is not None, "where it was read, it is an answer"


@pytest.mark.parametrize("which", [1, 2])
def test_one_of_the_two_files_switched_is_no_answer_for_either_folder(
    world: World, folders: Switch, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    real = private_files.read_with_state
    count = [0]

    def read(*arguments: Any, **more: Any) -> Any:
        count[0] += 1
        return (switched_for(real, folders) if count[0] == which else real)(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(private_files, "read_with_state", read)
        world.get()
    for name in ("one", "other"):
        folders(name)
        assert served(world) is None


@pytest.mark.parametrize(
    ("line", "module"),
    [("session_policy = policy.json", session_policy), ("web_identity_token_file = {link}/token", resolution)],
)
def test_a_policy_or_a_token_that_is_switched_while_it_is_read_leads_nobody_to_its_session(
    world: World, folders: Switch, monkeypatch: pytest.MonkeyPatch, line: str, module: Any
) -> None:
    line = line.format(link=world.home.folder / "link")
    text = f"[profile dev]\nrole_arn = {ROLE}/dev\n{line}\n"
    for name in ("one", "other"):
        more = "source_profile = base\n" if "policy" in line else ""
        (world.home.folder / name / "config").write_text(text + more)
    world.home.environ["AWS_CONFIG_FILE"] = str(world.home.folder / "one" / "config")
    if "policy" in line:
        world.home.environ["AWS_CONFIG_FILE"] = str(world.home.folder / "link" / "config")
        os.unlink(world.home.folder / "other" / "config")
        os.link(world.home.folder / "one" / "config", world.home.folder / "other" / "config")
    world.home.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(world.home.folder / "one" / "credentials")

    class Switched:
        read_with_state = staticmethod(switched_for(private_files.read_with_state, folders))

    with monkeypatch.context() as patch:
        patch.setattr(module, "private_files", Switched)
        world.get()
    assert served(world) is None
    world.get()
    sent = [c.parameters.get("Policy", "") + c.parameters.get("WebIdentityToken", "") for c in world.front.calls]
    assert ["other" in text for text in sent] == [True, False]


def test_a_file_is_read_from_the_descriptor_whose_state_is_taken(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    data, state = private_files.read_with_state(str(tmp_path / "file"))
    assert (data, state) == (b"text", hit.file_state(str(tmp_path / "file")))


@pytest.mark.parametrize(("ago", "expected"), [(0.0, False), (0.01, False), (0.5, True), (-0.5, True), (3600, True)])
def test_a_file_that_has_just_changed_is_not_remembered(ago: float, expected: bool) -> None:
    state = f"4 {int((START - ago) * 1e9) + 1} 1 2 3"
    assert recall.is_settled([state, hit.ABSENT], START, START) is expected


def test_a_file_that_changed_while_it_was_read_is_not_remembered() -> None:
    state = f"4 {int((START + 0.5) * 1e9) + 1} 1 2 3"
    assert not recall.is_settled([state], START, START + 1)


def test_whole_seconds_are_a_file_system_s_coarse_ones() -> None:
    assert not recall.is_settled([f"4 {int(START - 1) * 10**9} 1 2 3"], START, START)


def test_a_deleted_working_directory_is_no_trouble(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert world.get().document
    assert served(world) is not None


def test_what_a_session_of_another_role_is_for_is_told_by_its_caller(world: World, folders: Switch) -> None:
    """Each folder's own answer, and each a hit."""

    def answer(call: Call) -> Reply | None:
        return session(access_key_id=f"ASIA{call.parameters['RoleArn'].rpartition('/')[2].upper()}")(call)

    world.front.behaviour = answer
    for name in ("one", "other", "one"):
        folders(name)
        key = world.get().session.credentials.access_key_id
        assert key == f"ASIA{name.upper()}"
