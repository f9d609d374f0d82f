"""`assume-helper configure PROFILE`: the config file that people have, written so that SDKs call the helper."""

import os
import shlex
import stat
import sys
from pathlib import Path

import pytest
from configuring import CONFIG, ROLE, by_boto3, configure, ended, terminal, written
from front import Front
from running import ACCESS_KEY_ID, LIKE_ANY_USER, PACKAGE, SCRIPT, SECRET, Home, umask

SSO = "sso_account_id = 123456789012\nsso_role_name = r\nsso_start_url = https://x.awsapps.com/start\nsso_region = x\n"


# What it is for.


def test_boto3_assumes_the_role_itself_before_and_calls_the_helper_after(folk: Home) -> None:
    assert by_boto3(folk, "dev")[0] == "assume-role"
    assert not folk.entries()
    configure(folk, "dev")
    assert by_boto3(folk, "dev") == ("custom-process", "ASIAFRONT00000000000")
    assert len(folk.entries()) == 1
    assert folk.get("dev")["AccessKeyId"] == "ASIAFRONT00000000000"


@pytest.mark.parametrize(("form", "start"), [([], [SCRIPT]), (["--fastest"], [sys.executable, "-I", "-S"])])
def test_the_line_is_run_by_sh_and_by_shlex_alike(folk: Home, form: list[str], start: list[str]) -> None:
    line = written(folk, "dev", *form)["credential_process"]
    assert f"\ncredential_process = {line}\n" in folk.config.read_text()
    assert shlex.split(line)[: len(start)] == start
    documents = [folk.run(command=command).document for command in (["sh", "-c", line], shlex.split(line))]
    assert documents[0] == documents[1]
    assert documents[0]["AccessKeyId"] == "ASIAFRONT00000000000"
    assert by_boto3(folk, "dev")[0] == "custom-process"


def test_a_path_and_a_name_with_blanks_are_quoted(folk: Home) -> None:
    link = folk.folder / "my programs" / "assume-helper"
    link.parent.mkdir()
    link.symlink_to(SCRIPT)
    folk.config.write_text(CONFIG.replace("[profile dev]", '[profile "my dev"]'))
    ran = folk.run("configure", "my dev", "--yes", "--json", command=[str(link)])
    line = ran.document["credential_process"]
    assert line == f'{folk.folder}/"my programs"/assume-helper get "my dev"'
    assert folk.run(command=["sh", "-c", line]).document["Version"] == 1
    assert by_boto3(folk, "my dev")[0] == "custom-process"


def test_a_profile_with_its_own_access_key_goes_on_working_and_says_whose_source_it_no_longer_is(folk: Home) -> None:
    """Go, JavaScript, Kotlin, C++ and Ruby would take a bare key in place of the helper."""
    keys = f"aws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n"
    folk.config.write_text(f"[profile own]\nrole_arn = {ROLE}/own\nsource_profile = own\n{keys}")
    before = folk.config.read_text()
    ran = configure(folk, "own")
    assert ran.stderr == ""
    assert folk.config.read_text().endswith(keys.replace("aws_", "assume_helper_aws_"))
    assert by_boto3(folk, "own")[0] == "custom-process"
    assert folk.get("own")["AccessKeyId"] == "ASIAFRONT00000000000"
    configure(folk, "own", "--undo")
    assert folk.config.read_text() == before
    folk.config.write_text(f"{before}[profile next]\nrole_arn = {ROLE}/next\nsource_profile = own\n")
    assert "warning: next can no longer use this profile's access key as a source" in configure(folk, "own").stderr


def test_a_login_beside_the_role_no_longer_wins(folk: Home) -> None:
    folk.config.write_text(CONFIG.replace("[profile other]", f"{SSO}[profile other]"))
    before = folk.config.read_bytes()
    assert "`aws sso login --profile dev` no longer works" in configure(folk, "dev").stderr
    assert by_boto3(folk, "dev")[0] == "custom-process"
    configure(folk, "dev", "--undo")
    assert folk.config.read_bytes() == before


