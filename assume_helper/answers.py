"""What the cache answers beside `get PROFILE`: `get` with options, `exec` and `env`; and the version.

Nothing is imported but what a hit imports: the reference for the native front, which is generated from the tables here
(see docs/explanation/cache-format.md). Whatever these functions do not know for certain is left to the full way.
"""

import os
import sys

from assume_helper import hit

VERSION = "0.1.0"  # the one place that has it: the build reads it here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    # A command line: its command, the profile, the words of the options that shape the session, and what else the
    # command is given: the program and its arguments (`exec`), or the shell's name, "" where none is named (`env`).
    Request = tuple[str, str, tuple[str, ...], list[str]]

# The options that shape a session, for each command: whether one has a value, and whether that names a file.
FLAG, VALUE, PATH = "flag", "value", "path"
_OF_A_SESSION = {
    "--duration-seconds": VALUE,
    "--role-session-name": VALUE,
    "--session-tag": VALUE,
    "--session-policy": PATH,
    "--policy-arn": VALUE,
    "--purpose": VALUE,
    "--read-only": FLAG,
}
SESSION_OPTIONS: "Mapping[str, Mapping[str, str]]" = dict.fromkeys(("get", "exec", "env"), _OF_A_SESSION)
SHELL = "--shell"
NO_INPUT = "--no-input"  # of `env`: a hit asks nobody anyway
# Before the working directory, among the words: a file is named relative to it. No word that is typed begins so.
FOLDER = "~in "
LOG_HITS = "ASSUME_HELPER_LOG_HITS"
INSIDE = "ASSUME_HELPER_PROFILE"  # the profile whose credentials these are: a nested `exec` sees it
FOR_PROMPTS = "AWSUME_PROFILE"  # the same, by the name that starship and powerlevel10k know
BY_ENV = "ASSUME_HELPER_ENV"  # beside it where `env` has set it: a program of `exec` is then not inside another
# All that a session sets, with the session token's old name.
CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    INSIDE,
    FOR_PROMPTS,
    BY_ENV,
)
# These name an identity: beside the credentials of `exec` and `env` each would be another one's. AWS_ACCOUNT_ID and
# AWS_CREDENTIAL_SCOPE are a part of the credentials in the SDKs for PHP, JavaScript and Java. AWS_SECURITY_TOKEN is an
# old name of the session token, AWS_ACCESS_KEY and AWS_SECRET_KEY are Java's.
IDENTITY = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION", "AWS_CREDENTIAL_SCOPE", "AWS_ACCOUNT_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ACCESS_KEY", "AWS_SECRET_KEY",
    # what other helpers say of their sessions: prompts and scripts read these
    "AWS_VAULT", "AWS_SESSION_EXPIRATION", FOR_PROMPTS, "AWSUME_EXPIRATION", "AWS_SSO_PROFILE",
    "AWS_SSO_ACCOUNT_ID", "AWS_SSO_ROLE_NAME", "AWS_SSO_ROLE_ARN", "AWS_SSO_SESSION_EXPIRATION", "AWS_OKTA_PROFILE",
    "AWS_OKTA_ASSUMED_ROLE", "AWS_OKTA_ASSUMED_ROLE_ARN", "AWS_OKTA_SESSION_EXPIRATION",
)  # fmt: skip
# Where a container's credentials are, and the token that they want.
CONTAINER_TOKENS = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
CONTAINER = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", *CONTAINER_TOKENS)
# What the program of `exec` does not get: it may lead an SDK to other credentials.
STALE = (*IDENTITY, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", *CONTAINER, "ASSUME_HELPER_MFA_TOKEN")
ALWAYS_CLEARED = ("AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")  # by `env`, found or not
# What a profile hands on: the mark, which holds the value, and the variables that hold it too. The mark says that a
# profile, not a person, has set them. boto3 reads the second one for the region only.
HANDED_ON: "Mapping[str, tuple[str, ...]]" = {
    hit.REGION: ("AWS_REGION", "AWS_DEFAULT_REGION"),
    hit.ENDPOINT_URL: ("AWS_ENDPOINT_URL",),
}
# How each shell sets and clears variables whose values are PLAIN: before all, between, behind all, one that is set, one
# that is cleared (None: it is left out). `export.shell_syntax` says why, and writes all other values.
SYNTAX: "Mapping[str, tuple[str, str, str, str, str | None]]" = {
    "bash": ("", "\n", "\n", "export {}='{}'", "unset {}"),
    "zsh": ("", "\n", "\n", "export {}='{}'", "unset {}"),
    "sh": ("", "\n", "\n", "export {}='{}'", "unset {}"),
    "fish": ("", "\n", "\n", "set -gx {} '{}'", "set -e {}; or true"),
    "powershell": ("", "; ", ";\n", "$Env:{} = '{}'", "$Env:{} = $null"),
    "cmd": ("", "\n", "\n", 'set "{}={}"', 'set "{}="'),
    "dotenv": ("", "\n", "\n", "{}={}", None),
    "json": ("{\n", ",\n", "\n}\n", '  "{}": "{}"', None),
}
_FAILED = "assume-helper env has failed"
# How each shell clears variables and then fails: before all, one of them, between, behind all. A file that no shell
# reads stays empty.
FAILING: "Mapping[str, tuple[str, str, str, str]]" = {
    "bash": ("unset ", "{}", " ", "; false\n"),
    "zsh": ("unset ", "{}", " ", "; false\n"),
    "sh": ("unset ", "{}", " ", "; false\n"),
    "fish": ("", "set -e {}; ", "", "false\n"),
    "powershell": ("", "$Env:{} = $null; ", "", f"throw '{_FAILED}';\n"),
    "cmd": ("", 'set "{}="\n', "", "cmd /c exit 1\n"),
}
# The names that shellingham and $SHELL give the shells.
KNOWN_AS = {
    "bash": "bash",
    "zsh": "zsh",
    "sh": "sh",
    "dash": "sh",
    "ash": "sh",
    "ksh": "sh",
    "mksh": "sh",
    "fish": "fish",
    "powershell": "powershell",
    "pwsh": "powershell",
    "cmd": "cmd",
}
# The characters of a value that no shell's syntax touches.
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.:@-")
_LONGEST_VALUE_OF_CMD = 8000
_LONGEST_COMMAND_LINE = 4096
_LOGIN_SHELL = "-"  # a login shell's first argument begins so (login(1))


def request(arguments: "Sequence[str]") -> "Request | None":
    """The command line where a cached session may be its answer; None where only the full way can tell."""
    command = arguments[0] if arguments else ""
    known = SESSION_OPTIONS.get(command)
    if known is None:
        return None
    rest = list(arguments[1:])
    own: list[str] = []
    if command == "exec":
        at = rest.index("--") if "--" in rest else len(rest)
        rest, own = rest[:at], rest[at + 1 :]
        if not own:
            return None
    profile = ""
    words: list[str] = []
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            if profile or not word or word.startswith("arn:"):
                return None
            profile = word
            continue
        if command == "env" and word == NO_INPUT:
            continue
        name, joined, value = word.partition("=")
        kind = VALUE if command == "env" and name == SHELL else known.get(name)
        if kind is None or (kind == FLAG and joined):
            return None
        if kind != FLAG and not joined:
            value = rest.pop(0) if rest else ""
        if kind != FLAG and (not value.strip() or value.startswith(("-", "~"))):
            return None
        if name == SHELL:
            own = [value]
            continue
        words += [word] if joined or kind == FLAG else [word, value]
        if kind == PATH and not os.path.isabs(value) and not value.lstrip().startswith("{"):
            try:
                words.append(FOLDER + os.getcwd())
            except OSError:
                return None
    return (command, profile, tuple(words), own) if profile else None


def as_typed(words: "Iterable[str]") -> list[str]:
    """The words of the options that a person typed: without the folder that one of them is relative to."""
    return [word for word in words if not word.startswith(FOLDER)]


def may_serve(asked: "Request", environ: "Mapping[str, str]") -> bool:
    """Whether nothing but the cache decides: nothing to ask, to log or to warn of, and a shell that is known."""
    command, _, _, own = asked
    if environ.get(LOG_HITS) == "1":
        return False
    if command == "get":
        return True
    first, second = environ.get("AWS_PROFILE"), environ.get("AWS_DEFAULT_PROFILE")
    if first is not None and second is not None and first != second:
        return False
    try:
        home = environ.get("HOME", "")
        if home and _is_foreign(home):
            return False
        if command == "exec":
            return sys.platform != "win32" and (not environ.get(INSIDE) or bool(environ.get(BY_ENV)))
        if os.isatty(1):
            return False
        own[:] = own or [parent_shell(environ)]
    except (OSError, ValueError):
        return False
    return own[0] in SYNTAX


def _is_foreign(home: str) -> bool:
    """Whether another user has this folder: nobody has one that is not there. Raises OSError, ValueError."""
    try:
        return hasattr(os, "geteuid") and os.stat(home).st_uid != os.geteuid()
    except FileNotFoundError:
        return False


def parent_shell(environ: "Mapping[str, str]") -> str:
    """The shell that started this process, one of SYNTAX, by its first argument; "" where it is none that is known.

    As shellingham finds it (`shellingham.posix`), but for what lies behind a parent that is no shell. Raises OSError.
    """
    descriptor = os.open(f"/proc/{os.getppid()}/cmdline", os.O_RDONLY)
    try:
        called = os.read(descriptor, _LONGEST_COMMAND_LINE).decode("utf-8", "replace").partition("\0")[0]
    finally:
        os.close(descriptor)
    if called.startswith(_LOGIN_SHELL):
        called = environ.get("SHELL") or called[1:]
    return KNOWN_AS.get(called.rpartition("/")[2].lower(), "")


def program_environment(
    profile: str, given: "Iterable[tuple[str, str]]", environ: "Mapping[str, str]"
) -> dict[str, str]:
    """The variables of the program of `exec`: `environ` with what is `given`, without those of any other identity.

    A region or an endpoint that a person has set since the last `exec` stays.
    """
    gone = {*STALE, *left_over(environ), BY_ENV, ""}  # execve refuses an entry without a name
    named = {INSIDE: profile, FOR_PROMPTS: profile}
    return {name: value for name, value in environ.items() if name not in gone} | dict(given) | named


def shell_variables(
    profile: str, given: "Iterable[tuple[str, str]]", environ: "Mapping[str, str]"
) -> "dict[str, str | None]":
    """The variables of `env` for the shell whose variables are `environ`; None clears one.

    That is what names another identity, and what another profile has handed on.
    """
    there = (name for name in IDENTITY if name in environ)
    found: dict[str, str | None] = {**dict(given), INSIDE: profile, FOR_PROMPTS: profile, BY_ENV: "1"}
    for name in (*ALWAYS_CLEARED, *CREDENTIALS, *there, *left_over(environ)):
        found.setdefault(name, None)
    return found


def left_over(environ: "Mapping[str, str]") -> list[str]:
    """The variables in `environ` that a profile has handed on, and their marks. What a person has set since is none."""
    found = []
    for mark, names in HANDED_ON.items():
        value = environ.get(mark)
        if value is not None:
            found += [*(name for name in names if environ.get(name) == value), mark]
    return found


def after_failure(environ: "Mapping[str, str]") -> list[str]:
    """What is to be cleared where there are no new credentials: whatever they would have replaced.

    In a shell of `exec --refresh` that is its endpoint. A container's own stays: the next try may need it.
    """
    is_exec_s = bool(environ.get(INSIDE)) and environ.get(CONTAINER[0], "").startswith("http://127.0.0.1:")
    return list(dict.fromkeys((*CREDENTIALS, *IDENTITY, *left_over(environ), *(CONTAINER if is_exec_s else ()))))


def shell_text(shell: str, variables: "Mapping[str, str | None]") -> str | None:
    """The text of `env` for `shell`, one of SYNTAX; None where a value is not PLAIN."""
    before, between, behind, setting, clearing = SYNTAX[shell]
    parts = []
    for name, value in variables.items():
        if value is None:
            if clearing is not None:
                parts.append(clearing.format(name))
        elif not PLAIN.issuperset(value) or (shell == "cmd" and len(value) > _LONGEST_VALUE_OF_CMD):
            return None
        else:
            parts.append(setting.format(name, value))
    return before + between.join(parts) + behind


def failing(shell: str, names: "Iterable[str]") -> str:
    """The text that clears the variables `names` in `shell`, and then fails; nothing for a file.

    It is one line that means the same where a shell splits it into words (`eval $(...)`, `eval (...)` in fish). In cmd,
    where `for /f` runs each line by itself, it is several.
    """
    if shell not in FAILING:
        return ""
    before, each, between, behind = FAILING[shell]
    return before + between.join(each.format(name) for name in names) + behind


def pairs(lines: str) -> list[tuple[str, str]]:
    """The variables in `lines`, NAME=VALUE each (see `hit.Answer`)."""
    return [(name, value) for name, _, value in (line.partition("=") for line in lines.splitlines())]
