"""What becomes of the config file for the accounts and roles of a login."""

import itertools
import os
import sys
from pathlib import Path

import pytest
from running import PACKAGE, WRITTEN
from syncing import (
    MAIN,
    OTHER,
    SECTIONS,
    SESSION,
    SYNCED,
    A,
    B,
    account,
    environ_of,
    planned,
    section,
    states,
    synced,
    without,
    write_config,
)

from assume_helper.configure.sync import Wish
from assume_helper.configure.sync_names import Pair
from assume_helper.errors import ConfigurationError
from assume_helper.profiles import aws_config, command_words, role_chain
from assume_helper.profiles.login import PermissionSet

PRUNE = Wish("corp", prunes=True)
ODD = (
    "# mine\n\n; more\n[profile  dev]\nregion=eu-west-1\n   \n  # indented\n\n[services x]\nsts =\n  endpoint_url = "
    'https://x.example\n\n[plugins]\na : b\n\n[DEFAULT]\noutput = json\n\n[profile "a b"]\nS3 =\n    x = 1\n\n\n\n'
)  # fmt: skip


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    found = environ_of(tmp_path)
    write_config(found, SESSION)
    return found


def test_each_pair_gets_a_profile_that_is_served(environ: dict[str, str]) -> None:
    plan = planned(environ, [OTHER, MAIN])
    assert plan.change.text == SYNCED
    assert states(plan) == dict.fromkeys(SECTIONS, "new")
    assert [entry.pair for entry in plan.entries] == [Pair(A, "Admin"), Pair(A, "Reader"), Pair(B, "Admin")]
    assert plan.change.warnings == []
    after = aws_config.load(environ, plan.change.text)
    source = role_chain.read_profile(after, environ, "main.Reader").source
    assert isinstance(source, PermissionSet)
    assert (source.account_id, source.role_name, source.login.session_name) == (A, "Reader", "corp")


def test_a_second_run_changes_nothing_in_any_order(environ: dict[str, str]) -> None:
    text = synced(environ, [MAIN, OTHER])
    for accounts in itertools.permutations([MAIN, OTHER]):
        plan = planned(environ, accounts)
        assert (plan.change.is_needed, plan.change.diff) == (False, [])
        assert states(plan) == dict.fromkeys(SECTIONS, "kept")
    assert synced(environ, [MAIN, OTHER]) == text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "# the last line without an end"])
def test_the_rest_of_the_file_stays_to_the_byte(environ: dict[str, str], end: str, last: str) -> None:
    before = (ODD + SESSION + last).replace("\n", end)
    write_config(environ, before)
    text = synced(environ, [MAIN])
    new = (SECTIONS["main.Admin"] + "\n" + SECTIONS["main.Reader"]).replace("\n", end)
    assert text.startswith(before)
    assert text.removeprefix(before).lstrip("\r\n") == new
    assert text == before + ("" if before.endswith("\n") else end) + ("" if last == "\n" else end) + new
    more = synced(environ, [MAIN, OTHER])
    assert more == text + end + SECTIONS["other.Admin"].replace("\n", end)
    assert synced(environ, [MAIN], PRUNE) == text + end, "the blank line before may have been there"


def test_a_byte_order_mark_stays(environ: dict[str, str]) -> None:
    write_config(environ, "\ufeff" + SESSION)
    assert synced(environ, [MAIN, OTHER]) == "\ufeff" + SYNCED


def test_the_region_is_that_of_new_profiles_and_of_those_without_one(environ: dict[str, str]) -> None:
    wish = Wish("corp", region="eu-central-1")
    write_config(environ, SESSION + "\n" + SECTIONS["main.Admin"] + "\n" + section("main.Reader", A, "Reader", "x-y-1"))
    plan = planned(environ, [MAIN, OTHER], wish)
    assert states(plan) == {"main.Admin": "changed", "main.Reader": "kept", "other.Admin": "new"}
    mine = SECTIONS["main.Admin"] + "region = eu-central-1\n\n" + section("main.Reader", A, "Reader", "x-y-1")
    assert plan.change.text == SESSION + "\n" + mine + "\n" + section("other.Admin", B, "Admin", "eu-central-1")
    text = synced(environ, [MAIN, OTHER], wish)
    assert synced(environ, [MAIN, OTHER], wish) == synced(environ, [MAIN, OTHER]) == text


