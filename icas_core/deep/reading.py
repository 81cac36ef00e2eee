"""Bring pictures to the size, and into the positions, at which a deep model looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from icas_core.errors import RejectedPicture
from icas_core.images import read_rgb
from icas_core.similarity.embedding import METHOD
from icas_core.similarity.extraction import made_in_order
from icas_core.similarity.sizes import positions
from icas_core.thumbnails import thumbnail_beside

# From a (width, height) of a picture to the one at which a model looks at it.
SizeOf = Callable[[tuple[int, int]], tuple[int, int]]


@dataclass(frozen=True)
class Positions:
    """A picture's positions, each (height, width, 3) uint8 RGB, and its thumbnail: a JPEG."""

    pictures: list[np.ndarray]
    thumbnail: bytes


def pictures_at(
    root: Path | str,
    paths: Sequence[str],
    *,
    size_of: SizeOf,
    variants: str = "none",
    decode: str = "exact",
    threads: int = 1,
    drawn: bool = False,
) -> Iterator[tuple[str, Positions | str]]:
    """Each path with its positions, and its thumbnail where they are `drawn`, or the reason why it is rejected.

    Every picture is brought to the size that size_of gives, whatever its shape. variants and decode: as
    extract_features takes them. A few pictures a thread are in memory at once.
    """
    read = partial(_read, Path(root), size_of=size_of, variants=variants, fast=decode == "fast", drawn=drawn)
    return made_in_order(read, paths, threads)


def _read(root: Path, path: str, *, size_of: SizeOf, variants: str, fast: bool, drawn: bool) -> Positions | str:
    try:
        # A large picture stays one when the decoder reduces it to what is asked for of large ones.
        picture = read_rgb(root / path, at_least=size_of((10_000, 10_000)) if fast else None)
        seen = positions(picture, size_of((picture.shape[1], picture.shape[0])), variants, METHOD)
        return Positions(seen, thumbnail_beside(picture, root / path, reduced=fast) if drawn else b"")
    except RejectedPicture as rejection:
        return str(rejection)
    except MemoryError:
        return "too large for the memory of this machine"
