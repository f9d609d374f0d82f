"""The empty directories that bubblewrap makes to mount on, where there is nothing: removed when nobody needs them."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

if sys.platform == "win32":

    @contextmanager
    def held(_working: str, _paths: Sequence[str]) -> Iterator[None]:
        """There are no such mounts."""
        yield

else:
    import fcntl

    @contextmanager
    def held(working: str, paths: Sequence[str]) -> Iterator[None]:
        """Within it others leave `paths` in `working` as they are; at the end those that are empty are removed.

        The kernel takes a mount away with the directory that it is on, also from another sandbox, which could then make
        what it must not. So each one holds the working directory by a shared lock, and the last one removes them. If
        there is no lock to be had, they stay.
        """
        descriptor = None
        with suppress(OSError):
            descriptor = os.open(working, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if descriptor is not None:
                with suppress(OSError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    for path in paths:
                        with suppress(OSError):  # it was never made, or is somebody's by now
                            os.rmdir(path)
                os.close(descriptor)
