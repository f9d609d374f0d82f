"""What the last sync wrote, taken back: to the byte, or profile by profile where the file was changed since."""

import json
import stat
import sys
from pathlib import Path

import pytest
from syncing import (
    MAIN,
    OTHER,
    SECTIONS,
    SESSION,
    SYNCED,
    A,
    account,
    config_of,
    environ_of,
    planned,
    states,
    synced,
    write_config,
)

from assume_helper.configure import change, sync_undo, temporary_file, writer
from assume_helper.configure.sync import Plan, Wish
from assume_helper.errors import ChangedMeanwhile, ConfigurationError

PRUNE = Wish("corp", prunes=True)
MINE = "\n# mine\n[profile mine]\nregion = eu-west-1\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    found = environ_of(tmp_path)
    write_config(found, SESSION)
    return found


def undo(environ: dict[str, str]) -> Plan | None:
    return sync_undo.plan(change.load(environ), environ, "corp")


def undone(environ: dict[str, str]) -> dict[str, str]:
    """What became of the profiles; the file is written."""
    plan = undo(environ)
    assert plan is not None
    sync_undo.write_back(plan, "corp", environ, None)
    return states(plan)


def record(environ: dict[str, str]) -> Path:
    (found,) = Path(environ["HOME"]).glob("config.assume-helper.sync-*")
    return found


@pytest.mark.parametrize(
    "before",
    [
        SESSION,
        SESSION.rstrip("\n"),
        SESSION.replace("\n", "\r\n"),
        "\n\n" + SESSION + "\n\n",
        SESSION + MINE + "  # odd\n\n\n",
        "\ufeff" + SESSION,
    ],
)
def test_a_file_that_was_not_changed_since_comes_back_to_the_byte(environ: dict[str, str], before: str) -> None:
    write_config(environ, before)
    synced(environ, [MAIN, OTHER])
    assert undone(environ) == dict.fromkeys(SECTIONS, "removed")
    assert config_of(environ) == before
    assert undo(environ) is None, "it is taken back once"


def test_so_do_removed_and_changed_profiles(environ: dict[str, str]) -> None:
    edited = SECTIONS["main.Admin"] + "# mine\noutput = json\n"
    before = SESSION + edited + MINE + SECTIONS["main.Reader"] + "\n\n" + SECTIONS["other.Admin"].rstrip("\n")
    write_config(environ, before)
    accounts = [account(A, "New", "Reader", name="main")]
    plan = planned(environ, accounts, Wish("corp", region="eu-central-1", prunes=True))
    assert set(states(plan).values()) == {"new", "changed", "removed"}
    synced(environ, accounts, Wish("corp", region="eu-central-1", prunes=True))
    found = undo(environ)
    assert found is not None
    assert all(entry.pair for entry in found.entries)
    assert undone(environ) == {
        "main.New": "removed", "main.Reader": "changed", "main.Admin": "new", "other.Admin": "new",
    }  # fmt: skip
    assert config_of(environ) == before


def test_a_name_that_was_removed_and_given_anew_comes_back(environ: dict[str, str]) -> None:
    write_config(environ, SYNCED)
    synced(environ, [MAIN, account("333333333333", "Admin", name="other")], PRUNE)
    undone(environ)
    assert config_of(environ) == SYNCED


def test_only_the_last_sync_that_wrote_is_taken_back(environ: dict[str, str]) -> None:
    first = synced(environ, [MAIN])
    synced(environ, [MAIN, OTHER])
    synced(environ, [MAIN, OTHER])
    assert undone(environ) == {"other.Admin": "removed"}
    assert config_of(environ) == first
    assert undo(environ) is None


