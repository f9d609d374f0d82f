"""Which MFA device a role needs: its own keys, then those of its source profile, then those of the roles behind it."""

from assume_helper.errors import ConfigurationError
from assume_helper.light import dataclass, field
from assume_helper.profiles.origin import USER_SESSION, MFADevice
from assume_helper.profiles.settings import ProfileSettings


@dataclass(frozen=True)
class MFASettings:
    """What is said of MFA, None where nothing is. `session_duration_seconds` is in seconds."""

    serial: str | None = None
    mfa_process: str | None = field(default=None, repr=False)
    session_duration_seconds: int | None = None

    def over(self, other: "MFASettings") -> "MFASettings":
        """These, and where they say nothing, the `other` ones; but another device's codes are not this one's."""
        same = self.serial is None or other.serial is None or self.serial == other.serial
        return MFASettings(
            self.serial or other.serial,
            self.mfa_process or (other.mfa_process if same else None),
            self.session_duration_seconds or other.session_duration_seconds,
        )


def from_settings(settings: ProfileSettings) -> MFASettings:
    """What a profile says of MFA. Raises ConfigurationError."""
    serial, seconds = settings.mfa_serial, settings.mfa_session_duration_seconds
    return MFASettings(serial, settings.mfa_process, seconds)


def device(found: MFASettings, section: str) -> MFADevice | None:
    """The device, None where no serial is given; `section` is the role's profile as a message names it.

    Raises ConfigurationError for a device that shows no codes.
    """
    if found.serial is None:
        return None
    if ":u2f/" in found.serial:
        raise ConfigurationError(
            f"the mfa_serial for {section} is that of a security key or passkey, which shows no codes",
            "name a device that shows codes of six digits",
        )
    return MFADevice(found.serial, found.mfa_process, found.session_duration_seconds or USER_SESSION)