def test_the_credentials_file_wins_and_that_is_said(folk: Home) -> None:
    with folk.credentials.open("a") as credentials:
        credentials.write(f"[dev]\naws_access_key_id = {ACCESS_KEY_ID}\naws_secret_access_key = {SECRET}\n")
    (warning,) = written(folk, "dev")["warnings"]
    assert f"{folk.credentials} has aws_access_key_id, aws_secret_access_key for this profile and wins" in warning
    assert by_boto3(folk, "dev")[0] == "shared-credentials-file"


def test_a_role_that_is_the_source_of_another_is_had_through_the_helper(folk: Home) -> None:
    with folk.config.open("a") as config:
        config.write(f"[profile next]\nrole_arn = {ROLE}/next\nsource_profile = dev\n")
    configure(folk, "dev")
    configure(folk, "next")
    assert by_boto3(folk, "next")[0] == "custom-process"
    assert len(folk.entries()) == 2


# A new profile, and changes to one.


def test_a_new_profile_is_made_of_options(folk: Home, offline_front: Front) -> None:
    options = {
        "--role-arn": f"{ROLE}/ops",
        "--source-profile": "base",
        "--external-id": "an-id",
        "--role-session-name": "{user}-{profile}",
        "--duration-seconds": "900",
        "--region": "us-east-1",
    }
    configure(folk, "ops", *(word for option in options.items() for word in option))
    assert folk.config.read_text() == CONFIG + (
        f"\n[profile ops]\ncredential_process = {SCRIPT} get ops\nassume_helper_role_arn = {ROLE}/ops\n"
        "assume_helper_source_profile = base\nassume_helper_external_id = an-id\n"
        "assume_helper_role_session_name = {user}-{profile}\nassume_helper_duration_seconds = 900\nregion = us-east-1\n"
    )
    assert by_boto3(folk, "ops")[0] == "custom-process"
    (call,) = offline_front.assumed("/ops")
    assert (call.parameters["ExternalId"], call.parameters["DurationSeconds"]) == ("an-id", "900")


def test_an_option_changes_a_profile_and_another_source_takes_the_place_of_the_first(folk: Home) -> None:
    configure(folk, "dev")
    configure(folk, "dev", "--credential-source", "Environment", "--mfa-serial", "arn:aws:iam::123456789012:mfa/me")
    text = folk.config.read_text()
    assert "assume_helper_credential_source = Environment\n" in text
    assert "assume_helper_mfa_serial = arn:aws:iam::123456789012:mfa/me\n" in text
    assert "assume_helper_source_profile" not in text
    assert "# the user that I log in as\n" in text


def test_where_there_is_no_config_it_is_made_for_its_owner_alone(home: Home) -> None:
    (home.folder / ".aws").rmdir()
    with umask(0):
        done = written(home, "dev", "--role-arn", f"{ROLE}/dev", "--credential-source", "EcsContainer")
    assert (done["changed"], done["backup"], done["file"]) == (True, None, str(home.config))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home.config.parent, home.config)] == [0o700, 0o600]
    assert [path.name for path in home.config.parent.iterdir()] == ["config"]


def test_the_pair_form_keeps_its_other_profile(folk: Home) -> None:
    with folk.config.open("a") as config:
        config.write("[profile ops]\ncredential_process = /old/assume-helper get dev\nregion = us-east-1\n")
    assert written(folk, "ops")["credential_process"] == f"{SCRIPT} get dev"
    assert by_boto3(folk, "ops")[0] == "custom-process"
    folk.run("configure", "ops", "--external-id", "x", "--yes").failed(2, "only asks the helper for another profile")


