"""`keys remove`: a key out of its keyring, after it is said that it is written nowhere."""

from collections.abc import Mapping

from assume_helper.cli import display, key_changes, profile_key
from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import KeyPlace
from assume_helper.errors import AssumeHelperError, SourceError, SourceNotKnown
from assume_helper.keys.places import KeyringPlace
from assume_helper.light import Literal
from assume_helper.profiles import aws_config
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.settings import ProfileSettings
from assume_helper.sessions import cached_files, purge
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.text import error_line, printable

# What IAM says of a key. It answers none whether it was deleted or deactivated.
Status = Literal["active", "inactive", "unknown"]
_IN_IAM: Mapping[Status, str] = {
    "active": "it is still active in IAM: delete it there (`aws iam delete-access-key`) if nothing uses it",
    "inactive": "it is not active in IAM",
    "unknown": "whether it is active in IAM is not known",
}


def remove(invocation: Invocation, name: str, *, keyring: KeyPlace | None, yes: bool, as_json: bool) -> None:
    """Take the access key of the profile `name` out of its keyring. Raises AssumeHelperError, click.UsageError."""
    key_changes.require_answer(invocation, yes=yes)
    with profile_key.locked(invocation):
        config = aws_config.load(invocation.environ)
        settings = ProfileSettings(merge(config, name))
        where = keyring or settings.key_place
        if where is None:
            raise SourceError(
                f"no keyring has an access key of profile {printable(name, 64)}, as far as the config says",
                "name it with --keyring; a key in a file is taken out by hand",
            )
        place = KeyringPlace(name, where, invocation.environ, profile_key.KEYRING_PATIENCE)
        profile_key.check_no_rotation(invocation, place)
        pair = place.read() or place.read_next()
        if pair is None:
            place.remove(invocation.clock.now())  # the note would stand in the way of another keyring
            raise SourceError(
                f"{place.named} has no access key of profile {printable(name, 64)}", "nothing is to be done"
            )
        status = _status(invocation, profile_key.asked(invocation, settings), pair)
        in_iam = _IN_IAM[status]
        found = profile_key.copies(config, name, pair)
        kept = f"profile {found[0]} has it, too" if found else "this is the only copy here"
        if pair.access_key_id in config.profiles.get(name, {}).values():
            kept = "a file has it, too"
        invocation.say(
            f"assume-helper: {printable(name, 64)}: the access key {pair.shown} is taken out of {place.named} and "
            f"written nowhere: {kept}, and AWS does not show its secret again; {in_iam}"
        )
        key_changes.confirm(f"Take the access key {pair.shown} out of {place.named}?", yes=yes)
        cached = purge.find_of_access_key(config, name, invocation.environ)
        place.remove(invocation.clock.now())
    for file in cached:
        cached_files.delete(file)
    if as_json:
        display.print_json(invocation, {"profile": name, "place": where, "access_key": pair.access_key_id[-4:],
                                        "iam": status})  # fmt: skip
    else:
        display.print_lines(invocation, [f"The access key {pair.shown} is no longer in {place.named}; {in_iam}."])


def _status(invocation: Invocation, asked: profile_key.Asked, pair: KeyPair) -> Status:
    """What IAM says of the key."""
    try:
        with display.spinner(invocation, "asking IAM ..."):
            active = {key.access_key_id: key.is_active for key in asked.iam(pair).list_keys()[0]}
    except SourceNotKnown:
        return "inactive"
    except AssumeHelperError as error:
        invocation.say(error_line(asked.name, f"IAM does not say whether the key is active: {error.message}"))
        return "unknown"
    return "active" if active.get(pair.access_key_id) else "inactive"
