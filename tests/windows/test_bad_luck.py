"""A person with bad luck: odd pictures, masks and classes edited meanwhile, hands that do anything at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icas_core.annotations.store import AnnotationStore
from tests.windows.screens import ROOT, Painter, Screen, middle, only, until, write_pictures

pytestmark = pytest.mark.alone
PHOTO = ROOT / "tests/data/photos/animals/cat.jpg"
KEYS = "b d g h o p r s t y z n space 1 2 9 comma period bracketleft bracketright plus minus 0 Escape f k Tab Left F1"


def odd_pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """Write pictures of many kinds; gives the size at which each is to be seen."""
    folder.mkdir()
    photo = Image.open(PHOTO).convert("RGB")
    noise = np.random.default_rng(0).integers(0, 255, (300, 40, 3), np.uint8)
    exif = Image.Exif()
    exif[0x112] = 6
    grey = np.asarray(photo.convert("L")).astype(np.uint16)
    Image.fromarray(noise[:1]).save(folder / "a_row.png")
    Image.fromarray(noise[:, :1]).save(folder / "b_column.png")
    photo.convert("L").save(folder / "c_grey.png")
    photo.convert("RGBA").save(folder / "d_rgba.png")
    Image.fromarray(grey * 257).save(folder / "e_16_bit.png")
    photo.convert("CMYK").save(folder / "f_cmyk.jpg")
    photo.save(folder / "g_turned.jpg", exif=exif)
    photo.convert("P").save(folder / "h_palette.gif")
    sizes = dict.fromkeys(sorted(path.name for path in folder.iterdir()), photo.size)
    return {**sizes, "a_row.png": (40, 1), "b_column.png": (1, 300), "g_turned.jpg": photo.size[::-1]}


@pytest.fixture
def program(screen: Screen, tmp_path: Path) -> Iterator[Painter]:
    """The program over pictures of every kind."""
    odd_pictures(tmp_path / "pictures")
    painter = Painter(screen, tmp_path / "pictures")
    until(lambda: painter.process.poll() is not None or "icas classes" in screen.windows(), 60)
    yield painter
    painter.quit()


def test_every_kind_of_picture_is_painted_upright(program: Painter, tmp_path: Path) -> None:
    for name, (width, height) in odd_pictures(tmp_path / "same").items():
        program.look_at(width, height)

        def painted(name: str = name, at: tuple[int, int] = (width // 2, height // 2)) -> bool:
            program.click(*at)  # does nothing before the segments are there
            program.settle()
            found = program.annotation(name)
            return found is not None and bool(found.classes[at[1], at[0]])

        until(painted)
        found = program.annotation(name)
        assert found is not None
        assert found.size == (width, height), name
        program.press("space")
    until(lambda: len(list(program.annotations.glob("*_mask_*"))) == 8)


def test_whatever_is_done_at_once_the_program_goes_on_and_all_can_be_read(program: Painter) -> None:
    chance, screen = random.Random(3), program.screen
    for _ in range(350):
        what, at = chance.random(), (chance.randrange(1240), chance.randrange(20, 830))
        if what < 0.35:
            screen.hasty(at, chance.choice([1, 1, 2, 3, 4, 5]), times=chance.choice([1, 2, 3]))
        elif what < 0.5:
            through = [(chance.randrange(1590), chance.randrange(990)) for _ in range(4)]
            screen.hasty(at, chance.choice([1, 2, 3]), through=through)
        elif what < 0.86:
            screen.hasty(at, chance.choice(KEYS.split()), times=chance.choice([1, 1, 5, 30]))
        elif what < 0.9:
            for title in chance.choice([["icas classes"], ["icas foreground"], ["icas foreground", "icas classes"]]):
                screen.try_on(title, screen.close_window)
        else:
            size = chance.choice([1, 30, 200, 900, 1500]), chance.choice([1, 60, 500, 900])
            screen.try_on(chance.choice(["icas", "icas classes"]), lambda title, size=size: screen.resize(title, *size))
    screen.resize("icas", *program.canvas)
    screen.do("mousemove", 600, 400)
    # More than once: a key is lost that goes to a window which closes at that moment.
    until(lambda: program.press("x") or any(each["name"] == "x" for each in program.events("key")))
    assert program.process.poll() is None, program.said()
    if program.screen.windows().get("icas foreground"):
        program.press("q")
    screen.close_window("icas")
    assert program.ended() == 0
    assert "Traceback" not in program.said()
    assert "TypeError" not in program.said()
    store = AnnotationStore(program.annotations)
    for name in store.names():
        assert store.read(name) is not None


def test_a_mask_edited_meanwhile_is_left_and_told(screen: Screen, tmp_path: Path) -> None:
    painter = Painter(screen, write_pictures(tmp_path / "pictures", "a.png")).opened()
    painter.click(*middle(1, 1))
    painter.press("space")
    mask = painter.annotations / "a_mask_(R204,G0,B0).png"
    until(mask.exists)
    painter.settle()
    edited = np.asarray(Image.open(mask)).copy()
    edited[:9] = 255
    Image.fromarray(edited).save(mask)
    painter.click(*middle(2, 2))
    painter.press("space")
    until(lambda: painter.classes() == only((1, 1), (2, 2)))
    painter.settle()
    assert np.array_equal(np.asarray(Image.open(mask)), edited)
    painter.press("q")
    painter.settle()
    assert painter.process.poll() is None, "q asks once more"
    mask.rename(tmp_path / "mine.png")
    until(lambda: mask.exists() and np.count_nonzero(np.asarray(Image.open(mask))) == 2 * 80 * 80)
    painter.quit()


def test_classes_named_once_are_there_the_next_time_though_one_was_taken_away(screen: Screen, tmp_path: Path) -> None:
    table = tmp_path / "classes.yaml"
    table.write_text("- {id: 1, name: cell, colour: [9, 8, 200]}\n- {id: 2, name: wall, colour: [200, 8, 9]}\n")
    folder = write_pictures(tmp_path / "pictures", "a.png")
    painter = Painter(screen, folder, "--classes", table).opened()
    painter.press("2")
    painter.click(*middle(1, 1))
    until(lambda: painter.classes() == only((1, 1), class_id=2))
    painter.quit()
    table.write_text("- {id: 1, name: cell, colour: [9, 8, 200]}\n")
    for options in (("--classes", table), ()):
        again = Painter(screen, folder, *options).opened()
        again.press("d", "d")
        until(lambda again=again: again.seen(*middle(1, 1)) == (200, 8, 9))
        again.click(*middle(3, 3))
        until(lambda again=again: again.classes()[3][3] == 1)
        again.quit()
        assert [each.name for each in AnnotationStore(again.annotations).classes_of("a.png")] == ["cell", "wall"]
