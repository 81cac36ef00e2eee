"""Pairs that are likely to be similar, found without comparing pictures."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.comparing import Comparison

_LINES = 8  # directions along which the pictures are put in order
_STEPS = 3  # neighbours paired in each order
_SEED = 20_260
_WORTH = 4  # proposed only where all pairs are this many times more


def proposed_pairs(compared: Comparison) -> tuple[np.ndarray, np.ndarray]:
    """int64 rows of left and of right, each pair once, of pictures whose outlines are neighbours along some line.

    None where the method has no outlines or prunes nothing, or there are few pairs altogether.
    """
    n, m = len(compared.left), len(compared.right)
    nothing = np.empty(0, np.int64)
    total = n if compared.within else n + m
    possible = n * (n - 1) // 2 if compared.within else n * m
    if (
        compared.method.outline is None
        or compared.method.edges_above is None
        or possible < _WORTH * _LINES * _STEPS * total
    ):
        return nothing, nothing
    sides = (compared.left,) if compared.within else (compared.left, compared.right)
    points = np.concatenate([compared.method.outline(side.variants[0]) for side in sides])
    lines = np.random.default_rng(_SEED).standard_normal((points.shape[1], _LINES)).astype(np.float32)
    orders = np.argsort(points @ lines, axis=0, kind="stable").T
    first = np.concatenate([order[:-step] for order in orders for step in range(1, _STEPS + 1)])
    second = np.concatenate([order[step:] for order in orders for step in range(1, _STEPS + 1)])
    a, b = np.minimum(first, second), np.maximum(first, second)
    if not compared.within:
        across = (a < n) & (b >= n)
        a, b = a[across], b[across] - n
    return np.divmod(np.unique(a * m + b), m)