def test_a_form_stays_until_another_is_asked_for(folk: Home) -> None:
    fastest = written(folk, "dev", "--fastest")["credential_process"]
    assert "__main__.py" in fastest
    assert written(folk, "dev", "--region", "eu-west-1")["credential_process"] == fastest
    assert written(folk, "dev", "--no-fastest")["credential_process"] == f"{SCRIPT} get dev"


def test_options_of_get_stay(folk: Home) -> None:
    line = f"credential_process = {SCRIPT} get dev --read-only\n"
    folk.config.write_text(CONFIG.replace("[profile dev]\n", f"[profile dev]\n{line}"))
    assert written(folk, "dev")["credential_process"] == f"{SCRIPT} get dev --read-only"
    assert line in folk.config.read_text()
    shown = "\n".join(written(folk, "dev", "--fastest")["diff"])
    assert f"-{line}+credential_process = {sys.executable} -I -S " in shown


# Back, and again.


def test_twice_changes_nothing_and_says_so(folk: Home) -> None:
    configure(folk, "dev")
    before = folk.config.stat()
    state = (before.st_mtime_ns, before.st_ino)
    ran = configure(folk, "dev")
    assert ran.stdout.decode() == f"Nothing to change: dev in {folk.config} is set up.\n"
    after = folk.config.stat()
    assert (after.st_mtime_ns, after.st_ino) == state
    assert folk.run("configure", "dev", "--json").document["changed"] is False


def test_undo_gives_the_file_back(folk: Home) -> None:
    before = folk.config.read_bytes()
    configure(folk, "dev")
    configured = folk.config.read_bytes()
    done = written(folk, "dev", "--undo")
    assert folk.config.read_bytes() == before
    assert Path(done["backup"]).read_bytes() == configured
    assert by_boto3(folk, "dev")[0] == "assume-role"
    assert configure(folk, "dev", "--undo").stdout.decode() == (
        f"Nothing to change: dev in {folk.config} does not use the helper.\n"
    )


def test_undo_leaves_another_program_s_process(folk: Home) -> None:
    folk.config.write_text("[profile dev]\ncredential_process = /x/other get dev\nassume_helper_role_arn = a\n")
    assert written(folk, "dev", "--undo")["credential_process"] == "/x/other get dev"
    assert folk.config.read_text() == "[profile dev]\ncredential_process = /x/other get dev\nrole_arn = a\n"


# The file itself.


