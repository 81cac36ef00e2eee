from __future__ import annotations

import cv2
import numpy as np
import pytest
from datasketch import MinHash

from icas_core.similarity.minhash import corner_cells
from icas_core.similarity.registry import METHODS

MINHASH = METHODS["minhash"]


def cells_by_sorting(grey: np.ndarray, corners: int, cell: int) -> list[tuple[int, int]]:
    response = cv2.cornerHarris(grey, 2, 3, 0.04).ravel()
    strongest = np.argsort(-response, kind="stable")[:corners]
    rows, columns = np.divmod(strongest[response[strongest] > 0], grey.shape[1])
    return sorted(set(zip((rows // cell).tolist(), (columns // cell).tolist(), strict=True)))


def greys() -> list[np.ndarray]:
    rng = np.random.default_rng(8)
    noise = [rng.integers(0, 256, (33, 47), dtype=np.uint8) for _ in range(5)]
    # Squares of two values: corners of exactly the same strength, of which the first count.
    blocks = [np.kron(rng.integers(0, 2, (8, 9)), np.ones((4, 5))).astype(np.uint8) * 200 for _ in range(20)]
    return [*noise, *blocks, np.zeros((20, 20), np.uint8), np.full((5, 7), 255, np.uint8)]


@pytest.mark.parametrize(("corners", "cell"), [(100, 2), (37, 3), (1, 1), (5000, 4)])
def test_the_cells_are_those_of_the_strongest_corners_the_first_of_equal_ones(corners, cell):
    for grey in greys():
        assert corner_cells(grey, corners=corners, cell=cell) == cells_by_sorting(grey, corners, cell)


@pytest.mark.parametrize("permutations", [16, 256, 300])
def test_the_signatures_are_those_of_datasketch(permutations):
    for grey in greys():
        sketch = MinHash(num_perm=permutations, seed=1)
        for row, column in cells_by_sorting(grey, 60, 2):
            sketch.update(f"{row},{column}".encode())
        found = MINHASH.extract(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), corners=60, cell=2, permutations=permutations)
        assert found.dtype == np.uint32
        np.testing.assert_array_equal(found, sketch.hashvalues)
