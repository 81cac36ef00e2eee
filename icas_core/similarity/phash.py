"""Perceptual hashes: imagehash.phash; the share of equal bits."""

from __future__ import annotations

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, as_array


def _extract(picture: np.ndarray, *, hash_size: int, highfreq_factor: int) -> np.ndarray:
    """The hash's bits, packed into uint64 words with zeros behind."""
    import imagehash
    from PIL import Image

    bits = imagehash.phash(Image.fromarray(picture), hash_size=hash_size, highfreq_factor=highfreq_factor).hash
    packed = np.packbits(bits.ravel())
    words = np.zeros(-(-len(packed) // 8) * 8, np.uint8)
    words[: len(packed)] = packed
    return words.view(np.uint64)


def _similarities(left: Stack, right: Stack, *, hash_size: int, highfreq_factor: int) -> np.ndarray:
    from icas_core.similarity.kernels.counts import differing_bits

    differing = np.empty((len(left), len(right)), np.int32)
    if differing.size:
        # Copies, because the kernel is compiled once, for arrays that may be written to.
        differing_bits(np.array(as_array(left, "imagehash")), np.array(as_array(right, "imagehash")), differing)
    return _shares(differing, hash_size)


def _paired(left: Stack, right: Stack, *, hash_size: int, highfreq_factor: int) -> np.ndarray:
    if not len(left):
        return np.empty(0, np.float32)
    different = np.bitwise_count(as_array(left, "imagehash") ^ as_array(right, "imagehash"))
    return _shares(different.sum(axis=1, dtype=np.int32), hash_size)


def _shares(differing: np.ndarray, hash_size: int) -> np.ndarray:
    bits = hash_size * hash_size
    return (1 - np.arange(bits + 1) / bits).astype(np.float32)[differing]


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
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={"hash_size": 10, "highfreq_factor": 4},
    reduced=_reduced,
)
