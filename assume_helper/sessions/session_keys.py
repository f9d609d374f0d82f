"""The keys of the sessions that a profile uses."""

from collections.abc import Iterator

from assume_helper.cache import entries
from assume_helper.profiles.role import Profile


def of_role(profile: Profile) -> str:
    """The key of the role's session."""
    return entries.key(profile.session_inputs())


def of_chain(profile: Profile) -> Iterator[str]:
    """The keys of the role's session and of all that lead to it: other roles' sessions, and an MFA session."""
    for link in profile.links():
        yield of_role(link)
        if link.mfa_session is not None:
            yield entries.key(link.mfa_session.session_inputs())
