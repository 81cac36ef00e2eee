"""Deep features: the cosine of the angle between two pictures' embeddings."""

from __future__ import annotations

import numpy as np

from icas_core.errors import IcasError
from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, as_array


def _extract(picture: np.ndarray) -> np.ndarray:
    raise IcasError("embedding: its features are those of a deep model; icas_core.deep.embedding makes them")


def _prepare(stack: Stack) -> np.ndarray:
    """(n, d) float64 rows of length 1, or 0 where all numbers are 0.

    float64, so that the same pair gives the same float32 whichever other pairs it is multiplied with.
    """
    rows = as_array(stack, "embedding").reshape(len(stack), -1).astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    cosines = np.clip(left @ right.T, -1, 1).astype(np.float32)
    # The angle of nothing with nothing is undefined; a picture must be like itself.
    cosines[np.ix_(~left.any(axis=1), ~right.any(axis=1))] = 1
    return cosines


def _similarities(left: Stack, right: Stack) -> np.ndarray:
    if not len(left) or not len(right):
        return np.empty((len(left), len(right)), np.float32)
    return _cosines(_prepare(left), _prepare(right))


def _paired(left: Stack, right: Stack) -> np.ndarray:
    if not len(left):
        return np.empty(0, np.float32)
    first, second = _prepare(left), _prepare(right)
    cosines = np.clip(np.einsum("ij,ij->i", first, second), -1, 1).astype(np.float32)
    cosines[~first.any(axis=1) & ~second.any(axis=1)] = 1
    return cosines


def _edges_above(
    left: np.ndarray, right: np.ndarray, threshold: float, *, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    cosines = _cosines(left, right)
    rows, columns = np.nonzero(wanted & (cosines >= np.float32(threshold)))
    return rows, columns, cosines[rows, columns], 0


def _outline(stack: Stack) -> np.ndarray:
    return _prepare(stack).astype(np.float32)


METHOD = Method(
    name="embedding",
    version=1,
    default_threshold=0.7,
    default_size=(128, 128),
    unequal_sizes=False,
    turns_alike=False,
    smallest=16,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    prepare=_prepare,
    edges_above=_edges_above,
    outline=_outline,
)
