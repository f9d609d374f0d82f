"""Where credentials leave this machine unencrypted."""

import re

from assume_helper.system.warning import Warning
from assume_helper.text import printable

# Nothing leaves this machine, or not in plain text.
_USUAL = r"https://.*|http://127\.0\.0\.1(:[0-9]+)?(/.*)?"


def plain_text_warning(url: str | None) -> Warning | None:
    """The warning for a `url` of STS at which credentials leave this machine unencrypted; None where they do not."""
    if url is None or re.fullmatch(_USUAL, url):
        return None
    import ipaddress
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost" or host.endswith(".localhost")
    if parts.scheme != "http" or is_here:
        return None
    return Warning(f"credentials are sent unencrypted to http://{printable(host, 120)}", "use https://")
