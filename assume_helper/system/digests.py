"""SHA-1, SHA-256 and BLAKE2b of the interpreter's own: `hashlib` loads OpenSSL first, which takes half a bare start.

They name files and tell contents apart; no request is signed with them. An interpreter that was built without them has
OpenSSL's.
"""

from assume_helper.light import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import blake2b, sha1, sha256
else:
    try:
        from _blake2 import blake2b
        from _sha1 import sha1

        try:
            from _sha2 import sha256
        except ImportError:  # Python 3.11
            from _sha256 import sha256
    except ImportError:
        from hashlib import blake2b, sha1, sha256

__all__ = ["blake2b", "sha1", "sha256"]