def test_a_region_is_added_below_a_last_line_without_an_end_and_as_deep_as_the_others(environ: dict[str, str]) -> None:
    head, _, keys = SECTIONS["other.Admin"].partition("\n")
    before = SESSION + head + "\n" + "".join("  " + line for line in keys.splitlines(keepends=True))
    write_config(environ, before.rstrip("\n"))
    assert synced(environ, [OTHER], Wish("corp", region="eu-central-1")) == before + "  region = eu-central-1\n"


# What the user changes.


def test_keys_comments_and_names_of_the_user_s_stay(environ: dict[str, str]) -> None:
    edited = SECTIONS["main.Admin"].replace("\nassume_helper_sso_s", "\n# why\noutput = json\nassume_helper_sso_s")
    edited += "assume_helper_session_policy = p.json\n"
    renamed = SECTIONS["main.Reader"].replace("main.Reader", "reader")
    before = SESSION + edited + renamed + SECTIONS["other.Admin"]
    write_config(environ, before)
    plan = planned(environ, [MAIN, OTHER], Wish("corp", "{account_id}-{role_name}"))
    assert states(plan) == {"main.Admin": "kept", "reader": "kept", "other.Admin": "kept"}
    assert not plan.change.is_needed


def test_a_renamed_profile_keeps_its_name_and_its_process_gets_it(environ: dict[str, str]) -> None:
    write_config(environ, SESSION + SECTIONS["other.Admin"].replace("[profile other.Admin]", "[profile ops]"))
    plan = planned(environ, [OTHER])
    assert states(plan) == {"ops": "changed"}
    assert plan.change.text == SESSION + SECTIONS["other.Admin"].replace("other.Admin", "ops")
    assert not (synced(environ, [OTHER]) and planned(environ, [OTHER]).change.is_needed)


def test_a_process_whose_program_is_gone_is_mended_with_its_options(environ: dict[str, str]) -> None:
    gone = os.path.abspath("/gone/bin/assume-helper")
    mine = SECTIONS["other.Admin"].replace("get other", "get --read-only other")
    old = mine.replace(WRITTEN, gone)
    write_config(environ, SESSION + old)
    assert synced(environ, [OTHER]) == SESSION + mine
    fastest = old.replace(gone, f"{os.path.dirname(gone)}/python3 -I -S /gone/assume_helper/__main__.py")
    write_config(environ, SESSION + fastest)
    (line,) = (line for line in synced(environ, [OTHER]).splitlines() if line.startswith("credential_process"))
    words = command_words.split(line.removeprefix("credential_process = "))
    assert words[:3] == [sys.executable, "-I", "-S"]
    assert Path(words[3]) == PACKAGE / "__main__.py"
    assert words[4:] == ["get", "--read-only", "other.Admin"]


@pytest.mark.parametrize(
    "process",
    [
        "credential_process = assume-helper get other.Admin",
        f"credential_process = {WRITTEN} get other.Admin --duration-seconds 900",
        f"credential_process = {WRITTEN} get mine",
        "credential_process = /bin/mine",
        "credential_process =",
        "# none",
    ],
)
def test_another_process_is_the_user_s_choice(environ: dict[str, str], process: str) -> None:
    edited = SECTIONS["other.Admin"].replace(f"credential_process = {WRITTEN} get other.Admin", process)
    write_config(environ, f"{SESSION}[profile mine]\nregion = eu-west-1\n{edited}")
    plan = planned(environ, [OTHER])
    assert (states(plan), plan.change.is_needed) == ({"other.Admin": "kept"}, False)


