"""Keep picture embeddings on disk: what a model makes of a picture takes long, and is the same every time."""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from icas_core.tables import written_atomically

logger = logging.getLogger(__name__)

_MEGABYTE = 1 << 20


def default_folder() -> Path:
    """Where embeddings are kept if nothing else is said: icas/sam in the user's own cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "icas" / "sam"


class Embeddings:
    """A folder of embeddings, of so many megabytes at most: beyond that the longest unused ones go.

    Several processes may use one folder. What the disk refuses is left out with a line in the log: the cache is never
    worth a failed job.
    """

    def __init__(self, folder: Path | str, megabytes: int) -> None:
        self._folder, self._limit = Path(folder), megabytes * _MEGABYTE

    @staticmethod
    def key(pixels: np.ndarray, model: str) -> str:
        """The name of the embedding of these pixels, (h, w, 3) uint8 as the model sees them, by this model's digest."""
        head = f"{model} {pixels.dtype} {pixels.shape} ".encode()
        return hashlib.blake2b(head + np.ascontiguousarray(pixels).tobytes(), digest_size=20).hexdigest()

    def read(self, key: str) -> np.ndarray | None:
        """The embedding of this name; None where there is none. A damaged one is deleted."""
        path = self._path(key)
        try:
            with open(path, "rb") as file:
                found = np.load(file, allow_pickle=False)
            os.utime(path)
            return found
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError) as error:
            logger.warning("%s: not a readable embedding (%s); it is made anew", path, error)
            with suppress(OSError):
                path.unlink()
            return None

    def write(self, key: str, embedding: np.ndarray) -> None:
        """Keep an embedding under this name, atomically; an embedding larger than the whole cache is not kept."""
        if embedding.nbytes > self._limit:
            return
        try:
            with written_atomically(self._path(key)) as file:
                np.save(file, embedding, allow_pickle=False)
            self._shrink()
        except OSError as error:
            logger.warning("%s: the embedding is not kept (%s)", self._folder, error)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npy"

    def _shrink(self) -> None:
        # Half-written files of killed processes are counted too, and go once they are the oldest.
        files = []
        for entry in os.scandir(self._folder):
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                files.append((status.st_mtime_ns, entry.path, status.st_size))
        size = sum(one[2] for one in files)
        for _, path, bytes_of in sorted(files):
            if size <= self._limit:
                return
            with suppress(OSError):
                os.unlink(path)
            size -= bytes_of
