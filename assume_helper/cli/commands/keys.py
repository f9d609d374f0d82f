"""`keys`: access keys in a keyring in place of a file, listed, replaced and removed."""

import click

from assume_helper.cli.invocation import Invocation
from assume_helper.credentials import KEY_PLACES, KeyPlace

_KEYRING = click.Choice(list(KEY_PLACES))


@click.group("keys", short_help="Keep access keys in a keyring: add, list, rotate, remove.")
def command() -> None:
    """Keep access keys in the operating system's keyring in place of ~/.aws/credentials, and replace them safely.

    The keyring is the desktop's (Secret Service, KWallet, the macOS Keychain, Windows Credential Manager), or, where
    --keyring kernel says so, the Linux kernel's. A profile with assume_helper_keys = keyring is a source like any
    other. IAM is asked with the key itself.

    \b
    Example:
        $ assume-helper keys add me --from-file
        $ assume-helper keys list
        $ assume-helper keys rotate me
    """


@command.command("add", short_help="Put an access key into a keyring.")
@click.argument("profile", metavar="PROFILE")
@click.option("--from-file", is_flag=True, help="Move the key that the credentials or the config file has.")
@click.option(
    "--keyring",
    type=_KEYRING,
    default="keyring",
    help="Which keyring: keyring is the desktop's. kernel is Linux's: it keeps the key until the machine restarts or "
    "you log out, and AWS cannot show a secret again.",
)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def add(
    invocation: Invocation, /, profile: str, *, from_file: bool, keyring: KeyPlace, yes: bool, as_json: bool
) -> None:
    """Put the access key of PROFILE into a keyring, and set the profile up for it.

    On a terminal the key is asked for, and what is typed is not shown. Else it is read from standard input: two lines,
    or what `aws iam create-access-key` prints.

    The key is stored, read back, and tried with STS. Then the config file gets assume_helper_keys, and
    credential_process where there is none; with --from-file the key is taken out of its file last. You see the change,
    and are asked first.

    \b
    Example:
        $ assume-helper keys add me
        $ assume-helper keys add me --from-file
        $ aws iam create-access-key --user-name me | assume-helper keys add me --yes
    """
    from assume_helper.cli import key_changes  # it loads the SDK

    invocation.subject = profile
    key_changes.add(invocation, profile, from_file=from_file, keyring=keyring, yes=yes, as_json=as_json)


@command.command("list", short_help="Show where each access key is, and its age.")
@click.argument("profile", metavar="[PROFILE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_keys(invocation: Invocation, /, profile: str | None, *, as_json: bool) -> None:
    """Show where the access key of each profile is, its last four characters, and its age.

    No keyring is opened: the age of a key in a keyring was noted when it was put there. IAM is asked for that of a key
    in a file.

    \b
    Example:
        $ assume-helper keys list
        $ assume-helper keys list me --json
    """
    from assume_helper.cli import key_table  # it loads the SDK

    invocation.subject = profile or ""
    key_table.show(invocation, profile, as_json=as_json)


@command.command("rotate", short_help="Replace an access key by a new one.")
@click.argument("profile", metavar="PROFILE")
@click.option("--keep-old", is_flag=True, help="Only deactivate the old key: IAM can make it active again.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def rotate(invocation: Invocation, /, profile: str, *, keep_old: bool, yes: bool, as_json: bool) -> None:
    """Replace the access key of PROFILE, in a keyring or in a file, by a new one.

    IAM makes a new key, which is kept beside the old one and tried until AWS knows it. Then it takes the old one's
    place, and that one is deactivated and deleted. If the user has two keys already, nothing is made. A rotation that
    is interrupted, however that is, is finished or taken back by the next one.

    \b
    Example:
        $ assume-helper keys rotate me
        $ assume-helper keys rotate me --keep-old
    """
    from assume_helper.cli import key_rotation  # it loads the SDK

    invocation.subject = profile
    key_rotation.rotate(invocation, profile, keep_old=keep_old, yes=yes, as_json=as_json)


@command.command("remove", short_help="Take an access key out of its keyring.")
@click.argument("profile", metavar="PROFILE")
@click.option("--keyring", type=_KEYRING, help="Which keyring, where the profile does not say.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def remove(invocation: Invocation, /, profile: str, *, keyring: KeyPlace | None, yes: bool, as_json: bool) -> None:
    """Take the access key of PROFILE out of its keyring. It is written nowhere.

    It says whether the key is still active in IAM, where it is not changed. The profile stays, and has no key then.

    \b
    Example:
        $ assume-helper keys remove me
    """
    from assume_helper.cli import key_removal  # it loads the SDK

    invocation.subject = profile
    key_removal.remove(invocation, profile, keyring=keyring, yes=yes, as_json=as_json)
