"""A fresh document from an encrypted entry whose key the Linux kernel keeps.

Beside `hit` it imports ctypes and the compiled part of `cryptography`, and nothing of the command line.
"""

import os

from assume_helper import hit
from assume_helper.cache import aes_gcm
from assume_helper.system import kernel_keyring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from assume_helper.hit import Answer


def answer(directory: str, key: str, given: str, is_quiet: bool, now: float) -> "Answer | None":  # noqa: FBT001
    """As `hit.answer`, from the entry of `key`, where that is fresh at `now` (seconds since the epoch).

    `directory` is that of the encrypted entries, `given` and `is_quiet` are the pointer's (`hit.FullWay` has all four).
    None where the entry cannot be opened with the kernel's key, for whatever reason: the full way finds out, and says
    it. No key is made.
    """
    if os.path.basename(directory) != hit.ENCRYPTED:
        return None
    try:
        hit.check_private(directory)
        encrypted = hit.unseal(hit.read_private(os.path.join(directory, key + ".entry")))
        found = kernel_keyring.find(aes_gcm.KERNEL_KEY)
        if found is None or len(found) != aes_gcm.KEY_BYTES:
            return None
        times, document, _, variables = hit.unpack_entry(aes_gcm.decrypt(found, key, encrypted))
    except Exception:  # noqa: BLE001 - a library is broken, or not there
        return None
    if not times[0] <= now < times[1]:
        return None
    due = os.path.join(directory, key + hit.AHEAD_SUFFIX) if now >= times[2] else ""
    return document + b"\n", variables, given, is_quiet, due
