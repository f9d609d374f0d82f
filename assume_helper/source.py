"""The credentials that assume a role: from a profile, the environment, or another program's credential_process."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.exceptions
from botocore.credentials import ProcessProvider

from assume_helper.credentials import Credentials
from assume_helper.environment import for_child
from assume_helper.errors import CONTROL, ConfigurationError, SourceError, SourceExpired, quoted, shown
from assume_helper.profile import CredentialProcess, EnvironmentKeys, StaticKeys


def source_credentials(
    source: StaticKeys | EnvironmentKeys | CredentialProcess, environ: Mapping[str, str], seconds: float
) -> Credentials:
    """The credentials of `source`; a process gets `seconds` to answer, and `environ` (see `environment`).

    Raises SourceError; SourceExpired where the source is right and only its credentials have run out.
    """
    match source:
        case StaticKeys():
            where = f"profile {shown(source.profile, 64)}"
            return _checked(source.access_key_id, source.secret_access_key, source.session_token, where)
        case EnvironmentKeys():
            return _from_environment(environ)
        case CredentialProcess():
            return _from_process(source, environ, seconds)


def _checked(access_key_id: object, secret_access_key: object, session_token: object, where: str) -> Credentials:
    """The credentials, unless they cannot be in a request's header: they would fail later, and less clearly."""
    texts = []
    for value in (access_key_id, secret_access_key, session_token or "none"):
        if not isinstance(value, str) or not value or CONTROL.search(value) or " " in value or not value.isascii():
            raise SourceError(f"the access key of {where} is not one", "copy the key again, without blanks")
        texts.append(value)
    return Credentials(texts[0], texts[1], texts[2] if session_token else None)


def _from_environment(environ: Mapping[str, str]) -> Credentials:
    access_key_id = environ.get("AWS_ACCESS_KEY_ID")
    secret_access_key = environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key_id or not secret_access_key:
        missing = "AWS_SECRET_ACCESS_KEY" if access_key_id else "AWS_ACCESS_KEY_ID"
        raise SourceError(f"credential_source is Environment and {missing} is not set", "set it, or use source_profile")
    return _checked(access_key_id, secret_access_key, environ.get("AWS_SESSION_TOKEN"), "the environment")


@dataclass(frozen=True)
class _Finished:
    """A process that has ended, as botocore's provider looks at one."""

    returncode: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)

    def communicate(self) -> tuple[bytes, bytes]:
        return self.stdout, self.stderr


def _from_process(source: CredentialProcess, environ: Mapping[str, str], seconds: float) -> Credentials:
    """Run the command once, through botocore's own provider, with what that does not have: a limit of time, no
    standard input, and an environment that does not lead back here.
    """
    whose = f"the credential_process of {shown(source.profile, 64)}"
    ran: list[_Finished] = []

    def popen(words: list[str], **_: Any) -> _Finished:
        if not ran:  # botocore asks again for credentials that end within 15 minutes
            ran.append(_run(words, environ, seconds, whose))
        return ran[0]

    section = {"credential_process": source.command}
    provider: Any = ProcessProvider(source.profile, lambda: {"profiles": {source.profile: section}}, popen=popen)
    try:
        frozen = provider.load().get_frozen_credentials()
    except botocore.exceptions.CredentialRetrievalError:
        finished = ran[0]
        if finished.returncode == 0:
            raise SourceError(f"{whose} did not print a document of Version 1", "run it by hand and look") from None
        said = quoted(finished.stderr.decode("utf-8", "replace"))
        if finished.returncode == ConfigurationError.exit_code and "the sources form a loop" in said:
            raise ConfigurationError(said, f"correct {whose}") from None
        raise SourceExpired(
            f"{whose} failed (exit {finished.returncode})" + (f": {said}" if said else ""),
            "log in to that source again, or run its command by hand",
        ) from None
    except RuntimeError:  # botocore: "the refreshed credentials are still expired"; RecursionError is one as well
        raise SourceExpired(f"{whose} gave credentials that have expired", "log in to that source again") from None
    except (ValueError, TypeError, AttributeError):
        raise SourceError(f"{whose} did not print the JSON document", "run it by hand and look") from None
    return _checked(frozen.access_key, frozen.secret_key, frozen.token, whose)


def _run(words: list[str], environ: Mapping[str, str], seconds: float, whose: str) -> _Finished:
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, env=for_child(environ), check=False
        )
    except subprocess.TimeoutExpired:
        raise SourceExpired(f"{whose} did not answer in {seconds:.0f} s", "run it by hand and look") from None
    except (OSError, ValueError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the command cannot be read"
        raise ConfigurationError(f"{whose} cannot be started ({shown(reason)})", "correct its command") from None
    # SDKs decode what is on a process's stderr as UTF-8, and fail where it is not
    return _Finished(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").encode())
