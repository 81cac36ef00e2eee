"""The photographs that come with the project: what their table of truth says is so."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from icas_core.images import is_picture_name, read_rgb
from tests.data.make_photos import Photo, encoded, planned

DATA = Path(__file__).parents[1] / "data"
PHOTOS = DATA / "photos"

with open(DATA / "groundtruth.csv", newline="", encoding="utf-8") as file:
    TRUTH = list(csv.DictReader(file))


ONE_OF_EACH_KIND = list({photo.transform: photo for photo in planned()}.values())


def test_the_table_of_truth_lists_every_photograph_and_no_other() -> None:
    there = {path.relative_to(PHOTOS).as_posix() for path in PHOTOS.rglob("*") if is_picture_name(path.name)}
    assert {row["path"] for row in TRUTH} == there
    assert len(TRUTH) == len(there)


def test_there_are_enough_photographs_and_they_stay_small() -> None:
    assert 60 <= len(TRUTH) <= 100
    assert len({row["group"] for row in TRUTH}) >= 16
    assert sum((PHOTOS / row["path"]).stat().st_size for row in TRUTH) < 5_000_000


def test_every_source_has_its_licence_in_the_table_of_sources() -> None:
    lines = (DATA / "SOURCES.md").read_text(encoding="utf-8").splitlines()
    licences = {line.split("|")[1].strip(): line.split("|")[4] for line in lines if line.count("|") == 5}
    for source in {row["source"] for row in TRUTH}:
        assert "public domain" in licences[source].lower() or "CC0" in licences[source]


def test_among_the_names_are_the_awkward_ones() -> None:
    names = [Path(row["path"]).name for row in TRUTH]
    assert any(" " in name for name in names)
    assert any(not name.isascii() for name in names)
    assert any(name.endswith(".JPG") for name in names)
    assert {".png", ".webp"} < {Path(name).suffix for name in names}
    assert len(set(names)) < len(names), "two folders must have a picture of one name"


@pytest.mark.parametrize("photo", ONE_OF_EACH_KIND, ids=lambda photo: photo.transform)
def test_the_script_makes_the_same_picture_again(photo: Photo, tmp_path: Path) -> None:
    again = tmp_path / Path(photo.path).name
    again.write_bytes(encoded(photo))
    np.testing.assert_array_equal(read_rgb(again), read_rgb(PHOTOS / photo.path))


def test_a_photograph_turned_by_the_camera_is_stored_on_its_side_and_read_upright() -> None:
    turned, upright = read_rgb(PHOTOS / "phone/turned coffee.jpg"), read_rgb(PHOTOS / "things/coffee.jpg")
    with Image.open(PHOTOS / "phone/turned coffee.jpg") as stored:
        assert stored.size == upright.shape[:2]
    assert turned.shape == upright.shape
    # Turned before it was compressed, so not the very same pixels; the wrong way up they differ by over 40.
    assert np.abs(turned.astype(int) - upright).mean() < 8


def test_copies_of_a_scene_are_alike_and_different_scenes_are_not() -> None:
    small = [_small_grey(PHOTOS / row["path"]) for row in TRUTH]
    within, between = [], []
    for left in range(len(TRUTH)):
        for right in range(left):
            same = TRUTH[left]["group"] == TRUTH[right]["group"]
            (within if same else between).append(structural_similarity(small[left], small[right], data_range=255))
    assert min(within) > 0.75
    assert max(between) < 0.4


def _small_grey(path: Path) -> np.ndarray:
    return cv2.resize(cv2.cvtColor(read_rgb(path), cv2.COLOR_RGB2GRAY), (24, 24), interpolation=cv2.INTER_AREA)
