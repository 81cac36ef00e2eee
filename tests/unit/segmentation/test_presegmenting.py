from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from icas_core.errors import IcasError
from icas_core.images import read_rgb
from icas_core.segmentation.presegmenting import Presegmented, presegment, stale_maps
from icas_core.segmentation.segmenting import segment
from icas_core.segmentation.stored import picture_digest, read_segments

NAMES = ["a.jpg", "a.png", "sub/2024/b.png"]


@pytest.fixture
def maps(tmp_path: Path) -> Presegmented:
    random = np.random.default_rng(0)
    for name in NAMES:
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), cv2.resize(random.integers(0, 256, (4, 5, 3), dtype=np.uint8), (80, 60)))
    return Presegmented(tmp_path / "maps", tmp_path / "pictures", "graph")


def times(maps: Presegmented) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in maps.folder.rglob("*.png")}


def test_each_picture_gets_the_map_that_segmenting_it_gives(maps: Presegmented) -> None:
    made, rejected = presegment(maps, NAMES, threads=2)
    assert rejected == []
    assert [path for path, _ in made] == NAMES
    for path, count in made:
        picture = read_rgb(maps.images / path)
        labels = maps(path)
        assert labels is not None
        assert np.array_equal(labels, segment(picture, "graph"))
        assert labels.max() == count
        assert read_segments(maps.map_of(path))[1]["picture"] == picture_digest(picture)


def test_maps_that_are_there_are_left_as_they_are(maps: Presegmented) -> None:
    first = presegment(maps, NAMES)
    before = times(maps)
    maps.map_of("a.png").unlink()
    assert presegment(maps, NAMES) == first
    after = times(maps)
    assert {name for name in before if before[name] != after[name]} == {"a.png.png"}


def test_a_map_of_a_changed_picture_or_recipe_is_none(maps: Presegmented) -> None:
    presegment(maps, NAMES)
    other = Presegmented(maps.folder, maps.images, "graph", {"smallest": 7})
    assert maps("a.jpg") is not None
    assert other("a.jpg") is None
    assert Presegmented(maps.folder, maps.images, "graph", {}, 0.5)("a.jpg") is None
    # The defaults spelt out are the same recipe.
    assert Presegmented(maps.folder, maps.images, "graph", {"scale": 600})("a.jpg") is not None
    cv2.imwrite(str(maps.images / "a.jpg"), np.zeros((9, 9, 3), np.uint8))
    assert maps("a.jpg") is None
    maps.map_of("a.png").write_bytes(b"spoilt")
    assert maps("a.png") is None


def test_a_picture_that_cannot_be_read_is_rejected_and_its_old_map_removed(maps: Presegmented) -> None:
    presegment(maps, NAMES)
    (maps.images / "a.jpg").write_bytes(b"no picture")
    (maps.images / "a.png").unlink()
    made, rejected = presegment(maps, NAMES)
    assert [path for path, _ in made] == ["sub/2024/b.png"]
    assert [path for path, _ in rejected] == ["a.jpg", "a.png"]
    assert "not a picture" in rejected[0][1]
    assert sorted(times(maps)) == ["b.png.png"]


def test_stale_maps_are_those_of_pictures_that_are_gone_and_what_was_half_written(maps: Presegmented) -> None:
    presegment(maps, NAMES)
    half = maps.folder / "sub" / ".c.png.png.abcd1234"
    half.write_bytes(b"")
    assert stale_maps(maps.folder, {"a.jpg", "sub/2024/b.png"}) == [maps.map_of("a.png"), half]


def test_grabcut_cannot_segment_a_folder_without_a_person(maps: Presegmented) -> None:
    with pytest.raises(IcasError, match="'segment_method': found grabcut.*strokes; accepted by presegment"):
        presegment(Presegmented(maps.folder, maps.images, "grabcut"), NAMES)
