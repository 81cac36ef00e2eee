"""The errors that are the user's to mend, told in one line."""

from __future__ import annotations

import errno
import os

# A full disk, a quota, a file system or folder that may not be written.
_REFUSALS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}


class IcasError(Exception):
    """Something the user can mend; its text names the file or key, what was found, what is accepted."""


class RejectedPicture(IcasError):
    """One picture that cannot be used; its text is the reason, without the picture's path."""


def refusal_of(error: Exception) -> str | None:
    """One line for an error that a person mends outside icas; None for any other."""
    if not isinstance(error, OSError) or error.errno not in _REFUSALS:
        return None
    where = os.fsdecode(error.filename) if error.filename else "output"
    return f"{where}: {error.strerror}; make room or allow access, then run again"
