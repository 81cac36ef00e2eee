"""How similar pairs are in general: a fixed random sample of them."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.comparing import Comparison

BINS = 200
_SEED = 20_260
_LEAST, _MOST, _SHARE = 1_000, 20_000, 50  # pairs sampled: a fiftieth, within these bounds


def histogram_of_sample(compared: Comparison, threads: int = 1) -> np.ndarray:
    """(200,) int64 counts over [-1, 1] of the similarities of a random sample of pairs.

    The sample depends on the sets of paths alone, not on their order.
    """
    a, b = _sample(compared)
    similarities = compared.paired(a, b, threads)
    return np.histogram(similarities, bins=BINS, range=(-1, 1))[0].astype(np.int64)


def _sample(compared: Comparison) -> tuple[np.ndarray, np.ndarray]:
    n, m = len(compared.left), len(compared.right)
    possible = n * (n - 1) // 2 if compared.within else n * m
    size = min(possible, max(_LEAST, min(_MOST, possible // _SHARE)))
    chosen = np.sort(np.random.default_rng(_SEED).choice(possible, size, replace=False, shuffle=False))
    if compared.within:
        # Pair number k counts along the rows of the triangle under the diagonal.
        high = ((1 + np.sqrt(8.0 * chosen + 1)) // 2).astype(np.int64)
        high -= high * (high - 1) // 2 > chosen
        first, second = chosen - high * (high - 1) // 2, high
    else:
        first, second = np.divmod(chosen, m)
    of_left = _sorted_rows(compared.left.paths)
    of_right = of_left if compared.within else _sorted_rows(compared.right.paths)
    return of_left[first], of_right[second]


def _sorted_rows(paths: list[str]) -> np.ndarray:
    return np.array(sorted(range(len(paths)), key=paths.__getitem__), np.int64)
