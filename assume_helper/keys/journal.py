"""The journal of a rotation that is under way: what the next run needs to finish it or to take it back; no secret.

It is written before CreateAccessKey and after it, and removed when all is done. It lies beside the notes of kept keys
(`profiles.key_record`), 0600.
"""

import json
import os
from collections.abc import Mapping

from assume_helper import hit
from assume_helper.errors import SettingFault
from assume_helper.light import dataclass
from assume_helper.profiles import key_record, login_record
from assume_helper.system import private_files
from assume_helper.text import printable

_SUFFIX = ".rotation"


@dataclass(frozen=True)
class Rotation:
    """A rotation that was begun: the key that is replaced (`old`), and the `ids` of all that were there.

    `noted` is when that was found out, by IAM's own clock (seconds since the epoch). `keeps_old`: the old key is only
    deactivated. `new` is the id of the key that IAM made, None where its answer had not come yet.
    """

    old: str
    ids: tuple[str, ...]
    noted: float
    keeps_old: bool
    new: str | None


@dataclass(frozen=True)
class Journal:
    """The journal of one key's rotation, in the file at `path`."""

    path: str

    def read(self) -> Rotation | None:
        """The rotation that was begun and has not ended; None where there is none.

        Raises SettingFault for a journal that cannot be read: what was begun is not known then.
        """
        try:
            found = json.loads(hit.read_private(self.path))
            return Rotation(str(found["old"]), tuple(map(str, found["ids"])), float(found["noted"]),
                            bool(found["keeps_old"]), None if found["new"] is None else str(found["new"]))  # fmt: skip
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            raise SettingFault(
                f"{printable(self.path)}, the note of a rotation that was begun, cannot be read",
                "compare `aws iam list-access-keys` with `assume-helper keys list`, then delete the note",
            ) from None

    def write(self, rotation: Rotation) -> None:
        """Note how far a rotation is. Raises SettingFault."""
        try:
            private_files.make_directory(os.path.dirname(self.path))
            login_record.write_beside(self.path, json.dumps(vars(rotation)).encode())
        except OSError as error:
            raise SettingFault(
                f"{printable(os.path.dirname(self.path))} cannot be written ({error.strerror})",
                "a rotation is noted there, so that it can be finished; check its disk and its rights",
            ) from None

    def remove(self) -> None:
        """Note that the rotation has ended. Raises SettingFault."""
        try:
            os.unlink(self.path)
            private_files.flush_directory(os.path.dirname(self.path))
        except FileNotFoundError:
            return
        except OSError as error:
            raise SettingFault(
                f"{printable(self.path)} cannot be removed ({error.strerror})", "remove it: the rotation has ended"
            ) from None


def of(environ: Mapping[str, str], what: str) -> Journal:
    """The journal for the key in the place `what` (`Place.identity`). Raises SettingFault."""
    directory = key_record.folder(environ)
    if directory is None:
        raise SettingFault("there is no state directory, which a rotation is noted in", "set HOME")
    return Journal(os.path.join(directory, hit.fingerprint(what.encode("utf-8", "surrogateescape")) + _SUFFIX))
