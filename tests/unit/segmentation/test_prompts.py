"""Boxes, points and strokes: what belongs together, and where a stroke is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from icas_core.errors import IcasError
from icas_core.segmentation.prompts import Box, Mark, Point, Prompts, Stroke


def test_a_box_between_two_pixels_holds_both_in_either_order() -> None:
    assert Box.between((5, 7), (2, 9)) == Box(2, 7, 6, 10) == Box.between((2, 9), (5, 7))


def test_a_box_keeps_its_part_inside_the_picture() -> None:
    assert Box(-5, 3, 400, 9).within((8, 100, 3)) == Box(0, 3, 100, 8)
    with pytest.raises(IcasError, match=r"box \(200, 3, 400, 9\): holds no pixel of the picture of 100 × 8"):
        Box(200, 3, 400, 9).within((8, 100))


def test_every_box_has_its_own_points_and_the_rest_is_an_object_of_its_own() -> None:
    wide, small = Box(0, 0, 100, 100), Box(10, 10, 30, 30)
    inner, outer, away = Point(20, 20, False), Point(50, 50), Point(150, 150)
    objects = Prompts((wide, small), (inner, outer, away)).objects()
    assert objects == [(wide, [outer]), (small, [inner]), (None, [away])]


def test_background_points_alone_belong_to_the_nearest_box() -> None:
    left, right = Box(0, 0, 10, 10), Box(50, 0, 60, 10)
    assert Prompts((left, right), (Point(45, 5, False),)).objects() == [(left, []), (right, [Point(45, 5, False)])]


def test_background_points_without_a_box_say_nothing() -> None:
    with pytest.raises(IcasError, match="no box and no foreground point"):
        Prompts(points=(Point(3, 3, False),)).objects()


def test_prompts_grow_without_changing() -> None:
    before = Prompts()
    after = before.adding(Box(0, 0, 2, 2)).adding(Point(1, 1)).adding(Stroke(Mark.FOREGROUND, ((3, 3),)))
    assert not before
    assert after == Prompts((Box(0, 0, 2, 2),), (Point(1, 1),), (Stroke(Mark.FOREGROUND, ((3, 3),)),))


def test_a_later_stroke_lies_over_an_earlier_one() -> None:
    prompts = Prompts(
        strokes=(Stroke(Mark.BACKGROUND, ((2, 5), (15, 5)), 1), Stroke(Mark.FOREGROUND, ((10, 0), (10, 9))))
    )
    marks = prompts.marks((10, 20))
    assert (marks[:, 10] == Mark.FOREGROUND).all()
    assert (marks[4:7, 3:10] == Mark.BACKGROUND).all()
    assert not marks[:, 19].any()


def test_no_stroke_vanishes_in_a_small_copy() -> None:
    marks = Prompts(strokes=(Stroke(Mark.FOREGROUND, ((99, 99),)),)).marks((10, 10), scale=0.1)
    assert np.argwhere(marks).tolist() == [[9, 9]]
