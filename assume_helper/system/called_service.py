"""What a call needs to know of the service that it goes to, and what messages name it by."""

from assume_helper.light import Protocol


class CalledService(Protocol):
    """A service of AWS in one place.

    `service` is its name in messages, `region_named` what sets its region. It is at `endpoint_url`, else where AWS has
    it in `region`. `ca_bundle` is the path of the certificates that it is trusted with, None for the SDK's own;
    `ca_bundle_named` is what names that.
    """

    @property
    def service(self) -> str:
        """Its name in messages."""

    @property
    def region_named(self) -> str:
        """What sets its region, as messages name it."""

    @property
    def region(self) -> str:
        """Its region."""

    @property
    def endpoint_url(self) -> str | None:
        """Its URL, None for the one that AWS has for it."""

    @property
    def ca_bundle(self) -> str | None:
        """The path of the certificates that it is trusted with."""

    @property
    def ca_bundle_named(self) -> str:
        """What names that path."""
