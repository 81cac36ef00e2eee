"""Segment Anything in the windows: every click and key, by what is drawn, found, and handed to painting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from icas_core.segmentation.prompts import Box, Point, Prompts
from icas_core.segmentation.sam import objects
from tests.unit.segmentation.sam.conftest import write_checkpoint
from tests.windows.prompting import (
    BACKGROUND,
    BOX,
    FOREGROUND,
    disc,
    drawn,
    painted,
    started,
)
from tests.windows.screens import Painter, Screen, until

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("model")
    checkpoint = write_checkpoint(folder / "tiny.pth")
    return {"checkpoint": str(checkpoint), "model": "described", "device": "cpu", "cache": str(folder / "cache")}


@pytest.fixture(scope="module")
def samming(
    screen: Screen, tmp_path_factory: pytest.TempPathFactory, parameters: dict[str, object]
) -> Iterator[Painter]:
    more = {"quality": 0, "stability": 0, "points": 3}
    options = [
        word for name, value in {**parameters, **more}.items() for word in ("--parameter", f"sam.{name}={value}")
    ]
    there = started(screen, tmp_path_factory.mktemp("sam") / "pictures", *options)
    yield there
    there.quit()


@pytest.fixture
def sam(samming: Painter) -> Painter:
    """In Segment Anything, with no prompts and the picture's embedding ready."""
    painter = samming
    painter.move((470, 310))
    painter.press("Escape", "r", "s")
    painter.settle()
    return painter


def found(painter: Painter) -> Callable[[], bool]:
    return lambda: drawn(painter, (255, 255, 0)) > 20


def handed_on(painter: Painter, prompts: Prompts, parameters: dict[str, object]) -> None:
    """Press space until it answers, hand it on, and compare the segments with the library's own answer."""
    asked = objects(disc(), prompts, parameters)
    painter.press("space")
    until(found(painter), 90)
    painter.press("f")
    painter.settle()
    number = int(np.argmax(np.bincount(asked[asked > 0])))
    row, column = np.argwhere(asked == number)[len(np.argwhere(asked == number)) // 2].tolist()
    painter.click(column, row)
    until(lambda: painted(painter).any())
    assert np.array_equal(painted(painter) > 0, asked == number)


def test_a_box_and_a_point_in_it(sam: Painter, parameters: dict[str, object]) -> None:
    sam.drag((130, 50), (350, 270), button=2)
    until(lambda: drawn(sam, BOX) > 300)
    sam.click(240, 160, button=3)
    until(lambda: drawn(sam, BACKGROUND) > 20)
    handed_on(sam, Prompts(boxes=(Box(130, 50, 351, 271),), points=(Point(240, 160, False),)), parameters)


def test_points_without_a_box(sam: Painter, parameters: dict[str, object]) -> None:
    sam.click(180, 160)
    sam.click(300, 160)
    until(lambda: drawn(sam, FOREGROUND) > 40)
    handed_on(sam, Prompts(points=(Point(180, 160), Point(300, 160))), parameters)


def test_two_boxes_each_with_its_own_point(sam: Painter, parameters: dict[str, object]) -> None:
    boxes = (Box(20, 20, 141, 121), Box(300, 150, 461, 301))
    for box in boxes:
        sam.drag((box.left, box.top), (box.right - 1, box.bottom - 1), button=2)
    sam.click(60, 60)
    sam.click(400, 200)
    handed_on(sam, Prompts(boxes=boxes, points=(Point(60, 60), Point(400, 200))), parameters)


def test_prompts_are_taken_back_reset_and_left(sam: Painter) -> None:
    sam.click(60, 60)
    until(lambda: drawn(sam, FOREGROUND) > 20)
    one = drawn(sam, FOREGROUND)
    sam.click(160, 60)
    until(lambda: drawn(sam, FOREGROUND) > one + 20)
    sam.press("z")
    until(lambda: drawn(sam, FOREGROUND) == one)
    sam.press("r")
    until(lambda: not drawn(sam, FOREGROUND))
    sam.click(60, 60)
    until(lambda: drawn(sam, FOREGROUND) == one)
    sam.press("q")
    until(lambda: not drawn(sam, FOREGROUND))


def test_without_prompts_all_objects_are_found(sam: Painter) -> None:
    sam.press("space")
    until(found(sam), 90)
    sam.press("f")
    sam.settle()
    sam.click(240, 160)
    until(lambda: painted(sam).any())
