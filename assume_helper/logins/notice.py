"""What a person is shown while somebody logs in."""

from assume_helper.light import dataclass


@dataclass(frozen=True)
class Notice:
    """Where to log in: `url`, within so many `seconds`. Nothing in it is a secret.

    `code` is what the page shows, or asks for; "" for a login that comes back to this machine. `is_opened`: a browser
    has the page.
    """

    url: str
    seconds: float
    code: str = ""
    is_opened: bool = False
