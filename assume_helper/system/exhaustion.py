"""Resources that have run out: descriptors, memory."""

import errno

from assume_helper.errors import MachineFault

_FILES = {errno.EMFILE, errno.ENFILE}
_MEMORY = {errno.ENOMEM, errno.ENOBUFS}


def fault(error: BaseException) -> MachineFault | None:
    """The error for what is exhausted; None where `error` says nothing of the kind."""
    if isinstance(error, OSError) and error.errno in _FILES:
        return MachineFault(
            f"this machine cannot open another file or connection ({error.strerror})",
            "raise the limit on open files (ulimit -n), or close what holds them",
        )
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _MEMORY):
        return MachineFault("this machine has no memory left", "end other programs, or raise the limit, then try again")
    return None
