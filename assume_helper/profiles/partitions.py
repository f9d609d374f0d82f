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


def of_region(region: str) -> str | None:
    """The partition that `region` belongs to by its name; None where no partition has such names."""
    return next((partition for partition, (name, _) in _PARTITIONS.items() if re.fullmatch(name, region)), None)


def first_region(partition: str) -> str:
    """The region whose STS is called for a role of `partition` when none is given."""
    _, first = _PARTITIONS.get(partition, _PARTITIONS["aws"])
    return first
