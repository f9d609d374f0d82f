"""What the AWS CLI, or this helper, says of itself as a source's process: mistakes that no login mends.

The texts are those of `aws configure export-credentials` (awscli.customizations.configure.exportcreds) and of botocore.
"""

import re
from collections.abc import Mapping

from assume_helper.errors import AssumeHelperError, ConfigurationError, SettingFault, SourceError, STSNotReached
from assume_helper.profiles import callers
from assume_helper.text import draw_loop, redacted

_OWN_CREDENTIALS = "give one of these profiles credentials of its own"
# What this helper prints where it finds that it has been called by itself, or is told so by another of itself.
_LOOP = re.compile(r"(the sources form a loop(?:, or [^:;\n]+)?: [^;\n]+)")
_CLI_LOOP = re.compile(r"detected an infinite loop, profile cycle: ([^\n]+)")
_CLI_DEPTH = re.compile(
    r"Maximum recursive credential process resolution reached \(([0-9]+)\)\.\s+Profiles seen: ([^\n]+)"
)
# InfiniteLoopConfigError, which does not repeat the profile that closes it.
_BOTOCORE_LOOP = re.compile(
    r"Infinite loop in credential configuration detected\. Attempting to load from profile (.+?) which has already "
    r"been visited\. Visited profiles: \[([^\n]*)\]"
)
_NO_PROFILE = re.compile(r"The config profile \((.+?)\) could not be found")
_PARTIAL = re.compile(r"Partial credentials found in .+?, missing: (\w+)")
_NOTHING = "Unable to retrieve credentials: no credentials found"
# botocore.exceptions: EndpointConnectionError and those for time-outs and proxies.
_UNREACHED = re.compile(
    "(?:Could not connect to the endpoint|(?:Connect|Read) timeout on endpoint|Failed to connect to proxy) URL"
)
_VERSION_1 = "AWS CLI version 2, the latest major version"
_INVALID = "Invalid choice"


def told(stderr: str, whose: str, environ: Mapping[str, str]) -> AssumeHelperError | None:
    """The error that `stderr` of the process of `whose` tells of; None where that may be a login or anything else.

    `environ` is what the process was started with.
    """
    loop = _loop(stderr, environ)
    if loop is not None:
        return ConfigurationError(loop, _OWN_CREDENTIALS)
    missing = _NO_PROFILE.search(stderr)
    if missing is not None:
        what = f"{whose} failed: the AWS CLI finds no profile {redacted(missing.group(1))}"
        return ConfigurationError(what, "correct the name in that command, or add that profile")
    partial = _PARTIAL.search(stderr)
    if partial is not None:
        return SourceError(f"{whose} failed: the profile that it asks for has half a key", f"add {partial.group(1)}")
    if _NOTHING in stderr:
        what = f"{whose} failed: the profile that it asks for has no credentials"
        return SourceError(what, "give that profile credentials, or correct the name in that command")
    if _UNREACHED.search(stderr) is not None:
        said = redacted(stderr.strip())
        return STSNotReached(f"{whose} failed: {said}", "check the network and the proxy, then try again")
    if _VERSION_1 in stderr and _INVALID in stderr:
        what = f"{whose} failed: its AWS CLI is version 1, which has no such command"
        return SettingFault(what, "give the absolute path of an AWS CLI of version 2")
    return None


def _loop(stderr: str, environ: Mapping[str, str]) -> str | None:
    """What is said of a loop of profiles that this helper or the AWS CLI has found; None where there is none."""
    found = _LOOP.search(stderr)
    if found is not None:
        return redacted(found.group(1).strip())
    found = _CLI_LOOP.search(stderr)
    if found is not None:
        return _drawn(callers.closed_by_cli(environ, found.group(1).strip().split(" -> ")))
    found = _BOTOCORE_LOOP.search(stderr)
    if found is not None:
        visited = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", found.group(2))
        names = [one or other for one, other in visited]
        closing = found.group(1).strip("'\"")
        return _drawn([*names[names.index(closing) if closing in names else 0 :], closing])
    found = _CLI_DEPTH.search(stderr)
    if found is not None:
        too_many = f"the sources form a loop, or are more than the {found.group(1)} that the AWS CLI follows"
        return f"{too_many}: {redacted(found.group(2).strip())} -> ..."
    return None


def _drawn(steps: list[str]) -> str:
    return f"the sources form a loop: {redacted(draw_loop(steps))}"
