"""Load the model that a user chose, ready to embed pictures on the processor or a GPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icas_core.deep.choices import choice_of, require_installed
from icas_core.errors import IcasError


@dataclass(frozen=True)
class Embedder:
    """A model ready to embed.

    embed: (n, d) float32 of (n, height, width, 3) uint8 RGB pictures. size_of: the (width, height) at which it looks
    at a picture of a (width, height), where the user gave none. only: whether it takes no other size.
    """

    embed: Callable[[np.ndarray], np.ndarray]
    size_of: Callable[[tuple[int, int]], tuple[int, int]]
    only: bool = False


def load_embedder(
    model: str, *, checkpoint: Path | str | None = None, device: str = "auto", threads: int = 1
) -> Embedder:
    """The embedder that `deep.model` names, its weights from `checkpoint` where one is given.

    Raises IcasError, in one line, for a model that is not there or not installed and a checkpoint that does not fit.
    """
    choice = choice_of(model)
    require_installed(choice)
    if choice.kind == "hog":
        if checkpoint:
            raise IcasError(f"deep.checkpoint: found {checkpoint}, but deep.model hog has no weights; accepted: ''")
        from icas_core.deep.hog import embed_by_hog

        return Embedder(embed_by_hog, choice.size_of)
    from icas_core.deep.networks import load_network

    return load_network(choice, checkpoint=checkpoint, device=device, threads=threads)
