"""A warning: what is not as it should be, though the call goes on, and what a person can do about it."""

from assume_helper.light import Literal, dataclass

# What code may ask of a warning.
Kind = Literal["not cached", "not shared", "stale", "another's home", "other"]


@dataclass(frozen=True)
class Warning:
    """`what` is wrong and the `next_step` that mends it, one line each. Never a secret."""

    what: str
    next_step: str
    kind: Kind = "other"

    def __str__(self) -> str:
        return f"{self.what}; {self.next_step}"
