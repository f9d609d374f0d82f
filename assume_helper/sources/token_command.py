"""A command that prints a token: `web_identity_token_process` and `saml_process`, run as aws-vault runs the first.

What it prints is a secret: it is in no message. What it says on standard error is for a person, as `mfa_process`'s is.
"""

from collections.abc import Mapping

from assume_helper.credentials import WebIdentityToken
from assume_helper.errors import SourceError, SourceExpired
from assume_helper.profiles import resolution
from assume_helper.profiles.origin import WebIdentityProcess
from assume_helper.sources import shell_command
from assume_helper.system import process, terminal
from assume_helper.system.environment import for_child
from assume_helper.text import printable, redacted

_BY_HAND = "run its command by hand to see why"
_LOG_IN = "log in to the identity provider again, or run its command by hand"
# A shell's exit codes for a program that is not there, or is none.
_NOT_STARTED = {126, 127}


def web_identity_token(source: WebIdentityProcess, environ: Mapping[str, str], seconds: float) -> WebIdentityToken:
    """The token that the command of `source` prints within `seconds`. Raises SourceError, SourceExpired."""
    whose = f"web_identity_token_process of {printable(source.profile, 64)}"
    found = printed_line(whose, source.command, environ, seconds, resolution.LONGEST_TOKEN)
    if not resolution.is_token(found):
        raise SourceError(f"{whose} did not print a web identity token", _BY_HAND)
    return WebIdentityToken(found)


def printed_line(whose: str, command: str, environ: Mapping[str, str], seconds: float, longest: int) -> str:
    """The one line that `command` prints within `seconds`, without its end; "" where that is empty.

    `whose` is the command as messages name it, `longest` how many characters the line may have. It runs once, by a
    shell, without standard input, and with the caller's environment less his credentials. Raises SourceError for what
    is not one line, SourceExpired where the command fails or takes too long.
    """
    program = f"program: {shell_command.name(command)}"
    try:
        with terminal.screen() as screen:
            words = shell_command.words(command)
            # one more than may be: a token that is cut would be another one
            finished = process.run(words, for_child(environ), seconds, screen, longest=longest + 2)
    except TimeoutError:
        raise SourceExpired(f"{whose} did not answer in {seconds:.0f} s ({program})", _BY_HAND) from None
    except (OSError, ValueError) as error:
        what = f"{whose} cannot be started ({printable(process.reason(error))}; {program})"
        raise SourceExpired(what, "correct the command") from None
    if finished.too_long:
        raise SourceError(f"{whose} printed far more than a token ({program})", _BY_HAND)
    if finished.returncode != 0:
        said = redacted(finished.stderr.decode("utf-8", "replace"))
        how = "cannot be started" if finished.returncode in _NOT_STARTED else "failed"
        what = f"{whose} {how} (exit {finished.returncode}; {program})" + (f": {said}" if said else "")
        raise SourceExpired(what, "correct the command" if how != "failed" else _LOG_IN)
    line = finished.stdout.decode("utf-8", "replace").strip()
    if "\n" in line:
        raise SourceError(f"{whose} printed {len(line.splitlines())} lines, and not one ({program})", _BY_HAND)
    if not line:
        raise SourceError(f"{whose} printed nothing ({program})", _LOG_IN)
    return line
