"""How old an access key is: by our note of it, or by IAM, which is asked with the key itself."""

from assume_helper.light import TYPE_CHECKING
from assume_helper.profiles.origin import StaticKeys
from assume_helper.profiles.role import Endpoint
from assume_helper.sources import access_key
from assume_helper.sources.kept_keys import KeyPair
from assume_helper.system.context import Clock

if TYPE_CHECKING:
    from assume_helper.keys.iam import IAMService

# Days, where a profile does not say (CIS AWS Foundations Benchmark, "rotated every 90 days or less").
LONGEST = 90
_DAY = 86_400


def in_days(created: float, now: float) -> int:
    """The whole days between two times (seconds since the epoch)."""
    return max(0, int((now - created) // _DAY))


def of_static(key: StaticKeys, sts: Endpoint, iam: "IAMService", clock: Clock) -> float | None:
    """When IAM made a key that stands in a file (seconds since the epoch); None where it is not to be asked, or does
    not say.

    A key of an STS of one's own is not shown to AWS's IAM, nor the other way round. Raises AssumeHelperError.
    """
    if (sts.endpoint_url is None) != (iam.endpoint_url is None):
        return None
    from assume_helper.keys.iam import IAM  # it loads the SDK

    access_key.of_profile(key)
    pair = KeyPair(key.access_key_id, key.secret_access_key)
    made = {each.access_key_id: each.created for each in IAM(iam, pair, clock).list_keys()[0]}
    return made.get(key.access_key_id)
