"""Every click and key of painting, in the real program's windows; judged by the files written and the pixels seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.windows.screens import (
    SIDE,
    Painter,
    Screen,
    blocks_picture,
    middle,
    only,
    until,
    write_pictures,
)

# A real pointer's pace is part of what is tested.
pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def program(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Painter]:
    folder = write_pictures(tmp_path_factory.mktemp("painting") / "pictures", "a.png", "b.png", "c.png")
    there = Painter(screen, folder).opened()
    yield there
    there.quit()


@pytest.fixture
def painter(program: Painter) -> Painter:
    """The program with nothing painted on its first picture, in class 1."""
    return program.nothing_painted()


def test_every_event_of_a_burst_arrives_in_order(painter: Painter) -> None:
    """OpenCV alone loses keys pressed at once, and its Qt now and then some of everything."""
    status_line = painter.corner[0] + 300, painter.corner[1] + painter.canvas[1] - 8
    before = len(painter.events("down")) + len(painter.events("key"))
    did = painter.screen.burst(status_line, 1500)
    until(lambda: len(painter.events("down")) + len(painter.events("key")) == before + len(did), 60)
    assert [each.get("button") or each["name"] for each in painter.events("down", "key")[before:]] == did


def test_left_click_fills(painter: Painter) -> None:
    before = painter.seen(*middle(1, 1))
    painter.click(*middle(1, 1))
    until(lambda: painter.classes() == only((1, 1)))
    until(lambda: painter.seen(*middle(1, 1)) != before)


def test_right_click_unfills_only_its_segment(painter: Painter) -> None:
    for column in (1, 2, 3):
        painter.click(*middle(column, 1))
    painter.click(*middle(2, 1), button=3)
    until(lambda: painter.classes() == only((1, 1), (3, 1)))


def test_double_click_turns_continuous_fill_on_and_off(painter: Painter) -> None:
    painter.double_click(*middle(0, 0))
    painter.move(middle(0, 1), middle(2, 1))
    painter.double_click(*middle(2, 1))
    painter.move(middle(5, 2))
    until(lambda: painter.classes() == only((0, 0), (0, 1), (1, 1), (2, 1)))
    painter.press("z")
    until(lambda: painter.classes() == only())


def test_continuous_fill_fills_what_a_quick_pointer_jumps_over(painter: Painter) -> None:
    painter.double_click(*middle(0, 2))
    painter.move(middle(5, 2))
    painter.press("Escape")
    until(lambda: painter.classes() == only(*((column, 2) for column in range(6))))


def test_two_double_clicks_in_one_place_leave_nothing(painter: Painter) -> None:
    painter.double_click(*middle(3, 3))
    painter.double_click(*middle(3, 3))
    painter.click(*middle(0, 0))
    until(lambda: painter.classes() == only((0, 0)))


def test_double_right_click_unfills_all_that_is_passed(painter: Painter) -> None:
    painter.double_click(*middle(0, 0))
    painter.move(middle(5, 0))
    painter.press("Escape")
    until(lambda: painter.classes() == only(*((column, 0) for column in range(6))))
    painter.double_click(*middle(0, 0), button=3)
    painter.move(middle(3, 0))
    painter.double_click(*middle(3, 0), button=3)
    until(lambda: painter.classes() == only((4, 0), (5, 0)))


def painted_in_first_block(painter: Painter) -> int:
    found = painter.annotation("a.png")
    return -1 if found is None else int((found.classes[:SIDE, :SIDE] == 1).sum())


def test_middle_clicks_cut_without_a_gap(painter: Painter) -> None:
    painter.click(-8, 40, button=2)
    painter.click(100, 40, button=2)
    painter.press("Escape")
    painter.click(40, 20)
    until(lambda: 2900 < painted_in_first_block(painter) < 3500)
    painter.click(40, 60)
    until(lambda: painted_in_first_block(painter) > 6200)
    painter.click(40, 20, button=3)
    until(lambda: 2900 < painted_in_first_block(painter) < 3500)


def test_a_chain_of_cuts_goes_on_from_point_to_point(painter: Painter) -> None:
    for x, y in ((-8, 40), (40, 40), (40, 100)):
        painter.click(x, y, button=2)
    painter.press("Escape")
    painter.click(20, 60)
    until(lambda: 1400 < painted_in_first_block(painter) < 1800)


def test_undo_and_redo(painter: Painter) -> None:
    painter.click(*middle(1, 1))
    painter.click(*middle(2, 2))
    painter.press("z")
    until(lambda: painter.classes() == only((1, 1)))
    painter.press("y")
    until(lambda: painter.classes() == only((1, 1), (2, 2)))


def test_reset_is_taken_back_by_undo(painter: Painter) -> None:
    painter.click(*middle(4, 2))
    until(lambda: painter.classes() == only((4, 2)))
    painter.press("r")
    until(lambda: painter.classes() == only())
    painter.press("z")
    until(lambda: painter.classes() == only((4, 2)))


def test_number_keys_choose_a_class(painter: Painter) -> None:
    painter.press("3")
    painter.click(*middle(1, 1))
    until(lambda: painter.classes() == only((1, 1), class_id=3))


def test_a_click_in_the_class_window_chooses_a_class_and_marks_it(painter: Painter) -> None:
    corner = 1180 + 40, 40
    # The second class's row.
    painter.screen.do("mousemove", corner[0] + 150, corner[1] + 265, "click", 1)
    until(lambda: (painter.window(corner[0] + 3, 240, corner[0] + 6, 325) == 255).all(axis=2).any())
    painter.click(*middle(2, 1))
    until(lambda: painter.classes() == only((2, 1), class_id=2))


def test_the_mode_is_marked_in_the_class_window(painter: Painter) -> None:
    def marked_row() -> int:
        rows = painter.window(1226, 46, 1228, 46 + 7 * 26).sum(axis=2).mean(axis=1)
        return int(np.argmax(rows)) // 26

    assert marked_row() == 0
    painter.double_click(*middle(0, 0))
    until(lambda: marked_row() == 1)
    painter.double_click(*middle(0, 0))
    painter.double_click(*middle(0, 0), button=3)
    until(lambda: marked_row() == 2)
    painter.press("Escape")
    painter.click(*middle(0, 0), button=2)
    until(lambda: marked_row() == 3)
    painter.press("Escape", "b")
    until(lambda: marked_row() == 4)
    painter.press("b")
    until(lambda: marked_row() == 0)


def test_d_shows_the_segments_then_the_painted_pixels(painter: Painter) -> None:
    painter.click(*middle(1, 1))
    plain = painter.seen(*middle(4, 2))
    painter.press("d")
    until(lambda: painter.seen(*middle(4, 2)) != plain)
    painter.press("d")
    until(lambda: painter.seen(*middle(4, 2)) == (0, 0, 0) and painter.seen(*middle(1, 1)) == (204, 0, 0))
    painter.press("d")
    until(lambda: painter.seen(*middle(4, 2)) == plain)


def test_o_changes_the_opacity(painter: Painter) -> None:
    unpainted = painter.seen(*middle(1, 1))
    painter.click(*middle(1, 1))
    until(lambda: painter.seen(*middle(1, 1)) != unpainted)
    seen = []
    for _ in range(5):
        until(lambda: painter.seen(*middle(1, 1)) not in seen)
        seen.append(painter.seen(*middle(1, 1)))
        painter.press("o")
    assert (204, 0, 0) in seen, "opaque"
    assert tuple(blocks_picture()[SIDE + SIDE // 2, SIDE + SIDE // 2].tolist()) in seen, "see-through"


def test_h_lays_the_help_over_the_picture(painter: Painter) -> None:
    before = painter.window(400, 200, 800, 500)
    painter.press("h")
    until(lambda: painter.window(400, 200, 800, 500).mean() < before.mean() / 2)
    painter.press("h")
    until(lambda: np.array_equal(painter.window(400, 200, 800, 500), before))


def test_brush_paints_and_erases_across_segments(painter: Painter) -> None:
    painter.press("b")
    painter.drag((40, 40), (200, 40), (200, 120))
    until(lambda: (a := painter.annotation("a.png")) is not None and a.classes[40, 40:200].all())
    found = painter.annotation("a.png")
    assert found is not None
    assert found.classes[70, 100] == 0
    painter.drag((100, 10), (100, 70), button=3)
    until(lambda: (a := painter.annotation("a.png")) is not None and a.classes[40, 100] == 0)
    painter.press("z", "z", "b")
    until(lambda: (a := painter.annotation("a.png")) is not None and not a.classes.any())


def test_comma_and_point_change_the_brush(painter: Painter) -> None:
    painter.press("b", "comma", "comma", "comma")
    painter.drag((40, 40), (120, 40))
    until(lambda: (a := painter.annotation("a.png")) is not None and a.classes[:, 80].sum() in range(4, 9))
    painter.press("period", "period", "period")
    painter.drag((40, 200), (120, 200))
    until(lambda: (a := painter.annotation("a.png")) is not None and a.classes[160:240, 80].sum() in range(17, 25))
    painter.press("b")
