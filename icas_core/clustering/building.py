"""Bring pictures one by one into a tree that is built aside: copied, linked, or taken over from the tree before."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

from icas_core.clustering.receipts import Placed
from icas_core.swapping import building_beside

_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EACCES}


@dataclass
class Building:
    """A tree being built beside its target; `rows` and the counts say what came over and how."""

    target: Path
    root: Path
    transfer: str
    reusable: dict[str, Placed]
    rows: list[Placed] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    reused: int = 0
    fallbacks: int = 0
    made: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Where it is built."""
        return building_beside(self.target)

    def add(self, source: str, placed: str) -> None:
        """Bring one picture over; one that cannot be read is put down as vanished."""
        original, new = os.path.join(self.root, source), os.path.join(self.folder, placed)
        if (parent := os.path.dirname(placed)) not in self.made:
            os.mkdir(os.path.join(self.folder, parent))
            self.made.add(parent)
        try:
            before = os.stat(original)
            if not stat.S_ISREG(before.st_mode):
                raise FileNotFoundError(errno.ENOENT, "not a file", original)
            kind = self._bring(source, before, original, new)
        except OSError:
            if _is_readable(original):
                raise
            Path(new).unlink(missing_ok=True)
            self.vanished.append(source)
            return
        now = os.lstat(new)
        state = (now.st_size, now.st_mtime_ns, now.st_ino)
        self.rows.append(Placed(source, placed, before.st_size, before.st_mtime_ns, kind, *state))

    def _bring(self, source: str, before: os.stat_result, original: str, new: str) -> str:
        if self.transfer == "symlink":
            os.symlink(self._link_text(source, new), new)
            return "symlink"
        if self.transfer == "hardlink":
            # The file itself, not a link to it: a link from another folder may point nowhere.
            if _linked(os.path.realpath(original), new):
                return "hardlink"
            self.fallbacks += 1
        old = self.reusable.get(source)
        same = old is not None and (old.size, old.mtime_ns) == (before.st_size, before.st_mtime_ns)
        if old is not None and same and _linked(os.path.join(self.target, old.placed), new):
            self.reused += 1
        else:
            shutil.copy2(original, new)
        return "copy"

    def _link_text(self, source: str, new: str) -> str:
        if not self.target.is_relative_to(self.root):
            return os.path.join(self.root, source)
        # The building folder is the target's neighbour: a relative link is right in both.
        return os.path.relpath(os.path.join(self.root, source), os.path.dirname(new))


def _linked(original: str, new: str) -> bool:
    try:
        os.link(original, new)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    return True


def _is_readable(path: str) -> bool:
    try:
        with open(path, "rb"):
            return os.path.isfile(path)
    except OSError:
        return False
