"""Grabcut in the windows: every click and key, by what is drawn, found, and handed to painting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.windows.prompting import (
    BACKGROUND,
    BOX,
    FOREGROUND,
    FOREGROUND_WINDOW,
    HEIGHT,
    POSSIBLE_BACKGROUND,
    POSSIBLE_FOREGROUND,
    WIDTH,
    drawn,
    painted,
    started,
)
from tests.windows.screens import Painter, Screen, until

pytestmark = pytest.mark.alone


def test_with_segment_method_grabcut_every_picture_opens_in_it(screen: Screen, tmp_path: Path) -> None:
    painter = started(screen, tmp_path / "pictures", "--method", "grabcut")
    until(lambda: FOREGROUND_WINDOW in screen.windows())
    painter.press("q")
    until(lambda: FOREGROUND_WINDOW not in screen.windows())
    painter.quit()


@pytest.fixture(scope="module")
def grabcutting(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Painter]:
    there = started(screen, tmp_path_factory.mktemp("grabcut") / "pictures")
    yield there
    there.quit()


@pytest.fixture
def grabcut(grabcutting: Painter) -> Iterator[Painter]:
    """In grabcut, with no prompts."""
    painter = grabcutting
    painter.move((470, 310))
    painter.press("Escape", "r", "g")
    until(lambda: FOREGROUND_WINDOW in painter.screen.windows())
    painter.settle()
    yield painter
    if FOREGROUND_WINDOW in painter.screen.windows():
        painter.move((470, 310))
        painter.press("q")
    until(lambda: FOREGROUND_WINDOW not in painter.screen.windows())


def overlap(painter: Painter, radius: int = 90) -> float:
    """IoU of what is painted with the disc."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    true, found = (rows - 160) ** 2 + (columns - 240) ** 2 <= radius**2, painted(painter) > 0
    return float((true & found).sum() / (true | found).sum())


def test_grabcut_finds_what_is_in_the_rectangle_and_hands_it_to_painting(grabcut: Painter) -> None:
    grabcut.drag((130, 50), (240, 160), (350, 270), button=2)
    until(lambda: drawn(grabcut, BOX) > 300)
    grabcut.press("space")
    until(lambda: drawn(grabcut, (255, 255, 0)) > 300, 60)
    grabcut.press("f")
    until(lambda: FOREGROUND_WINDOW not in grabcut.screen.windows(), 60)
    grabcut.click(180, 160)
    grabcut.click(240, 160)
    until(lambda: overlap(grabcut) > 0.9)
    grabcut.press("z", "z", "z")
    until(lambda: not painted(grabcut).any())


def test_the_second_window_shows_the_foreground(grabcut: Painter) -> None:
    def red() -> int:
        # It is opened at the picture window's right lower part.
        area = grabcut.window(740, 420, 1160, 790)
        return int(((area[:, :, 0] > 150) & (area[:, :, 1] < 90)).sum())

    assert red() < 100, "dark until something is found"
    grabcut.drag((130, 50), (350, 270), button=2)
    grabcut.press("space")
    until(lambda: red() > 5000, 60)
    grabcut.press("z")
    until(lambda: red() < 100)


@pytest.mark.parametrize(
    ("button", "key", "colour"),
    [
        (1, None, FOREGROUND),
        (3, None, BACKGROUND),
        (1, "ctrl", POSSIBLE_FOREGROUND),
        (3, "ctrl", POSSIBLE_BACKGROUND),
    ],
)
def test_strokes_are_drawn_as_what_they_say(
    grabcut: Painter, button: int, key: str | None, colour: tuple[int, int, int]
) -> None:
    assert not drawn(grabcut, colour)
    grabcut.drag((40, 40), (90, 40), button=button, key=key)
    until(lambda: drawn(grabcut, colour) > 1500)
    grabcut.press("z")
    until(lambda: not drawn(grabcut, colour))


def test_strokes_change_what_is_found(grabcut: Painter) -> None:
    grabcut.drag((130, 50), (350, 270), button=2)
    grabcut.drag((232, 160), (248, 160), button=3)
    grabcut.drag((180, 160), (190, 160), button=1)
    grabcut.press("space")
    until(lambda: drawn(grabcut, (255, 255, 0)) > 300, 60)
    grabcut.press("f")
    until(lambda: FOREGROUND_WINDOW not in grabcut.screen.windows(), 60)
    grabcut.click(180, 160)
    until(lambda: painted(grabcut)[160, 180] == 1)
    assert painted(grabcut)[160, 240] == 0


def test_several_rectangles_and_reset(grabcut: Painter) -> None:
    grabcut.drag((10, 10), (100, 100), button=2)
    until(lambda: drawn(grabcut, BOX) > 300)
    one = drawn(grabcut, BOX)
    grabcut.drag((380, 20), (460, 100), button=2)
    until(lambda: drawn(grabcut, BOX) > one + 300)
    grabcut.press("r")
    until(lambda: not drawn(grabcut, BOX))
    grabcut.press("z")
    until(lambda: drawn(grabcut, BOX) > one + 300)
    grabcut.press("r")


