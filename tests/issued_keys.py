"""Temporary credentials that a stand-in gives: others at each call, and known to the local STS where that is asked."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from botocore.credentials import Credentials
from strict import Issued, Strict


@dataclass(frozen=True)
class Keys:
    """One set of temporary credentials."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: datetime
    login: object = field(default=None, repr=False)  # whose they are, as the stand-in knows it
    of_role: bool = True
    permission_set: tuple[str, str] | None = None
    is_federated: bool = False  # GetFederationToken's


@dataclass
class Issuer:
    """Gives credentials; with `sts` they are sessions that this STS takes until their end."""

    now: Callable[[], datetime]
    sts: Strict | None = None
    given: list[Keys] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def issue(
        self,
        lasting: timedelta,
        *,
        of_role: bool,
        login: object = None,
        permission_set: tuple[str, str] | None = None,
    ) -> Keys:
        """New credentials, good for so long; of an account's id and the name of a permission set, where it is one's."""
        secret = f"IssuedSecret+/{secrets.token_hex(13)}"  # 40 characters, as AWS's
        token = f"IssuedToken{secrets.token_urlsafe(96)}=="
        keys = Keys(
            f"ASIAISSUED{next(self._numbers):010}",
            secret,
            token,
            self.now() + lasting,
            login,
            of_role,
            permission_set,
        )
        self.given.append(keys)
        if self.sts is not None:
            credentials = Credentials(keys.access_key_id, secret, token)
            self.sts.sessions[keys.access_key_id] = Issued(credentials, of_role, False, keys.expires)
        return keys

    def federate(self, lasting: timedelta) -> Keys:
        """New credentials as GetFederationToken gives them, good for so long."""
        keys = replace(self.issue(lasting, of_role=False), is_federated=True)
        self.given[-1] = keys
        return keys
