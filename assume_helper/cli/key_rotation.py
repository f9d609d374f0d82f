"""`keys rotate`: what a person is shown and asked, and what is said of the end."""

from assume_helper.cli import config_change, display, key_changes, profile_key
from assume_helper.cli.interruption import interrupted
from assume_helper.cli.invocation import Invocation
from assume_helper.configure.key_file import FilePlace
from assume_helper.errors import AssumeHelperError, ConfigurationError, SourceError
from assume_helper.keys import journal, rotation
from assume_helper.keys.journal import Journal
from assume_helper.keys.places import KeyringPlace
from assume_helper.keys.rotation import Job, Outcome
from assume_helper.profiles import aws_config
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.source_description import adding
from assume_helper.sessions import cached_files, purge
from assume_helper.sessions.herd_gate import Terminated
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.text import error_line, printable


def rotate(invocation: Invocation, name: str, *, keep_old: bool, yes: bool, as_json: bool) -> None:
    """Replace the access key of the profile `name`. Raises AssumeHelperError, click.UsageError."""
    key_changes.require_answer(invocation, yes=yes)
    config = aws_config.load(invocation.environ)
    settings = profile_key.settings_of(config, name)
    place = profile_key.place_of(invocation, settings)
    asked = profile_key.asked(invocation, settings)
    noted = journal.of(invocation.environ, place.identity)
    seen = place.read() or place.read_next()
    if seen is None:
        command = adding(name, place.place if isinstance(place, KeyringPlace) else "keyring")
        raise SourceError(f"{place.named} has no access key of profile {printable(name, 64)}", f"run: {command}")
    if noted.read() is None:
        _check_copies(config, name, seen)
        try:
            with display.spinner(invocation, "asking IAM ..."):
                rotation.check(asked.iam(seen).list_keys()[0], seen)
        except AssumeHelperError:
            # Another process may be replacing the key just now, or have done so: under the lock that is seen.
            if noted.read() is None and (place.read() or place.read_next()) == seen:
                raise
    if not yes:
        _say_what(invocation, name, noted, seen, place.named, keep_old=keep_old)
    key_changes.confirm(f"Replace the access key {seen.shown} of {printable(name, 64)}?", yes=yes)
    cached = purge.find_of_access_key(config, name, invocation.environ)

    def say(line: str) -> None:
        invocation.say(error_line(name, line))

    with profile_key.locked(invocation):
        config_change.sweep(invocation)
        job = Job(place, noted, asked.iam, asked.who, invocation.clock, say)
        try:
            with display.spinner(invocation, "replacing the access key ..."):
                outcome = rotation.rotate(job, seen.access_key_id, keeps_old=keep_old)
        except (KeyboardInterrupt, Terminated) as error:
            what = "interrupted; nothing was lost" if noted.read() is None else "interrupted in the middle"
            next_step = "run it again: it finishes the rotation, or takes it back"
            raise interrupted(error, what, next_step) from None
    for file in cached:
        cached_files.delete(file)
    _print(invocation, name, place, outcome, as_json=as_json)


def _check_copies(config: AwsConfig, name: str, pair: KeyPair) -> None:
    """Raise ConfigurationError where another profile has a copy of the key, which would be worth nothing."""
    found = profile_key.copies(config, name, pair)
    if found:
        raise ConfigurationError(
            f"profile {', '.join(found[:5])} has a copy of the access key {pair.shown}, which would end",
            f"take it out there; a role uses this one by source_profile = {printable(name, 64)}",
        )


def _say_what(invocation: Invocation, name: str, noted: Journal, seen: KeyPair, place: str, *, keep_old: bool) -> None:
    if noted.read() is not None:
        what = "a rotation was interrupted: it is finished now, or taken back and done again"
    else:
        end = "deactivated" if keep_old else "deleted"
        what = f"IAM makes a new access key, which replaces {seen.shown} in {place}; then {seen.shown} is {end}"
    invocation.say(error_line(name, what))


def _print(
    invocation: Invocation, name: str, place: KeyringPlace | FilePlace, outcome: Outcome, *, as_json: bool
) -> None:
    old = printable(outcome.old[-4:])
    if as_json:
        display.print_json(
            invocation,
            {"profile": name, "place": place.value, "access_key": outcome.new.access_key_id[-4:], "old_access_key": old,
             "old_is": outcome.old_is, "how": outcome.how},
        )  # fmt: skip
        return
    if outcome.how == "rotated by another process":
        line = f"Another process has replaced the access key …{old} already: {place.named} has {outcome.new.shown}."
    else:
        how = "The rotation that was interrupted is finished. " if outcome.how == "finished" else ""
        line = f"{how}{place.named} has the new access key {outcome.new.shown}; the old one …{old} is {outcome.old_is}."
    display.print_lines(invocation, [line])