def test_of_a_file_that_was_changed_since_the_profiles_alone_are_taken_out(environ: dict[str, str]) -> None:
    text = synced(environ, [MAIN, OTHER])
    write_config(environ, MINE + text + MINE.replace("mine", "more"))
    assert undone(environ) == dict.fromkeys(SECTIONS, "removed")
    assert config_of(environ) == MINE + SESSION + MINE.replace("mine", "more")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("assume_helper_synced = corp\n", "assume_helper_synced = corp\noutput = json\n"),
        ("[profile other.Admin]\n", "[profile other.Admin]\n# mine\n"),
        ("role_name = Admin\n", "role_name = Reader\n"),
    ],
)
def test_a_profile_that_was_edited_since_is_left(environ: dict[str, str], old: str, new: str) -> None:
    synced(environ, [MAIN, OTHER])
    edited = SECTIONS["other.Admin"].replace(old, new)
    write_config(environ, SYNCED.replace(SECTIONS["other.Admin"], edited))
    plan = undo(environ)
    assert plan is not None
    assert states(plan) == {"main.Admin": "removed", "main.Reader": "removed", "other.Admin": "left"}
    assert plan.entries[-1].reason == "it was changed since"
    assert undone(environ)
    assert config_of(environ) == SESSION + "\n" + edited


def test_a_profile_that_is_not_marked_any_more_is_the_user_s(environ: dict[str, str]) -> None:
    synced(environ, [OTHER])
    for mine in (
        SECTIONS["other.Admin"].replace("assume_helper_synced = corp\n", ""),
        MINE.replace("mine", "other.Admin"),
    ):
        write_config(environ, SESSION + mine)
        plan = undo(environ)
        assert plan is not None
        assert (plan.entries, plan.change.is_needed) == ([], False)


def test_a_removed_profile_is_put_back_behind_what_came_since_unless_its_name_is_taken(environ: dict[str, str]) -> None:
    edited = SECTIONS["other.Admin"] + "output = json\n"
    write_config(environ, SESSION + edited + SECTIONS["main.Admin"] + SECTIONS["main.Reader"])
    synced(environ, [], PRUNE)
    taken = "[profile main.Admin]\nregion = eu-west-1\n"
    write_config(environ, SESSION + taken)
    assert undone(environ) == {"other.Admin": "new", "main.Admin": "left", "main.Reader": "new"}
    assert config_of(environ) == SESSION + taken + "\n" + edited + "\n" + SECTIONS["main.Reader"]


def test_a_changed_key_is_changed_back_unless_it_was_changed_since(environ: dict[str, str]) -> None:
    moved = SECTIONS["main.Admin"].replace("= /", "= /gone/")
    write_config(environ, SESSION + moved + SECTIONS["main.Reader"] + SECTIONS["other.Admin"])
    synced(environ, [MAIN, OTHER], Wish("corp", region="eu-central-1"))
    text = config_of(environ).replace("name = Reader\nregion = eu-central-1", "name = Reader\nregion = us-east-1")
    text = text.replace("region = eu-central-1\n", "region = eu-west-1\n") + MINE
    write_config(environ, text.replace("region = eu-west-1\n", "region = eu-central-1\n", 1))
    assert undone(environ) == {"main.Admin": "changed", "main.Reader": "left", "other.Admin": "left"}
    assert moved in config_of(environ)
    assert config_of(environ).endswith("region = eu-west-1\n" + MINE)


