"""`exec --refresh`: the endpoint that a program gets its credentials from, and what that says in the log."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime

from assume_helper.cache.document import timestamp
from assume_helper.cache.entries import Entry
from assume_helper.cache.session import Session
from assume_helper.cli import audit_log
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import DEFAULT_SESSION, LAST_RESORT
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceNotKnown, STSRefused
from assume_helper.export import container_endpoint, token_file, variables
from assume_helper.export.container_endpoint import Endpoint
from assume_helper.export.token_file import TokenFile
from assume_helper.light import dataclass, field, replace
from assume_helper.profiles.role import Profile
from assume_helper.sessions import provider
from assume_helper.sessions.provider import RoleRequest
from assume_helper.system import process_beside
from assume_helper.system.process_beside import Watch
from assume_helper.system.warning import Warning
from assume_helper.text import printable

# The same thing is logged once in so many seconds: a program may ask again and again.
_SAID_AGAIN = 60.0
# Seconds between two touches of the token's file.
_TOUCH = 3600.0
# After these the last session is not used: a refusal is final, and a wrong config is not a failed refresh.
_FINAL = (STSRefused, SourceNotKnown, ConfigurationError)


@dataclass
class _Refreshing:
    """The credentials of one program: `last` is what it was given last, None after a refusal.

    `who` is the identity that it was started with. `caller` names the program in the log.
    """

    invocation: Invocation
    request: RoleRequest
    profile: Profile
    who: tuple[str, str, str]
    last: Session | None
    number: int
    said: dict[str, float] = field(default_factory=dict)

    def answer(self) -> tuple[int, bytes]:
        """The status and the body for a request that has the token. It does not raise."""
        try:
            return 200, _document(self._session(), self.invocation.clock.now())
        except AssumeHelperError as error:
            self._log("failure", str(error), error.exit_code)
            return 500, json.dumps({"code": type(error).__name__, "message": str(error)}).encode()
        except Exception as error:  # noqa: BLE001 - the program is still to have its answer
            what = f"internal error ({type(error).__name__}); please report it"
            self._log("failure", what, 1)
            return 500, json.dumps({"code": "InternalError", "message": what}).encode()

    def _session(self) -> Session:
        clock = self.invocation.clock
        invocation = replace(self.invocation, started=clock.now(), started_monotonic=clock.monotonic(), warnings=[])
        try:
            # It never asks for an MFA code: the program owns the terminal.
            profile, entry = provider.session(self.request, replace(invocation.call_context(), may_ask=False))
            found = entry.session
            if identity(profile, found) != self.who:
                raise ConfigurationError(
                    f"the profile is {printable(found.assumed_role_arn or profile.identity, 120)} by now",
                    "start the program again to have those credentials, or undo the change",
                )
        except _FINAL as error:
            if not isinstance(error, ConfigurationError):
                self.last = None
            raise
        except Exception as error:
            # Also where a part of this program is being replaced by a newer one.
            if self.last is None or self.last.left(clock.now()) <= LAST_RESORT:
                raise
            self._log("warning", f"refresh: {error}", 0)
            found = self.last
        finally:
            for warning in invocation.warnings:
                self._log("warning", str(warning), 0)
        self.last = found
        invocation.record_issue(self.profile, found, caller=audit_log.program_name(self.number))
        return found

    def _log(self, kind: str, message: str, exit_code: int) -> None:
        now = self.invocation.clock.monotonic()
        if now - self.said.get(message, now - _SAID_AGAIN) >= _SAID_AGAIN:
            self.said[message] = now
            self.invocation.record(kind, message, exit_code)


def identity(profile: Profile, session: Session) -> tuple[str, str, str]:
    """Whom a session is for: as the config says it, the role as STS named it, and the account."""
    # arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION (IAM, Identifiers); the session's name may be another one
    assumed = "/".join((session.assumed_role_arn or "").split("/")[:2])
    return profile.identity, assumed, session.account_id or ""


def run(
    invocation: Invocation,
    request: RoleRequest,
    profile: Profile,
    entry: Entry,
    launch: Callable[[Mapping[str, str]], int],
) -> int:
    """Run a program with an endpoint in place of keys.

    `launch` starts it with the variables that it is given: it takes this process's place, or its exit code is returned.
    Raises AssumeHelperError where it cannot be started.
    """
    hiding = variables.without_default_credentials(invocation.environ)
    for variable in hiding:
        invocation.warn(
            Warning(
                f"the program does not see the file of {variable}: its [default] has credentials, which would win",
                "name that profile in the program, or use exec without --refresh",
            )
        )
    refreshing = _Refreshing(invocation, request, profile, identity(profile, entry.session), entry.session, os.getpid())
    with ExitStack() as stack:
        endpoint = _opened()
        stack.callback(endpoint.listener.close)
        file = _with_token(invocation, endpoint)
        if file is not None:
            stack.callback(file.remove)
        invocation.show_warnings()
        given = {
            **profile.handed_on(),
            **variables.account(entry.session),
            **_variables(endpoint, file),
            **hiding,
            **variables.around_proxy(invocation.environ, container_endpoint.HOST),
        }
        if sys.platform == "win32":
            with endpoint.serving(refreshing.answer):
                return launch(given)

        process_beside.start(lambda watch: _serve(refreshing, endpoint, file, watch))
        stack.pop_all()  # it is the other process's now
        return launch(given)


def _serve(refreshing: _Refreshing, endpoint: Endpoint, file: TokenFile | None, watch: Watch) -> None:
    touched = time.monotonic()

    def is_over() -> bool:
        nonlocal touched
        if file is not None and time.monotonic() - touched > _TOUCH:
            touched = time.monotonic()
            file.touch()
        return watch.is_over()

    _raise_limit(container_endpoint.MOST_CONNECTIONS + container_endpoint.LEFT_FOR_CALLS)
    try:
        endpoint.serve(refreshing.answer, is_over, watch.descriptor)
    finally:
        if file is not None:
            file.remove()


if sys.platform == "win32":

    def _raise_limit(_descriptors: int) -> None:
        """There is no such limit."""

else:
    import resource

    def _raise_limit(descriptors: int) -> None:
        """Have room for this many descriptors, as far as this process may: a shell's limit is often 1024."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = descriptors if hard < 0 else min(descriptors, hard)
        if 0 <= soft < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):
                pass  # then fewer are open at once


def _opened() -> Endpoint:
    try:
        return Endpoint()
    except OSError as error:
        raise AssumeHelperError(
            f"there is no port to be had on {container_endpoint.HOST} ({error.strerror})",
            "try again, or leave out --refresh",
        ) from None


def _with_token(invocation: Invocation, endpoint: Endpoint) -> TokenFile | None:
    try:
        return token_file.create(endpoint.token, invocation.environ)
    except OSError as error:
        invocation.warn(
            Warning(
                f"there is no file for the token ({error.strerror or error}), which programs in Rust may need",
                "set TMPDIR to a directory that can be written to",
            )
        )
        return None


def _variables(endpoint: Endpoint, file: TokenFile | None) -> Mapping[str, str]:
    found = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint.url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": endpoint.token,
    }
    return found if file is None else found | {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file.path}


def _document(session: Session, now: float) -> bytes:
    """The answer of a container's endpoint. SDKs want an end: where there is none, they ask again in an hour."""
    credentials = session.credentials
    end = session.printed_expiration or datetime.fromtimestamp(now + DEFAULT_SESSION, UTC)
    return json.dumps(
        {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "Expiration": timestamp(end),
            "RoleArn": session.assumed_role_arn,
        }
    ).encode()
