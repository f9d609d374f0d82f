"""The credentials of a login to the AWS console: those in its token file, renewed where their end is near."""

import math
from collections.abc import Callable, Mapping

from assume_helper.credentials import LAST_RESORT, SHORTEST_SESSION, Answer, Credentials, can_be_sent, is_account_id
from assume_helper.errors import AssumeHelperError, SourceRefused
from assume_helper.light import dataclass, field
from assume_helper.logins import login_errors, renewal, service, timestamps
from assume_helper.logins.renewal_process import Job
from assume_helper.profiles import login_record
from assume_helper.profiles.login import ConsoleLogin, account_of
from assume_helper.profiles.login_record import Record, TokenFile
from assume_helper.system.context import Clock
from assume_helper.system.deadline import ONE_CALL, Deadline

# Seconds that credentials have left, from which they are renewed: the window of a session of 900 s, and the stretch
# before it in which a session is refreshed ahead (design, "Time").
WINDOW = 450
_LONGEST_FIELD = 16 * 1024


@dataclass(frozen=True)
class Held:
    """What a token file holds: credentials until `ends` (seconds since the epoch), -inf where they are over for sure.

    `credentials` are None where there are none that can be used.
    """

    file: TokenFile = field(repr=False)
    credentials: Credentials | None
    ends: float
    account_id: str | None
    is_renewable: bool


def read(login: ConsoleLogin, file: TokenFile, record: Record) -> Held:
    """The credentials in `file`, good or not.

    Raises SourceRefused where there is no login, or it was ended; SourceError where the file cannot be used;
    SourceExpired where somebody is logging in.
    """
    renewal.check_there(login, file)
    tokens = file.tokens
    if tokens is None or not all(tokens.get(name) for name in ("accessToken", "refreshToken", "dpopKey", "clientId")):
        raise login_errors.unreadable(login, file)
    ended = renewal.final_failure(record, file.digest)
    if isinstance(ended, SourceRefused):
        raise ended
    is_renewable = (
        all(can_be_sent(tokens[name]) for name in ("refreshToken", "clientId"))
        and isinstance(tokens["dpopKey"], str)
        and record.spent != file.digest
    )
    given = tokens["accessToken"]
    if not isinstance(given, dict):
        return Held(file, None, -math.inf, account_of(login.login_session), is_renewable)
    account = given.get("accountId")
    if not is_account_id(account):
        account = account_of(login.login_session)
    fields = [given.get(name) for name in ("accessKeyId", "secretAccessKey", "sessionToken")]
    ends = timestamps.parse(given.get("expiresAt"))
    values = [value for value in fields if can_be_sent(value) and len(value) <= _LONGEST_FIELD]
    if len(values) != len(fields) or ends is None:
        return Held(file, None, -math.inf, account, is_renewable)
    access_key_id, secret_access_key, session_token = values
    found = Credentials(access_key_id, secret_access_key, session_token, timestamps.utc(int(ends)))
    return Held(file, found, ends, account, is_renewable)


def credentials(
    login: ConsoleLogin, environ: Mapping[str, str], clock: Clock, started: float, deadline: Deadline,
    on_late: Callable[[], None],
) -> Answer:  # fmt: skip
    """The credentials of `login`, renewed where less than WINDOW is left of them.

    Where they cannot be renewed, the old ones serve while more than a minute is left. `on_late` is called before a
    renewal is waited for that may take longer than the deadline's first part: nothing else can be served. Raises
    SourceError, SourceExpired, SourceRefused, STSNotReached, and what a service's call raises.
    """
    file = login_record.read_token_file(login.token_path)
    record = login_record.read_record(login.token_path)
    held = read(login, file, record)
    left = held.ends - clock.now()
    if left > WINDOW:
        return _answer(login, held, clock)
    if not held.is_renewable:
        if left > LAST_RESORT:
            return _answer(login, held, clock)
        raise renewal.why_over(login, record, file.digest)
    if left > LAST_RESORT and renewal.has_just_failed(record, file.digest, clock.now()):
        return _answer(login, held, clock)
    until = deadline.at
    if left <= LAST_RESORT:
        on_late()
        until = deadline.extended(deadline.at + ONE_CALL).at
    try:
        changed = renewal.renew(login, _job(login, file), file, environ, clock, started, until)
        renewed = read(login, changed, login_record.read_record(login.token_path))
        if renewed.ends - clock.now() <= 0:
            raise login_errors.expired(login)
        return _answer(login, renewed, clock)
    except SourceRefused:
        raise
    except AssumeHelperError:
        if held.ends - clock.now() > LAST_RESORT:
            return _answer(login, held, clock)
        raise


def _answer(login: ConsoleLogin, held: Held, clock: Clock) -> Answer:
    found = held.credentials
    if found is None or found.expiration is None:
        raise login_errors.unreadable(login, held.file)
    lifetime = max(SHORTEST_SESSION, int(held.ends - clock.now()))
    return Answer(found, found.expiration, lifetime, None, held.account_id)


def _job(login: ConsoleLogin, file: TokenFile) -> Job:
    where = service.of(login.service, "signin")
    return Job(
        "signin", file.path, file.digest, where, login_errors.name(login), login.command,
        login_session=login.login_session,
    )  # fmt: skip
