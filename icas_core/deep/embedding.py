"""Embed many pictures, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.deep.embedders import Embedder, load_embedder
from icas_core.deep.reading import SizeOf, pictures_at
from icas_core.errors import IcasError
from icas_core.similarity.embedding import METHOD
from icas_core.similarity.features import Features
from icas_core.similarity.sizes import settled_size, variant_count
from icas_core.thumbnails import Keep

_TOGETHER = 32  # pictures that go through the model at once


def embed_pictures(
    root: Path | str,
    paths: Sequence[str],
    *,
    model: str = "efficientnet_lite0",
    size: object = "default",
    variants: str = "none",
    decode: str = "exact",
    checkpoint: Path | str | None = None,
    device: str = "auto",
    threads: int = 1,
    progress: Any = None,
    thumbnails: Keep | None = None,
) -> tuple[Features, list[tuple[str, str]]]:
    """The float32 embeddings of the pictures `paths` below `root`, and the rejected ones as (path, reason), in order.

    model, checkpoint: `deep.model` and `deep.checkpoint`. size: "default" (the model's own choice) or (width, height).
    variants: "none", "mirror" or "all", one embedding a position. device: "auto", "cpu" or "cuda".
    progress: an object with .advance(n). thumbnails: is given each picture's, in order. A few pictures a thread and one
    batch of the model are in memory at once.
    """
    count = variant_count(variants)
    embedder = load_embedder(model, checkpoint=checkpoint, device=device, threads=threads)
    size_of = embedder.size_of if size == "default" else _fixed(size, embedder)
    rows = _Rows(embedder)
    kept: list[str] = []
    rejected: list[tuple[str, str]] = []
    how: dict[str, Any] = {"size_of": size_of, "variants": variants, "decode": decode, "threads": threads}
    for path, made in pictures_at(root, paths, **how, drawn=thumbnails is not None):
        if isinstance(made, str):
            rejected.append((path, made))
        else:
            kept.append(path)
            for position in made.pictures:
                rows.add(position)
            if thumbnails is not None:
                thumbnails(path, made.thumbnail)
        if progress is not None:
            progress.advance(1)
    every = rows.end()
    stacks = tuple(np.ascontiguousarray(every[position::count]) for position in range(count))
    return Features(kept, stacks), rejected


def _fixed(size: object, embedder: Embedder) -> SizeOf:
    settled = settled_size(size, METHOD)
    if not isinstance(settled, tuple):
        raise IcasError(f"size: found {size}; accepted for deep features: default or [width, height]")
    own = embedder.size_of(settled)
    if embedder.only and own != settled:
        raise IcasError(f"size: found {list(settled)}, but the model was trained at {list(own)}; accepted: default")
    return lambda _: settled


class _Rows:
    """Embeddings in the order in which their pictures come; pictures of one size go through the model together."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._waiting: dict[tuple[int, ...], list[tuple[int, np.ndarray]]] = {}
        self._made: list[tuple[list[int], np.ndarray]] = []
        self._count = 0

    def add(self, picture: np.ndarray) -> None:
        """Take one more (height, width, 3) uint8 RGB picture."""
        waiting = self._waiting.setdefault(picture.shape, [])
        waiting.append((self._count, picture))
        self._count += 1
        if len(waiting) == _TOGETHER:
            self._embed(self._waiting.pop(picture.shape))

    def end(self) -> np.ndarray:
        """(n, d) float32 of all pictures; (0, 0) of none."""
        for waiting in self._waiting.values():
            self._embed(waiting)
        if not self._made:
            return np.empty((0, 0), np.float32)
        rows = np.empty((self._count, self._made[0][1].shape[1]), np.float32)
        for numbers, made in self._made:
            rows[numbers] = made
        return rows

    def _embed(self, waiting: list[tuple[int, np.ndarray]]) -> None:
        pictures = np.stack([picture for _, picture in waiting])
        self._made.append(([number for number, _ in waiting], self._embedder.embed(pictures)))
