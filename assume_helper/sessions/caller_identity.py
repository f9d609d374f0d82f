"""Who somebody is to AWS: of the environment, of a role's source, of the role."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from assume_helper.cache.session import Session
from assume_helper.credentials import Credentials
from assume_helper.errors import ConfigurationError, SourceError
from assume_helper.profiles import aws_config
from assume_helper.profiles.role import Endpoint, EnvironmentKeys, MFASession, Profile
from assume_helper.system import environment
from assume_helper.system.context import Clock
from assume_helper.text import duration_text, printable, redacted

# Seconds for one GetCallerIdentity.
_PATIENCE = 15.0


@dataclass(frozen=True)
class Identity:
    """Somebody: `whose` says where the credentials are from; `left` is in seconds, None where they do not end."""

    whose: str
    arn: str
    account_id: str
    user_id: str
    left: float | None = None

    @property
    def session_name(self) -> str | None:
        """The session's name, of an assumed role."""
        return self.arn.rpartition("/")[2] if ":assumed-role/" in self.arn else None

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values for a person."""
        found = [("account", self.account_id), ("ARN", self.arn)]
        if self.user_id:
            found.append(("user id", self.user_id))
        if self.session_name is not None:
            found.append(("session", self.session_name))
        if self.left is not None:
            found.append(
                ("expires", f"in {duration_text(self.left)}" if self.left > 0 else f"{duration_text(self.left)} ago")
            )
        return found

    def as_json(self) -> dict[str, object]:
        """The same for a program."""
        return {
            "whose": self.whose,
            "account_id": self.account_id,
            "arn": self.arn,
            "user_id": self.user_id,
            "session_name": self.session_name,
            "seconds_left": None if self.left is None else int(self.left),
        }


def of(whose: str, credentials: Credentials, asked: Profile | MFASession, clock: Clock, left: float | None) -> Identity:
    """Whose `credentials` they are, by the STS of `asked`. Raises AssumeHelperError."""
    from assume_helper.sts import calls
    from assume_helper.system.deadline import Deadline

    at = clock.monotonic() + _PATIENCE
    found = calls.get_caller_identity(asked, credentials, Deadline(at, at), clock)
    return Identity(whose, found.arn, found.account_id, found.user_id, left)


def of_session(name: str, session: Session, now: float) -> Identity:
    """Who a role's session is, by what STS said when it gave it; the user id is not known then."""
    arn, account_id = session.assumed_role_arn or "", session.account_id or ""
    return Identity(f"role of {name}", arn, account_id, "", session.left(now))


def of_environment(environ: Mapping[str, str], clock: Clock) -> Callable[[], Identity]:
    """Who an SDK is that is started in `environ`, to be called: its credentials are found before that, since a program
    that has them may ask somebody for something.

    Raises SourceError where it finds none.
    """
    import botocore.exceptions
    import botocore.session

    named = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    config = aws_config.load(environ)  # says what is wrong with the files
    if named and named not in config.profiles and not environ.get("AWS_ACCESS_KEY_ID"):
        raise ConfigurationError(
            f"the environment names profile {printable(named, 64)}, which is not there",
            "correct AWS_PROFILE, or unset it",
        )
    # This is what SDK code is otherwise kept from seeing (see `environment`); no credential process runs here.
    os.environ.update(environ)
    session = botocore.session.Session()
    url = environ.get("AWS_ENDPOINT_URL_STS") or environ.get("AWS_ENDPOINT_URL")
    nothing = SourceError("an SDK finds no credentials in this environment", "set AWS_PROFILE, or log in")
    try:
        region = session.get_config_variable("region") or "us-east-1"
        url = url or session.get_scoped_config().get("endpoint_url")
        found = session.get_credentials()
        if found is None:
            raise nothing
        frozen = found.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, RuntimeError) as error:
        said = redacted(str(error))
        raise SourceError(f"an SDK gets no credentials in this environment: {said}", nothing.next_step) from None
    finally:
        environment.hide(os.environ)
    if frozen.access_key is None or frozen.secret_key is None:
        raise nothing
    endpoint = Endpoint(region, url, environ.get("AWS_CA_BUNDLE"))
    asked = Profile("", "arn:aws:iam::000000000000:role/x", EnvironmentKeys(None), endpoint)
    credentials = Credentials(frozen.access_key, frozen.secret_key, frozen.token)
    expires = getattr(found, "_expiry_time", None)
    left = None if expires is None else expires.timestamp() - clock.now()
    return partial(of, f"the environment ({found.method})", credentials, asked, clock, left)
