"""Structural similarity: skimage.metrics.structural_similarity of grey pictures, data range 255."""

from __future__ import annotations

import numpy as np

from icas_core.errors import IcasError
from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, as_array, grey


def _extract(picture: np.ndarray) -> np.ndarray:
    return grey(picture)


def _prepared(left: Stack, right: Stack) -> tuple[np.ndarray, ...]:
    """Both stacks with their window sums; IcasError when their pictures differ in size."""
    from icas_core.similarity.kernels import ssim as kernels

    x = as_array(left, "ssim").astype(np.int32)
    y = x if right is left else as_array(right, "ssim").astype(np.int32)
    if x.shape[1:] != y.shape[1:]:
        raise IcasError(f"ssim: compares pictures of one size only, found {x.shape[1:]} and {y.shape[1:]}")
    of_x = kernels.windows(x)
    return x, *of_x, y, *(of_x if y is x else kernels.windows(y))


def _similarities(left: Stack, right: Stack) -> np.ndarray:
    out = np.empty((len(left), len(right)), np.float32)
    if out.size:
        from icas_core.similarity.kernels import ssim as kernels

        kernels.all_pairs(*_prepared(left, right), out)
    return out


def _paired(left: Stack, right: Stack) -> np.ndarray:
    out = np.empty(len(left), np.float32)
    if out.size:
        from icas_core.similarity.kernels import ssim as kernels

        kernels.row_pairs(*_prepared(left, right), out)
    return out


METHOD = Method(
    name="ssim",
    version=1,
    default_threshold=0.69,
    default_size=(20, 20),
    unequal_sizes=False,
    turns_alike=True,
    smallest=7,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
)
