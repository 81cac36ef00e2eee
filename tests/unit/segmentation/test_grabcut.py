"""Grabcut on drawn scenes and on random pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import label

from icas_core.errors import IcasError
from icas_core.segmentation.grabcut import SEGMENTER, Cut, cut, segments
from icas_core.segmentation.prompts import Box, Mark, Point, Prompts, Stroke


def disc(x: int, y: int, radius: int, height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def scene(*objects: np.ndarray, seed: int = 1) -> np.ndarray:
    """Red objects on a green ground, both with noise."""
    shape = objects[0].shape
    picture = np.full((*shape, 3), (60, 140, 70), float)
    for one in objects:
        picture[one] = (190, 60, 50)
    return np.clip(picture + np.random.default_rng(seed).normal(0, 18, picture.shape), 0, 255).astype(np.uint8)


def overlap(found: np.ndarray, wanted: np.ndarray) -> float:
    return (found & wanted).sum() / (found | wanted).sum()


BALL = disc(70, 60, 30, 120, 160)
PICTURE = scene(BALL)
AROUND = Box(35, 25, 106, 96)


def test_the_object_in_a_box_is_cut_out() -> None:
    assert overlap(cut(PICTURE, Prompts((AROUND,))).foreground, BALL) > 0.97


def test_several_boxes_cut_out_several_objects() -> None:
    left, right = disc(40, 60, 20, 120, 160), disc(120, 50, 25, 120, 160)
    prompts = Prompts((Box(15, 35, 65, 85), Box(90, 20, 150, 80)))
    assert overlap(cut(scene(left, right), prompts).foreground, left | right) > 0.97


def test_nothing_outside_the_boxes_is_the_object() -> None:
    twin = disc(140, 20, 10, 120, 160)
    found = cut(scene(BALL | twin), Prompts((AROUND,))).foreground
    assert not found[twin].any()


def test_strokes_alone_are_enough() -> None:
    strokes = (Stroke(Mark.FOREGROUND, ((60, 60), (80, 60)), 3), Stroke(Mark.BACKGROUND, ((5, 5), (150, 5)), 3))
    assert overlap(cut(PICTURE, Prompts(strokes=strokes)).foreground, BALL) > 0.95


def test_a_sure_stroke_is_kept_whatever_the_colours_say() -> None:
    wrong = Prompts((AROUND,), (Point(2, 2),), (Stroke(Mark.BACKGROUND, ((50, 60), (90, 60)), 2),))
    found = cut(PICTURE, wrong)
    labels, inside = segments(PICTURE, wrong, found)
    assert not inside[60, 50:91].any()
    assert inside[2, 2]
    assert labels[2, 2] != labels[2, 3]


def test_a_possible_stroke_may_be_overruled() -> None:
    prompts = Prompts((AROUND,), strokes=(Stroke(Mark.POSSIBLE_BACKGROUND, ((60, 60), (80, 60)), 4),))
    assert cut(PICTURE, prompts).foreground[60, 60:81].all()


def test_a_stroke_mends_an_earlier_cut_which_stays_as_it_was() -> None:
    twin = disc(140, 20, 10, 120, 160)
    picture = scene(BALL | twin)
    prompts = Prompts(strokes=(Stroke(Mark.FOREGROUND, ((60, 60), (80, 60)), 3), Stroke(Mark.BACKGROUND, ((5, 5),), 4)))
    before = cut(picture, prompts)
    kept = before.values.copy()
    assert before.foreground[20, 140]
    after = cut(picture, prompts.adding(Stroke(Mark.BACKGROUND, ((134, 20), (146, 20)), 2)), before)
    assert not after.foreground[20, 134:147].any()
    assert np.array_equal(before.values, kept)


def test_the_same_prompts_give_the_same_cut_whatever_opencv_drew_before() -> None:
    cv2.setRNGSeed(1)
    first = cut(PICTURE, Prompts((AROUND,)))
    cv2.setRNGSeed(99)
    assert np.array_equal(cut(PICTURE, Prompts((AROUND,))).values, first.values)


def test_a_cut_in_a_copy_is_handed_on_along_the_pictures_own_edges() -> None:
    big = disc(350, 300, 150, 600, 800)
    picture, prompts = scene(big), Prompts((Box(180, 130, 521, 471),))
    found = cut(picture, prompts, reduce=0.15)
    assert found.values.shape == (90, 120)
    coarse = overlap(found.foreground, big)
    _, inside = segments(picture, prompts, found)
    assert overlap(inside, big) > max(coarse, 0.985)


def test_large_pictures_are_cut_in_a_copy_by_default() -> None:
    picture = np.zeros((3000, 4000, 3), np.uint8)
    found = cut(picture, Prompts((Box(0, 0, 2000, 3000),)), iterations=1)
    assert found.values.size == pytest.approx(SEGMENTER.copy_pixels, rel=0.01)
    assert found.foreground.shape == (3000, 4000)


def test_a_box_over_all_leaves_nothing_to_tell_apart() -> None:
    assert cut(PICTURE, Prompts((Box(0, 0, 160, 120),))).foreground.all()


def test_mistakes_are_told_in_one_line() -> None:
    with pytest.raises(IcasError, match="grabcut: found no prompt; accepted: a box"):
        cut(PICTURE, Prompts())
    with pytest.raises(IcasError, match="holds no pixel of the picture of 160 × 120"):
        cut(PICTURE, Prompts((Box(500, 500, 600, 600),)))
    with pytest.raises(IcasError, match="grabcut: found no prompt"):
        SEGMENTER.segment(PICTURE, **SEGMENTER.settled())


pictures = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99)).map(
        lambda given: np.random.default_rng(given[2]).integers(0, 256, (given[0], given[1], 3), dtype=np.uint8)
    ),
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255)).map(
        lambda given: np.full((given[0], given[1], 3), given[2], np.uint8)
    ),
    st.integers(1, 40).map(lambda length: np.arange(length * 3, dtype=np.uint8).reshape(1, length, 3)),
)
corners = st.tuples(st.integers(-5, 45), st.integers(-5, 45))
strokes = st.builds(
    Stroke, st.sampled_from(Mark), st.lists(corners, min_size=1, max_size=3).map(tuple), st.integers(0, 4)
)


@settings(max_examples=60)
@given(pictures, st.booleans(), corners, st.lists(strokes, max_size=3), st.sampled_from([1, 0.4]))
def test_any_prompts_on_any_picture_give_connected_segments(picture, boxed, corner, drawn, reduce) -> None:
    prompts = Prompts((Box.between((0, 0), corner),) if boxed else (), (), tuple(drawn)).adding(Point(0, 0))
    if boxed:
        prompts = Prompts((prompts.boxes[0].within((40, 40)),), prompts.points, prompts.strokes)
    found = cut(picture, prompts, iterations=2, reduce=reduce)
    labels, inside = segments(picture, prompts, found)
    assert isinstance(found, Cut)
    assert labels.shape == inside.shape == picture.shape[:2]
    assert labels.dtype == np.int32
    assert set(np.unique(labels)) == set(range(1, labels.max() + 1))
    # As many connected regions as there are segments, each inside or outside as a whole.
    assert label(labels, background=0, connectivity=1).max() == labels.max()
    assert len(set(zip(labels.ravel().tolist(), inside.ravel().tolist(), strict=True))) == labels.max()
    assert inside[0, 0]
    again = segments(picture, prompts, cut(picture, prompts, iterations=2, reduce=reduce))
    assert np.array_equal(again[0], labels)


@pytest.mark.slow
def test_a_picture_of_16_megapixels_is_cut_and_handed_on_whole() -> None:
    ball = disc(2100, 1800, 900, 3464, 4619)
    picture = scene(ball)
    prompts = Prompts((Box(1100, 800, 3101, 2801),))
    labels, inside = segments(picture, prompts, cut(picture, prompts))
    assert labels.dtype == np.int32
    assert label(labels, background=0, connectivity=1).max() == labels.max()
    # In the copy, ten times smaller and smoothed, mixed pixels around the ball are nearer to it than to the ground.
    assert overlap(inside, ball) > 0.95
