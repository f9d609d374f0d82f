"""Real clients, each with nothing but a `credential_process` in the config file."""

import os
import shlex
from collections.abc import Callable

import pytest
from conformance.account import Account
from conformance.clients import Client
from conformance.scene import PROFILE, Scene, ended
from front import denied
from running import SCRIPT

from assume_helper.profiles import helper_command

Cell = Callable[[str], None]
JUNK = "AKIAJUNKJUNKJUNKJUNK"


@pytest.mark.checks("one-profile", "one-call")
def test_processes_that_start_together_are_the_role_with_one_call_to_sts(
    client: Client, scene: Scene, account: Account
) -> None:
    processes = [scene.start(client) for _ in range(3)]
    scene.is_role(client, [ended(process) for process in processes])
    assert len(account.assumed()) == 1


@pytest.mark.checks("two-profiles")
def test_a_profile_whose_process_gets_another_one_is_that_role(client: Client, scene: Scene) -> None:
    scene.configure_pair()
    scene.is_role(client, [scene.run(client)])


@pytest.mark.checks("odd-names")
def test_blanks_in_the_path_and_letters_of_all_kinds_in_the_name_do_no_harm(
    client: Client, scene: Scene, account: Account, cell: Cell
) -> None:
    helper = scene.home.folder / "Program Files" / "assume-helper"
    helper.parent.mkdir()
    helper.symlink_to(SCRIPT)
    command = helper_command.command_line([str(helper)], [])
    names = ["equipe-2.prod_x", "équipe-2.prod_ß"]
    for name in names[: 1 + client.reads_all_letters]:
        scene.configure(name, helper=command)
        scene.is_role(client, [scene.run(client, profile=name)])
    if not client.reads_all_letters:
        before = len(account.calls)
        scene.configure(names[1], helper=command)
        assert scene.run(client, profile=names[1]).code != 0
        assert {call.access_key_id for call in account.calls[before:]} <= {""}, "nothing is signed"
        cell("ASCII names")


@pytest.mark.checks("open-stdin")
def test_standard_input_that_never_ends_holds_nothing_up(client: Client, scene: Scene) -> None:
    reading, writing = os.pipe()
    try:
        scene.is_role(client, [scene.run(client, stdin=reading)])
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.checks("keys")
def test_keys_in_the_environment_win_where_they_do_and_never_reach_the_role(
    client: Client, scene: Scene, account: Account, cell: Cell
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": JUNK, "AWS_SECRET_ACCESS_KEY": "junk", "AWS_SESSION_TOKEN": "junk"}
    seen = scene.run(client, environ=keys | {"AWS_DEFAULT_PROFILE": PROFILE})
    if client.environment_wins:
        assert seen.code != 0
        assert (account.signed_by(), account.ends) == ({JUNK}, {})
        cell("they win")
    else:
        scene.is_role(client, [seen])
        cell("the profile wins")


@pytest.mark.checks("failure")
def test_a_failure_of_the_helper_is_one_of_the_client_and_shown_as_it_is_known_to_be(
    client: Client, scene: Scene, account: Account, cell: Cell
) -> None:
    account.behaviour = lambda call: denied(call) if call.action == "AssumeRole" else None
    seen = scene.run(client)
    assert seen.code != 0
    assert account.assumed()
    assert account.signed_by() <= {""}, "nothing is signed"
    assert seen.shown(PROFILE) == client.failure, seen.stderr
    cell(client.failure)


@pytest.mark.checks("half")
def test_half_a_document_is_used_by_no_client(client: Client, scene: Scene, account: Account) -> None:
    helper = f"{shlex.quote(SCRIPT)} get {PROFILE}"
    processes = []
    for code in (0, 1):
        half = scene.script(f"half-{code}", f"#!/bin/sh\n{helper} | head -c 150\nexit {code}\n")
        scene.configure(command=f"{half} {PROFILE}")  # minio-go runs no command without an argument
        processes.append(scene.start(client))
        assert ended(processes[-1]).code != 0
    assert account.assumed()
    assert account.signed_by() <= {""}


@pytest.mark.checks("refresh")
def test_a_client_comes_back_for_a_new_session_before_the_old_one_ends(
    client: Client, scene: Scene, account: Account, cell: Cell
) -> None:
    account.seconds = 12
    rounds = 14  # a second apart: more than a session lasts
    scene.is_role(client, [scene.run(client, str(rounds))], rounds)
    assert len(account.signed_by()) > 1, "another session's key came into use"
    assert bool(account.late) == client.is_refused_first
    if client.is_refused_first:
        cell("once refused")
    if client.may_mix_sessions:
        cell("with a retry")


def test_the_account_refuses_sessions_that_have_ended(scene: Scene, account: Account) -> None:
    """What the check above stands on."""
    from conformance.clients import CLIENTS

    account.seconds, account.age = 3600, 3590
    client = next(client for client in CLIENTS if client.name == "boto3")
    document = scene.home.get(PROFILE)
    account.ends[document["AccessKeyId"]] -= 100
    keys = {
        "AWS_ACCESS_KEY_ID": document["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": document["SecretAccessKey"],
        "AWS_SESSION_TOKEN": document["SessionToken"],
    }
    seen = scene.run(client, environ=keys)
    assert "ExpiredToken" in seen.stderr
    assert account.late
