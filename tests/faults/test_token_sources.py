"""A token that cannot be had: its command hangs, fails or prints something else; GitHub's service is out of order."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from canned import Asked
from front import Front, error, free_port, session
from kind_scenes import together
from running import Home, warned
from strict_tokens import SAML_PROVIDER
from token_home import JOB, TokenHome, assertion, eks, github

OLD = "ASIAOLD0000000000000"
COMMANDS = ("web_identity_token_process", "saml_process")
each_command = pytest.mark.parametrize("key", COMMANDS)


@pytest.fixture
def tokens(home: Home, offline_front: Front) -> TokenHome:
    return TokenHome(home, offline_front)


@pytest.fixture
def job(tokens: TokenHome) -> TokenHome:
    tokens.configure("assume_helper_credential_source = GitHubActions")
    return tokens


def by_command(tokens: TokenHome, key: str) -> None:
    """`dev` is a role over what the program prints."""
    if key == "saml_process":
        tokens.prints(assertion())
    tokens.configure(f"{key} = {tokens.program}", *([f"saml_provider_arn = {SAML_PROVIDER}"] * (key == "saml_process")))


def past_its_window(tokens: TokenHome, **environ: str) -> None:
    """`dev` has a cached session that is to be replaced before it is handed out, and is good for minutes more."""
    tokens.front.behaviour = session(access_key_id=OLD, date=datetime.now(UTC) - timedelta(seconds=3100))
    tokens.home.get("dev", **environ)
    tokens.front.behaviour = tokens.sts


FAILING = {
    "hangs": ("sleep 60", "did not answer in "),
    "fails": ("echo locked >&2; exit 3", "failed (exit 3; program: "),
    "prints two lines": ("echo one-token; echo another", "printed 2 lines, and not one"),
    "prints nothing": ("true", "printed nothing"),
    "is killed": ("kill -9 $$", "failed (exit "),
}


@each_command
@pytest.mark.parametrize("how", FAILING)
def test_while_a_session_is_good_a_command_that_gives_no_token_costs_nothing(
    tokens: TokenHome, key: str, how: str
) -> None:
    by_command(tokens, key)
    past_its_window(tokens)
    command, words = FAILING[how]
    tokens.does(f"cd {tokens.home.folder}; {command}")
    begun = time.monotonic()
    assert tokens.home.get("dev")["AccessKeyId"] == OLD
    assert time.monotonic() - begun < 12
    assert f"cached credentials were served, and no new ones could be had: {key} of dev {words}" in warned(tokens.home)
    runs = tokens.runs
    assert tokens.home.get("dev")["AccessKeyId"] == OLD
    assert tokens.runs == runs, "it is left alone for a while"
    assert len(tokens.front.calls) == 1


@each_command
@pytest.mark.parametrize("how", [how for how in FAILING if how != "hangs"])
def test_without_a_session_a_command_that_gives_no_token_is_exit_4(tokens: TokenHome, key: str, how: str) -> None:
    by_command(tokens, key)
    command, words = FAILING[how]
    tokens.does(f"cd {tokens.home.folder}; {command}")
    tokens.home.run("get", "dev").failed(4, f"assume-helper: dev: {key} of dev {words}")
    assert tokens.front.calls == []
    assert tokens.home.entries() == []


def test_a_command_that_hangs_without_a_session_is_exit_4_when_its_time_is_over(tokens: TokenHome) -> None:
    by_command(tokens, "web_identity_token_process")
    tokens.does("sleep 600")
    begun = time.monotonic()
    tokens.home.run("get", "dev").failed(4, "web_identity_token_process of dev did not answer in 5")
    assert 40 < time.monotonic() - begun < 75, "a person may have been asked for something"


def test_a_command_that_fails_is_not_run_again_by_those_who_waited(tokens: TokenHome) -> None:
    by_command(tokens, "web_identity_token_process")
    tokens.does("sleep 1; echo locked >&2; exit 3")
    ended = together(tokens.home, ["dev"] * 6)
    assert {done.code for done in ended} == {4}
    assert tokens.runs == 1


def test_a_token_that_has_expired_leaves_the_cached_session(tokens: TokenHome) -> None:
    by_command(tokens, "web_identity_token_process")
    past_its_window(tokens)
    tokens.prints(tokens.issuer.token(seconds=-5))
    assert tokens.home.get("dev")["AccessKeyId"] == OLD
    assert "the web identity token of profile dev has expired" in warned(tokens.home)


def test_a_token_that_sts_refuses_deletes_the_session(tokens: TokenHome) -> None:
    by_command(tokens, "web_identity_token_process")
    past_its_window(tokens)
    tokens.prints(tokens.issuer.token("repo:stranger/app"))
    tokens.home.run("get", "dev").failed(6, "STS denied AssumeRoleWithWebIdentity")
    assert tokens.home.entries() == []


def test_an_issuer_that_sts_does_not_reach_leaves_the_cached_session(tokens: TokenHome) -> None:
    by_command(tokens, "web_identity_token_process")
    past_its_window(tokens)
    tokens.front.behaviour = error(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your ...")
    assert tokens.home.get("dev")["AccessKeyId"] == OLD
    assert len(tokens.home.entries()) == 1


def test_a_program_that_is_replaced_while_it_runs_gives_nothing(tokens: TokenHome) -> None:
    bins = [tokens.home.folder / name for name in ("first", "second")]
    for folder in bins:
        folder.mkdir()
    program = bins[1] / "tokens"
    program.write_text(f"#!/bin/sh\ncp $0 {bins[0]}/tokens\ncat {tokens.printed}\n")
    program.chmod(0o700)
    tokens.configure("web_identity_token_process = tokens")
    path = f"{bins[0]}:{bins[1]}:{tokens.home.environ['PATH']}"
    tokens.home.run("get", "dev", PATH=path).failed(4, "was replaced while it was asked for; try again")
    tokens.home.get("dev", PATH=path)


# GitHub Actions


def silent(_asked: Asked) -> tuple[int, object]:
    time.sleep(40)
    return 200, b""


def wrong(status: int, body: object) -> Callable[[Asked], tuple[int, object]]:
    return lambda _asked: (status, body)


@pytest.mark.parametrize(
    ("answer", "code", "words", "times"),
    [
        (wrong(403, {"message": "no"}), 4, "`permissions: id-token: write`", 1),
        (wrong(500, b"<html>"), 7, "is out of order (HTTP 500)", 3),
        (wrong(200, b"<html>log in</html>"), 7, "that is not from GitHub's token service", 3),
        (wrong(200, {"count": 0}), 7, "it has no token", 3),
        (wrong(302, b""), 7, "(HTTP 302)", 3),
    ],
    ids=["403", "500", "not JSON", "no token", "a redirect"],
)
def test_a_service_of_github_s_that_gives_no_token(
    job: TokenHome, answer: Callable[[Asked], tuple[int, object]], code: int, words: str, times: int
) -> None:
    with github(job.issuer) as (service, variables):
        service.answer = answer
        job.home.run("get", "dev", **variables).failed(code, words)
        assert len(service.asked) == times
        service.answer = wrong(200, {"value": job.issuer.token()})
        past_its_window(job, **variables)
        service.answer = answer
        assert job.home.get("dev", **variables)["AccessKeyId"] == OLD
    assert len(job.front.calls) == 1


def test_a_service_of_github_s_that_is_not_there_is_exit_7(job: TokenHome) -> None:
    url = f"http://127.0.0.1:{free_port()}{JOB}"
    nobody = {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-of-the-job"}
    job.home.run("get", "dev", **nobody).failed(7, "GitHub's token service", "the connection was refused")


def test_a_service_of_github_s_that_says_nothing_is_exit_7_in_time(job: TokenHome) -> None:
    with github(job.issuer) as (service, variables):
        service.answer = silent
        begun = time.monotonic()
        job.home.run("get", "dev", **variables).failed(7, "GitHub's token service", "gave no answer in time")
        assert time.monotonic() - begun < 25


# The environment of a pod


def test_a_pod_s_token_that_goes_away_leaves_the_cached_session(tokens: TokenHome) -> None:
    tokens.configure("assume_helper_credential_source = WebIdentity")
    variables = eks(tokens.home.folder, tokens.issuer.token())
    first = tokens.home.get("dev", **variables)
    tokens.home.get("dev", **variables)
    (tokens.home.folder / "eks-token").unlink()
    assert tokens.home.get("dev", **variables) == first
    assert len(tokens.front.calls) == 2
