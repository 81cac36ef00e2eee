"""Boundary maps and their matching, against cases worked by hand and against scipy's dense assignment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from icas_core.segmentation.evaluate.boundaries import (
    BoundaryCounts,
    boundary_map,
    compared,
    matched,
    meeting,
    recall_within,
    tolerance_of,
    total,
)

maps = arrays.arrays(bool, (9, 11), elements=st.booleans())


def line(column: int, height: int = 10, width: int = 20) -> np.ndarray:
    found = np.zeros((height, width), bool)
    found[:, column] = True
    return found


def test_the_boundary_of_two_halves_is_the_last_column_of_the_first() -> None:
    halves = np.ones((10, 20), np.int32)
    halves[:, 8:] = 2
    assert np.array_equal(boundary_map(halves), line(7))


def test_boundaries_are_one_pixel_thin() -> None:
    steps = np.add.outer(np.arange(40), np.arange(40)) > 39
    thin = boundary_map(steps)
    assert thin[1:].sum(axis=1).max() == 1


def test_segments_meet_at_each_pixel_whose_right_or_lower_neighbours_are_of_others() -> None:
    labels = np.array([[1, 1, 2, 2], [1, 3, 3, 2], [1, 1, 1, 1]])
    wanted = [[1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]]
    assert meeting(labels).tolist() == np.array(wanted, bool).tolist()


def test_one_segment_has_no_boundary() -> None:
    assert not boundary_map(np.ones((5, 7), np.int32)).any()


def test_lines_within_the_tolerance_match_pixel_for_pixel() -> None:
    first, second = matched(line(5), line(7), 2.0)
    assert np.array_equal(first, line(5))
    assert np.array_equal(second, line(7))
    assert not matched(line(5), line(8), 2.0)[0].any()


def test_a_pixel_matches_only_one_other() -> None:
    both = line(5) | line(7)
    hit, single = matched(both, line(6), 2.0)
    assert hit.sum() == single.sum() == 10


def test_an_empty_map_matches_nothing() -> None:
    assert not matched(line(5), np.zeros((10, 20), bool), 3.0)[0].any()
    assert not matched(np.zeros((10, 20), bool), line(5), 3.0)[1].any()


@given(maps, maps, st.sampled_from([1.0, 1.5, 2.3, 4.0]))
def test_the_matching_is_the_cheapest_one_to_one(first: np.ndarray, second: np.ndarray, tolerance: float) -> None:
    hit, other = matched(first, second, tolerance)
    assert hit.sum() == other.sum()
    assert not (hit & ~first).any()
    assert not (other & ~second).any()
    # The oracle: every pixel may also stay alone, at 100 tolerances.
    distance = cdist(np.argwhere(first), np.argwhere(second))
    alone = 100 * tolerance
    rows, columns = distance.shape
    cost = np.full((rows, columns + rows), alone)
    cost[:, :columns] = np.where(distance <= tolerance, distance, 1e6)
    column = linear_sum_assignment(cost)[1]
    assert hit.sum() == (column < columns).sum()


@given(maps, maps)
def test_as_many_match_from_either_side(first: np.ndarray, second: np.ndarray) -> None:
    assert matched(first, second, 2.0)[0].sum() == matched(second, first, 2.0)[0].sum()


def test_precision_is_against_anybody_and_recall_against_each() -> None:
    counts = compared(line(3) | line(15), [line(3), line(15), line(9)], 1.0)
    assert counts == BoundaryCounts(found=20, found_matched=20, marked=30, marked_matched=20)
    assert (counts.precision, counts.recall) == (1.0, pytest.approx(2 / 3))
    assert counts.f == pytest.approx(0.8)


def test_counts_of_pictures_add_up() -> None:
    counts = total([BoundaryCounts(10, 5, 8, 4), BoundaryCounts(30, 15, 2, 1)])
    assert counts == BoundaryCounts(40, 20, 10, 5)


def test_without_any_boundary_on_either_side_all_is_right() -> None:
    nothing = np.zeros((4, 4), bool)
    assert compared(nothing, [nothing], 1.0).f == 1.0
    assert compared(line(3), [np.zeros((10, 20), bool)], 1.0).f == 0.0


def test_recall_within_a_distance_is_not_one_to_one() -> None:
    assert recall_within(line(5), [line(5) | line(7), line(2)], 2.0) == pytest.approx(2 / 3)
    assert recall_within(line(5), [line(2)], 3.0) == 1.0
    assert recall_within(np.zeros((10, 20), bool), [line(2)], 3.0) == 0.0


def test_the_tolerance_is_that_of_the_benchmark() -> None:
    assert tolerance_of((321, 481, 3)) == pytest.approx(0.0075 * np.sqrt(321**2 + 481**2))