def test_what_was_not_written_is_nothing_to_take_back(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert undo(environ) is None
    first = synced(environ, [MAIN])
    former = record(environ).read_bytes()
    plan = planned(environ, [MAIN, OTHER])
    with monkeypatch.context() as patch:
        patch.setattr(writer, "replace", lambda *_: (_ for _ in ()).throw(ConfigurationError("no", "no")))
        with pytest.raises(ConfigurationError):
            sync_undo.write(plan, "corp", environ, None)
    assert record(environ).read_bytes() == former
    assert undone(environ)
    with monkeypatch.context() as patch:
        patch.setattr(writer, "replace", lambda *_: (_ for _ in ()).throw(ConfigurationError("no", "no")))
        with pytest.raises(ConfigurationError):
            sync_undo.write(planned(environ, [MAIN]), "corp", environ, None)
    assert not list(Path(environ["HOME"]).glob("*.sync-*"))
    assert first != SESSION


def test_a_writer_that_was_killed_before_the_file_leaves_nothing_to_take_back(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "replace", lambda *_: None)
    sync_undo.write(planned(environ, [MAIN]), "corp", environ, None)
    assert undo(environ) is None
    write_config(environ, SESSION + MINE)
    plan = undo(environ)
    assert plan is not None
    assert (plan.entries, plan.change.is_needed) == ([], False)


def test_a_file_that_was_changed_meanwhile_is_planned_anew_and_taken_back_exactly(environ: dict[str, str]) -> None:
    plan = planned(environ, [MAIN])
    write_config(environ, SESSION + MINE)
    with pytest.raises(ChangedMeanwhile):
        sync_undo.write(plan, "corp", environ, None)
    plan, backup = sync_undo.write(plan, "corp", environ, lambda: planned(environ, [MAIN]))
    assert backup is not None
    assert config_of(environ) == plan.change.text != SESSION
    undone(environ)
    assert config_of(environ) == SESSION + MINE


def test_what_another_process_has_written_meanwhile_is_not_written_again(environ: dict[str, str]) -> None:
    plan = planned(environ, [MAIN])
    text = synced(environ, [MAIN])
    backup = Path(writer.read(environ).backup)
    assert backup.read_text() == SESSION
    plan, path = sync_undo.write(plan, "corp", environ, lambda: planned(environ, [MAIN]))
    assert (path, config_of(environ), backup.read_text()) == (None, text, SESSION)


def test_the_record_is_the_user_s_alone_and_has_no_line_of_other_profiles(environ: dict[str, str]) -> None:
    write_config(environ, SESSION + "[profile x]\naws_secret_access_key = dummysecret\n" + SECTIONS["other.Admin"])
    synced(environ, [MAIN], PRUNE)
    if sys.platform != "win32":
        assert stat.S_IMODE(record(environ).stat().st_mode) == 0o600
    assert "dummysecret" not in record(environ).read_text()
    assert "dummysecret" in config_of(environ)


@pytest.mark.parametrize(
    "damage", ["", "{}", "[]", "null", "\x00", '{"version": 9}', "changed", "patch", "added", "removed", "[" * 100_000]
)
def test_a_record_that_cannot_be_read_is_said(environ: dict[str, str], damage: str) -> None:
    text = synced(environ, [MAIN])
    path = record(environ)
    found = json.loads(path.read_text())
    path.write_text(
        json.dumps(found | {damage: {"x": [5]} if damage != "patch" else [[0]]}) if damage in found else damage
    )
    with pytest.raises(ConfigurationError, match=r"does not say what the last sync did; remove it, and"):
        undo(environ)
    assert config_of(environ) == text


def test_each_session_has_a_record_of_its_own(environ: dict[str, str]) -> None:
    write_config(environ, SESSION + SESSION.replace("corp", "eu"))
    synced(environ, [MAIN])
    plan = planned(environ, [OTHER], Wish("eu"))
    sync_undo.write(plan, "eu", environ, None)
    assert len(list(Path(environ["HOME"]).glob("*.sync-*"))) == 2
    assert undone(environ) == {"main.Admin": "removed", "main.Reader": "removed"}
    assert "get other.Admin" in config_of(environ)


def test_what_a_killed_writer_of_a_record_left_is_swept(environ: dict[str, str]) -> None:
    synced(environ, [MAIN])
    left = Path(f"{record(environ)}.assume-helper-{'0' * 16}")
    left.touch()
    assert temporary_file.sweep(str(Path(environ["AWS_CONFIG_FILE"]))) == ([str(left)], [])
    assert record(environ).exists()


def test_a_thousand_profiles_are_taken_back(environ: dict[str, str]) -> None:
    accounts = [account(f"{number:012}", *"abcde", name=f"a{number}") for number in range(200)]
    text = synced(environ, accounts)
    write_config(environ, text + MINE)
    assert set(undone(environ).values()) == {"removed"}
    assert config_of(environ) == SESSION + MINE
