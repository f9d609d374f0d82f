"""What `get` does with the profile that it is asked for."""

from assume_helper.cli.invocation import Invocation
from assume_helper.light import replace
from assume_helper.sessions import herd_gate, provider
from assume_helper.sessions.provider import RoleRequest


def to_process(invocation: Invocation, request: RoleRequest) -> None:
    """Print the document of the session that is requested, log it, and refresh it in the background where it is due.

    Raises AssumeHelperError as `provider.session` does, and where standard output is closed.
    """
    invocation.subject = request.name
    invocation.require_stdout("the credentials")
    due: list[str] = []
    found, entry = provider.session(request, replace(invocation.call_context(), due=due.append))
    invocation.print(entry.document + b"\n")
    invocation.is_delivered = True
    herd_gate.leave()
    invocation.record_issue(found, entry.session)
    invocation.refresh_behind(due, invocation.arguments)
