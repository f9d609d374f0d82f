"""`doctor`: what can be wrong is looked at, and what mends it said."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import partial

import click

from assume_helper.cli import waiting
from assume_helper.cli.invocation import Invocation
from assume_helper.doctor import cache_directory, config_files, live, process_command, sdk_precedence
from assume_helper.doctor.check import Check, Status, failed
from assume_helper.errors import AssumeHelperError
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import CredentialProcess, Profile
from assume_helper.system.context import CallContext
from assume_helper.text import printable

_COLOURS: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}
_LONGEST_NAME = 11


@click.command("doctor", short_help="Look for what is wrong, and say what mends it.")
@click.argument("profile", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects: name, status, what, mend.")
@click.pass_obj
def command(invocation: Invocation, /, profile: str | None, *, as_json: bool) -> None:
    """Look at everything that can be wrong, each line ok, warn or fail, with the command or edit that mends it.

    With PROFILE its source and its role are tried too, as `get` would; without, what all the role profiles say is
    looked at, and whether STS is reached. The exit code is 1 where something fails, 0 where there are only warnings.

    No key, token or code is printed: the output can be pasted into an issue.

    \b
    Example:
        $ assume-helper doctor dev
        $ assume-helper doctor --json
    """
    invocation.subject = profile or ""
    if invocation.stdout_closed:
        raise AssumeHelperError("standard output is closed", "the checks are printed there: open it")
    checks = _checked(invocation, profile)
    found = list(checks) if as_json else list(_printed(invocation, checks))
    if as_json:
        invocation.print(json.dumps([asdict(check) for check in found], indent=2).encode() + b"\n")
    if any(check.status == "fail" for check in found):
        raise click.exceptions.Exit(1)


def _checked(invocation: Invocation, name: str | None) -> Iterator[Check]:
    """All checks, each as soon as it is known."""
    context = replace(invocation.call_context(), warn=lambda _message: None)
    environ, clock = context.environ, context.clock
    config, checks = config_files.config_files(environ)
    yield from checks
    found: Profile | None = None
    if config is not None:
        if name is None:
            yield from config_files.keys(config, config.profiles)
        else:
            found, checks = config_files.profile(config, environ, name)
            yield from checks
            yield from config_files.keys(config, config_files.profiles_on_the_way(config, name, found))
            if name in config.profiles:
                yield from sdk_precedence.profile(config, name, sdk_precedence.callers(config))
            yield from _processes(config, name, found, context)
    yield from sdk_precedence.environment(environ, config)
    if config is not None and name is None:
        profiles = list(_profiles(config, context))
        found = next((profile for profile, _ in profiles if profile is not None), None)
        for _, checks in profiles:
            yield from checks
    yield from cache_directory.examine(environ, clock.now())
    if name is not None and found is not None and found.storage != "file":
        yield cache_directory.kept(environ, found.storage, name)
    sign = partial(waiting.sign, invocation, "asking STS ...")
    try:
        endpoint = found.endpoint if found is not None else live.default_endpoint(config, context, name)
    except AssumeHelperError as error:
        yield failed("sts", error)
        return
    with sign():
        checks, is_reached = live.sts(endpoint, clock)
    yield from checks
    if not is_reached and found is not None:
        yield from live.kept_clock(found, context)
    if name is not None and found is not None:
        with sign() as stop:
            source = live.source(found, replace(context, asking=stop), is_reached=is_reached)
        yield source
        code = live.mfa(found, context)
        if code is not None:
            yield code
        with sign() as stop:
            checks = live.role(found, name, replace(context, asking=stop))
        yield from checks


def _processes(config: AwsConfig, name: str, found: Profile | None, context: CallContext) -> Iterator[Check]:
    """The processes by which SDKs come to `name`, and the one by which it comes to its source."""
    names = [name, *sdk_precedence.callers(config).get(name, [])]
    if found is not None and isinstance(found.origin, CredentialProcess):
        names.append(found.origin.profile)
    for whose in dict.fromkeys(names):
        raw = merge(config, whose)
        for form in (raw.bare, raw.prefixed):
            if "credential_process" in form:
                line = form["credential_process"]
                yield from process_command.credential_process(line, whose, context.environ, start=True)


def _profiles(config: AwsConfig, context: CallContext) -> Iterator[tuple[Profile | None, list[Check]]]:
    """Every role profile: one line where all is well, else what is not."""
    called_by = sdk_precedence.callers(config)
    for name in config_files.role_profiles(config):
        found, checks = config_files.profile(config, context.environ, name)
        checks += sdk_precedence.profile(config, name, called_by)
        line = config.profiles[name].get("credential_process")
        if line:
            checks += process_command.credential_process(line, name, context.environ, start=False)
        bad = [replace(check, name=printable(name, 64)) for check in checks if check.status != "ok"]
        well = [Check(printable(name, 64), "ok", check.what) for check in checks[:1]]
        yield found, bad or well


def _printed(invocation: Invocation, checks: Iterable[Check]) -> Iterator[Check]:
    """The checks, each printed as it comes, and at the end how many there were of each kind."""
    write = _on_terminal(invocation) if invocation.is_terminal(1) else None
    counts: dict[Status, int] = {"ok": 0, "warn": 0, "fail": 0}
    for check in checks:
        counts[check.status] += 1
        if write is not None:
            write(check)
        else:
            mend = f"\n      mend: {check.mend}" if check.mend else ""
            invocation.print(f"{check.status:4}  {check.name}: {check.what}{mend}\n".encode())
        yield check
    total = f"{counts['ok']} ok, {counts['warn']} warn, {counts['fail']} fail"
    invocation.print(f"{total}\n".encode())


def _on_terminal(invocation: Invocation) -> Callable[[Check], None]:
    """What writes a check in columns and colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)

    def write(check: Check) -> None:
        row = Table.grid(padding=(0, 2))
        row.add_column(width=4)
        row.add_column(width=max(_LONGEST_NAME, min(len(check.name), 24)), overflow="fold")
        row.add_column(overflow="fold")
        said = Text(check.what)
        if check.mend:
            said.append("\nmend: ", "bold").append(check.mend)
        row.add_row(Text(check.status, _COLOURS[check.status]), Text(check.name), said)
        with console.capture() as captured:
            console.print(row)
        invocation.print(captured.get().encode("utf-8", "backslashreplace"))

    return write
