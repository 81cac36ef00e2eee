"""Cuts: a line splits the segments it crosses, and no pixel is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icas_core.painter.controller import pointed
from tests.unit.painter.paintings import (
    blocks,
    check_sound,
    double_click,
    event,
    keys,
    looks,
    press,
    same,
    state_of,
)

ONE = np.ones((24, 32), np.int32)


def cut(state, *points):
    for x, y in points:
        state = press(state, "middle", x, y)
    return state


def parts(state) -> list[int]:
    """The sizes of all segments, largest first."""
    return sorted(np.unique(state.painting.segments.whole(), return_counts=True)[1].tolist(), reverse=True)


def test_a_line_from_edge_to_edge_splits_a_segment_in_two_without_a_gap():
    state = cut(state_of(ONE), (16, 0), (16, 23))
    check_sound(state.painting)
    assert len(parts(state)) == 2
    assert sum(parts(state)) == ONE.size
    assert parts(state)[1] >= 15 * 24


@pytest.mark.parametrize("end", [(31, 23), (0, 23), (31, 0), (20, 23), (16, -50), (400, 30)])
def test_lines_in_every_direction_split(end):
    start = (31 - end[0], 23 - end[1])
    state = cut(state_of(ONE), start, end)
    check_sound(state.painting)
    assert len(parts(state)) == 2


def test_a_line_splits_every_segment_that_it_crosses_and_no_other():
    state = cut(state_of(), (0, 4), (31, 4))
    labels = state.painting.segments.whole()
    check_sound(state.painting)
    assert len(np.unique(labels)) == 12 + 4
    assert np.array_equal(labels[8:], blocks()[8:])


def test_a_line_that_ends_inside_a_segment_splits_nothing_until_the_chain_leaves_it():
    state = cut(state_of(ONE), (10, 0), (10, 10))
    assert len(parts(state)) == 1
    assert not state.done
    assert state.note
    state = press(state, "middle", 0, 10)
    check_sound(state.painting)
    assert len(parts(state)) == 2
    assert parts(state)[1] in range(100, 122)


def test_a_closed_chain_cuts_a_piece_out_of_the_middle():
    state = cut(state_of(ONE), (5, 5), (20, 5), (20, 15), (5, 15), (5, 5))
    check_sound(state.painting)
    assert len(parts(state)) == 2
    assert len(state.done) == 1


def test_both_sides_of_a_cut_keep_the_class_and_are_filled_apart_afterwards():
    state = cut(press(state_of(ONE), "left", 1, 1), (16, 0), (16, 23))
    _, classes = looks(state.painting)
    assert (classes == 1).all()
    state = press(state, "right", 31, 20)
    _, classes = looks(state.painting)
    assert (classes[:, :15] == 1).all()
    assert (classes[:, 18:] == 0).all()


def test_each_line_of_a_chain_is_one_step_and_undo_goes_back_point_by_point():
    state = cut(state_of(ONE), (16, 0), (16, 23), (31, 10))
    assert len(state.done) == 2
    assert len(parts(state)) == 3
    state = keys(state, "z")
    assert len(parts(state)) == 2
    assert state.mode == "cut"
    state = press(state, "middle", 0, 10)
    assert len(parts(state)) == 3
    state = keys(state, "z", "z", "z")
    assert len(parts(state)) == 1
    assert state.mode == "fill"
    assert same(state.painting, state_of(ONE).painting)


@pytest.mark.parametrize("end", ["escape", "double", "left", "right"])
def test_a_chain_ends(end):
    state = cut(state_of(ONE), (16, 0), (16, 23))
    if end == "escape":
        state = keys(state, "escape")
    elif end == "double":
        state = double_click(state, "middle", 16, 23)
    else:
        state = press(state, end, 1, 1)
    assert state.mode == "fill"
    state = press(state, "middle", 31, 10)
    assert len(parts(state)) == 2, "a new chain begins with its first point"


def test_a_line_as_wide_as_its_segment_leaves_it_whole():
    labels = np.ones((5, 30), np.int32)
    labels[2] = 2
    labels[3:] = 3
    state = cut(state_of(labels), (0, 2), (29, 2))
    check_sound(state.painting)
    assert np.array_equal(state.painting.segments.whole(), labels)


def test_a_cut_in_a_picture_of_one_pixel_does_nothing():
    state = cut(state_of(np.ones((1, 1), np.int32)), (0, 0), (0, 0), (5, 5))
    assert parts(state) == [1]


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(-5, 36), st.integers(-5, 28)), min_size=2, max_size=8),
)
def test_a_cut_only_splits_and_leaves_no_pixel_without_a_segment(seed, points):
    random = np.random.default_rng(seed)
    labels = np.repeat(np.repeat(random.integers(1, 4, (6, 8)), 4, axis=0), 4, axis=1)
    before = state_of(_connected(labels))
    before = press(before, "left", 3, 3)
    state = cut(before, *points)
    check_sound(state.painting)
    old, new = before.painting.segments.whole(), state.painting.segments.whole()
    # Each new segment lies inside one old one, and classes stay as they were.
    assert len(np.unique(np.stack([old.ravel(), new.ravel()]), axis=1).T) == len(np.unique(new))
    assert np.array_equal(looks(before.painting)[1], looks(state.painting)[1])
    assert same(keys(state, "escape", *"z" * len(state.done[1:])).painting, before.painting)


def _connected(labels: np.ndarray) -> np.ndarray:
    from icas_core.segmentation.labels import dense

    return dense(labels)


def test_a_middle_press_in_continuous_fill_ends_the_pass():
    state = double_click(state_of(), "left", 1, 1)
    state = pointed(state, event("move", "", 30, 1))
    state = press(state, "middle", 16, 0)
    assert state.mode == "cut"
    assert len(state.done) == 1
