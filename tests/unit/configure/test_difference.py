"""What a person is shown of a change: the lines that change, and no secret beside them."""

import difflib
import itertools
from collections.abc import Iterable, Sequence

import pytest
from running import SECRET

from assume_helper.configure import editor
from assume_helper.configure.difference import difference, opcodes
from assume_helper.configure.editor import Edit

COMMAND = "/opt/assume-helper get dev"


def configured(text: str) -> str:
    return editor.configured(text, [Edit("dev", COMMAND)])


@pytest.mark.parametrize(
    "beside",
    [
        f"aws_secret_access_key = {SECRET}\n",
        f"aws_secret_access_key =\n\n  {SECRET}\n",
        "aws_secret_access_key = alllowercasewithoutadigit\n  andmorelowercaseofit\n",
        f"# aws_secret_access_key = {SECRET}\n",
        "assume_helper_aws_secret_access_key = alllowercasewithoutadigit\n",
        "Assume_Helper_aws_session_token = alllowercasewithoutadigit\n  andmorelowercaseofit\n",
        "assume_helper_credential_process = /bin/x --password alllowercasewithoutadigit\n",
        f"#was {SECRET}\n",
        "aws_session_token=alllowercasewithoutadigit\r\n",
        "AWS_SECURITY_TOKEN : alllowercasewithoutadigit\n",
        "credential_process = /bin/x --password alllowercasewithoutadigit\n",
        "mfa_process = oathtool alllowercasewithoutadigit\n",
        "my_password = alllowercasewithoutadigit\n",
    ],
)
def test_no_secret_beside_the_change_is_shown(beside: str) -> None:
    before = f"[profile a]\n{beside}[profile dev]\nrole_arn = a\n"
    shown = "\n".join(difference(before, configured(before), "config"))
    assert "+assume_helper_role_arn = a" in shown
    for secret in (SECRET, "alllowercasewithoutadigit", "andmorelowercaseofit"):
        assert secret not in shown


def test_a_process_of_ours_is_shown_whatever_its_options() -> None:
    before = "[profile dev]\ncredential_process: /old/assume-helper get dev --read-only\n"
    shown = difference(before, configured(before), "config")
    assert "-credential_process: /old/assume-helper get dev --read-only" in shown
    assert f"+credential_process: {COMMAND}" in shown


def test_what_is_shown_is_the_change_and_what_stands_beside_it() -> None:
    before = "[profile dev]\n  region = c\n  role_arn = a\x1b[31m\n"
    assert difference(before, configured(before), "/x\n/config") == [
        "--- /x\\n/config",
        "+++ /x\\n/config",
        "@@ -1,3 +1,4 @@",
        " [profile dev]",
        f"+  credential_process = {COMMAND}",
        "   region = c",
        "-  role_arn = a\\x1b[31m",
        "+  assume_helper_role_arn = a\\x1b[31m",
    ]


def test_no_secret_that_is_moved_is_shown() -> None:
    keys = ("aws_secret_access_key", "aws_session_token", "aws_security_token", "credential_process")
    before = "[profile dev]\n" + "".join(f"{key} = alllowercasewithoutadigit\n" for key in keys)
    shown = difference(before, configured(before), "config")
    assert [line for line in shown if line.startswith("-") and line != "--- config"] == [
        f"-{key} = [...]" for key in keys
    ]
    assert {f"+assume_helper_{key} = [...]" for key in keys} < set(shown)


def sections(numbers: Iterable[int]) -> str:
    return "".join(f"[profile p{number}]\nregion = eu-west-1\noutput = json\nn = {number}\n\n" for number in numbers)


def test_sections_that_are_new_or_gone_are_whole_ones() -> None:
    """The same lines stand in all of them: what is compared line by line would be taken apart across sections."""
    shown = difference("# top\n\n" + sections((1, 2, 3)), "# top\n\n" + sections((1, 3, 4)), "config", context=0)
    gone, new = (sections((number,)).splitlines() for number in (2, 4))
    assert shown[2:] == [
        "@@ -8,5 +7,0 @@",
        *("-" + line for line in gone),
        "@@ -17,0 +13,5 @@",
        *("+" + line for line in new),
    ]


def test_the_opcodes_lead_from_one_text_to_the_other() -> None:
    texts = ["", "a\n", "[x]\n", *(sections(numbers) for numbers in [(1,), (1, 2), (2, 1), (3, 1, 4), (1, 1)])]
    for before, after in itertools.product(texts, texts):
        old, new = before.splitlines(), after.splitlines()
        found, at = [], 0
        for tag, a, a_end, b, b_end in opcodes(old, new):
            assert a == at
            at = a_end
            assert tag != "equal" or old[a:a_end] == new[b:b_end]
            found += old[a:a_end] if tag == "equal" else new[b:b_end]
        assert (found, at) == (new, len(old))


def test_a_thousand_sections_more_or_less_are_compared_section_by_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them at once would be millions of comparisons."""
    compared: list[int] = []

    class Counted(difflib.SequenceMatcher[str]):
        def set_seqs(self, a: Sequence[str], b: Sequence[str]) -> None:
            compared.append(len(a) * len(b))
            super().set_seqs(a, b)

    monkeypatch.setattr(difflib, "SequenceMatcher", Counted)
    few, many = sections(range(0, 1000, 2)), sections(range(1000))
    assert len(difference(few, many, "config", context=0)) == 2 + 500 * 6
    assert len(difference(many, few, "config", context=0)) == 2 + 500 * 6
    assert max(compared) <= 501 * 1001
    assert len(compared) == 2