def test_the_rest_of_the_file_its_mode_and_its_owner_stay(folk: Home) -> None:
    folk.config.write_bytes(b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    folk.config.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(folk.config, 12345, 54321)
    before, owner = folk.config.read_bytes(), folk.config.stat()
    configure(folk, "dev")
    after, now = folk.config.read_bytes(), folk.config.stat()
    assert (now.st_mode, now.st_uid, now.st_gid) == (owner.st_mode, owner.st_uid, owner.st_gid)
    assert after == before.replace(
        b"[profile dev]\r\n", f"[profile dev]\r\ncredential_process = {SCRIPT} get dev\r\n".encode()
    ).replace(b"role_arn = ", b"assume_helper_role_arn = ").replace(
        b"source_profile = base\r\n\r\n", b"assume_helper_source_profile = base\r\n\r\n", 1
    )


def test_the_backup_is_the_state_before_and_private(folk: Home) -> None:
    backup = folk.config.with_name("config.assume-helper.bak")
    elsewhere = folk.folder / "elsewhere"
    elsewhere.write_text("precious")
    backup.symlink_to(elsewhere)
    with umask(0):
        assert written(folk, "dev")["backup"] == str(backup)
    assert elsewhere.read_text() == "precious"
    assert backup.read_text() == CONFIG
    assert stat.S_IMODE(backup.lstat().st_mode) == 0o600
    assert sorted(path.name for path in folk.config.parent.iterdir()) == ["config", backup.name, "credentials"]


def test_a_link_stays_one_and_its_file_is_edited(folk: Home) -> None:
    dotfiles = folk.folder / "dotfiles"
    dotfiles.mkdir()
    folk.config.rename(dotfiles / "aws")
    folk.config.symlink_to("../dotfiles/aws")
    done = written(folk, "dev")
    assert (done["file"], done["backup"]) == (str(dotfiles / "aws"), str(dotfiles / "aws.assume-helper.bak"))
    assert folk.config.is_symlink()
    assert "credential_process" in (dotfiles / "aws").read_text()


def test_an_edit_meanwhile_is_not_lost(folk: Home) -> None:
    with terminal(folk, "dev") as child:
        child.expect_exact("[y/N]: ")
        folk.config.write_text(CONFIG + "# new\n")
        child.sendline("y")
        code, said = ended(child)
    assert code == 3
    assert "was changed by another program meanwhile; nothing was written: run it again" in said
    assert folk.config.read_text() == CONFIG + "# new\n"
    assert sorted(path.name for path in folk.config.parent.iterdir()) == ["config", "credentials"]


@pytest.mark.skipif(os.geteuid() == 0 and not LIKE_ANY_USER, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_exit_3_and_nothing_is_left(folk: Home) -> None:
    folk.config.parent.chmod(0o500)
    try:
        ran = folk.run("configure", "dev", "--yes", command=[*LIKE_ANY_USER, SCRIPT])
    finally:
        folk.config.parent.chmod(0o700)
    assert ran.code == 3
    assert f"{folk.config} cannot be written (Permission denied); " in ran.stderr
    assert folk.config.read_text() == CONFIG


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_whose_owner_cannot_be_kept_is_not_replaced(folk: Home) -> None:
    os.chown(folk.config, 12345, 54321)
    no_chown = ["setpriv", "--bounding-set=-chown", "--inh-caps=-chown"]
    ran = folk.run("configure", "dev", "--yes", command=[*no_chown, SCRIPT])
    assert ran.code == 3
    assert "cannot be written (Operation not permitted)" in ran.stderr
    assert folk.config.read_text() == CONFIG
    assert sorted(path.name for path in folk.config.parent.iterdir()) == ["config", "credentials"]


def test_what_is_no_file_is_not_replaced(folk: Home) -> None:
    source = ["--role-arn", f"{ROLE}/x", "--credential-source", "Environment", "--yes"]
    folk.run("configure", "x", *source, AWS_CONFIG_FILE=os.devnull).failed(3, "/dev/null is not a regular file")
    folk.run("configure", "x", *source, AWS_CONFIG_FILE=str(folk.folder)).failed(3, "is a directory")


# What is refused, before anything is written.


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["dev", "--role-arn", "arn:aws:iam::1:role/x"], 3, "role_arn of [dev] is not the ARN of a role"),
        (["dev", "--source-profile", "nobody"], 3, "names profile nobody, which is not there"),
        (["dev", "--source-profile", "dev"], 3, "the sources form a loop: dev -> dev"),
        (["dev", "--external-id", "a b"], 3, "external_id of [dev] is not one that STS takes"),
        (["dev", "--region", "a b"], 3, "the region a b is not valid"),
        (["dev", "--duration-seconds", "12"], 2, "--duration-seconds"),
        (["dev", "--source-profile", "base", "--credential-source", "Environment"], 2, "cannot go together"),
        (["dev", "--undo", "--fastest"], 2, "--undo goes with no option but"),
        (["dve", "--undo"], 3, "did you mean dev?"),
        (["stray"], 3, "name it [profile stray]"),
        (["new"], 2, "give --role-arn and --source-profile (or --credential-source)"),
        (["new", "--role-arn", f"{ROLE}/x"], 2, "give --source-profile"),
        (["a;b"], 3, "the name a;b cannot stand in a credential_process"),
        (["--", "-x"], 3, "would be taken for an option"),
        ([], 2, "name one or more profiles, or use --all"),
        (["dev", "--all"], 2, "name one or more profiles, or use --all"),
        (["dev", "other", "--region", "us-east-1"], 2, "--region goes with one profile: name that alone"),
        (["--all", "--role-arn", f"{ROLE}/x"], 2, "--role-arn goes with one profile: name that alone"),
        (["dev", "new"], 3, "new: there is no such profile in "),
        (["dev", "half", "other"], 4, "half: [half] has an aws_access_key_id and no aws_secret_access_key"),
        (["dev", "bare", "--undo"], 3, "bare: there is no such profile in "),
        (["plain", "dev"], 3, "plain: profile plain has no role, no login"),
        (["plain", "--mfa-serial", "x"], 2, "give --role-arn and --source-profile (or --credential-source)"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    folk: Home, arguments: list[str], code: int, words: str
) -> None:
    with folk.config.open("a") as config:
        config.write(
            "[stray]\nrole_arn = x\n[profile half]\naws_access_key_id = AKIA\n[profile plain]\noutput = json\n"
        )
    before = folk.config.read_bytes()
    folk.run("configure", "--yes", *arguments).failed(code, words)
    assert folk.config.read_bytes() == before
    assert sorted(path.name for path in folk.config.parent.iterdir()) == ["config", "credentials"]


def test_an_installation_where_no_shell_finds_it_is_refused(folk: Home) -> None:
    link = folk.folder / "a$b" / "assume-helper"
    link.parent.mkdir()
    link.symlink_to(SCRIPT)
    ran = folk.run("configure", "dev", "--yes", command=[str(link)])
    ran.failed(3, "a shell changes '$'", "install assume-helper in another place")


def test_without_a_terminal_and_a_yes_the_change_is_shown_and_not_made(folk: Home) -> None:
    ran = folk.run("configure", "dev")
    assert ran.code == 2
    assert "there is no terminal to ask on; use --yes to write without asking" in ran.stderr
    assert f"+assume_helper_role_arn = {ROLE}/dev\n" in ran.stdout.decode()
    done = folk.run("configure", "dev", "--json")
    assert (done.code, done.document["changed"], done.document["backup"]) == (2, False, None)
    assert f"-role_arn = {ROLE}/dev" in done.document["diff"]
    assert folk.config.read_text() == CONFIG


def test_no_secret_of_the_file_is_shown(folk: Home) -> None:
    folk.config.write_text(
        f"[profile base]\naws_secret_access_key = {SECRET}\naws_access_key_id = {ACCESS_KEY_ID}\n"
        + CONFIG.replace("# of my own", f"# {SECRET}")
    )
    folk.credentials.unlink()
    stdout = configure(folk, "dev").stdout.decode()
    assert " # [...]" in stdout
    assert "aws_access_key_id" in stdout
    assert SECRET not in stdout


def test_of_many_at_once_each_is_written_or_says_that_it_is_not(folk: Home) -> None:
    names = [f"p{number}" for number in range(6)]
    folk.config.write_text("".join(f"[profile {n}]\nrole_arn = {ROLE}/{n}\nsource_profile = base\n" for n in names))
    children = {name: folk.start("configure", name, "--yes") for name in names}
    refused = []
    for name, child in children.items():
        _, stderr = child.communicate(timeout=90)
        if child.returncode:
            assert b"was changed by another program meanwhile" in stderr
            refused.append(name)
    text = folk.config.read_text()
    assert [name for name in names if f"credential_process = {SCRIPT} get {name}\n" not in text] == refused
    assert len(refused) < len(names)
    assert len(list(folk.config.parent.iterdir())) == 3


def test_the_help_has_an_example(home: Home) -> None:
    assert b"$ assume-helper configure dev --undo\n" in home.run("configure", "--help").stdout


def test_the_fastest_form_names_this_package(folk: Home) -> None:
    line = written(folk, "dev", "--fastest")["credential_process"]
    assert shlex.split(line)[3] == str(PACKAGE / "__main__.py")
