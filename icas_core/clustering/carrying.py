"""Carry one file to a free name: nothing overwritten, and at every moment whole in at least one place."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import hashlib
import os
import shutil
from pathlib import Path

from icas_core.errors import IcasError
from icas_core.tables import sync_folder

_NO_LINKS = {errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EACCES}


def carry(old: str, new: str) -> None:
    """Move one file to a free name, or finish such a move; IcasError names what stands in the way."""
    try:
        os.makedirs(os.path.dirname(new), exist_ok=True)
        if not os.path.lexists(new):
            if _brought(old, new):
                os.unlink(old)
        elif is_copy(old, new):
            clear_temporary(new)
            os.unlink(old)
        else:
            raise _taken(new)
    except OSError as error:
        raise IcasError(
            f"{old}: cannot be moved to {new} ({error.strerror}); nothing is lost: mend it and run again"
        ) from error


def is_copy(one: str, other: str) -> bool:
    """Whether two names are of one file or of files of the same bytes; a link is no file here."""
    if any(os.path.islink(path) or not os.path.isfile(path) for path in (one, other)):
        return False
    # What filecmp remembers may be of files that were there before.
    filecmp.clear_cache()
    return os.path.samefile(one, other) or filecmp.cmp(one, other, shallow=False)


def clear_temporary(new: str) -> None:
    """Remove what a killed copy to `new` left beside it."""
    Path(_temporary(new)).unlink(missing_ok=True)


def remove_empty_folders(folder: str) -> None:
    """Remove every empty folder below `folder`, and itself, if nothing is left in them."""
    for parent, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(parent)


def _brought(old: str, new: str) -> bool:
    """Make `new` of `old`; whether the old name is still to be removed."""
    # A second name and then one name less: unlike a rename this never replaces a file that came in between.
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EXDEV:
            _copy(old, new)
        elif error.errno in _NO_LINKS:
            _rename(old, new)
            return False
        else:
            raise
    return True


def _copy(old: str, new: str) -> None:
    temporary = _temporary(new)
    try:
        shutil.copy2(old, temporary)
        _sync_file(temporary)
        if not is_copy(old, temporary):
            raise OSError(errno.EIO, "the copy differs from the picture", temporary)
        try:
            os.link(temporary, new)
            os.unlink(temporary)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _rename(temporary, new)
    except BaseException:
        clear_temporary(new)
        raise
    sync_folder(os.path.dirname(new))


def _rename(old: str, new: str) -> None:
    # Only for file systems without hard links: a rename has to trust that the name is still free.
    if os.path.lexists(new):
        raise _taken(new)
    os.rename(old, new)


def _sync_file(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _temporary(new: str) -> str:
    folder, name = os.path.split(new)
    return os.path.join(folder, f".icas-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.part")


def _taken(path: str) -> FileExistsError:
    return FileExistsError(errno.EEXIST, "something else has this name", path)
