"""Perceptual hashes: imagehash.phash; the share of equal bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.kernels.layout import digits, planes
from icas_core.similarity.method import Method, as_array


def _extract(picture: np.ndarray, *, hash_size: int, highfreq_factor: int) -> np.ndarray:
    """The hash's bits, packed into uint64 words with zeros behind."""
    from icas_core.similarity.hashing import hash_bits

    packed = np.packbits(hash_bits(picture, hash_size, highfreq_factor).ravel())
    words = np.zeros(-(-len(packed) // 8) * 8, np.uint8)
    words[: len(packed)] = packed
    return words.view(np.uint64)


@dataclass(frozen=True)
class Prepared:
    """Hashes by their digits: rows (n, k) uint8 (see layout), and the same laid out in lanes."""

    rows: np.ndarray
    planes: np.ndarray

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self.rows.nbytes + self.planes.nbytes


def _prepare(stack: Stack, *, hash_size: int, highfreq_factor: int) -> Prepared:
    from icas_core.similarity.kernels.counts import BYTE_LANES

    words = np.ascontiguousarray(as_array(stack, "imagehash"))
    rows, others = digits(words.view(np.uint8).reshape(len(words), -1), hash_size * hash_size)
    return Prepared(rows, planes(others, BYTE_LANES))


def _similarities(left: Stack, right: Stack, **parameters: int) -> np.ndarray:
    if not len(left) or not len(right):
        return np.empty((len(left), len(right)), np.float32)
    return _every_pair(_prepare(left, **parameters), _prepare(right, **parameters), **parameters)


def _every_pair(left: Prepared, right: Prepared, *, hash_size: int, highfreq_factor: int) -> np.ndarray:
    from icas_core.similarity.kernels.counts import differing_bits

    out = np.empty((len(left.rows), len(right.rows)), np.float32)
    differing_bits(left.rows, right.planes, _levels(hash_size), out)
    return out


def _paired(left: Stack, right: Stack, *, hash_size: int, highfreq_factor: int) -> np.ndarray:
    if not len(left):
        return np.empty(0, np.float32)
    different = np.bitwise_count(as_array(left, "imagehash") ^ as_array(right, "imagehash"))
    return _levels(hash_size)[different.sum(axis=1, dtype=np.int32)]


def _edges_above(
    left: Prepared, right: Prepared, threshold: float, *, wanted: np.ndarray, hash_size: int, highfreq_factor: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    from icas_core.similarity.kernels.counts import pairs_of_few_bits

    levels = _levels(hash_size)
    most = int(np.count_nonzero(levels >= np.float32(threshold))) - 1
    if most < 0:
        nothing = np.empty(0, np.int64)
        return nothing, nothing, np.empty(0, np.float32), int(np.count_nonzero(wanted))
    rows, columns, differing = pairs_of_few_bits(left.rows, right.planes, wanted, most)
    return rows, columns, levels[differing], 0


def _levels(hash_size: int) -> np.ndarray:
    """The similarity of hashes that differ in none, one, two ... of their bits."""
    bits = hash_size * hash_size
    return (1 - np.arange(bits + 1) / bits).astype(np.float32)


def _reduced(*, hash_size: int, highfreq_factor: int) -> tuple[int, int]:
    # Twice what the hash is made from, so that its own resampling still has something to average.
    return 2 * hash_size * highfreq_factor, 2 * hash_size * highfreq_factor


METHOD = Method(
    name="imagehash",
    version=1,
    default_threshold=0.75,
    default_size="original",
    unequal_sizes=True,
    turns_alike=False,
    blocks=4,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={"hash_size": 10, "highfreq_factor": 4},
    reduced=_reduced,
    prepare=_prepare,
    every_pair=_every_pair,
    edges_above=_edges_above,
    larger=8,  # what a tile costs besides its pairs is then little
)
