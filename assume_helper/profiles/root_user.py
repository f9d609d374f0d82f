"""A root user's session for one task (AssumeRoot), as a profile with a source: whose it is, and what gives it.

Source: STS's API reference of AssumeRoot, and the IAM User Guide, "Perform a privileged task".
"""

import re
from collections.abc import Mapping

from assume_helper.light import dataclass, replace
from assume_helper.profiles import partitions, role_chain
from assume_helper.profiles.aws_config import AwsConfig
from assume_helper.profiles.raw_profile import merge
from assume_helper.profiles.role import Profile

TASKS = (
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
)
# How long it lasts at most, in seconds; that is its default too.
LONGEST = 900
_ACCOUNT = r"(?:arn:(aws[a-z-]*):iam::)?([0-9]{12})(?(1):root)"
# Of its source's profile: the same STS is called.
_OF_THE_ENDPOINT = (
    "region", "endpoint_url", "services", "ignore_configured_endpoint_urls", "use_fips_endpoint",
    "use_dualstack_endpoint", "ca_bundle",
)  # fmt: skip


@dataclass(frozen=True)
class RootTask:
    """A task of the root user of `account_id`, of `partition` where that is said; for so many `seconds`."""

    account_id: str
    task: str
    seconds: int = LONGEST
    partition: str | None = None


def account(text: str) -> tuple[str, str | None] | None:
    """The account's number, and its partition where `text` is the root user's ARN; None where it is neither."""
    found = re.fullmatch(_ACCOUNT, text, re.ASCII)
    return None if found is None else (found[2], found[1])


def read_profile(config: AwsConfig, environ: Mapping[str, str], asked: RootTask, source: Mapping[str, str]) -> Profile:
    """The session that is `asked` for. `source` are the keys that name what calls AssumeRoot, as a role would have.

    Raises AssumeHelperError as `role_chain.read_profile` does.
    """
    of_source = merge(config, source["source_profile"]).values if "source_profile" in source else {}
    keys = {key: of_source[key] for key in _OF_THE_ENDPOINT if key in of_source} | dict(source)
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or keys.get("region") or ""
    partition = asked.partition or partitions.of_region(region) or "aws"
    arn = f"arn:{partition}:iam::{asked.account_id}:root"
    # The source, its MFA code and its endpoint are those of a role in that account.
    keys["role_arn"] = f"arn:{partition}:iam::{asked.account_id}:role/{asked.task}"
    found = role_chain.read_profile(replace(config, profiles={**config.profiles, arn: keys}), environ, arn)
    return replace(found, role_arn=arn, root_task=asked.task, duration_seconds=asked.seconds)
