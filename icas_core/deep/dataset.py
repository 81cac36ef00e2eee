"""The pictures that a model learns from: which, at what size, and which of them to judge by."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from icas_core.deep.reading import pictures_at
from icas_core.errors import IcasError, RejectedPicture
from icas_core.images import read_rgb

LOG = logging.getLogger(__name__)
_LOOKED_AT = 50  # pictures whose sizes decide the model's
_SMALL = 40  # up to here 32 pixels a side are enough


@dataclass(frozen=True)
class Dataset:
    """(n, 3, height, width) uint8 RGB pictures to learn from, and as many columns of others to judge by."""

    training: torch.Tensor
    validation: torch.Tensor


def chosen(paths: Sequence[str], most: int) -> list[str]:
    """At most so many of the paths, as if drawn by lot; more paths change the choice only a little."""
    return sorted(paths, key=lambda path: blake2b(path.encode(), digest_size=8).digest())[:most]


def usual_size(root: Path | str, paths: Sequence[str]) -> tuple[int, int]:
    """The (width, height) to learn at, from the sizes of the first pictures that can be read."""
    sides = []
    for path in paths[:_LOOKED_AT]:
        try:
            sides.append(max(read_rgb(Path(root) / path, at_least=(64, 64)).shape[:2]))
        except RejectedPicture:
            continue
    side = 32 if sides and median(sides) <= _SMALL else 64
    return side, side


def read_dataset(
    root: Path | str,
    paths: Sequence[str],
    *,
    size: tuple[int, int],
    validation: float,
    threads: int = 1,
    progress: Any = None,
) -> Dataset:
    """Read the pictures into memory (width × height × 3 bytes each); a share of them, from the first on, is to judge.

    What cannot be read is named in the log and left out. IcasError where nothing can be.
    """
    pictures: list[np.ndarray] = []
    for path, made in pictures_at(root, paths, size_of=lambda own: size, threads=threads):
        if isinstance(made, str):
            LOG.warning("%s: %s; not learnt from", path, made)
        else:
            pictures.append(made.pictures[0])
        if progress is not None:
            progress.advance(1)
    if not pictures:
        raise IcasError(f"images: none of {len(paths)} pictures in {root} can be read; accepted: a picture at least")
    every = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    judged = min(max(1, round(len(every) * validation)), len(every) - 1)
    # A lone picture has to do for both.
    return Dataset(every[judged:], every[:judged] if judged else every)
