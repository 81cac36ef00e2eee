"""Measures of regions against cases worked by hand, and against scikit-image where it defines them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.metrics import variation_of_information as skimage_entropies

from icas_core.segmentation.evaluate.regions import (
    covering,
    shares,
    undersegmentation_achanta,
    undersegmentation_corrected,
    variation_of_information,
)

label_maps = arrays.arrays(np.int32, (6, 7), elements=st.integers(0, 5))


def columns(*widths: int) -> np.ndarray:
    """Label maps of upright stripes, ten rows high."""
    return np.repeat(np.arange(1, len(widths) + 1), widths)[None].repeat(10, axis=0).astype(np.int32)


def test_overlaps_are_shares_of_the_picture() -> None:
    overlap = shares(columns(4, 6), columns(5, 5)).toarray()
    assert overlap == pytest.approx(np.array([[0.4, 0.0], [0.1, 0.5]]))


def test_covering_takes_the_best_segment_for_each_marked_region() -> None:
    # Marked 5 | 5, found 4 | 6: IoU 4/5 for the left, 5/6 for the right.
    assert covering(shares(columns(4, 6), columns(5, 5))) == pytest.approx(0.5 * 4 / 5 + 0.5 * 5 / 6)
    # One segment over all: its IoU is the region's own share.
    assert covering(shares(columns(10), columns(2, 8))) == pytest.approx(0.2 * 0.2 + 0.8 * 0.8)


def test_achanta_counts_leaking_superpixels_whole() -> None:
    # Marked 5 | 5; the middle one of 2 | 6 | 2 leaks: (2 + 6 + 6 + 2 − 10) / 10.
    assert undersegmentation_achanta(shares(columns(2, 6, 2), columns(5, 5))) == pytest.approx(0.6)
    # A leak of less than 5% of the superpixel is none: 1 of its 40 columns.
    assert undersegmentation_achanta(shares(columns(40, 20), columns(39, 21))) == pytest.approx(0.0)


def test_the_corrected_error_counts_the_leak_alone_on_both_sides() -> None:
    # 1 of 4 columns leaks: 1 on either side of the border, of 10.
    assert undersegmentation_corrected(shares(columns(4, 6), columns(3, 7))) == pytest.approx(0.2)
    assert undersegmentation_corrected(shares(columns(2, 6, 2), columns(5, 5))) == pytest.approx(0.6)


@given(label_maps, label_maps)
def test_variation_of_information_is_that_of_scikit_image(one: np.ndarray, other: np.ndarray) -> None:
    assert variation_of_information(shares(one, other)) == pytest.approx(skimage_entropies(one, other).sum(), abs=1e-9)


@given(label_maps, label_maps)
def test_variation_of_information_is_symmetric(one: np.ndarray, other: np.ndarray) -> None:
    there, back = (variation_of_information(shares(*pair)) for pair in ((one, other), (other, one)))
    assert there == pytest.approx(back, abs=1e-9)


@given(label_maps)
def test_a_segmentation_agrees_with_itself(labels: np.ndarray) -> None:
    overlap = shares(labels, labels)
    assert covering(overlap) == pytest.approx(1)
    assert variation_of_information(overlap) == pytest.approx(0, abs=1e-9)
    assert undersegmentation_achanta(overlap) == pytest.approx(0, abs=1e-9)
    assert undersegmentation_corrected(overlap) == pytest.approx(0, abs=1e-9)


@given(label_maps, label_maps)
def test_the_numbers_of_the_labels_do_not_matter(one: np.ndarray, other: np.ndarray) -> None:
    for measure in (covering, variation_of_information, undersegmentation_achanta, undersegmentation_corrected):
        assert measure(shares(one, other)) == pytest.approx(measure(shares(900 - one, other * 7 - 3)), abs=1e-9)
