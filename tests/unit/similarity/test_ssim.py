from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from icas_core.errors import IcasError
from icas_core.similarity.registry import METHODS

SSIM = METHODS["ssim"]


@pytest.mark.parametrize("shape", [(7, 7), (7, 8), (20, 20), (23, 41), (100, 100), (180, 240)])
def test_equals_scikit_image_at_every_size(shape):
    rng = np.random.default_rng(2)
    pictures = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
    pictures[1] = np.clip(pictures[0].astype(int) + rng.integers(-20, 20, shape), 0, 255)
    pictures[2], pictures[3], pictures[4] = 0, 255, 255 - pictures[0]
    found = SSIM.similarities(pictures, pictures)
    expected = [[structural_similarity(a, b, data_range=255) for b in pictures] for a in pictures]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(SSIM.paired(pictures, pictures[::-1]), np.diag(np.fliplr(expected)), rtol=0, atol=1e-5)


def test_is_negative_for_opposite_pictures():
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (1, 20, 20), dtype=np.uint8)
    assert SSIM.similarities(picture, 255 - picture)[0, 0] < -0.5


def test_equal_pictures_are_one_exactly():
    rng = np.random.default_rng(4)
    pictures = rng.integers(0, 256, (30, 20, 20), dtype=np.uint8)
    np.testing.assert_array_equal(np.diag(SSIM.similarities(pictures, pictures.copy())), 1)


def test_refuses_pictures_of_different_sizes():
    with pytest.raises(IcasError, match="ssim: compares"):
        SSIM.similarities(np.zeros((1, 20, 20), np.uint8), np.zeros((1, 20, 21), np.uint8))
