"""Mask files: both forms, read back to the pixel, and nobody else's file is ever touched."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from annotations_of import TABLE, random_annotation
from PIL import Image
from read_only import only_readable

from icas_core.annotations.classes import Class, ClassTable
from icas_core.annotations.masks import classes_from_masks, mask_stems, read_masks, remove_masks, write_masks
from icas_core.errors import IcasError


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def square(number: int, shape: tuple[int, int] = (20, 30)) -> np.ndarray:
    classes = np.zeros(shape, np.uint8)
    classes[3:9, 4:12] = number
    return classes


def foreign_mask(path: Path, pixels: np.ndarray) -> None:
    """A mask as the original tool writes it, with OpenCV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels.astype(np.uint8) * 255)


@pytest.mark.parametrize("form", ["portable", "original"])
@pytest.mark.parametrize("seed", range(4))
def test_masks_are_read_back_to_the_pixel(tmp_path, form, seed) -> None:
    classes = random_annotation(seed).classes
    written = write_masks(tmp_path, "sub/jet 1", classes, TABLE, form)
    again, table = classes_from_masks(read_masks(tmp_path, "sub/jet 1"), TABLE)
    assert np.array_equal(again, classes)
    assert table == TABLE
    assert sorted(written) == sorted(tmp_path.rglob("*.png"))


def test_a_mask_has_its_colour_in_its_name_and_a_single_channel(tmp_path) -> None:
    write_masks(tmp_path, "jet1", square(1), TABLE, "portable")
    write_masks(tmp_path, "jet2", square(1), TABLE, "original")
    assert names(tmp_path) == ["jet1_mask_(R204,G0,B0).png", "jet2_mask_(R:204,G:0,B:0).png"]
    for name in names(tmp_path):
        with Image.open(tmp_path / name) as mask:
            assert mask.mode == "L"
        assert np.array_equal(cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED), (square(1) > 0) * np.uint8(255))


def test_two_classes_of_one_colour_do_not_collide(tmp_path) -> None:
    classes = square(1)
    classes[15:18, :] = 2
    write_masks(tmp_path, "a", classes, TABLE, "portable")
    assert names(tmp_path) == ["a_mask_(R204,G0,B0).png", "a_mask_(R204,G0,B0)_2.png"]
    assert np.array_equal(classes_from_masks(read_masks(tmp_path, "a"), TABLE)[0], classes)


def test_masks_of_the_original_tool_are_read_with_their_colours_as_classes(tmp_path) -> None:
    foreign_mask(tmp_path / "a_mask_(R:204,G:0,B:0).png", square(1) > 0)
    foreign_mask(tmp_path / "a_mask_(R:0,G:0,B:255).png", square(1)[::-1, ::-1] > 0)
    foreign_mask(tmp_path / "ab_mask_(R:0,G:0,B:255).png", square(1) > 0)
    foreign_mask(tmp_path / "a_mask_of_mine.png", square(1) > 0)
    for number, path in enumerate(sorted(tmp_path.glob("a_mask_(*"))):
        os.utime(path, ns=(number, number))
    masks = read_masks(tmp_path, "a")
    assert [mask.colour for mask in masks] == [(0, 0, 255), (204, 0, 0)]
    assert not any(mask.ours or mask.class_id for mask in masks)
    classes, table = classes_from_masks(masks, ClassTable())
    assert list(table) == [Class(1, "#0000ff", (0, 0, 255)), Class(2, "#cc0000", (204, 0, 0))]
    expected = square(1)[::-1, ::-1].copy()
    expected[square(1) > 0] = 2
    assert np.array_equal(classes, expected)


def test_where_masks_overlap_the_last_written_counts(tmp_path) -> None:
    for number, colour in enumerate(["R:9,G:0,B:0", "R:1,G:0,B:0"]):
        foreign_mask(tmp_path / f"a_mask_({colour}).png", np.ones((4, 5)))
        os.utime(tmp_path / f"a_mask_({colour}).png", ns=(number, number))
    classes, table = classes_from_masks(read_masks(tmp_path, "a"), ClassTable())
    assert {table.with_id(int(number)).colour for number in np.unique(classes)} == {(1, 0, 0)}


def test_a_mask_whose_class_is_no_longer_painted_goes_and_others_stay(tmp_path) -> None:
    foreign_mask(tmp_path / "a_mask_(R1,G2,B3).png", square(1) > 0)
    (tmp_path / "a_mask_(R5,G5,B5).txt").write_text("mine")
    write_masks(tmp_path, "a", square(1), TABLE, "portable")
    write_masks(tmp_path, "ab", square(1), TABLE, "portable")
    before = names(tmp_path)
    write_masks(tmp_path, "a", square(7), TABLE, "portable")
    gone, new = "a_mask_(R204,G0,B0).png", "a_mask_(R0,G128,B0).png"
    assert names(tmp_path) == sorted({*before, new} - {gone})
    write_masks(tmp_path, "a", square(7), TABLE, "original")
    assert names(tmp_path) == sorted({*before, "a_mask_(R:0,G:128,B:0).png"} - {gone})
    write_masks(tmp_path, "a", square(0), TABLE, "portable")
    assert names(tmp_path) == sorted(set(before) - {gone})


