"""The keys of the sessions that a profile uses."""

from collections.abc import Iterator

from assume_helper.cache import entries
from assume_helper.profiles.role import Profile


def of_profile(profile: Profile) -> str:
    """The key of the profile's session."""
    return entries.key(profile.session_inputs())


def of_chain(profile: Profile) -> Iterator[str]:
    """The keys of the profile's session and of all that lead to it: other sessions of ours, an MFA session."""
    for link in profile.links():
        yield of_profile(link)
        if link.scope is not None:
            yield of_profile(link.unscoped())
        if link.role_arn is not None and link.user_session is not None:
            yield entries.key(link.user_session.session_inputs())
