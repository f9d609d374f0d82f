"""A fresh document from an encrypted entry whose key the Linux kernel keeps.

Beside `hit` it imports ctypes and the compiled part of `cryptography`, and nothing of the command line.
"""

import os

from assume_helper import hit
from assume_helper.cache import aes_gcm, kernel_keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assume_helper.hit import Times


def fresh_document(directory: str, key: str, now: float) -> "tuple[Times, bytes] | None":
    """The times and the document, with its line's end, of the entry of `key`, where that is fresh at `now`.

    `directory` is that of the encrypted entries, `now` in seconds since the epoch. None where the entry cannot be
    opened with the kernel's key, for whatever reason: the full way finds out, and says it. No key is made.
    """
    try:
        hit.check_private(os.lstat(directory), 0o040000)
        encrypted = hit.unseal(hit.read_private(os.path.join(directory, key + ".entry")))
        found = kernel_keyring.find()
        if found is None or len(found) != aes_gcm.KEY_BYTES:
            return None
        times, document, _ = hit.unpack_entry(aes_gcm.decrypt(found, key, encrypted))
    except Exception:  # noqa: BLE001 - a library is broken, or not there
        return None
    return (times, document + b"\n") if times[0] <= now < times[1] else None
