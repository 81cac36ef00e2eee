"""Embeddings in two dimensions, to be looked at."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np

from icas_core.competition.points import fit_projection


def in_plane(rows: np.ndarray, *, seed: int = 0) -> tuple[np.ndarray, str]:
    """(n, 2) places of (n, d) finite embeddings, and the name of what gave them: UMAP where it is installed, or PCA."""
    if find_spec("umap") is not None and len(rows) > 15:
        from umap import UMAP

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a seed takes one thread, as is wanted
            return np.asarray(UMAP(random_state=seed).fit_transform(rows), np.float64), "UMAP"
    places = fit_projection(rows, 2, seed=seed)(rows)
    # Of pictures that all differ in one direction, or not at all.
    return np.hstack([places, np.zeros((len(rows), 2 - places.shape[1]))]), "the first two principal components"
