"""The simulated person: where the box, the clicks and the strokes go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from icas_core.segmentation.evaluate.person import box_around, click, dot, iou, stroke
from icas_core.segmentation.prompts import Box, Mark, Point, Prompts, Stroke

masks = arrays.arrays(bool, (12, 15))


def area(rows: slice, columns: slice, height: int = 60, width: int = 80) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


def test_the_box_is_the_bounding_rectangle_grown_by_a_twentieth_on_each_side() -> None:
    assert box_around(area(slice(10, 30), slice(20, 60))) == Box(18, 9, 62, 31)
    assert box_around(area(slice(0, 60), slice(0, 80))) == Box(0, 0, 80, 60)


def test_a_click_goes_into_the_middle_of_the_largest_mistake() -> None:
    mask = area(slice(10, 31), slice(10, 31))
    assert click(np.zeros_like(mask), mask) == Point(20, 20, True)
    too_much = mask | area(slice(40, 45), slice(50, 55))
    assert click(too_much, mask) == Point(52, 42, False)


def test_missed_and_superfluous_parts_are_mistakes_of_their_own_even_where_they_touch() -> None:
    mask, found = area(slice(0, 60), slice(0, 30)), area(slice(0, 60), slice(30, 50))
    assert click(found, mask).foreground
    assert click(found, mask).x < 30


def test_a_stroke_follows_the_length_of_the_mistake() -> None:
    mask = area(slice(20, 31), slice(5, 75))
    drawn = stroke(np.zeros_like(mask), mask)
    assert (drawn.mark, drawn.radius) == (Mark.FOREGROUND, 1)
    (x0, y0), (x1, y1) = sorted(drawn.line)
    assert x0 < 12
    assert x1 > 68
    assert abs(y0 - 25) <= 4
    assert abs(y1 - 25) <= 4


@given(masks, masks)
def test_corrections_touch_the_mistake_only(found: np.ndarray, mask: np.ndarray) -> None:
    if np.array_equal(found, mask):
        return
    at = click(found, mask)
    assert found[at.y, at.x] != mask[at.y, at.x] == at.foreground
    for drawn in (stroke(found, mask), dot(found, mask)):
        marks = Prompts(strokes=(Stroke(drawn.mark, drawn.line, 0),)).marks(mask.shape)
        assert (found != mask)[tuple(np.argwhere(marks)[0])]
        assert drawn.mark == (Mark.FOREGROUND if at.foreground else Mark.BACKGROUND)


@given(masks, masks)
def test_iou_is_symmetric_and_one_only_for_equal_masks(one: np.ndarray, other: np.ndarray) -> None:
    assert iou(one, other) == iou(other, one)
    assert (iou(one, other) == 1) == np.array_equal(one, other)
    assert iou(one, one) == pytest.approx(1)
