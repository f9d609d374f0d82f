"""A key that is put into a keyring, tried, and named in the files; and what is said where that ends before its end."""

from collections.abc import Callable

from assume_helper.cli import display
from assume_helper.cli.interruption import interrupted
from assume_helper.cli.invocation import Invocation
from assume_helper.cli.profile_key import Asked
from assume_helper.errors import AssumeHelperError
from assume_helper.keys import rotation
from assume_helper.keys.places import KeyringPlace
from assume_helper.profiles import key_record
from assume_helper.profiles.key_record import KeyRecord
from assume_helper.sessions.herd_gate import Terminated
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system.deferred_signals import DeferredSignals
from assume_helper.text import printable, typed

# Seconds until AWS knows a key that was made just now.
_KNOWN_WITHIN = 20.0


def keep(
    invocation: Invocation, asked: Asked, place: KeyringPlace, pair: KeyPair, set_up: Callable[[], None], *,
    is_elsewhere: bool,
) -> str:  # fmt: skip
    """Keep the key, read it back, try it until AWS knows it, then `set_up` the files; whose key it is.

    A key that does not work is taken out again, but only where it is elsewhere, too. Raises AssumeHelperError, which
    says where the key is, KeyboardInterrupt and Terminated: then nothing was changed.
    """
    where = f"the key {pair.shown} may not be in {place.named}"
    next_step = "run it again; if the key is not there, delete it in IAM and make another"
    is_kept = is_tried = False
    try:
        place.keep(pair)
        is_kept = True
        where = f"the key is in {place.named}, but it was not tried"
        next_step = f"run it again, which tries it, or take it out: {removal(place)}"
        with display.spinner(invocation, "asking AWS ..."):
            who = rotation.until_known(lambda: asked.who(pair), invocation.clock, _KNOWN_WITHIN)
        is_tried = True
        where = f"the key is in {place.named} and works, but not all files are written"
        next_step = "run it again"
        _note_age(invocation, asked, place, pair)
        set_up()
    except (AssumeHelperError, KeyboardInterrupt, Terminated) as error:
        if is_elsewhere and not is_tried and (_is_taken_out(invocation, place) or not is_kept):
            raise
        if isinstance(error, AssumeHelperError):
            raise type(error)(f"{where}: {error.message}", f"{error.next_step}; then {next_step}") from None
        raise interrupted(error, f"interrupted: {where}", next_step) from None
    return who.arn


def removal(place: KeyringPlace) -> str:
    """The command that takes a key out of `place`, whatever the config says."""
    return f"`assume-helper keys remove {typed(printable(place.profile, 64))} --keyring {place.place}`"


def _is_taken_out(invocation: Invocation, place: KeyringPlace) -> bool:
    deferred = DeferredSignals()  # Ctrl-C twice, say
    try:
        place.remove(invocation.clock.now())
    except AssumeHelperError:
        return False
    finally:
        deferred.release()
    return True


def _note_age(invocation: Invocation, asked: Asked, place: KeyringPlace, pair: KeyPair) -> None:
    """Note when IAM made the key, where the user may ask that."""
    try:
        created = {key.access_key_id: key.created for key in asked.iam(pair).list_keys()[0]}
        record = KeyRecord(pair.access_key_id, created.get(pair.access_key_id), pair.kept)
        key_record.write(invocation.environ, place.profile, place.place, record)
    except (AssumeHelperError, OSError):
        pass  # its age is not known then
