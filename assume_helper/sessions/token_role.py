"""A role that is assumed with a token of an identity provider: the token from where it is, then STS, unsigned."""

import os
from collections.abc import Callable

from assume_helper.credentials import Answer, SAMLAssertion, WebIdentityToken
from assume_helper.errors import SourceExpired, SourceNotKnown
from assume_helper.profiles import process_resolution
from assume_helper.profiles.origin import SAMLProcess, Token, WebIdentity, WebIdentityProcess
from assume_helper.profiles.source_description import described
from assume_helper.system.context import CallContext
from assume_helper.system.deadline import Deadline


def answer(
    source: Token,
    role_arn: str,
    context: CallContext,
    deadline: Deadline,
    assume: Callable[[WebIdentityToken | SAMLAssertion], Answer],
) -> Answer:
    """What STS gives for the token of `source`, which `assume` sends there. Raises AssumeHelperError."""
    if not isinstance(source, WebIdentity):
        return assume(token(source, role_arn, context, deadline))
    before = _state(source.token_file)
    found = token(source, role_arn, context, deadline)
    try:
        return assume(found)
    except SourceNotKnown:
        if _state(source.token_file) == before:
            raise
        # It was half written: this is not a refusal.
        raise SourceExpired("the web identity token was being replaced meanwhile", "try again") from None


def token(source: Token, role_arn: str, context: CallContext, deadline: Deadline) -> WebIdentityToken | SAMLAssertion:
    """The token of `source`, for the role `role_arn`, had within the deadline. Raises AssumeHelperError."""
    # Each kind imports what it needs.
    match source:
        case WebIdentity():
            from assume_helper.sources import web_identity

            return web_identity.read_token(source)
        case WebIdentityProcess() | SAMLProcess():
            return _of_command(source, role_arn, context, deadline.at - context.clock.monotonic())
    from assume_helper.sources import github_actions

    return github_actions.token(source, context.environ, deadline, context.clock)


def _of_command(
    source: WebIdentityProcess | SAMLProcess, role_arn: str, context: CallContext, seconds: float
) -> WebIdentityToken | SAMLAssertion:
    context.asking()  # the command may, on the terminal
    found: WebIdentityToken | SAMLAssertion
    if isinstance(source, SAMLProcess):
        from assume_helper.sources import saml

        found = saml.assertion(source, role_arn, context.environ, seconds)
    else:
        from assume_helper.sources import token_command

        found = token_command.web_identity_token(source, context.environ, seconds)
    if process_resolution.shell_command_has_changed(source.command, source.resolution, context.environ):
        # its token is not that of what the cache key says
        raise SourceExpired(f"{described(source)} was replaced while it was asked for", "try again")
    return found


def _state(path: str) -> tuple[int, ...] | None:
    """What changes when the file at `path` does; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
