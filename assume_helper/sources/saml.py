"""`saml_process`: the assertion that it prints, and the identity provider that the assertion is of.

The assertion says which roles it is for, and by which provider, in an attribute (IAM User Guide, "Configure SAML
assertions for the authentication response"). STS checks the assertion; here it is read for that alone.
"""

import base64
import re
from collections.abc import Mapping

from assume_helper.credentials import SAMLAssertion
from assume_helper.errors import SettingFault, SourceError
from assume_helper.profiles import value_parsers
from assume_helper.profiles.origin import SAMLProcess
from assume_helper.sources import token_command
from assume_helper.text import printable

# STS: a SAMLAssertion has 4 to 100 000 characters (API reference of AssumeRoleWithSAML).
_LONGEST = 100_000
_ROLE = "https://aws.amazon.com/SAML/Attributes/Role"
_MARKUP = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def assertion(source: SAMLProcess, role_arn: str, environ: Mapping[str, str], seconds: float) -> SAMLAssertion:
    """The assertion that the command of `source` prints within `seconds`, for the role `role_arn`.

    Raises SourceError, SourceExpired; SettingFault where it does not say which provider it is of.
    """
    whose = f"saml_process of {printable(source.profile, 64)}"
    text = token_command.printed_line(whose, source.command, environ, seconds, _LONGEST)
    try:
        document = base64.b64decode(text, validate=True)
    except ValueError:
        document = b""
    if not document.lstrip().startswith(b"<"):
        raise SourceError(
            f"{whose} did not print a SAML response in base64",
            "have its command print the value of the form's field SAMLResponse, on one line",
        )
    provider = source.provider_arn or provider_in(document, role_arn)
    if provider is None:
        raise SettingFault(
            f"the assertion that {whose} printed does not name one SAML provider for {printable(role_arn, 200)}",
            "set saml_provider_arn, or correct role_arn: the assertion must be for that role",
        )
    return SAMLAssertion(text, provider)


def provider_in(document: bytes, role_arn: str) -> str | None:
    """The one provider by which the assertion is for `role_arn`; None where there is none, or more than one."""
    found = set()
    for value in _role_values(document):
        arns = [part.strip() for part in value.split(",")]
        if len(arns) == 2 and role_arn in arns:
            arns.remove(role_arn)
            if value_parsers.is_saml_provider_arn(arns[0]):
                found.add(arns[0])
    return found.pop() if len(found) == 1 else None


def _role_values(document: bytes) -> list[str]:
    """The values of the attribute with the roles; none where the document cannot be read, or is encrypted."""
    from pyexpat import ExpatError, ParserCreate

    if _MARKUP.search(document):
        return []  # entities: there are none in an assertion
    values: list[str] = []
    is_role = False
    is_value = False

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal is_role, is_value
        local = name.rpartition(" ")[2]
        if local == "Attribute":
            is_role = attributes.get("Name") == _ROLE
        elif local == "AttributeValue" and is_role:
            is_value = True
            values.append("")

    def end(name: str) -> None:
        nonlocal is_role, is_value
        local = name.rpartition(" ")[2]
        is_value = is_value and local != "AttributeValue"
        is_role = is_role and local != "Attribute"

    def data(text: str) -> None:
        if is_value:
            values[-1] += text

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        parser.Parse(document, True)  # noqa: FBT003 - pyexpat takes no names
    except (ExpatError, ValueError):
        return []
    return values
