"""All checks of `doctor`, in order, each as soon as its result is known."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from assume_helper.doctor import (
    access_key,
    cache_directory,
    config_files,
    live,
    login,
    orphans,
    php,
    process_command,
    sdk_precedence,
    session,
    this_machine,
)
from assume_helper.doctor.check import Check, failed
from assume_helper.errors import AssumeHelperError
from assume_helper.light import replace
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.origin import CredentialProcess
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile
from assume_helper.system.context import CallContext
from assume_helper.text import printable

# Shows that a call is under way; what it yields hides it, before a person is asked for something.
Spinner = Callable[[], AbstractContextManager[Callable[[], None]]]


def examine(name: str | None, context: CallContext, spinner: Spinner) -> Iterator[Check]:
    """The checks of the profile `name`, with its source and its session tried; without a name, those of all profiles.

    Nothing is changed, but for the session that `get` would cache too.
    """
    config, checks = config_files.config_files(context.environ)
    yield from checks
    found: Profile | None = None
    if config is not None and name is not None:
        found, checks = config_files.profile(config, context.environ, name)
        yield from checks
        yield from _one_profile(config, name, found, context)
    elif config is not None:
        yield from config_files.keys(config, config.profiles)
    yield from sdk_precedence.environment(context.environ, config)
    yield from this_machine.examine(context.environ)
    if config is not None and name is None:
        profiles = list(_served_profiles(config, context))
        known = [profile for profile, _ in profiles if profile is not None]
        found = next((profile for profile in known if profile.role_arn is not None), known[0] if known else None)
        for _, checks in profiles:
            yield from checks
        yield from php.examine(config, config.config_profiles)
        yield from login.examine(config, known, context.environ, context.clock.now())
        for profile in known:
            if profile.role_arn is None:  # what a role begins with is a profile of its own
                of_key = access_key.examine(config, profile, context, may_ask=False)
                yield from (check for check in of_key if check.status != "ok")
    elif config is not None and found is not None:
        yield from login.examine(config, [found], context.environ, context.clock.now())
    yield from cache_directory.examine(context.environ, context.clock.now())
    yield from orphans.examine()
    if name is not None and found is not None and found.storage != "file":
        yield cache_directory.storage_of(context.environ, found.storage, name)
    yield from _live(config, name, found, context, spinner)


def _one_profile(config: AwsConfig, name: str, found: Profile | None, context: CallContext) -> Iterator[Check]:
    """How the profile `name` is written, and how SDKs read it."""
    yield from config_files.keys(config, config_files.contributing_profiles(config, name, found))
    called_by = sdk_precedence.callers(config)
    if name in config.profiles:
        yield from sdk_precedence.profile(config, name, called_by)
        yield from php.examine(config, [name])
    if found is not None:
        yield from config_files.user_session(found, called_by)
    # The processes that SDKs run for this profile, and the one that is its source.
    names = [name, *called_by.get(name, [])]
    if found is not None and isinstance(found.origin, CredentialProcess):
        names.append(found.origin.profile)
    for owner in dict.fromkeys(names):
        raw = merge(config, owner)
        for form in (raw.bare, raw.prefixed):
            if "credential_process" in form:
                line = form["credential_process"]
                yield from process_command.credential_process(line, owner, context.environ, start=True)


def _served_profiles(config: AwsConfig, context: CallContext) -> Iterator[tuple[Profile | None, list[Check]]]:
    """Every profile that can be served: one check where all is well, else those that are not ok."""
    called_by = sdk_precedence.callers(config)
    for name in config_files.served_profiles(config):
        found, checks = config_files.profile(config, context.environ, name)
        checks += sdk_precedence.profile(config, name, called_by)
        checks += config_files.user_session(found, called_by) if found is not None else []
        line = config.profiles[name].get("credential_process")
        if line:
            checks += process_command.credential_process(line, name, context.environ, start=False)
        bad = [replace(check, name=printable(name, 64)) for check in checks if check.status != "ok"]
        good = [Check(printable(name, 64), "ok", check.what) for check in checks[:1]]
        yield found, bad or good


def _live(
    config: AwsConfig | None, name: str | None, found: Profile | None, context: CallContext, spinner: Spinner
) -> Iterator[Check]:
    """The checks that call STS, the source, or whoever gives the session."""
    try:
        endpoint = found.endpoint if found is not None else live.default_endpoint(config, context, name)
    except AssumeHelperError as error:
        yield failed("sts", error)
        return
    with spinner():
        checks, is_reached = live.sts(endpoint, context.clock)
    yield from checks
    if not is_reached and found is not None:
        yield from live.clock_when_cached(found, context)
    if name is None or found is None:
        return
    with spinner() as stop:
        source = session.source(found, replace(context, asking=stop), is_reached=is_reached)
    if source is not None:
        yield source
    if config is not None:
        may_ask = is_reached and source is not None and source.status == "ok"
        with spinner():
            age = list(access_key.examine(config, found, context, may_ask=may_ask))
        yield from age
    code = live.mfa(found, context)
    if code is not None:
        yield code
    with spinner() as stop:
        checks = session.session(found, name, replace(context, asking=stop), is_reached=is_reached)
    yield from checks
