"""The credentials that assume a role: from a profile, the environment, a process, a login, metadata, or a token."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assume_helper import process
from assume_helper.credentials import Credentials, WebIdentityToken, can_be_sent
from assume_helper.environment import for_child
from assume_helper.errors import CONTROL, ConfigurationError, SourceError, SourceExpired, quoted, shown
from assume_helper.process import Finished
from assume_helper.profile import (
    CredentialProcess,
    EnvironmentKeys,
    Login,
    Metadata,
    SourceOfKeys,
    StaticKeys,
    WebIdentity,
)

# STS: WebIdentityToken has 4 to 20 000 characters (API reference of AssumeRoleWithWebIdentity).
_LONGEST_TOKEN = 20_000
# What this helper says where a source's process has led back to it.
_LOOP = re.compile(r"the sources form a loop: [^;]+")


def source_credentials(source: SourceOfKeys, environ: Mapping[str, str], seconds: float) -> Credentials:
    """The credentials of `source`; a process gets `seconds` to answer, and `environ` (see `environment`).

    Raises SourceError; SourceExpired where the source is right and only its credentials have run out.
    """
    match source:
        # What asks others imports what it needs: for an access key no SDK is loaded.
        case StaticKeys():
            where = f"profile {shown(source.profile, 64)}"
            return _checked(source.access_key_id, source.secret_access_key, source.session_token, where)
        case EnvironmentKeys():
            return _from_environment(environ)
        case CredentialProcess():
            return _from_process(source, environ, seconds)
        case Metadata():
            from assume_helper.login import from_metadata

            found = from_metadata(source, seconds)
            return _checked(found.access_key, found.secret_key, found.token, f"{source.credential_source}'s metadata")
        case Login():
            from assume_helper.login import from_login

            found = from_login(source, seconds)
            where = f"the login of {shown(source.profile, 64)}"
            return _checked(found.access_key, found.secret_key, found.token, where)


def _checked(access_key_id: object, secret_access_key: object, session_token: object, where: str) -> Credentials:
    """The credentials, unless they cannot be in a request's header: they would fail later, and less clearly."""
    texts = []
    for value in (access_key_id, secret_access_key, session_token or "none"):
        if not can_be_sent(value):
            raise SourceError(f"the access key of {where} is not one", "copy the key again, without blanks")
        texts.append(value)
    return Credentials(texts[0], texts[1], texts[2] if session_token else None)


def web_identity_token(source: WebIdentity) -> WebIdentityToken:
    """The token in the file of `source`. Raises SourceError."""
    path = source.token_file
    try:
        with open(path, encoding="ascii") as file:
            token = file.read(_LONGEST_TOKEN + 1).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a token"
        raise SourceError(
            f"the web identity token {shown(path)} cannot be read ({reason})",
            "correct web_identity_token_file, or have its writer write it",
        ) from None
    if not 4 <= len(token) <= _LONGEST_TOKEN or CONTROL.search(token) or " " in token:
        raise SourceError(f"what is in {shown(path)} is not a web identity token", "have its writer write it anew")
    return WebIdentityToken(token)


def _from_environment(environ: Mapping[str, str]) -> Credentials:
    access_key_id = environ.get("AWS_ACCESS_KEY_ID")
    secret_access_key = environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key_id or not secret_access_key:
        missing = "AWS_SECRET_ACCESS_KEY" if access_key_id else "AWS_ACCESS_KEY_ID"
        raise SourceError(f"credential_source is Environment and {missing} is not set", "set it, or use source_profile")
    return _checked(access_key_id, secret_access_key, environ.get("AWS_SESSION_TOKEN"), "the environment")


def _from_process(source: CredentialProcess, environ: Mapping[str, str], seconds: float) -> Credentials:
    """Run the command once, through botocore's own provider, with what that does not have: a limit of time, no
    standard input, and an environment that does not lead back here.
    """
    from botocore.credentials import ProcessProvider
    from botocore.exceptions import CredentialRetrievalError

    whose = f"the credential_process of {shown(source.profile, 64)}"
    ran: list[Finished] = []

    def popen(words: list[str], **_: Any) -> Finished:
        if not ran:  # botocore asks again for credentials that end within 15 minutes
            ran.append(_run(words, environ, seconds, whose))
        return ran[0]

    section = {"credential_process": source.command}
    provider: Any = ProcessProvider(source.profile, lambda: {"profiles": {source.profile: section}}, popen=popen)
    try:
        frozen = provider.load().get_frozen_credentials()
    except CredentialRetrievalError:
        finished = ran[0]
        if finished.returncode == 0:
            raise SourceError(f"{whose} did not print a document of Version 1", "run it by hand and look") from None
        said = quoted(finished.stderr.decode("utf-8", "replace"))
        loop = _LOOP.search(said)
        if loop is not None:
            raise ConfigurationError(loop.group(), "give one of these profiles credentials of its own") from None
        raise SourceExpired(
            f"{whose} failed (exit {finished.returncode})" + (f": {said}" if said else ""),
            "log in to that source again, or run its command by hand",
        ) from None
    except RecursionError:
        raise SourceError(f"{whose} did not print a document but a riddle", "run it by hand and look") from None
    except RuntimeError:  # botocore: "the refreshed credentials are still expired"
        raise SourceExpired(f"{whose} gave credentials that have expired", "log in to that source again") from None
    except (ValueError, TypeError, AttributeError, OverflowError):
        if not ran:
            raise ConfigurationError(f"{whose} cannot be read", "look for a quote that is not closed") from None
        raise SourceError(
            f"{whose} did not print the JSON document of a credential process, with an Expiration in UTC",
            "run it by hand and look",
        ) from None
    return _checked(frozen.access_key, frozen.secret_key, frozen.token, whose)


def _run(words: list[str], environ: Mapping[str, str], seconds: float, whose: str) -> Finished:
    try:
        finished = process.run(words, for_child(environ), seconds)
    except TimeoutError:
        raise SourceExpired(f"{whose} did not answer in {seconds:.0f} s", "run it by hand and look") from None
    except (OSError, ValueError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the command cannot be read"
        program = f"{quoted(words[0])}: " if words else ""
        raise ConfigurationError(
            f"{whose} cannot be started ({program}{shown(reason)})",
            "give the program's absolute path, in double quotes where it has blanks",
        ) from None
    if finished.too_long:
        raise SourceError(f"{whose} printed far more than a document", "run it by hand and look")
    # SDKs decode what is on a process's stderr as UTF-8, and fail where it is not
    return replace(finished, stderr=finished.stderr.decode("utf-8", "replace").encode())
