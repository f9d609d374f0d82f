"""The keys that a profile can have, and which of them a misspelt key is nearest to."""

import re
from functools import cache

from assume_helper.profiles.raw_profile import PREFIX, has_prefix
from assume_helper.profiles.settings import KEYS, NEXT_KEY_ID, NEXT_SECRET, PREFIXED_ONLY

# Keys of the AWS CLI and the SDKs that botocore has no variable for ("AWS CLI Configuration
# Variables", SDKs and Tools Reference Guide, "Settings reference").
_OF_THE_SDKS = frozenset(
    {
        "aws_account_id", "cli_auto_prompt", "cli_binary_format", "cli_error_format", "cli_follow_urlparam",
        "cli_help_output", "cli_hide_recommendations", "cli_history", "cli_pager", "cli_timestamp_format", "dynamodb",
        "ec2_metadata_disabled", "emr", "output", "payload_signing_enabled", "proxy_ca_bundle", "proxy_client_cert",
        "proxy_use_forwarding_for_https", "s3", "s3api", "s3_disable_multiregion_access_points",
        "s3_us_east_1_regional_endpoint", "s3_use_arn_region", "sso_auto_populated", "sso_registration_scopes",
        "toolkit_artifact_guid",
    }
)  # fmt: skip
# Other names for these keys: aws-vault's old ones, and those that people expect.
_OTHER_NAMES = {
    "parent_profile": "include_profile",
    "duration": "duration_seconds",
    "mfa": "mfa_serial",
    "mfa_arn": "mfa_serial",
    "mfa_device": "mfa_serial",
    "profile": "source_profile",
    "role": "role_arn",
    "serial": "mfa_serial",
    "source": "source_profile",
    "sso_role": "sso_role_name",
    "sso_url": "sso_start_url",
    "token": "aws_session_token",
    "aws_region": "region",
    "aws_default_region": "region",
    "default_region": "region",
    "region_name": "region",
}
# A secret on a line of its own is read as a key too: only what looks like a name is shown.
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,30}|[a-z_][a-z_.-]{0,63}")
# Other programs keep their keys in the same file.
_OF_OTHERS = re.compile(r"(granted|common_fate|azure|okta|saml|aws_saml|x|gimme|aws-vault|chain)_.+")


def is_known(key: str) -> bool:
    """Whether a program reads `key`: this helper, an SDK, the AWS CLI, or another one with keys in the same file."""
    return key in _known() or _OF_OTHERS.fullmatch(key) is not None


def is_word(key: str) -> bool:
    """Whether `key` looks like a name and not like a secret, so that a message may show it."""
    return _WORD.fullmatch(key) is not None


@cache
def _known() -> frozenset[str]:
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

    of_botocore: set[str] = set()
    for variable in BOTOCORE_DEFAUT_SESSION_VARIABLES.values():
        names = variable[0]
        of_botocore |= {names} if isinstance(names, str) else {str(name) for name in names or ()}
    # `configure` gives the prefix to all of Identity Center's.
    moved = KEYS | {key for key in _OF_THE_SDKS if key.startswith("sso_")}
    ours = PREFIXED_ONLY | {NEXT_KEY_ID, NEXT_SECRET}
    return frozenset(of_botocore) | KEYS | _OF_THE_SDKS | {PREFIX + key for key in moved} | ours


@cache
def nearest(key: str) -> str | None:
    """The key that was probably meant, if any. A prefixed key is ours, so more of it may be misspelt."""
    import difflib

    other = _OTHER_NAMES.get(key.removeprefix(PREFIX))
    if other is not None:
        return PREFIX + other if has_prefix(key) else other
    if has_prefix(key):
        ours = sorted(KEYS | {key.removeprefix(PREFIX) for key in PREFIXED_ONLY})
        near = difflib.get_close_matches(key[len(PREFIX) :], ours, n=1, cutoff=0.6)
        return PREFIX + near[0] if near else None
    near = difflib.get_close_matches(key[:64], sorted(_known()), n=1, cutoff=0.77)
    return near[0] if near else None
