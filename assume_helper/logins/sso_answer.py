"""What CreateToken answers, checked: an access token of Identity Center, and how it is renewed."""

from collections.abc import Mapping

from assume_helper.credentials import can_be_sent
from assume_helper.light import Any, dataclass, field
from assume_helper.logins.service import Service
from assume_helper.system.answer_time import answered_at
from assume_helper.system.unreached import not_from, not_reached

_LONGEST_TOKEN = 16 * 1024
# Seconds: an access token lives an hour, a session of Identity Center 90 days at most.
_LONGEST_LIFE = 90 * 86_400


@dataclass(frozen=True)
class TokenAnswer:
    """An access token that is good for so many `seconds`; `refresh_token` is None where none was given.

    `answered_at` is when that was by the service's clock (seconds since the epoch), None where it is not known.
    """

    access_token: str = field(repr=False)
    seconds: int
    refresh_token: str | None = field(repr=False)
    answered_at: float | None = None


def checked(answer: Mapping[str, Any], service: Service) -> TokenAnswer:
    """The tokens in `answer`. Raises STSNotReached where they are missing, or cannot be used."""
    access_token, seconds, refresh_token = (answer.get(name) for name in ("accessToken", "expiresIn", "refreshToken"))
    if (
        not (can_be_sent(access_token) and len(access_token) <= _LONGEST_TOKEN)
        or isinstance(seconds, bool)
        or not isinstance(seconds, int)
        or not 0 < seconds <= _LONGEST_LIFE
        or not (refresh_token is None or (can_be_sent(refresh_token) and len(refresh_token) <= _LONGEST_TOKEN))
        or str(answer.get("tokenType", "Bearer")).lower() != "bearer"
    ):
        raise not_reached(service, not_from(service))
    return TokenAnswer(access_token, seconds, refresh_token, answered_at(answer))
