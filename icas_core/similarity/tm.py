"""Template matching: 1 - the least cv2.matchTemplate(TM_SQDIFF_NORMED) of two colour pictures."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method

_NEARLY = 0.9999


def _extract(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture)


def _norms(rows: np.ndarray) -> np.ndarray:
    """Euclidean lengths (n,) of uint8 rows; float64, since a float32 sum of squares loses whole units."""
    return np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))


def _from_products(products: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """1 - (a² + b² - 2ab)/(|a||b|), no less than 0; a black picture is 1 to a black one and 0 to others."""
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = left * right
        out = 1 - (left**2 + right**2 - 2 * products) / sizes
    black = (left == 0) | (right == 0)
    return np.clip(np.where(black, (left == 0) & (right == 0), out), 0, 1).astype(np.float32)


def _similarities(left: Stack, right: Stack) -> np.ndarray:
    if not len(left) or not len(right):
        return np.empty((len(left), len(right)), np.float32)
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and left.shape[1:] == right.shape[1:]:
        x, y = left.reshape(len(left), -1), right.reshape(len(right), -1)
        # float32 is enough: the products of whole-picture rows keep 1e-6 of the rows' lengths ...
        products = (x.astype(np.float32) @ y.astype(np.float32).T).astype(np.float64)
        lengths, others = _norms(x), _norms(y)
        out = _from_products(products, lengths[:, None], others[None, :])
        # ... but equal pictures must be 1, at a threshold of 1 too.
        for row in np.flatnonzero((out > _NEARLY).any(axis=1)):
            near = np.flatnonzero(out[row] > _NEARLY)
            exact = y[near].astype(np.float64) @ x[row].astype(np.float64)
            out[row, near] = _from_products(exact, lengths[row], others[near])
        return out
    return np.array([[_slide(a, b) for b in right] for a in left], np.float32)


def _paired(left: Stack, right: Stack) -> np.ndarray:
    return np.array([_slide(a, b) for a, b in zip(left, right, strict=True)], np.float32)


def _slide(a: np.ndarray, b: np.ndarray) -> float:
    """The smaller picture slid over the larger; 0 when neither fits into the other (the library gives no number)."""
    if a.shape == b.shape:
        x, y = a.reshape(1, -1), b.reshape(1, -1)
        product = np.einsum("ij,ij->i", x, y, dtype=np.float64)
        return float(_from_products(product, _norms(x), _norms(y))[0])
    import cv2

    if all(one <= other for one, other in zip(a.shape, b.shape, strict=True)):
        a, b = b, a
    elif not all(one >= other for one, other in zip(a.shape, b.shape, strict=True)):
        return 0.0
    return float(1 - cv2.matchTemplate(np.ascontiguousarray(a), np.ascontiguousarray(b), cv2.TM_SQDIFF_NORMED).min())


METHOD = Method(
    name="tm",
    version=1,
    default_threshold=0.96,
    default_size=(16, 16),
    unequal_sizes=True,
    turns_alike=True,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
)
