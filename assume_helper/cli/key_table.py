"""`keys list`: where each access key is, its age and its last four characters; never more of it."""

from datetime import UTC, datetime

from assume_helper.cli import display, profile_key
from assume_helper.cli.invocation import Invocation
from assume_helper.errors import AssumeHelperError
from assume_helper.keys import age
from assume_helper.light import dataclass
from assume_helper.profiles import aws_config, key_record
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import KeptKey, StaticKeys
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.profiles.source_description import KEYRINGS
from assume_helper.system.at_once import at_once
from assume_helper.text import printable

_COLUMNS = ("profile", "where", "key", "age")
# Questions to IAM at the same time.
_WORKERS = 8
_OF_KERNEL = "ends with this machine or the last session"


@dataclass(frozen=True)
class Row:
    """One access key: `place` is where it is, for a program: `keyring`, `kernel` or a path, "" where that is not known.

    `where` is the same in words, `last_four` are its last characters, "" where they are not known.

    `created` is when IAM made it (seconds since the epoch), None where that is not known. `note` is what a person is to
    know.
    """

    profile: str
    place: str
    where: str
    last_four: str
    created: float | None
    note: str = ""

    def as_json(self, now: float) -> dict[str, object]:
        """The row for a program; the age in whole days."""
        made = None if self.created is None else datetime.fromtimestamp(self.created, UTC)
        return {
            "profile": self.profile,
            "place": self.place or None,
            "last_four": self.last_four or None,
            "created": None if made is None else made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "age_days": None if self.created is None else age.in_days(self.created, now),
            "note": self.note or None,
        }


def show(invocation: Invocation, name: str | None, *, as_json: bool) -> None:
    """Print the access key of the profile `name`, or those of all profiles. Raises AssumeHelperError."""
    config = aws_config.load(invocation.environ)
    if name is not None:
        profile_key.place_of(invocation, profile_key.settings_of(config, name))
    names = list(config.profiles) if name is None else [name]
    now = invocation.clock.now()
    with display.spinner(invocation, "asking IAM ..."):
        found = dict(at_once(lambda: lambda each: _row(invocation, config, each), names, _WORKERS))
    rows = [row for number in range(len(names)) if (row := found[number]) is not None]
    if as_json:
        display.print_json(invocation, [row.as_json(now) for row in rows])
    elif rows:
        cells = [[row.profile, row.where, f"…{row.last_four}" if row.last_four else "", _age(row, now)] for row in rows]
        display.print_table(invocation, _COLUMNS, cells)
        for row in rows:
            if row.note:
                invocation.say(f"assume-helper: {printable(row.profile, 64)}: {printable(row.note, 300)}")
    else:
        invocation.say("assume-helper: no profile has an access key; `assume-helper keys add` puts one into a keyring")


def _age(row: Row, now: float) -> str:
    if row.created is None:
        return "not known"
    days = age.in_days(row.created, now)
    return "1 day" if days == 1 else f"{days} days"


def _row(invocation: Invocation, config: AwsConfig, name: str) -> Row | None:
    """The row of a profile; None where it has no long-lived access key of its own."""
    try:
        settings = ProfileSettings(merge(config, name))
        found = profile_key.find(settings)
        if isinstance(found, KeptKey):
            return _kept(invocation, found)
        if not isinstance(found, StaticKeys) or found.session_token is not None:
            return None
        asked = profile_key.asked(invocation, settings)
        in_credentials = "aws_access_key_id" in config.credentials_profiles.get(name, {})
        path = config.credentials_path if in_credentials else config.config_path
        created, note = None, ""
        try:
            created = age.of_static(found, asked.sts, asked.service, invocation.clock)
        except AssumeHelperError as error:
            note = f"its age is not known: {error.message}"
        return Row(name, path, path, found.access_key_id[-4:], created, note)
    except AssumeHelperError as error:
        return Row(name, "", "", "", None, str(error))


def _kept(invocation: Invocation, found: KeptKey) -> Row:
    """By our note of it: no keyring is opened."""
    place = found.place, KEYRINGS[found.place]
    record = key_record.read(invocation.environ, found.profile, found.place)
    if record is None:
        note = f"nothing is noted of it; `assume-helper get {printable(found.profile, 64)}` looks into the keyring"
        return Row(found.profile, *place, "", None, note)
    if record.access_key_id is None:
        return Row(found.profile, *place, "", None, "the key was removed")
    note = _OF_KERNEL if found.place == "kernel" else ""
    return Row(found.profile, *place, record.access_key_id[-4:], record.created, note)
