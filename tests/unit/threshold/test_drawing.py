"""What is on the window's picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icas_core.threshold.choosing import THUMBNAIL, Choosing
from icas_core.threshold.curve import Curve
from icas_core.threshold.drawing import CURVE, LINE, drawn, example_paths
from icas_core.threshold.thumbnails import Thumbnails


@pytest.fixture
def thumbnails(pictures: Path) -> Iterator[Thumbnails]:
    there = Thumbnails(pictures)
    yield there
    there.close()


@pytest.fixture
def state(curve: Curve) -> Choosing:
    return Choosing(curve, "ssim", default=0.64, threshold=0.64)


def test_the_line_is_where_the_threshold_is(state: Choosing, thumbnails: Thumbnails) -> None:
    for threshold in (0.3, 0.64, 0.9):
        canvas = drawn(replace(state, threshold=threshold), thumbnails)
        plot = state.layout.plot
        rows = np.flatnonzero((canvas[plot.slices] == LINE).all(axis=2).mean(axis=1) > 0.9) + plot.top
        assert rows.tolist() == [state.layout.row_of(threshold)]


def test_the_curve_goes_through_the_number_of_pairs_at_each_threshold(state: Choosing, thumbnails: Thumbnails) -> None:
    canvas = drawn(state, thumbnails)
    plot = state.layout.plot
    for threshold in (0.2, 0.5, 0.85):
        row = state.layout.row_of(threshold)
        near = state.layout.threshold_at(row)
        column = int(state.axis.column(state.curve.expected(np.array([near])))[0])
        close = canvas[row - 1 : row + 2, max(plot.left, column - 2) : column + 3].reshape(-1, 3)
        assert (np.abs(close.astype(int) - CURVE).max(axis=1) < 30).any(), threshold


def test_the_pairs_next_to_the_line_are_shown(state: Choosing, thumbnails: Thumbnails) -> None:
    thumbnails.wait_for(example_paths(state))
    canvas = drawn(state, thumbnails)
    for top, pairs in zip(state.layout.rows, state.curve.examples(state.threshold, 5), strict=True):
        for number, pair in enumerate(pairs):
            left = 12 + number * (2 * THUMBNAIL + 28)
            for place, path in ((left, pair.a), (left + THUMBNAIL + 4, pair.b)):
                shown = canvas[top + 22 : top + 22 + THUMBNAIL, place : place + THUMBNAIL]
                np.testing.assert_array_equal(shown, thumbnails.get(path))


def test_a_picture_that_went_away_leaves_a_grey_place(state: Choosing, tmp_path: Path) -> None:
    gone = Thumbnails(tmp_path)
    gone.wait_for(example_paths(state))
    top = state.layout.rows[0] + 22
    place = drawn(state, gone)[top : top + THUMBNAIL, 12 : 12 + THUMBNAIL]
    assert (place == place[0, 0]).all()
    gone.close()


@pytest.mark.parametrize("size", [(720, 520), (1600, 1000), (10, 10)])
def test_it_is_drawn_at_any_size(state: Choosing, thumbnails: Thumbnails, size: tuple[int, int]) -> None:
    sized = replace(state, size=size)
    assert drawn(sized, thumbnails).shape == (*sized.layout.size[::-1], 3)
