"""How a picture is looked at: zoom, size and windows, and that clicks stay right."""

from __future__ import annotations

from collections.abc import Iterator

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

pytestmark = pytest.mark.alone
CLASSES_WINDOW = 1180 + 40, 40


@pytest.fixture(scope="module")
def program(screen: Screen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Painter]:
    folder = write_pictures(tmp_path_factory.mktemp("looking") / "pictures", "a.png", "b.png")
    there = Painter(screen, folder).opened()
    yield there
    there.quit()


@pytest.fixture
def painter(program: Painter) -> Painter:
    return program.nothing_painted()


def shows(painter: Painter, shade: int) -> bool:
    """Whether the picture with this shade is seen, by a block that is not painted."""
    return painter.seen(*middle(4, 3)) == tuple(blocks_picture(shade)[3 * SIDE + 40, 4 * SIDE + 40].tolist())


def test_the_class_window_stays_when_it_is_closed(painter: Painter) -> None:
    window = painter.screen.windows()["icas classes"]
    for time in range(1, 4):
        painter.screen.close_window("icas classes")
        until(lambda time=time: len(painter.events("closed")) == time)
    assert painter.screen.windows()["icas classes"] == window
    assert {each["window"] for each in painter.events("closed")} == {"icas classes"}
    left, top = CLASSES_WINDOW
    until(lambda: painter.window(left + 20, top + 200, left + 40, top + 240).std() > 0)
    painter.click(*middle(0, 0))
    until(lambda: painter.classes() == only((0, 0)))


def test_a_resized_window_is_drawn_anew_and_clicked_right(painter: Painter) -> None:
    painter.screen.resize("icas", 900, 500)
    painter.canvas = 900, 500
    painter.look_at()
    until(painter.outlined)
    painter.click(*middle(5, 3))
    until(lambda: painter.classes() == only((5, 3)))
    painter.screen.resize("icas", 1180, 760)
    painter.canvas = 1180, 760
    painter.look_at()
    until(painter.outlined)


def test_plus_minus_and_0_zoom(painter: Painter) -> None:
    fitted = painter.viewport
    assert fitted is not None
    area = fitted.canvas
    painter.press("plus", "plus", "plus")
    painter.viewport = fitted.zoomed(1.25, area[0] / 2, area[1] / 2)
    for _ in range(2):
        painter.viewport = painter.viewport.zoomed(1.25, area[0] / 2, area[1] / 2)
    until(lambda: painter.seen(3 * SIDE + 4, SIDE + 40) == tuple(blocks_picture()[SIDE + 40, 3 * SIDE + 4].tolist()))
    painter.click(3 * SIDE + 4, SIDE + 40)
    until(lambda: painter.classes() == only((3, 1)))
    painter.press("minus", "minus", "minus")
    painter.viewport = fitted
    until(painter.outlined)
    painter.press("plus", "0")
    painter.settle()
    until(painter.outlined)


def test_the_wheel_zooms_where_the_pointer_is_and_clicks_stay_right(painter: Painter) -> None:
    fitted = painter.viewport
    assert fitted is not None
    at = fitted.to_canvas(*middle(4, 2))
    painter.move(middle(4, 2))
    painter.screen.do("click", "--repeat", 4, "--delay", 0, 4)
    for _ in range(4):
        painter.viewport = painter.viewport.zoomed(1.25, *at)  # type: ignore[union-attr]
    painter.settle()
    painter.click(4 * SIDE + 3, 2 * SIDE + 3)
    painter.click(3 * SIDE + 70, 2 * SIDE + 70)
    until(lambda: painter.classes() == only((4, 2), (3, 2)))
    painter.screen.do("click", "--repeat", 4, "--delay", 0, 5)
    painter.viewport = fitted
    until(painter.outlined)


def test_a_drag_with_shift_moves_what_is_seen_and_paints_nothing(painter: Painter) -> None:
    fitted = painter.viewport
    assert fitted is not None
    painter.press("plus", "plus", "plus", "plus")
    for _ in range(4):
        painter.viewport = painter.viewport.zoomed(1.25, fitted.canvas[0] / 2, fitted.canvas[1] / 2)  # type: ignore[union-attr]
    painter.settle()
    assert painter.viewport is not None
    start = painter.at(200, 160)
    painter.drag((200, 160), (260, 200), key="shift")
    here = painter.viewport.to_canvas(200, 160), painter.viewport.to_canvas(260, 200)
    painter.viewport = painter.viewport.panned(here[1][0] - here[0][0], here[1][1] - here[0][1])
    assert painter.at(200, 160) != start
    painter.settle()
    painter.click(SIDE + 2, SIDE + 2)
    until(lambda: painter.classes() == only((1, 1)))
    painter.press("0")


def test_zoom_is_kept_from_picture_to_picture(painter: Painter) -> None:
    fitted = painter.viewport
    assert fitted is not None
    painter.press("plus", "plus", "n")
    for _ in range(2):
        painter.viewport = painter.viewport.zoomed(1.25, fitted.canvas[0] / 2, fitted.canvas[1] / 2)  # type: ignore[union-attr]
    shade = tuple(blocks_picture(10)[SIDE + 40, SIDE + 40].tolist())
    until(lambda: painter.seen(*middle(1, 1)) == shade)
    left, top = fitted.to_canvas(*middle(1, 1))
    left, top = left + painter.corner[0], top + painter.corner[1]
    assert tuple(painter.window(left, top, left + 1, top + 1)[0, 0].tolist()) != shade, "where it is without zoom"
    painter.press("p", "0")
    painter.viewport = fitted
    until(lambda: shows(painter, 0))


def test_the_segment_under_the_pointer_is_lit_and_no_other(painter: Painter) -> None:
    def lit(column: int, row: int) -> bool:
        x, y = painter.at(column * SIDE, row * SIDE + SIDE // 2)
        return bool((painter.window(x - 4, y, x + 5, y + 1) == 255).all(axis=2).any())

    painter.move(middle(2, 1))
    until(lambda: lit(2, 1))
    painter.move(middle(3, 2))
    until(lambda: lit(3, 2))
    assert not lit(2, 1)
    painter.press("b")
    until(lambda: not lit(3, 2))
    painter.press("b")
    until(lambda: lit(3, 2))
