"""Another program's `credential_process` as a source: run once, its document read."""

from collections.abc import Mapping
from datetime import UTC, datetime

from assume_helper.credentials import Answer, is_account_id
from assume_helper.errors import ConfigurationError, SettingFault, SourceError, SourceExpired
from assume_helper.light import Any, replace
from assume_helper.profiles.origin import CredentialProcess
from assume_helper.sources import aws_cli
from assume_helper.sources.access_key import checked
from assume_helper.system import process
from assume_helper.system.environment import for_child
from assume_helper.system.process import Finished
from assume_helper.text import has_comment, printable, redacted

_COMMENT = "put the comment behind its command on a line of its own"


def run(source: CredentialProcess, environ: Mapping[str, str], seconds: float, now: float) -> Answer:
    """The credentials that the command of `source` prints within `seconds`; `now` is in seconds since the epoch.

    It runs once, through botocore's own provider, with a time limit, without standard input, and with the environment
    less `system.environment.HIDDEN`. Raises SourceError, SourceExpired, ConfigurationError,
    SettingFault.
    """
    from botocore.credentials import ProcessProvider
    from botocore.exceptions import CredentialRetrievalError

    whose = f"the credential_process of {printable(source.profile, 64)}"
    ran: list[Finished] = []

    def popen(words: list[str], **_: Any) -> Finished:
        if not ran:  # botocore asks again for credentials that end within 15 minutes
            ran.append(_run(words, environ, seconds, whose))
        return ran[0]

    section = {"credential_process": source.command}
    provider: Any = ProcessProvider(source.profile, lambda: {"profiles": {source.profile: section}}, popen=popen)
    try:
        loaded = provider.load()
        frozen = loaded.get_frozen_credentials()
    except CredentialRetrievalError:
        finished = ran[0]
        if finished.returncode == 0:
            raise SourceError(f"{whose} did not print a document of Version 1", "run it by hand to see why") from None
        stderr = finished.stderr.decode("utf-8", "replace")
        said = redacted(stderr)
        told = aws_cli.told(stderr, whose, environ)
        if told is not None:
            raise told from None
        what = f"{whose} failed (exit {finished.returncode})" + (f": {said}" if said else "")
        log_in = "log in to that source again, or run its command by hand"
        # botocore hands a comment's words to the program, which may or may not mind them
        mend = f"{_COMMENT}; else {log_in}" if has_comment(source.command) else log_in
        raise SourceExpired(what, mend) from None
    except RecursionError:
        raise SourceError(f"{whose} printed JSON nested too deeply", "run it by hand to see why") from None
    except RuntimeError:  # botocore: "the refreshed credentials are still expired"
        raise SourceExpired(f"{whose} gave credentials that have expired", "log in to that source again") from None
    except (ValueError, TypeError, AttributeError, OverflowError):
        if not ran:
            mend = _COMMENT if has_comment(source.command) else "look for a quote that is not closed"
            raise ConfigurationError(f"{whose} cannot be read", mend) from None
        raise SourceError(
            f"{whose} did not print the JSON document of a credential process, its Expiration (if any) in UTC",
            "run it by hand to see why",
        ) from None
    found = checked(frozen.access_key, frozen.secret_key, frozen.token, whose)
    end: datetime | None = getattr(loaded, "_expiry_time", None)
    # A program may print it as a number, which SDKs do not take.
    account = str(frozen.account_id)
    account_id = account if is_account_id(account) else None
    if end is None:
        return Answer(found, None, account_id=account_id)
    end = end.astimezone(UTC).replace(microsecond=0)
    lifetime = int(end.timestamp() - now)
    if lifetime <= 0:
        raise SourceExpired(f"{whose} gave credentials that have expired", "log in to that source again")
    return Answer(found, end, lifetime, account_id=account_id)


def _run(words: list[str], environ: Mapping[str, str], seconds: float, whose: str) -> Finished:
    try:
        finished = process.run(words, for_child(environ), seconds)
    except TimeoutError:
        raise SourceExpired(f"{whose} did not answer in {seconds:.0f} s", "run it by hand to see why") from None
    except (OSError, ValueError, IndexError) as error:
        program = f"{redacted(words[0])}: " if words else ""
        # What is not there now may be there soon. What is no command never will.
        kind = SettingFault if isinstance(error, OSError) and any(words[:1]) else ConfigurationError
        raise kind(
            f"{whose} cannot be started ({program}{printable(process.reason(error))})",
            "give the program's absolute path, in double quotes where it has blanks",
        ) from None
    if finished.too_long:
        raise SourceError(f"{whose} printed far more than a document", "run it by hand to see why")
    # botocore decodes the process's stderr as UTF-8, and fails where it is not
    return replace(finished, stderr=finished.stderr.decode("utf-8", "replace").encode())
