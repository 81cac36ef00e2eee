"""Sets of corners: datasketch.MinHash.jaccard of the cells that hold the strongest Harris corners."""

from __future__ import annotations

from functools import cache

import numpy as np

from icas_core.similarity.features import Stack
from icas_core.similarity.method import Method, as_array, grey


@cache
def _permutations(permutations: int) -> tuple[np.ndarray, np.ndarray]:
    from datasketch import MinHash

    return MinHash(num_perm=permutations, seed=1, scheme="affine32").permutations


def corner_cells(picture: np.ndarray, *, corners: int, cell: int) -> list[tuple[int, int]]:
    """The (row, column) cells, sorted, of the strongest positive Harris responses; the first pixel wins a tie.

    picture: (h, w) uint8. Cells are `cell` pixels wide.
    """
    import cv2

    response = cv2.cornerHarris(picture, 2, 3, 0.04).ravel()
    strongest = np.argsort(-response, kind="stable")[:corners]
    strongest = strongest[response[strongest] > 0]
    rows, columns = np.divmod(strongest, picture.shape[1])
    return sorted(set(zip((rows // cell).tolist(), (columns // cell).tolist(), strict=True)))


def _extract(picture: np.ndarray, *, corners: int, cell: int, permutations: int) -> np.ndarray:
    """The (permutations,) uint32 hash values of the set of cells."""
    from datasketch import MinHash

    sketch = MinHash(num_perm=permutations, seed=1, scheme="affine32", permutations=_permutations(permutations))
    sketch.update_batch(
        f"{row},{column}".encode() for row, column in corner_cells(grey(picture), corners=corners, cell=cell)
    )
    return sketch.hashvalues


def _similarities(left: Stack, right: Stack, *, corners: int, cell: int, permutations: int) -> np.ndarray:
    from icas_core.similarity.kernels.counts import equal_numbers

    equal = np.empty((len(left), len(right)), np.int32)
    if equal.size:
        # Copies, because the kernel is compiled once, for arrays that may be written to.
        equal_numbers(np.array(as_array(left, "minhash")), np.array(as_array(right, "minhash")), equal)
    return (equal / permutations).astype(np.float32)


def _paired(left: Stack, right: Stack, *, corners: int, cell: int, permutations: int) -> np.ndarray:
    if not len(left):
        return np.empty(0, np.float32)
    equal = np.count_nonzero(as_array(left, "minhash") == as_array(right, "minhash"), axis=1)
    return (equal / permutations).astype(np.float32)


METHOD = Method(
    name="minhash",
    version=1,
    default_threshold=0.45,
    default_size=(32, 32),
    unequal_sizes=True,
    turns_alike=False,
    extract=_extract,
    similarities=_similarities,
    paired=_paired,
    parameters={"corners": 100, "cell": 2, "permutations": 256},
)