def test_bare_keys_of_a_profile_that_was_taken_from_the_helper_are_its_pair_all_the_same(
    environ: dict[str, str],
) -> None:
    write_config(environ, SESSION + SECTIONS["other.Admin"].replace("assume_helper_sso_", "sso_"))
    assert states(planned(environ, [OTHER])) == {"other.Admin": "kept"}


def test_a_copy_of_a_profile_is_kept_and_nothing_is_written_twice(environ: dict[str, str]) -> None:
    copy = SECTIONS["other.Admin"].replace("other.Admin", "copy")
    write_config(environ, SESSION + copy + SECTIONS["other.Admin"])
    plan = planned(environ, [OTHER])
    assert (states(plan), plan.change.is_needed) == ({"copy": "kept", "other.Admin": "kept"}, False)
    assert states(planned(environ, [MAIN], PRUNE)) == {
        "main.Admin": "new",
        "main.Reader": "new",
        "copy": "removed",
        "other.Admin": "removed",
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("assume_helper_sso_role_name = Admin\n", "", "it has no sso_role_name"),
        ("assume_helper_sso_account_id", "assume_helper_role_arn", "it has no sso_account_id"),
        ("assume_helper_sso_session = corp", "assume_helper_sso_session = eu", "it has another sso_session"),
    ],
)
def test_a_marked_profile_that_is_for_nothing_any_more_is_left_and_its_pair_written_anew(
    environ: dict[str, str], old: str, new: str, reason: str
) -> None:
    edited = SECTIONS["other.Admin"].replace(old, new)
    write_config(environ, SESSION + edited)
    plan = planned(environ, [OTHER], PRUNE)
    assert states(plan) == {f"other.Admin.{B}": "new", "other.Admin": "left"}
    assert plan.entries[-1].reason == reason
    assert plan.change.text.startswith(SESSION + edited)


def test_a_profile_with_several_sections_is_left(environ: dict[str, str]) -> None:
    twice = SECTIONS["other.Admin"] + SECTIONS["other.Admin"].replace(
        "[profile other.Admin]", '[profile "other.Admin"]'
    )
    write_config(environ, SESSION + twice)
    plan = planned(environ, [MAIN], PRUNE)
    assert [entry.reason for entry in plan.entries if entry.state == "left"] == ["it has several sections"] * 2
    assert twice in plan.change.text


# The mark.


def test_a_profile_without_the_mark_is_the_user_s_own_and_never_changed(environ: dict[str, str]) -> None:
    unmarked = SECTIONS["other.Admin"].replace("assume_helper_synced = corp\n", "")
    write_config(environ, SESSION + unmarked)
    plan = planned(environ, [OTHER], Wish("corp", region="eu-central-1", prunes=True))
    assert (states(plan), plan.change.is_needed) == ({"other.Admin": "own"}, False)
    assert (states(planned(environ, [], PRUNE)), planned(environ, [], PRUNE).change.is_needed) == ({}, False)


def test_a_mark_that_is_not_the_section_s_own_is_none(environ: dict[str, str]) -> None:
    unmarked = SECTIONS["other.Admin"].replace("assume_helper_synced = corp\n", "")
    write_config(environ, f"{SESSION}[DEFAULT]\nassume_helper_synced = corp\n{unmarked}")
    assert "removed" not in states(planned(environ, [MAIN], PRUNE)).values()
    write_config(environ, f"{SESSION}[profile x]\ninclude_profile = other.Admin\n{SECTIONS['other.Admin']}")
    assert states(planned(environ, [MAIN], PRUNE))["other.Admin"] == "removed"
    assert "x" not in states(planned(environ, [MAIN], PRUNE))


def test_another_session_s_profiles_are_not_touched_and_their_names_are_taken(environ: dict[str, str]) -> None:
    theirs = section("main.Admin", A, "Admin", session="eu")
    write_config(environ, SESSION + SESSION.replace("corp", "eu") + theirs)
    plan = planned(environ, [MAIN], PRUNE)
    assert states(plan) == {f"main.Admin.{A}": "new", "main.Reader": "new"}
    assert theirs in plan.change.text


