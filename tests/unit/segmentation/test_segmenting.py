from __future__ import annotations

import numpy as np
import pytest

from icas_core.errors import IcasError
from icas_core.segmentation.segmenting import as_rgb, segment

HALVES = np.zeros((40, 60, 3), np.uint8)
HALVES[:, 25:] = (250, 200, 20)


def test_grey_alpha_16_bit_and_float_pictures_become_rgb_bytes() -> None:
    grey = np.array([[0, 100], [200, 255]], np.uint8)
    wanted = np.repeat(grey[:, :, None], 3, axis=2)
    for given in (grey, grey[:, :, None], wanted, grey.astype(np.uint16) * 257, grey / 255, wanted / np.float32(255)):
        assert np.array_equal(as_rgb(given), wanted)
    assert np.array_equal(as_rgb(np.array([[True, False]])), [[[255] * 3, [0] * 3]])


def test_transparent_pixels_are_laid_over_white() -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    assert as_rgb(rgba).tolist() == [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]


@pytest.mark.parametrize(
    "odd",
    [
        np.zeros((3, 3, 2), np.uint8),
        np.zeros((0, 3, 3), np.uint8),
        np.zeros(3, np.uint8),
        np.full((3, 3), 2.0),
        np.full((3, 3), np.nan),
        np.zeros((3, 3), np.int64),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(odd: np.ndarray) -> None:
    with pytest.raises(IcasError, match="picture: found .*; accepted: "):
        as_rgb(odd)


@pytest.mark.parametrize("reduce", [0, -1, 1.5, "half", True, float("nan")])
def test_a_reduction_that_is_none_is_refused(reduce: object) -> None:
    with pytest.raises(IcasError, match="reduce: found .*; accepted: 'default' or a number above 0"):
        segment(HALVES, "graph", reduce=reduce)


def test_unknown_methods_and_parameters_are_named() -> None:
    with pytest.raises(IcasError, match="segment_method: found 'grahp'; accepted: .*graph"):
        segment(HALVES, "grahp")
    with pytest.raises(IcasError, match="graph.sigmas: no such parameter; accepted: sigma, scale, smallest"):
        segment(HALVES, "graph", {"sigmas": 1})
    with pytest.raises(IcasError, match="graph.smallest: found 2.5; accepted: a int above 0"):
        segment(HALVES, "graph", {"smallest": 2.5})


def test_method_names_are_taken_in_upper_case_too() -> None:
    assert np.array_equal(segment(HALVES, "GRAPH"), segment(HALVES, "graph"))


@pytest.mark.parametrize("reduce", [1, 0.5, 0.2])
def test_two_halves_are_two_segments_whose_border_is_the_pictures_own(reduce: float) -> None:
    labels = segment(HALVES, "graph", {"smallest": 9000, "sigma": 0}, reduce=reduce)
    assert np.array_equal(labels, np.where(np.arange(60) < 25, 1, 2)[None].repeat(40, axis=0))