def test_comma_and_point_change_grabcuts_brush(grabcut: Painter) -> None:
    areas = []
    for keys in ((), ("comma",) * 3, ("period",) * 6):
        grabcut.press(*keys) if keys else None
        grabcut.drag((40, 60), (80, 60))
        until(lambda: drawn(grabcut, FOREGROUND) > 200)
        grabcut.settle()
        areas.append(drawn(grabcut, FOREGROUND))
        grabcut.press("z")
        until(lambda: not drawn(grabcut, FOREGROUND))
    grabcut.press(*("comma",) * 3)
    assert areas[1] < areas[0] < areas[2]


def test_the_slider_changes_grabcuts_brush_and_the_keys_move_the_slider(grabcut: Painter) -> None:
    def stroke() -> int:
        before = drawn(grabcut, FOREGROUND)
        grabcut.drag((60, 60), (100, 60))
        until(lambda: drawn(grabcut, FOREGROUND) > before + 200)
        grabcut.settle()
        area = drawn(grabcut, FOREGROUND)
        grabcut.press("z")
        until(lambda: not drawn(grabcut, FOREGROUND))
        return area

    def groove() -> tuple[np.ndarray, ...]:
        """Rows and columns of the screen where the slider's groove is coloured: left of its handle."""
        left, top, right, bottom = 860, 700, 1158, 745
        seen = grabcut.window(left, top, right, bottom)
        rows, columns = np.nonzero((seen[:, :, 2] > 150) & (seen[:, :, 0] < 110))
        return rows + top, columns + left

    def handle() -> tuple[int, int]:
        until(lambda: len(groove()[0]) > 20)
        rows, columns = groove()
        return int(columns.max()), int(np.median(rows))

    small = stroke()
    start = handle()
    words: list[object] = ["mousemove", start[0] + 5, start[1], "mousedown", 1]
    for step in (10, 25, 40):
        words += ["sleep", "0.05", "mousemove", start[0] + 5 + step, start[1]]
    grabcut.screen.do(*words, "mouseup", 1)
    until(lambda: grabcut.events("slid"))
    value = grabcut.events("slid")[-1]["value"]
    assert value in range(15, 35)
    until(lambda: handle()[0] > start[0] + 15)
    grabcut.move((470, 310))
    assert stroke() > small * 1.8
    moved = handle()[0]
    grabcut.press(*("comma",) * 5)
    grabcut.settle()
    until(lambda: handle()[0] < moved - 8)
    assert stroke() > small, "it began larger"


def test_the_sliders_label_opens_no_dialogue_that_everything_waits_for(grabcut: Painter) -> None:
    there = set(grabcut.screen.windows())
    for column in range(750, 860, 20):
        grabcut.screen.do("mousemove", column, 722, "click", 1, "key", "Tab", "Tab", "Return")
    grabcut.settle()
    assert set(grabcut.screen.windows()) == there


def test_the_second_window_is_as_large_as_before_when_it_is_opened_again(grabcut: Painter) -> None:
    def height() -> int:
        return int(grabcut.screen.windows()[FOREGROUND_WINDOW].get_geometry().height)  # type: ignore[attr-defined]

    before = height()
    grabcut.screen.close_window(FOREGROUND_WINDOW)
    until(lambda: grabcut.events("closed"))
    until(lambda: FOREGROUND_WINDOW in grabcut.screen.windows())
    grabcut.settle()
    until(lambda: height() == before)
    grabcut.press("q")
    until(lambda: FOREGROUND_WINDOW not in grabcut.screen.windows())
    grabcut.press("g")
    until(lambda: FOREGROUND_WINDOW in grabcut.screen.windows())
    grabcut.settle()
    assert height() == before


def test_q_goes_back_to_painting_without_the_result(grabcut: Painter) -> None:
    grabcut.drag((130, 50), (350, 270), button=2)
    grabcut.press("q")
    until(lambda: FOREGROUND_WINDOW not in grabcut.screen.windows())
    until(lambda: not drawn(grabcut, BOX))
    grabcut.settle()
    assert grabcut.process.poll() is None


def test_nothing_found_is_not_handed_on(grabcut: Painter) -> None:
    grabcut.press("f")
    grabcut.settle()
    assert FOREGROUND_WINDOW in grabcut.screen.windows()


def test_without_a_checkpoint_s_says_what_is_missing_and_painting_goes_on(grabcutting: Painter) -> None:
    grabcutting.move((470, 310))
    left, top = grabcutting.corner

    def line() -> np.ndarray:
        return grabcutting.window(left, top + 732, left + 900, top + 758)

    grabcutting.press("Escape", "r")
    grabcutting.settle()
    until(lambda: not painted(grabcutting).any())
    before = line()
    grabcutting.press("s")
    until(lambda: not np.array_equal(line(), before))
    grabcutting.click(240, 160)
    until(lambda: painted(grabcutting).any())
