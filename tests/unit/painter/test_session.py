"""A session over a folder, without windows: what is kept, what is opened, what is told."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icas_core.annotations.annotation import State as Progress
from icas_core.annotations.classes import Class, ClassTable, Colour, default_classes, write_classes
from icas_core.annotations.store import AnnotationStore
from icas_core.annotations.table import classes_to_paint
from icas_core.painter.events import Pointer
from icas_core.painter.options import Options
from icas_core.painter.preparing import Method
from icas_core.painter.refused import refused_keys
from icas_core.painter.session import Session
from icas_core.painter.status import status_of
from icas_core.painter.template import template_of

SIDE = 30


def pictures(folder: Path, *names: str) -> Path:
    """Pictures of 3 × 2 blocks."""
    folder.mkdir(parents=True)
    blocks = np.array([[(40, 90, 200), (200, 60, 60), (90, 200, 90)], [(220, 220, 40), (30, 30, 30), (240, 240, 240)]])
    for name in names:
        Image.fromarray(blocks.repeat(SIDE, axis=0).repeat(SIDE, axis=1).astype(np.uint8)).save(folder / name)
    return folder


def opened(folder: Path, annotations: Path, classes: ClassTable | dict[str, Colour] | None = None) -> Session:
    names = sorted(path.name for path in folder.iterdir())
    method = Method("graph", {"sigma": 0.1, "smallest": 20})
    table = classes_to_paint(AnnotationStore(annotations), names, classes or {})
    return Session(Options(folder, names, annotations, method, table))


def until(session: Session, condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        session.tick()
        time.sleep(0.005)


def ready(session: Session) -> None:
    until(session, lambda: session.state is not None)


def click(session: Session, column: int, row: int, button: str = "left") -> None:
    ready(session)
    for kind in ("down", "up"):
        session.point(Pointer("icas", kind, button, column * SIDE + 15, row * SIDE + 15))


def classes(annotations: Path, name: str) -> list[list[int]]:
    found = AnnotationStore(annotations).read(name)
    return [] if found is None else found.classes[15::SIDE, 15::SIDE].tolist()


def test_next_and_previous_keep_what_is_painted_and_write_no_masks(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png", "b.png"), tmp_path / "out")
    click(session, 1, 0)
    session.key("n")
    ready(session)
    assert session.name == "b.png"
    session.key("p")
    ready(session)
    assert session.state is not None
    assert session.state.painting.painted
    session.close()
    assert classes(tmp_path / "out", "a.png") == [[0, 1, 0], [0, 0, 0]]
    assert not list((tmp_path / "out").glob("*mask*"))
    assert not list((tmp_path / "out").glob("b.png*")), "a picture only looked at leaves no files"


def test_space_writes_masks_and_goes_on_and_the_next_session_begins_there(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png", "b.png", "c.png")
    session = opened(folder, tmp_path / "out")
    click(session, 2, 1)
    session.key("space")
    ready(session)
    session.key("space")
    ready(session)
    line = session.close()
    assert line.startswith("2 of 3 pictures done, 0 begun, 1 left")
    mask = np.asarray(Image.open(tmp_path / "out" / "a_mask_(R204,G0,B0).png"))
    assert (mask[SIDE:, 2 * SIDE :] == 255).all()
    assert (mask > 0).sum() == SIDE * SIDE
    store = AnnotationStore(tmp_path / "out")
    assert [store.state(name) for name in ("a.png", "b.png", "c.png")] == [Progress.DONE, Progress.EMPTY, None]
    again = opened(folder, tmp_path / "out")
    assert again.name == "c.png"
    again.key("space")
    again.close()


def test_cuts_and_paint_come_back_and_every_action_is_on_disk_before_the_session_ends(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png")
    session = opened(folder, tmp_path / "out")
    ready(session)
    for x, y in ((-1, 15), (40, 15)):
        session.point(Pointer("icas", "down", "middle", x, y))
    session.point(Pointer("icas", "down", "left", 5, 5))
    session.saver.flush()
    # Nobody has said goodbye: this is what a killed program leaves.
    again = opened(folder, tmp_path / "out")
    ready(again)
    assert again.state is not None
    painting = again.state.painting
    segments = painting.segments.whole()
    assert painting.classes[segments[5, 5]] == 1
    assert painting.classes[segments[25, 5]] == 0
    again.close()
    session.preparing.close()


TWO: dict[str, Colour] = {"cell": (204, 0, 0), "wall": (0, 114, 178)}
CELL, WALL = Class(1, "cell", TWO["cell"]), Class(2, "wall", TWO["wall"])


def test_classes_once_named_stay_without_being_named_again(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png")
    session = opened(folder, tmp_path / "out", TWO)
    assert list(session.classes) == [CELL, WALL]
    click(session, 0, 0)
    session.close()
    again = opened(folder, tmp_path / "out")
    assert list(again.classes) == [CELL, WALL]
    click(again, 1, 0)
    again.close()
    assert AnnotationStore(tmp_path / "out").read_classes() == ClassTable((CELL, WALL))


def test_named_classes_take_the_place_of_default_ones_that_nothing_is_painted_with(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png")
    session = opened(folder, tmp_path / "out")
    session.key("3")
    click(session, 0, 0)
    session.key("2")
    click(session, 1, 0)
    session.saver.flush()
    session.preparing.close()  # killed: that 2 is painted only a step knows
    again = opened(folder, tmp_path / "out", TWO)
    kept = [each for each in default_classes() if each.id in (2, 3)]
    assert list(again.classes) == [*kept, Class(4, "cell", CELL.colour), Class(5, "wall", WALL.colour)]
    ready(again)
    assert again.state is not None
    assert again.state.chosen == 2, "one that there is"
    again.close()


def test_a_class_deleted_from_the_table_comes_back_with_the_picture_that_has_it(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png")
    session = opened(folder, tmp_path / "out", TWO)
    session.key("2")
    click(session, 0, 0)
    session.close()
    write_classes(ClassTable((CELL,)), tmp_path / "out" / "classes.yaml")
    again = opened(folder, tmp_path / "out")
    ready(again)
    assert again.classes.with_id(2) == WALL
    click(again, 1, 0)
    again.close()
    assert AnnotationStore(tmp_path / "out").classes_of("a.png") == (CELL, WALL)
    assert AnnotationStore(tmp_path / "out").read_classes() == ClassTable((CELL, WALL))


def test_a_table_edited_meanwhile_stays_as_it_is(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "a.png")
    session = opened(folder, tmp_path / "out", TWO)
    click(session, 0, 0)
    session.saver.flush()
    edited = ClassTable((Class(1, "nucleus", (1, 2, 3)), WALL))
    write_classes(edited, tmp_path / "out" / "classes.yaml")
    session.choose_colour((9, 9, 9))
    click(session, 1, 0)
    session.close()
    kept = AnnotationStore(tmp_path / "out").read_classes()
    assert list(kept) == [*edited, Class(3, "#090909", (9, 9, 9))]


def test_pictures_that_cannot_be_opened_are_named_and_the_session_goes_on(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "in", "b.png", "d.png")
    (folder / "a.jpg").write_bytes(b"no picture")
    whole = (folder / "b.png").read_bytes()
    (folder / "c.png").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (1, 1)).save(folder / "e.png")
    session = opened(folder, tmp_path / "out")
    ready(session)
    assert session.name == "b.png"
    session.key("n")
    ready(session)
    assert session.name == "d.png"
    session.key("n")
    ready(session)
    assert session.name == "e.png"
    assert sorted(session.progress.skipped) == ["a.jpg", "c.png"]
    assert "2 could not be opened" in session.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_on_a_full_disk_nothing_earlier_is_lost_and_all_is_saved_once_there_is_room(
    tmp_path: Path, small_disk: Path
) -> None:
    session = opened(pictures(tmp_path / "in", "a.png"), small_disk / "out")
    click(session, 0, 0)
    session.saver.flush()
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError:
            pass
    for column in (1, 2):
        click(session, column, 0)
    session.key("[")
    session.saver.flush()
    session.key("n")
    session.saver.flush()
    assert session.saver.unsaved
    assert "cannot be written" in session.saver.error
    kept = classes(small_disk / "out", "a.png")
    assert kept[0][0] == 1
    session.quit()
    assert session.running, "q asks once more"
    filler.unlink()
    until(session, lambda: not session.saver.unsaved and not session.saver.busy)
    session.close()
    assert classes(small_disk / "out", "a.png") == [[1, 1, 1], [0, 0, 0]]


def test_masks_that_cannot_be_written_are_told_and_written_once_they_can(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png"), tmp_path / "out")
    click(session, 0, 0)
    session.saver.flush()
    mine = tmp_path / "out" / "a_mask_(R204,G0,B0).png"
    Image.new("L", (5, 5), 200).save(mine)
    session.key("space")
    session.saver.flush()
    assert "was written or changed by another program" in session.saver.error
    assert AnnotationStore(tmp_path / "out").state("a.png") is Progress.DONE
    session.quit()
    assert session.running, "q asks once more"
    mine.unlink()
    until(session, lambda: not session.saver.error and not session.saver.busy)
    assert (np.asarray(Image.open(mine))[:SIDE, :SIDE] == 255).all()
    assert "not written" not in session.close()


def test_what_is_painted_while_templates_are_looked_for_stays(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png"), tmp_path / "out")
    ready(session)
    assert session.picture is not None
    # The last block, half of it and half of its neighbour: found in one place only.
    block, colour = session.picture[SIDE:, 2 * SIDE - 10 : 2 * SIDE + 10], (0, 158, 115)
    session.options.templates = [template_of("block", block, np.full(block.shape, colour, np.uint8))]
    session.key("t")
    click(session, 0, 0)
    until(session, lambda: session.hand.message == "1 places painted")
    session.close()
    found = AnnotationStore(tmp_path / "out").read("a.png")
    assert found is not None
    assert (found.classes[:SIDE, :SIDE] == 1).all()
    assert (found.classes[SIDE:, 2 * SIDE - 10 : 2 * SIDE + 10] == 3).all()
    assert np.count_nonzero(found.classes) == SIDE * SIDE + block.shape[0] * block.shape[1]


def test_keys_for_segments_pressed_at_once_all_count(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png"), tmp_path / "out")
    ready(session)
    for _ in range(3):
        session.key("]")
    session.key("[")
    until(session, lambda: session.state is not None and session.state.painting.level == 2)
    session.key("z")
    session.key("]")
    until(session, lambda: session.state is not None and session.state.painting.level == 1)
    session.close()


def test_a_key_that_cannot_do_its_work_says_why_and_nothing_else_changes(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png"), tmp_path / "out")
    session.options.refused = {"s": "no checkpoint", "t": "no templates"}
    click(session, 0, 0)
    session.point(Pointer("icas", "double", "left", 15, 15))
    session.point(Pointer("icas", "move", "", 45, 15))
    for key, reason in session.options.refused.items():
        session.key(key)
        assert session.hand.message == reason
        assert session.prompting is None
        assert session.state is not None
        assert session.state.mode == "continuous fill"
    session.key("space")
    session.close()
    assert AnnotationStore(tmp_path / "out").state("a.png") is Progress.DONE


def test_what_is_refused_is_named_as_the_program_was_started(tmp_path: Path) -> None:
    typed, configured = refused_keys({}, False, configured=False), refused_keys({}, False, configured=True)
    assert "--checkpoint" in typed["s"]
    assert "--templates and --segments" in typed["t"]
    assert "sam.checkpoint" in configured["s"]
    assert "--" not in configured["s"] + configured["t"]
    assert "no such file" in refused_keys({"checkpoint": str(tmp_path / "gone.pth")}, True, configured=True)["s"]


def test_space_on_the_last_picture_goes_to_the_first_that_is_not_done_until_all_are(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png", "b.png", "c.png"), tmp_path / "out")
    for key in ("n", "space", "space"):
        ready(session)
        session.key(key)
    assert session.name == "a.png"
    assert session.hand.message == "that was the last picture; 1 not done, this is the first of them"
    ready(session)
    session.key("space")
    assert session.name == "b.png"
    assert session.hand.message == "all 3 pictures are done; q quits"
    for _ in range(2):
        ready(session)
        session.key("space")
    assert session.name == "c.png"
    assert session.hand.message == "all 3 pictures are done; q quits"
    session.close()


def done_then_changed(tmp_path: Path) -> Session:
    """Two pictures, the first done with two masks, opened again and one of its two classes taken away."""
    session = opened(pictures(tmp_path / "in", "a.png", "b.png"), tmp_path / "out")
    click(session, 0, 0)
    session.key("2")
    click(session, 1, 0)
    session.key("space")
    ready(session)
    session.key("p")
    click(session, 1, 0, "right")
    return session


def masks(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "out").glob("*_mask_*"))


@pytest.mark.parametrize("key", ["n", "p", "q"])
def test_a_done_picture_that_is_changed_is_not_done_and_loses_its_masks_when_it_is_left(
    tmp_path: Path, key: str
) -> None:
    session = done_then_changed(tmp_path)
    assert "0 done   not done any more: space writes its masks" in status_of(session, None).left
    session.key(key)
    session.close()
    assert AnnotationStore(tmp_path / "out").state("a.png") is Progress.UNFINISHED
    assert masks(tmp_path) == []


def test_a_done_picture_that_is_changed_and_done_again_has_the_masks_of_what_is_painted(tmp_path: Path) -> None:
    session = done_then_changed(tmp_path)
    session.key("space")
    session.close()
    assert masks(tmp_path) == ["a_mask_(R204,G0,B0).png"]


def test_a_change_to_a_done_picture_that_is_taken_back_leaves_it_done(tmp_path: Path) -> None:
    session = done_then_changed(tmp_path)
    both = masks(tmp_path)
    session.key("z")
    assert not session.outdated
    assert session.progress.done == 1
    session.key("n")
    session.close()
    assert AnnotationStore(tmp_path / "out").state("a.png") is Progress.DONE
    assert masks(tmp_path) == both
    assert len(both) == 2


def test_a_changed_picture_is_not_done_after_a_kill_and_its_masks_go_when_it_is_opened_and_left(tmp_path: Path) -> None:
    session = done_then_changed(tmp_path)
    session.saver.flush()
    session.preparing.close()  # killed
    assert AnnotationStore(tmp_path / "out").state("a.png") is Progress.UNFINISHED
    again = opened(tmp_path / "in", tmp_path / "out")
    ready(again)
    again.key("q")
    again.close()
    assert masks(tmp_path) == []


def test_what_was_edited_in_the_table_counts_and_looking_writes_nothing(tmp_path: Path) -> None:
    folder, out = pictures(tmp_path / "in", "a.png", "b.png"), tmp_path / "out"
    session = opened(folder, out, TWO)
    click(session, 0, 0)
    session.close()
    edited = ClassTable((Class(1, "nucleus", CELL.colour), Class(2, "wall", (9, 9, 9))))
    write_classes(edited, out / "classes.yaml")
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = opened(folder, out, TWO)
    assert again.classes == edited
    for key in ("n", "p", "n", "q"):
        ready(again)
        again.key(key)
    again.close()
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
    more = opened(folder, out, {**TWO, "sky": (1, 2, 3)})
    click(more, 1, 0)
    more.close()
    assert list(AnnotationStore(out).read_classes()) == [*edited, Class(3, "sky", (1, 2, 3))]


def test_segments_made_anew_beside_paint_say_so(tmp_path: Path) -> None:
    session = opened(pictures(tmp_path / "in", "a.png"), tmp_path / "out")
    ready(session)
    session.key("]")
    until(session, lambda: session.hand.message == "segments +1")
    click(session, 0, 0)
    session.key("[")
    until(session, lambda: session.hand.message == "segments +0; only what is not painted is cut anew")
    session.close()
