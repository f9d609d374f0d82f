"""An assertion: base64 of one line, and the provider that it names for a role."""

import base64
import os
import sys
from pathlib import Path

import pytest

from assume_helper.credentials import SAMLAssertion
from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles.origin import SAMLProcess
from assume_helper.sources import saml

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are a shell's")
ROLE = "arn:aws:iam::123456789012:role/path/dev"
PROVIDER = "arn:aws:iam::123456789012:saml-provider/corp"
OTHER = "arn:aws:iam::123456789012:saml-provider/other"
NAMES = 'xmlns="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"'


def response(*values: str, name: str = saml._ROLE, before: str = "") -> str:
    parts = "".join(f"<a:AttributeValue>{value}</a:AttributeValue>" for value in values)
    other = '<a:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName">'
    other += f"<a:AttributeValue>{ROLE},{OTHER}</a:AttributeValue></a:Attribute>"
    attribute = f'<a:Attribute Name="{name}">{parts}</a:Attribute>'
    return f"{before}<Response {NAMES}><a:Assertion>{other}{attribute}{other}</a:Assertion></Response>"


def printed(document: str) -> str:
    return base64.b64encode(document.encode()).decode()


def assertion(folder: Path, text: str, provider_arn: str | None = None) -> SAMLAssertion:
    (folder / "printed").write_text(text)
    source = SAMLProcess("dev", f"cat {folder}/printed", provider_arn)
    return saml.assertion(source, ROLE, {"PATH": os.environ["PATH"]}, 20)


@pytest.mark.parametrize(
    "values",
    [
        [f"{ROLE},{PROVIDER}"],
        [f"{PROVIDER},{ROLE}"],
        [f" {ROLE} ,\n {PROVIDER} "],
        [f"{ROLE}-2,{OTHER}", f"{ROLE},{PROVIDER}", f"{ROLE},{PROVIDER}"],
        [f"{ROLE},<!-- a comment -->{PROVIDER}"],
    ],
)
def test_the_provider_is_the_one_beside_the_role(tmp_path: Path, values: list[str]) -> None:
    text = printed(response(*values))
    assert assertion(tmp_path, text + "\n") == SAMLAssertion(text, PROVIDER)


@pytest.mark.parametrize(
    "document",
    [
        response(),
        response(f"{ROLE},{PROVIDER}", f"{ROLE},{OTHER}"),
        response(f"{ROLE}-2,{PROVIDER}"),
        response(f"{ROLE},{ROLE}"),
        response(f"{ROLE},not an ARN"),
        response(f"{ROLE},{PROVIDER},{OTHER}"),
        response(f"{ROLE},{PROVIDER}", name="another"),
        response(f"{ROLE},{PROVIDER}")[:-20],
        f"<Response {NAMES}><a:EncryptedAssertion/></Response>",
        response("&role;", before=f'<!DOCTYPE x [<!ENTITY role "{ROLE},{PROVIDER}">]>'),
    ],
)
def test_where_it_does_not_say_one_the_profile_has_to(tmp_path: Path, document: str) -> None:
    with pytest.raises(ConfigurationError, match=r"does not name one SAML provider for .*; set saml_provider_arn"):
        assertion(tmp_path, printed(document))
    assert assertion(tmp_path, printed(document), OTHER).provider_arn == OTHER


@pytest.mark.parametrize("text", ["no base64!", printed("no XML"), response(f"{ROLE},{PROVIDER}"), "YWJj=ZGVm", "e30"])
def test_what_is_no_response_in_base64_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match="did not print a SAML response in base64; have its command") as caught:
        assertion(tmp_path, text, OTHER)
    assert text not in str(caught.value)


def test_line_breaks_within_it_are_lines_too_many(tmp_path: Path) -> None:
    text = printed(response(f"{ROLE},{PROVIDER}"))
    with pytest.raises(SourceError, match="printed 2 lines, and not one"):
        assertion(tmp_path, f"{text[:76]}\n{text[76:]}\n")


def test_it_may_be_as_long_as_sts_takes_it(tmp_path: Path) -> None:
    document = response(f"{ROLE},{PROVIDER}")
    document += f"<!--{'x' * (75_000 - len(document) - 7)}-->"
    assert len(assertion(tmp_path, printed(document) + "\n").assertion) == 100_000
    with pytest.raises(SourceError, match="printed far more than a token"):
        assertion(tmp_path, printed(document + "<!-- -->"))


def test_it_is_in_no_representation() -> None:
    assert "c2VjcmV0" not in repr(SAMLAssertion("c2VjcmV0", PROVIDER))
    assert "hunter22" not in repr(SAMLProcess("dev", "saml --password hunter22"))
