"""AWS's partitions: what their regions' names look like, and the first region of each."""

import re

# The form of a partition's regions, and its first one (the AWS SDKs' partitions.json).
_PARTITIONS = {
    "aws": (r"(us|eu|ap|sa|ca|me|af|il|mx)-(?!gov-|iso)[a-z]+-[0-9]+", "us-east-1"),
    "aws-cn": (r"cn-[a-z]+-[0-9]+", "cn-north-1"),
    "aws-us-gov": (r"us-gov-[a-z]+-[0-9]+", "us-gov-west-1"),
    "aws-iso": (r"us-iso-[a-z]+-[0-9]+", "us-iso-east-1"),
    "aws-iso-b": (r"us-isob-[a-z]+-[0-9]+", "us-isob-east-1"),
    "aws-iso-e": (r"eu-isoe-[a-z]+-[0-9]+", "eu-isoe-west-1"),
    "aws-iso-f": (r"us-isof-[a-z]+-[0-9]+", "us-isof-south-1"),
    "aws-eusc": (r"eusc-[a-z]+-[a-z]+-[0-9]+", "eusc-de-east-1"),
}
# The regions of `aws` that every account has; those that came after March 20, 2019 are off until they are enabled
# (AWS Account Management, "Enable or disable AWS Regions in your account").
_ALWAYS_ENABLED = frozenset(
    {
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
        "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
        "us-east-2", "us-west-1", "us-west-2",
    }
)  # fmt: skip


def is_always_enabled(region: str) -> bool:
    """Whether every account has `region`, so that its STS knows all keys. Of other partitions nothing is known."""
    return of_region(region) != "aws" or region in _ALWAYS_ENABLED


def of_region(region: str) -> str | None:
    """The partition that `region` belongs to by its name; None where no partition has such names."""
    return next((partition for partition, (name, _) in _PARTITIONS.items() if re.fullmatch(name, region)), None)


def first_region(partition: str) -> str:
    """The region whose STS is called for a role of `partition` when none is given."""
    _, first = _PARTITIONS.get(partition, _PARTITIONS["aws"])
    return first
