"""Other segments: levels, masks, and all anew."""

from __future__ import annotations

import numpy as np

from icas_core.painter.actions.replace import carved, resegmented, reset
from icas_core.painter.painting import boxes_of
from icas_core.painter.state import committed
from tests.unit.painter.paintings import blocks, check_sound, keys, looks, press, same, state_of


def test_another_level_keeps_what_is_painted_and_is_one_step():
    state = press(press(state_of(), "left", 1, 1), "left", 9, 1)
    before = looks(state.painting)
    coarser = blocks(side=16)
    after = committed(state, resegmented(state.painting, coarser, 1))
    segments, classes = looks(after.painting)
    check_sound(after.painting)
    assert np.array_equal(classes, before[1])
    assert np.array_equal(segments[classes > 0], before[0][classes > 0])
    assert len(np.unique(segments)) == 2 + 4
    assert after.painting.level == 1
    assert len(after.done) == 3
    assert same(keys(after, "z").painting, state.painting)
    assert same(keys(after, "z", "y").painting, after.painting)


def test_a_segment_parted_by_what_is_painted_becomes_several():
    state = state_of(np.repeat(np.array([[1, 2, 3]], np.int32), 5, axis=0).repeat(4, axis=1))
    state = press(state, "left", 5, 2)
    painting = resegmented(state.painting, np.ones((5, 12), np.int32), 2)
    check_sound(painting)
    assert len(np.unique(painting.segments.whole())) == 3


def test_masks_become_segments_that_are_filled_at_a_click():
    masks = np.zeros((24, 32), np.int32)
    masks[5:15, 5:20] = 1
    masks[18:22, 25:30] = 2
    state = press(state_of(), "left", 1, 1)
    painting = carved(state.painting, masks)
    check_sound(painting)
    after = press(committed(state, painting), "left", 12, 12)
    classes = looks(after.painting)[1]
    expected = looks(state.painting)[1] | (masks == 1)
    assert np.array_equal(classes > 0, expected > 0)


def test_reset_removes_paint_and_cuts_in_one_step():
    state = press(press(press(state_of(), "left", 1, 1), "middle", 0, 4), "middle", 31, 4)
    labels = blocks()
    after = committed(state, reset(state.painting, labels, boxes_of(labels)))
    check_sound(after.painting)
    assert not after.painting.painted
    segments = after.painting.segments.whole()
    assert np.array_equal(segments - segments.min() + 1, labels)
    assert same(keys(after, "z").painting, state.painting)


def test_masks_over_painted_pixels_leave_them():
    state = press(state_of(), "left", 1, 1)
    assert (
        same(committed(state, state.painting).painting, carved(state.painting, np.zeros((24, 32), np.int32))) is False
    )
    painting = carved(state.painting, np.ones((24, 32), np.int32))
    segments, classes = looks(painting)
    assert np.array_equal(classes, looks(state.painting)[1])
    assert len(np.unique(segments)) == 2
