"""What the AWS CLI says of itself as a source's process: what no login mends is told as what it is."""

import json

import pytest

from assume_helper.errors import AssumeHelperError, ConfigurationError, SettingFault, SourceError, STSNotReached
from assume_helper.hit import CALLERS
from assume_helper.sources import aws_cli

CLI_CYCLE = "Credential process resolution detected an infinite loop, profile cycle: "
CLI_DEPTH = "Maximum recursive credential process resolution reached (4).\nProfiles seen: a -> b -> c -> d"
BOTOCORE = (
    "Infinite loop in credential configuration detected. Attempting to load from profile c which has already been "
    "visited. Visited profiles: "
)
HELPER = "assume-helper: x: the sources form a loop: a -> b -> a; give one of these profiles credentials of its own"
HELPER_DEPTH = (
    "assume-helper: x: the sources form a loop, or are more than the 4 that the AWS CLI follows: a -> b -> ...; y"
)


def told(stderr: str, **environ: str) -> AssumeHelperError:
    found = aws_cli.told(stderr, "the credential_process of p", environ)
    assert found is not None
    assert str(found).isprintable()
    return found


@pytest.mark.parametrize(
    ("said", "drawn"),
    [
        (f"\naws: [ERROR]: {CLI_CYCLE}a -> b -> a\n\n", ": a -> b -> a"),
        (
            f"Unable to retrieve credentials: Error when retrieving: {CLI_CYCLE}my dev -> my dev\nmore",
            ": my dev -> my dev",
        ),
        (f"{CLI_CYCLE}p -> b -> b", ": b -> b"),
        (f"Unable to retrieve credentials: {BOTOCORE}['c', 'd']", ": c -> d -> c"),
        (f"{BOTOCORE}['a', \"it's\", 'c', 'd']", ": c -> d -> c"),
        (HELPER, ": a -> b -> a"),
        # Five processes, one inside another, are too many for it: that need not be a loop.
        (CLI_DEPTH, ", or are more than the 4 that the AWS CLI follows: a -> b -> c -> d -> ..."),
        (HELPER_DEPTH, ", or are more than the 4 that the AWS CLI follows: a -> b -> ..."),
    ],
)
def test_a_loop_that_was_drawn_is_a_configuration_error(said: str, drawn: str) -> None:
    found = told(said)
    assert type(found) is ConfigurationError
    assert found.message == f"the sources form a loop{drawn}"
    assert found.next_step == "give one of these profiles credentials of its own"


def test_what_lies_between_the_profiles_that_the_aws_cli_ran_for_is_drawn_too() -> None:
    callers = json.dumps([["", "b"], ["/config", "a"], ["/config", "p"]])
    assert told(f"{CLI_CYCLE}b -> b", **{CALLERS: callers}).message == "the sources form a loop: b -> a -> p -> b"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            "Unable to retrieve credentials: The config profile (b) could not be found",
            ConfigurationError,
            "the AWS CLI finds no profile b; correct the name in that command",
        ),
        ("Partial credentials found in config-file, missing: aws_secret_access_key", SourceError, "; add aws_secret"),
        ("Unable to retrieve credentials: no credentials found", SourceError, "; give that profile credentials"),
        (
            "usage: Note: AWS CLI version 2, the latest major version \naws: error: Invalid choice, valid ones are",
            SettingFault,
            "is version 1, which has no such command; give the absolute path",
        ),
        *(
            (f'Error when retrieving: {what} URL: "https://x/"', STSNotReached, f"{what} URL")
            for what in (
                "Could not connect to the endpoint",
                "Connect timeout on endpoint",
                "Read timeout on endpoint",
                "Failed to connect to proxy",
            )
        ),
    ],
)
def test_a_mistake_that_no_login_mends_is_named(said: str, kind: type[AssumeHelperError], words: str) -> None:
    found = told(said)
    assert type(found) is kind
    assert words in str(found)
    assert str(found).startswith("the credential_process of p failed: ")


@pytest.mark.parametrize(
    "said", ["", "Error loading SSO Token: Token for corp does not exist", "usage: Invalid choice"]
)
def test_what_a_login_may_mend_is_not_the_aws_cli_s_own(said: str) -> None:
    assert aws_cli.told(said, "the credential_process of p", {}) is None
