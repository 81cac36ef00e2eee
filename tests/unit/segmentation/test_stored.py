from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icas_core.errors import IcasError
from icas_core.segmentation.stored import picture_digest, read_segments, write_segments

NOTES = {"method": "graph", "version": 1, "parameters": {"sigma": 0.8}, "reduce": 0.5, "level": 0, "picture": "ab12"}


@pytest.mark.parametrize("most", [0, 1, 255, 256, 65_535, 65_536, 2**24, 2**31 - 1])
def test_labels_of_any_size_are_read_back_as_they_were(tmp_path: Path, most: int) -> None:
    labels = np.random.default_rng(1).integers(0, most, (37, 53), dtype=np.int32, endpoint=True)
    labels[-1, -1] = most
    write_segments(labels, tmp_path / "map.png", NOTES)
    read, notes = read_segments(tmp_path / "map.png")
    assert read.dtype == np.int32
    assert np.array_equal(read, labels)
    assert notes == NOTES


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_narrow_maps_keep_their_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    write_segments(np.ones(shape, np.int32), tmp_path / "map.png", NOTES)
    assert read_segments(tmp_path / "map.png")[0].shape == shape


def test_a_map_with_hundreds_of_segments_takes_far_less_than_its_pixels(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:1000, :1500]
    labels = (rows // 50 * 30 + columns // 50 + 1).astype(np.int32)
    write_segments(labels, tmp_path / "map.png", NOTES)
    assert (tmp_path / "map.png").stat().st_size < labels.size / 20


def test_a_file_that_is_no_label_map_is_named(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "picture.png")
    (tmp_path / "text.png").write_text("nothing")
    write_segments(np.ones((60, 60), np.int32), tmp_path / "cut.png", NOTES)
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:-30])
    for name, says in (("picture", "no label map"), ("text", "not a readable"), ("gone", "missing")):
        with pytest.raises(IcasError, match=rf"{name}\.png: .*{says}"):
            read_segments(tmp_path / f"{name}.png")
    with pytest.raises(IcasError, match=r"cut\.png"):
        read_segments(tmp_path / "cut.png")


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    write_segments(np.ones((3, 3), np.int32), tmp_path / "map.png", NOTES)
    with pytest.raises(TypeError):
        write_segments(np.full((3, 3), 2, np.int32), tmp_path / "map.png", {**NOTES, "parameters": {1j: 1}})
    assert read_segments(tmp_path / "map.png")[0].max() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_the_digest_tells_pixels_and_shapes_apart() -> None:
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    turned = picture.reshape(4, 2, 3)
    assert picture_digest(picture) == picture_digest(picture[:, ::-1][:, ::-1])
    assert len({picture_digest(each) for each in (picture, turned, picture + 1)}) == 3
