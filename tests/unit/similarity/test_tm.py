from __future__ import annotations

import cv2
import numpy as np
import pytest

from icas_core.similarity.registry import METHODS

TM = METHODS["tm"]


def test_the_smaller_picture_slides_over_the_larger_whichever_comes_first():
    rng = np.random.default_rng(1)
    large = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    small = np.ascontiguousarray(large[7:20, 11:31])
    other = rng.integers(0, 256, (13, 20, 3), dtype=np.uint8)
    found = TM.similarities([small, other], [large])
    assert found[0, 0] == pytest.approx(1, abs=1e-5)
    expected = 1 - cv2.matchTemplate(large, other, cv2.TM_SQDIFF_NORMED).min()
    assert found[1, 0] == pytest.approx(expected, abs=1e-5)
    np.testing.assert_array_equal(TM.similarities([large], [small, other]), found.T)


def test_pictures_that_do_not_fit_into_one_another_are_not_similar():
    wide, high = np.full((10, 20, 3), 90, np.uint8), np.full((20, 10, 3), 90, np.uint8)
    assert TM.similarities([wide], [high])[0, 0] == 0
    assert TM.paired([wide], [high])[0] == 0


def test_a_black_picture_is_like_a_black_picture_alone():
    black, dark = np.zeros((9, 9, 3), np.uint8), np.full((9, 9, 3), 1, np.uint8)
    found = TM.similarities(np.stack([black, dark]), np.stack([black, dark]))
    np.testing.assert_array_equal(found, np.eye(2))


def test_equal_pictures_are_one_exactly_and_nearly_equal_ones_are_less():
    rng = np.random.default_rng(2)
    pictures = rng.integers(200, 256, (40, 100, 100, 3), dtype=np.uint8)
    pictures[1] = pictures[0]
    pictures[1, 0, 0, 0] = 0
    found = TM.similarities(pictures, pictures)
    np.testing.assert_array_equal(np.diag(found), 1)
    assert found[0, 1] < 1
