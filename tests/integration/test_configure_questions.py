"""What `configure` asks a person before it writes."""

import json
import shlex

import pexpect
import pytest
from configuring import CONFIG, ROLE, by_boto3, ended, terminal
from running import SCRIPT, Home


def test_the_change_is_shown_and_asked_about(folk: Home) -> None:
    for answer, code in (("n", 1), ("", 1), ("y", 0)):
        assert folk.config.read_text() == CONFIG
        with terminal(folk, "dev") as child:
            child.expect_exact(f"assume_helper_role_arn = {ROLE}/dev")
            child.expect_exact(f"Write this to {folk.config}? [y/N]: ")
            child.sendline(answer)
            assert ended(child)[0] == code
    assert by_boto3(folk, "dev")[0] == "custom-process"


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_who_leaves_the_question_changes_nothing(folk: Home, key: str) -> None:
    for arguments, question in ((["dev"], "[y/N]: "), (["new"], "ARN of the role: ")):
        with terminal(folk, *arguments) as child:
            child.expect_exact(question)
            child.send(key)
            code, said = ended(child)
        assert code == 130
        assert "interrupted; nothing was changed, run it again" in said
        assert "Traceback" not in said
    assert folk.config.read_text() == CONFIG


def test_what_a_new_profile_lacks_is_asked_for(folk: Home) -> None:
    with terminal(folk, "new", "--region", "us-east-1", "--yes") as child:
        child.expect_exact("ARN of the role: ")
        child.sendline("arn:aws:iam::1:role/x")
        child.expect_exact("is not the ARN of a role")
        child.expect_exact("ARN of the role: ")
        child.sendline(f"{ROLE}/new")
        child.expect_exact("Profile that assumes it: ")
        child.sendline("bsae")
        child.expect_exact("there is no profile bsae")
        child.expect_exact("Profile that assumes it: ")
        child.sendline("base")
        assert ended(child)[0] == 0
    assert by_boto3(folk, "new")[0] == "custom-process"


def test_a_profile_with_an_access_key_of_its_own_is_its_own_source_unless_another_is_named(folk: Home) -> None:
    folk.config.write_text("[profile dev]\nregion = us-east-1\n")
    folk.credentials.write_text(folk.credentials.read_text().replace("[base]", "[dev]"))
    with terminal(folk, "dev", "--role-arn", f"{ROLE}/dev", "--yes") as child:
        child.expect_exact("Profile that assumes it [dev]: ")
        child.sendline("")
        assert ended(child)[0] == 0
    assert folk.get("dev")["AccessKeyId"] == "ASIAFRONT00000000000"


def test_json_asks_on_standard_error(folk: Home) -> None:
    """Standard output is for who reads it: the change and the question are not in it."""
    out = folk.folder / "out"
    command = f"{shlex.quote(SCRIPT)} configure dev --json > {shlex.quote(str(out))}"
    child = pexpect.spawn("sh", ["-c", command], env=folk.environ, encoding="utf-8", timeout=60)
    child.expect_exact("assume_helper_role_arn")
    child.expect_exact("[y/N]: ")
    child.sendline("y")
    child.expect(pexpect.EOF)
    child.close()
    assert json.loads(out.read_text())["changed"] is True
