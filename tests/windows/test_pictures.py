"""From picture to picture, what is kept, and how it is looked at: the real program, its files and its pixels."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icas_core.annotations.annotation import State
from icas_core.annotations.store import AnnotationStore
from tests.windows.screens import (
    COLUMNS,
    ROOT,
    ROWS,
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


@pytest.fixture
def start(screen: Screen, tmp_path: Path) -> Iterator[Callable[..., Painter]]:
    """Starts the program over pictures of blocks, or over the folder as the test has made it."""
    begun: list[Painter] = []

    def one(*names: str, options: tuple[object, ...] = (), outlined: bool = True) -> Painter:
        folder = tmp_path / "pictures"
        if names:
            write_pictures(folder, *names)
        begun.append(Painter(screen, folder, *options).opened(outlined=outlined))
        return begun[-1]

    yield one
    for each in begun:
        each.quit()


def state_of(painter: Painter, name: str) -> State | None:
    return AnnotationStore(painter.annotations).state(name)


def shows(painter: Painter, shade: int) -> bool:
    """Whether the picture with this shade is seen, by a block that is not painted."""
    return painter.seen(*middle(4, 3)) == tuple(blocks_picture(shade)[3 * SIDE + 40, 4 * SIDE + 40].tolist())


def test_next_and_previous_keep_the_paint_and_write_no_masks(start: Callable[..., Painter]) -> None:
    painter = start("a.png", "b.png")
    before = painter.seen(*middle(1, 1))
    painter.click(*middle(1, 1))
    until(lambda: painter.seen(*middle(1, 1)) != before)
    painted = painter.seen(*middle(1, 1))
    painter.press("n")
    until(lambda: shows(painter, 10))
    painter.press("p")
    until(lambda: painter.seen(*middle(1, 1)) == painted)
    painter.press("p")
    painter.settle()
    assert shows(painter, 0), "there is none before the first"
    assert painter.classes("a.png") == only((1, 1))
    assert not list(painter.annotations.glob("*mask*"))


def test_space_writes_the_masks_and_goes_on(start: Callable[..., Painter]) -> None:
    painter = start("a.png", "b.png")
    painter.click(*middle(2, 0))
    painter.press("2")
    painter.click(*middle(3, 0))
    painter.press("space")
    until(lambda: shows(painter, 10))
    masks = sorted(painter.annotations.glob("*_mask_*"))
    assert [path.name for path in masks] == ["a_mask_(R0,G114,B178).png", "a_mask_(R204,G0,B0).png"]
    mask = np.asarray(Image.open(masks[1]))
    assert mask.dtype == np.uint8
    assert (mask[:SIDE, 2 * SIDE : 3 * SIDE] == 255).all()
    assert (mask > 0).sum() == SIDE * SIDE
    assert state_of(painter, "a.png") is State.DONE
    painter.quit()
    assert "1 of 2 pictures done, 0 begun, 1 left" in painter.said()


def test_s_without_a_checkpoint_changes_nothing_and_space_still_says_done(start: Callable[..., Painter]) -> None:
    painter = start("a.png", "b.png")
    painter.click(*middle(2, 0))
    painter.press("s", "t", "space")
    until(lambda: shows(painter, 10))
    until(lambda: (painter.annotations / "a_mask_(R204,G0,B0).png").exists())
    assert state_of(painter, "a.png") is State.DONE


def test_a_done_picture_that_is_changed_and_left_has_no_masks_and_is_come_back_to(
    start: Callable[..., Painter],
) -> None:
    painter = start("a.png", "b.png")
    painter.click(*middle(2, 0))
    painter.press("space")
    until(lambda: shows(painter, 10))
    until(painter.outlined)
    painter.press("p")
    until(lambda: shows(painter, 0))
    until(painter.outlined)
    painter.click(*middle(3, 0))
    painter.settle()
    until(lambda: state_of(painter, "a.png") is State.UNFINISHED)
    painter.press("n")
    until(lambda: shows(painter, 10))
    until(lambda: not list(painter.annotations.glob("*_mask_*")))
    until(painter.outlined)
    painter.press("space")
    until(lambda: shows(painter, 0))  # the first that is not done
    until(painter.outlined)
    painter.press("space")
    until(lambda: state_of(painter, "a.png") is State.DONE)
    painter.quit()
    assert "2 of 2 pictures done, 0 begun, 0 left" in painter.said()
    assert [path.name for path in painter.annotations.glob("*_mask_*")] == ["a_mask_(R204,G0,B0).png"]


def test_original_names_of_masks(start: Callable[..., Painter]) -> None:
    painter = start("a.png", options=("--mask-name", "original"))
    painter.click(*middle(2, 0))
    painter.press("space")
    until(lambda: (painter.annotations / "a_mask_(R:204,G:0,B:0).png").exists())


def test_it_opens_at_the_first_that_is_not_done_with_its_paint_and_at_the_first_when_all_are(
    start: Callable[..., Painter],
) -> None:
    painter = start("a.png", "b.png")
    painter.press("space")
    until(lambda: shows(painter, 10))
    until(painter.outlined)
    painter.click(*middle(1, 2))
    until(lambda: painter.classes("b.png") == only((1, 2)))
    painter.quit()
    assert "1 of 2 pictures done, 1 begun, 0 left" in painter.said()
    again = start()
    assert shows(again, 10)
    until(lambda: again.seen(*middle(1, 2)) != tuple(blocks_picture(10)[2 * SIDE + 40, SIDE + 40].tolist()))
    again.press("space")
    until(lambda: state_of(again, "b.png") is State.DONE)
    again.quit()
    assert shows(start(), 0)


def test_closing_the_picture_window_keeps_all_and_ends(start: Callable[..., Painter]) -> None:
    painter = start("a.png")
    painter.click(*middle(5, 0))
    painter.settle()
    painter.screen.close_window("icas")
    assert painter.ended() == 0
    assert painter.classes() == only((5, 0))
    assert "0 of 1 pictures done, 1 begun, 0 left" in painter.said()


def test_brackets_change_the_segments_and_the_paint_stays(start: Callable[..., Painter], tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    photo = next(path for path in sorted((ROOT / "tests/data/photos").rglob("*.jpg")))
    Image.open(photo).convert("RGB").resize((COLUMNS * SIDE, ROWS * SIDE)).save(tmp_path / "pictures" / "a.png")
    painter = start(outlined=False, options=("--parameter", "smallest=200"))

    def segments() -> int:
        found = painter.annotation()
        return 0 if found is None else len(np.unique(found.segments))

    def painted() -> np.ndarray:
        found = painter.annotation()
        return np.zeros(0) if found is None else found.classes

    def filled() -> bool:
        painter.click(*middle(2, 2))  # does nothing before the segments are there
        painter.settle()
        return bool(painted().any())

    until(filled)
    before, paint = segments(), painted()
    painter.press("bracketright", "bracketright")
    until(lambda: 1 < segments() < before)
    assert np.array_equal(painted(), paint)
    painter.settle()
    painter.press("z", "z", "z")
    until(lambda: segments() == before)
    painter.press("y")
    until(lambda: np.array_equal(painted(), paint))
    painter.press("bracketleft")
    until(lambda: segments() > before)
    assert np.array_equal(painted(), paint)


def test_a_picture_of_ones_own_to_pick_colours_from(start: Callable[..., Painter], tmp_path: Path) -> None:
    own = np.zeros((60, 60, 3), np.uint8)
    own[:, :30], own[:, 30:] = (12, 200, 40), (250, 120, 7)
    Image.fromarray(own).save(tmp_path / "own.png")
    painter = start("a.png", options=("--picker", tmp_path / "own.png"))
    left, top = CLASSES_WINDOW

    def places() -> tuple[np.ndarray, ...]:
        area = painter.window(left, top, left + 240, top + 640)
        return np.nonzero((np.abs(area - (250, 120, 7)) < 3).all(axis=2))

    until(lambda: len(places()[0]) > 1000)
    rows, columns = places()
    painter.screen.do("mousemove", left + int(np.median(columns)), top + int(np.median(rows)), "click", 1)
    painter.click(*middle(0, 0))
    painter.press("space")
    until(lambda: (painter.annotations / "a_mask_(R250,G120,B7).png").exists())


def test_classes_of_ones_own(start: Callable[..., Painter], tmp_path: Path) -> None:
    (tmp_path / "classes.yaml").write_text("- {id: 4, name: cell, colour: [9, 8, 200]}\n")
    painter = start("a.png", options=("--classes", tmp_path / "classes.yaml"))
    painter.press("4")
    painter.click(*middle(1, 0))
    painter.press("space")
    until(lambda: (painter.annotations / "a_mask_(R9,G8,B200).png").exists())


def test_templates_are_painted(start: Callable[..., Painter], tmp_path: Path) -> None:
    block = blocks_picture()[2 * SIDE + 20 : 3 * SIDE + 20, 3 * SIDE : 4 * SIDE]
    for name, picture in (("templates", block), ("segments", np.full((SIDE, SIDE, 3), (0, 158, 115), np.uint8))):
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "block.png")
    painter = start("a.png", options=("--templates", tmp_path / "templates", "--segments", tmp_path / "segments"))
    painter.press("t")
    until(lambda: (found := painter.annotation()) is not None and found.classes.any())
    found = painter.annotation()
    assert found is not None
    assert found.classes[2 * SIDE + 20 : 3 * SIDE + 20, 3 * SIDE : 4 * SIDE].all()
    assert np.count_nonzero(found.classes) == SIDE * SIDE
    painter.press("z")
    until(lambda: painter.classes() == only())


def test_odd_files_are_named_and_the_session_goes_on(start: Callable[..., Painter], tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", "b.png")
    (folder / ".DS_Store").write_bytes(b"Bud1")
    (folder / "notes.txt").write_text("no picture")
    Image.fromarray(blocks_picture()).save(folder / "a.jpg", quality=90)
    whole = (folder / "a.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (1, 1), (90, 90, 250)).save(folder / "c.png")
    large = np.zeros((5800, 8700, 3), np.uint8)
    large[:, :, 1] = np.arange(8700) // 40
    Image.fromarray(large).save(folder / "d.jpg", quality=60)
    painter = start()
    assert "a.jpg" in painter.said()
    assert "2 files that are no pictures" in painter.said() or "notes.txt" in painter.said()
    painter.press("n")
    painter.look_at(1, 1)
    until(lambda: painter.seen(0, 0) == (90, 90, 250))
    painter.settle()
    painter.click(0, 0)
    until(lambda: (found := painter.annotation("c.png")) is not None and found.classes.tolist() == [[1]], 60)
    painter.press("n")
    painter.look_at(8700, 5800)
    until(lambda: painter.seen(8000, 3000)[1] in range(195, 206), 90)
    painter.quit()
    assert "1 could not be opened" in painter.said()


def warned(painter: Painter) -> bool:
    """Whether the right side of the status line is in the colour of what is to be heeded."""
    left, top = painter.corner
    line = painter.window(left + 400, top + 732, left + 1180, top + 758)
    return bool((np.abs(line - (235, 70, 70)).max(axis=2) < 20).any())


def test_where_nothing_can_be_written_it_says_unsaved_and_asks_before_it_quits(
    start: Callable[..., Painter], tmp_path: Path
) -> None:
    painter = start("a.png")
    (tmp_path / "pictures_segmented").write_text("no folder")
    assert not warned(painter)
    painter.click(*middle(1, 1))
    until(lambda: warned(painter))
    painter.press("q")
    painter.settle()
    assert painter.process.poll() is None, "q asks once more"
    painter.screen.close_window("icas")
    until(lambda: painter.events("closed"))
    until(lambda: "icas" in painter.screen.windows() and warned(painter))
    assert painter.process.poll() is None, "and so does the window's button"
    os.unlink(tmp_path / "pictures_segmented")
    until(lambda: not warned(painter))
    assert painter.classes() == only((1, 1))


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[bool], None]]:
    """Makes the annotations' folder a file system that may only be read, or that may be written again."""
    folder = tmp_path / "pictures_segmented"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a file system to be read only cannot be mounted here: {mounted.stderr.strip()}")

    def change(readable_only: bool) -> None:
        subprocess.run(["mount", "-o", f"remount,{'ro' if readable_only else 'rw'}", folder], check=True)

    yield change
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_folder_that_may_only_be_read_is_told_and_the_session_goes_on(
    read_only: Callable[[bool], None], start: Callable[..., Painter]
) -> None:
    painter = start("a.png", "b.png")
    painter.click(*middle(1, 1))
    until(lambda: painter.classes() == only((1, 1)))
    read_only(True)
    assert not warned(painter)
    painter.click(*middle(2, 2))
    until(lambda: warned(painter))
    unpainted = painter.seen(*middle(3, 2))
    painter.click(*middle(3, 2))
    until(lambda: painter.seen(*middle(3, 2)) != unpainted)
    painter.press("space")
    until(lambda: shows(painter, 10))
    painter.click(*middle(0, 3))
    painter.settle()
    assert warned(painter)
    assert painter.classes("a.png") == only((1, 1)), "what was saved before"
    assert not list(painter.annotations.glob("*_mask_*"))
    read_only(False)
    until(lambda: not warned(painter))
    assert painter.classes("a.png") == only((1, 1), (2, 2), (3, 2))
    assert painter.classes("b.png") == only((0, 3))
    until(lambda: list(painter.annotations.glob("a_mask_*")))


def test_without_a_screen_it_says_so(tmp_path: Path, screen: Screen) -> None:
    painter = Painter(replace_name(screen, ""), write_pictures(tmp_path / "pictures", "a.png"))
    assert painter.ended() == 1
    assert "icas: no screen: DISPLAY is not set" in painter.said()
    assert "Traceback" not in painter.said()


def replace_name(screen: Screen, name: str) -> Screen:
    other = object.__new__(Screen)
    other.__dict__.update({**screen.__dict__, "name": name})
    return other
