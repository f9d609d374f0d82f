"""What a file has beside its bytes: owner, mode, access list and extended attributes. A replaced file keeps them."""

import os
import stat
import sys

from assume_helper.errors import ConfigurationError
from assume_helper.text import printable

if sys.platform == "win32":

    def copy(_path: str, _descriptor: int) -> None:
        """Windows: a file inherits the access list of its directory."""

    def make_private(_descriptor: int) -> None:
        """Windows: as `copy`."""

else:

    def copy(path: str, descriptor: int) -> None:
        """Give the new file at `descriptor` what the file at `path` has.

        Raises OSError, and ConfigurationError for an attribute that cannot be kept: nothing may be written then.
        """
        own, like = os.fstat(descriptor), os.stat(path)
        if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(descriptor, like.st_uid, like.st_gid)  # fails where we may not
        _copy_attributes(path, descriptor)
        os.fchmod(descriptor, stat.S_IMODE(like.st_mode))

    def make_private(descriptor: int) -> None:
        """Take the access list that a new file inherits from its directory away."""
        _remove_access_list(descriptor)
        os.fchmod(descriptor, 0o600)

    def _cannot_be_kept(path: str, what: str, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"{printable(path)} was not changed: its {printable(what, 64)} cannot be kept ({error.strerror})",
            "edit the file by hand",
        )


if sys.platform == "linux":
    _ACCESS_LIST = "system.posix_acl_access"
    # These are the system's own: it sets them for the new file as it did for the old one.
    _OF_THE_SYSTEM = ("security.", "trusted.overlay.")

    def _copy_attributes(path: str, descriptor: int) -> None:
        wanted = _attributes(path)
        if _ACCESS_LIST not in wanted:
            _remove_access_list(descriptor)
        for name, value in wanted.items():
            try:
                os.setxattr(descriptor, name, value)
            except OSError as error:
                raise _cannot_be_kept(path, f"attribute {name}", error) from None

    def _attributes(path: str) -> dict[str, bytes]:
        try:
            names = os.listxattr(path)
        except OSError:  # a file system without attributes
            return {}
        return {name: os.getxattr(path, name) for name in names if not name.startswith(_OF_THE_SYSTEM)}

    def _remove_access_list(descriptor: int) -> None:
        try:
            os.removexattr(descriptor, _ACCESS_LIST)
        except OSError:  # there is none, or there are no access lists at all
            pass

elif sys.platform == "darwin":
    import ctypes

    # copyfile(3)
    _ACCESS_LIST_AND_ATTRIBUTES = 1 << 0 | 1 << 2

    def _copy_attributes(path: str, descriptor: int) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if library.fcopyfile(source, descriptor, None, ctypes.c_uint32(_ACCESS_LIST_AND_ATTRIBUTES)) < 0:
                number = ctypes.get_errno()
                error = OSError(number, os.strerror(number))
                raise _cannot_be_kept(path, "access list or attributes", error)
        finally:
            os.close(source)

    def _remove_access_list(_descriptor: int) -> None:
        """macOS: the directory's owner wants what is inherited."""

elif sys.platform != "win32":

    def _copy_attributes(_path: str, _descriptor: int) -> None:
        """Other systems: Python does not offer them."""

    def _remove_access_list(_descriptor: int) -> None:
        """As `_copy_attributes`."""