def test_a_session_s_name_that_needs_quotes_is_known_again(environ: dict[str, str]) -> None:
    write_config(environ, SESSION.replace("corp", '"corp (eu)"'))
    wish = Wish("corp (eu)")
    text = synced(environ, [OTHER], wish)
    assert '\nassume_helper_synced = "corp (eu)"\n' in text
    assert '\nassume_helper_sso_session = "corp (eu)"\n' in text
    assert synced(environ, [OTHER], wish) == text


# Names of others.


@pytest.mark.parametrize(
    "section",
    [
        "[profile other.Admin]\nregion = eu-west-1\n",
        "[profile OTHER.admin]\nregion = eu-west-1\n",
        "[profile other.Admin]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Admin\n",
        f"[profile other.Admin]\nsso_session = corp\nsso_account_id = {B}\nsso_role_name = Admin\nrole_arn = x\n",
        "[other.Admin]\nregion = eu-west-1\n",
    ],
)
def test_the_name_of_a_profile_that_sync_did_not_write_is_not_used(environ: dict[str, str], section: str) -> None:
    write_config(environ, SESSION + section)
    plan = planned(environ, [OTHER])
    assert states(plan) == {f"other.Admin.{B}": "new"}
    assert section in plan.change.text


def test_nor_is_a_name_of_the_credentials_file(environ: dict[str, str]) -> None:
    Path(environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text("[other.Admin]\naws_access_key_id = AKIA\n")
    assert states(planned(environ, [OTHER])) == {f"other.Admin.{B}": "new"}


@pytest.mark.parametrize("prefix", ["", "assume_helper_"])
def test_a_profile_of_the_user_s_with_the_very_name_and_role_is_that(environ: dict[str, str], prefix: str) -> None:
    own = "".join(
        f"{prefix}{key}\n" for key in ("sso_session = corp", f"sso_account_id = {B}", "sso_role_name = Admin")
    )
    before = f"{SESSION}[profile other.Admin]\n{own}"
    write_config(environ, before)
    plan = planned(environ, [OTHER], PRUNE)
    assert (states(plan), plan.change.text) == ({"other.Admin": "own"}, before)
    write_config(environ, before.replace("profile other.Admin", "profile mine"))
    assert states(planned(environ, [OTHER])) == {"other.Admin": "new"}, "under another name it is another profile"


# What is gone.


def test_what_is_gone_stays_without_prune_and_goes_with_it(environ: dict[str, str]) -> None:
    write_config(environ, SYNCED)
    kept = account(A, "Reader", name="main")
    plan = planned(environ, [kept])
    assert states(plan) == {"main.Reader": "kept", "main.Admin": "gone", "other.Admin": "gone"}
    assert [entry.pair for entry in plan.entries[1:]] == [Pair(A, "Admin"), Pair(B, "Admin")]
    assert not plan.change.is_needed
    plan = planned(environ, [kept], PRUNE)
    assert states(plan) == {"main.Reader": "kept", "main.Admin": "removed", "other.Admin": "removed"}
    assert plan.change.text == without(SYNCED, ["main.Admin", "other.Admin"]) + "\n"


def test_comments_behind_a_removed_profile_stay(environ: dict[str, str]) -> None:
    mine = "\n# about dev\n[profile dev]\nregion = eu-west-1\n"
    write_config(environ, SESSION + "\n" + SECTIONS["main.Admin"] + mine + SECTIONS["other.Admin"] + "# the end\n")
    assert planned(environ, [], PRUNE).change.text == SESSION + mine + "# the end\n"


def test_of_two_blank_lines_that_would_meet_one_goes_and_a_single_one_stays(environ: dict[str, str]) -> None:
    mine = "[profile dev]\nregion = eu-west-1\n"
    for before, after, left in (
        ("\n", "\n", "\n"),
        ("", "\n", "\n"),
        ("\n", "", "\n"),
        ("", "", ""),
        ("\n", "\n\n", "\n\n"),
    ):
        write_config(environ, SESSION + before + SECTIONS["other.Admin"] + after + mine)
        assert planned(environ, [], PRUNE).change.text == SESSION + left + mine


def test_keys_of_the_user_s_in_a_removed_profile_go_with_it(environ: dict[str, str]) -> None:
    write_config(environ, SESSION + SECTIONS["other.Admin"] + "# mine\noutput = json\n  # and more\n")
    assert planned(environ, [MAIN], PRUNE).change.text.startswith(SESSION + "\n" + SECTIONS["main.Admin"])


def test_nothing_is_removed_of_an_account_that_could_not_be_listed(environ: dict[str, str]) -> None:
    write_config(environ, SYNCED)
    plan = planned(environ, [account(A, name="main", problem="ForbiddenException"), OTHER], PRUNE)
    assert (set(states(plan).values()), plan.change.is_needed) == ({"kept"}, False)
    assert [entry.reason for entry in plan.entries if entry.reason] == ["its account could not be listed"] * 2


def test_a_profile_that_has_a_removed_one_as_its_source_is_told(environ: dict[str, str]) -> None:
    above = "[profile above]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = other.Admin\n"
    write_config(environ, SYNCED + above)
    (warning,) = planned(environ, [MAIN], PRUNE).change.warnings
    assert warning.startswith("above has other.Admin as its source, which is removed")


def test_an_account_that_was_made_anew_gets_the_name_of_the_removed_one(environ: dict[str, str]) -> None:
    write_config(environ, SYNCED)
    again = account("333333333333", "Admin", name="other")
    assert states(planned(environ, [MAIN, again])) == {
        "main.Admin": "kept", "main.Reader": "kept", "other.Admin.333333333333": "new", "other.Admin": "gone",
    }  # fmt: skip
    plan = planned(environ, [MAIN, again], PRUNE)
    assert [(entry.profile, entry.state) for entry in plan.entries[2:]] == [
        ("other.Admin", "new"),
        ("other.Admin", "removed"),
    ]
    assert plan.change.text.endswith(section("other.Admin", "333333333333", "Admin"))
    assert B not in plan.change.text


# What cannot be.


def test_a_session_that_is_not_there_for_the_profiles_writes_nothing(environ: dict[str, str]) -> None:
    write_config(environ, "[profile x]\nregion = eu-west-1\n")
    with pytest.raises(ConfigurationError, match="names sso_session = corp, which is not there"):
        planned(environ, [OTHER])


def test_keys_that_default_gives_every_profile_are_said_once(environ: dict[str, str]) -> None:
    write_config(environ, f"{SESSION}[DEFAULT]\nduration_seconds = 900\n")
    warnings = planned(environ, [MAIN, OTHER]).change.warnings
    assert warnings == ["[DEFAULT] has duration_seconds for every profile: SDKs will not call the helper; move it"]


@pytest.mark.parametrize("role", ["a=b", "a,b", "a@b", "x+y", "-x-", "a" * 64])
def test_every_name_of_a_role_is_written_so_that_it_is_read(environ: dict[str, str], role: str) -> None:
    text = synced(environ, [account(A, role, name="main")])
    assert synced(environ, [account(A, role, name="main")]) == text
    (name,) = (name for name in aws_config.load(environ).profiles if name.startswith("main"))
    source = role_chain.read_profile(aws_config.load(environ), environ, name).source
    assert isinstance(source, PermissionSet)
    assert source.role_name == role


def test_a_thousand_profiles_are_written_and_known_again(environ: dict[str, str]) -> None:
    accounts = [account(f"{number:012}", *"abcde", name=f"a{number}") for number in range(200)]
    synced(environ, accounts)
    plan = planned(environ, accounts)
    assert (plan.count("kept"), plan.change.is_needed) == (1000, False)
    plan = planned(environ, accounts[::2], PRUNE)
    assert (plan.count("kept"), plan.count("removed")) == (500, 500)