def test_a_mask_of_ours_that_a_person_changed_is_theirs(tmp_path) -> None:
    (path,) = write_masks(tmp_path, "a", square(1), TABLE, "portable")
    with Image.open(path) as picture:
        picture.load()
        kept, marks = picture.info, np.array(picture)
    marks[0, 0] = 255
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("icas", kept["icas"])
    Image.fromarray(marks).save(path, pnginfo=text)
    before = path.read_bytes()
    write_masks(tmp_path, "a", square(7), TABLE, "portable")
    assert path.read_bytes() == before
    with pytest.raises(IcasError, match=r"a_mask_\(R204,G0,B0\).png: .* left as it is"):
        write_masks(tmp_path, "a", square(1), TABLE, "portable")
    assert path.read_bytes() == before


def test_another_programs_mask_is_not_written_over(tmp_path) -> None:
    foreign_mask(tmp_path / "a_mask_(R:204,G:0,B:0).png", square(1) > 0)
    before = (tmp_path / "a_mask_(R:204,G:0,B:0).png").read_bytes()
    with pytest.raises(IcasError, match="another program"):
        write_masks(tmp_path, "a", square(1) + square(7)[::-1], TABLE, "original")
    assert names(tmp_path) == ["a_mask_(R:204,G:0,B:0).png"]
    assert (tmp_path / "a_mask_(R:204,G:0,B:0).png").read_bytes() == before


@pytest.mark.parametrize(
    ("pictures", "stems"),
    [
        (["s/a.jpg", "s/b.png"], ["s/a", "s/b"]),
        (["a.jpg", "a.png", "s/a.jpg"], ["a.jpg", "a.png", "s/a"]),
        (["a.jpg", "A.png"], ["a.jpg", "A.png"]),
        (["a.jpg", "a.png", "a.jpg.png"], ["a.jpg", "a.png", "a.jpg.png"]),
        (["a.jpg.png", "a.jpg"], ["a.jpg", "a"]),
    ],
)
def test_no_two_pictures_share_a_stem(pictures, stems) -> None:
    assert list(mask_stems(pictures).values()) == stems


def test_what_is_no_mask_is_named(tmp_path) -> None:
    foreign_mask(tmp_path / "a_mask_(R1,G0,B0).png", np.ones((4, 5)))
    foreign_mask(tmp_path / "a_mask_(R2,G0,B0).png", np.ones((5, 4)))
    with pytest.raises(IcasError, match="4 × 5 and 5 × 4|5 × 4 and 4 × 5"):
        read_masks(tmp_path, "a")
    (tmp_path / "b_mask_(R2,G0,B0).png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(IcasError, match=r"b_mask_\(R2,G0,B0\).png: found no readable PNG"):
        read_masks(tmp_path, "b")
    assert read_masks(tmp_path / "none", "a") == read_masks(tmp_path, "c") == []


def test_a_class_that_the_table_lacks_is_named(tmp_path) -> None:
    with pytest.raises(IcasError, match="the class 9"):
        write_masks(tmp_path, "a", square(9), TABLE, "portable")
    with pytest.raises(IcasError, match="mask_name: found 'x'"):
        write_masks(tmp_path, "a", square(1), TABLE, "x")


def test_a_read_only_folder_is_named_and_keeps_its_masks(open_folder) -> None:
    write_masks(open_folder, "a", square(1), TABLE, "portable")
    with only_readable(open_folder):
        with pytest.raises(IcasError, match=r"cannot be written \(Permission denied\)"):
            write_masks(open_folder, "a", square(7), TABLE, "portable")
        assert [mask.colour for mask in read_masks(open_folder, "a")] == [(204, 0, 0)]


def test_the_masks_of_a_picture_are_removed_but_nobody_elses(tmp_path) -> None:
    for stem in ("a", "a_mask", "b"):
        write_masks(tmp_path, stem, square(1), TABLE, "portable")
    write_masks(tmp_path, "a", square(2), ClassTable((Class(2, "other", (5, 5, 5)),)), "original")
    foreign_mask(tmp_path / "a_mask_(R1,G1,B1).png", square(1))
    (tmp_path / "a_mask_(R2,G2,B2).png").write_text("no picture")
    remove_masks(tmp_path, "a")
    kept = ["a_mask_(R1,G1,B1).png", "a_mask_(R2,G2,B2).png", "a_mask_mask_(R204,G0,B0).png", "b_mask_(R204,G0,B0).png"]
    assert names(tmp_path) == kept
    remove_masks(tmp_path / "nowhere", "a")
