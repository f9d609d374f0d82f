"""Roles that want MFA, all through one access key and one device."""

from strict import SERIAL

ROLE = "arn:aws:iam::123456789012:role"
CONFIG = f"""
[profile dev]
role_arn = {ROLE}/dev
source_profile = base
mfa_serial = {SERIAL}
[profile ops]
role_arn = {ROLE}/ops
source_profile = base
mfa_serial = {SERIAL}
[profile long]
role_arn = {ROLE}/long
source_profile = base
mfa_serial = {SERIAL}
duration_seconds = 7200
[profile longer]
role_arn = {ROLE}/longer
source_profile = base
mfa_serial = {SERIAL}
duration_seconds = 10800
"""
