"""Every format is read back by the library that people read it with."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import supervision
from labelme._label_file import read_label_file
from labelme.utils.shape import shapes_to_label
from masks_of import ALL
from PIL import Image
from pycocotools.coco import COCO

from icas_core.annotations.annotation import Annotation, digest_of, unpainted
from icas_core.annotations.classes import Class, ClassTable, read_classes
from icas_core.annotations.instances import instances_of
from icas_core.annotations.masks import classes_from_masks, mask_stems, read_masks
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError
from icas_core.export.exporting import Exports, export_annotations

RED = (204, 0, 0)
TABLE = ClassTable((Class(2, "cell", RED), Class(5, 'Wand: "rot"', RED), Class(9, "never", (1, 2, 3))))
LOG = logging.getLogger("icas_core")


def crowded(seed: int, height: int = 90, width: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Classes and instances with holes, parts, touching objects of one class, lines and single pixels."""
    random = np.random.default_rng(seed)
    classes, instances = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint16)
    for number, mask in enumerate(ALL.values()):
        rows, columns = (min(mask.shape[axis], (height, width)[axis]) for axis in (0, 1))
        top, left = random.integers(0, height - rows + 1), random.integers(0, width - columns + 1)
        where = slice(top, top + rows), slice(left, left + columns)
        inside = mask[:rows, :columns]
        classes[where][inside] = (2, 5, 0)[number % 3]
        instances[where][inside] = number * (number % 2)
    return classes, np.where(classes > 0, instances, 0).astype(np.uint16)


class Project:
    """Pictures, their annotations and their export."""

    def __init__(self, folder: Path) -> None:
        self.images, self.annotations = folder / "pictures", folder / "pictures_segmented"
        self.export = folder / "out/export"
        self.store = AnnotationStore(self.annotations)
        self.store.write_classes(TABLE)

    def add(self, name: str, classes: np.ndarray, instances: np.ndarray | None = None, done: bool = True) -> Annotation:
        picture = self.images / name
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (*classes.shape, 3)).astype(np.uint8)).save(picture)
        blank = unpainted(np.ones(classes.shape, np.int32), digest_of(picture))
        instances = np.zeros(classes.shape, np.uint16) if instances is None else instances
        annotation = replace(blank, classes=classes, instances=instances, done=done)
        self.store.write(name, annotation, TABLE)
        return annotation

    def exported(self, **changes) -> Exports:
        given = {"classes": {}, "mask_name": "portable", "overwrite": False, "threads": 2, "log": LOG, **changes}
        return export_annotations(self.annotations, images=self.images, destination=self.export, **given)


def objects(annotation: Annotation) -> list[tuple[int, bytes]]:
    """Every object as its class and its pixels, in an order of its own."""
    numbers, instances = instances_of(annotation)
    return sorted((each.class_id, (numbers == each.number).tobytes()) for each in instances)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    made = Project(tmp_path_factory.mktemp("export"))
    for seed, name in enumerate(["a.jpg", "a.png", "b.png", "sub/a.jpg"]):
        made.add(name, *crowded(seed))
    made.add("empty.png", np.zeros((20, 30), np.uint8))
    exports = made.exported()
    assert (exports.pictures, exports.unfinished, exports.left_out) == (5, 0, [])
    return made


def annotation_of(project: Project, name: str) -> Annotation:
    annotation = AnnotationStore(project.annotations).read(name)
    assert annotation is not None
    return annotation


NAMES = ["a.jpg", "a.png", "b.png", "sub/a.jpg", "empty.png"]


@pytest.mark.parametrize("file", ["coco.json", "coco_polygons.json"])
def test_pycocotools_reads_every_object_to_the_pixel(project, file, capsys) -> None:
    coco = COCO(project.export / file)
    assert {each["id"]: each["name"] for each in coco.dataset["categories"]} == {each.id: each.name for each in TABLE}
    assert sorted(image["file_name"] for image in coco.imgs.values()) == sorted(NAMES)
    for image in coco.imgs.values():
        annotation = annotation_of(project, image["file_name"])
        assert (image["width"], image["height"]) == annotation.size
        found = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        masks = [coco.annToMask(each) for each in found]
        pairs = list(zip(found, masks, strict=True))
        assert sorted((each["category_id"], (mask > 0).tobytes()) for each, mask in pairs) == objects(annotation)
        for each, mask in pairs:
            rows, columns = np.nonzero(mask)
            assert each["area"] == mask.sum()
            assert each["bbox"] == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert each["iscrowd"] == 0


def test_supervision_reads_the_runs_to_the_pixel(project) -> None:
    file = str(project.export / "coco.json")
    dataset = supervision.DetectionDataset.from_coco(str(project.images), file, force_masks=True)
    assert dataset.classes == [each.name for each in TABLE]
    for path, _, found in dataset:
        annotation = annotation_of(project, Path(path).relative_to(project.images).as_posix())
        ids = [TABLE.classes[place].id for place in found.class_id] if len(found) else []
        masks = [mask.tobytes() for mask in found.mask] if ids else []
        assert sorted(zip(ids, masks, strict=True)) == objects(annotation)


def test_labelme_reads_every_object_to_the_pixel_with_its_picture(project) -> None:
    stems = mask_stems(NAMES)
    for name in NAMES:
        annotation = annotation_of(project, name)
        label = read_label_file(str(project.export / "labelme" / f"{stems[name]}.json"))
        assert label.image_data == (project.images / name).read_bytes()
        values = {each.name: each.id for each in TABLE}
        found = []
        for shape in label.shapes:  # one by one: an object in the hole of another may lie over it
            alone, _ = shapes_to_label(annotation.classes.shape, [shape], values)
            found.append((shape["label"], shape["group_id"], alone > 0))
        grouped: dict[object, np.ndarray] = {}
        for number, (text, group, mask) in enumerate(found):
            key = (text, f"alone {number}" if group is None else group)
            grouped[key] = grouped.get(key, False) | mask
        assert sorted((values[text], mask.tobytes()) for (text, _), mask in grouped.items()) == objects(annotation)


def test_supervision_reads_yolo_to_the_pixel(project) -> None:
    labels, pictures = project.export / "yolo/labels", project.export / "yolo/images"
    for folder, names in {".": ["a.jpg", "a.png", "b.png", "empty.png"], "sub": ["sub/a.jpg"]}.items():
        dataset = supervision.DetectionDataset.from_yolo(
            str(pictures / folder), str(labels / folder), str(project.export / "yolo/data.yaml"), force_masks=True
        )
        assert dataset.classes == [each.name for each in TABLE]
        stems = mask_stems(NAMES)
        read = {Path(path).stem: found for path, _, found in dataset}
        assert sorted(read) == sorted(Path(stems[name]).name for name in names)
        for name in names:
            annotation, found = annotation_of(project, name), read[Path(stems[name]).name]
            lines = zip(found.class_id, found.mask, strict=True) if len(found) else ()
            parts = [(int(place), mask) for place, mask in lines]
            assert sum(np.count_nonzero(mask) for _, mask in parts) == np.count_nonzero(annotation.classes)
            for place, mask in parts:
                assert set(annotation.classes[mask]) == {TABLE.classes[place].id}
            assert os.path.samefile(pictures / f"{stems[name]}{Path(name).suffix}", project.images / name)


def test_index_and_masks_give_the_classes_to_the_pixel(project) -> None:
    stems = mask_stems(NAMES)
    for name in NAMES:
        classes = annotation_of(project, name).classes
        with Image.open(project.export / "index" / f"{name}.png") as index:
            assert np.array_equal(np.asarray(index), classes)
            assert np.array_equal(np.asarray(index.convert("RGB")), TABLE.palette()[classes])
        masks = read_masks(project.export / "masks", stems[name])
        assert len(masks) == len(np.unique(classes[classes > 0]))
        if masks:
            assert np.array_equal(classes_from_masks(masks, TABLE)[0], classes)
    assert read_classes(project.export / "classes.yaml") == TABLE


@pytest.fixture
def small(tmp_path) -> Project:
    made = Project(tmp_path)
    made.add("a.png", np.full((4, 5), 2, np.uint8))
    made.add("b.png", np.eye(4, 5, dtype=np.uint8) * 5, done=False)
    return made


def test_what_was_changed_by_hand_is_not_replaced(small) -> None:
    assert small.exported().line == "2 pictures with 2 objects exported, 1 of them unfinished"
    small.exported()
    label = small.export / "labelme/a.json"
    label.write_text(label.read_text() + " ")
    with pytest.raises(IcasError, match=r"1 files were changed or added by hand \(e.g. 'labelme/a.json'\).*overwrite"):
        small.exported()
    assert label.read_text().endswith(" ")
    small.exported(overwrite=True)
    (small.export / "mine.txt").write_text("x")
    with pytest.raises(IcasError, match=r"mine\.txt"):
        small.exported()
    shutil.rmtree(small.export)
    small.export.mkdir()
    (small.export / "mine.txt").write_text("x")
    with pytest.raises(IcasError, match=r"mine\.txt"):
        small.exported()


def test_what_is_no_longer_painted_leaves_the_export(small) -> None:
    small.exported()
    assert (small.export / "masks/a_mask_(R204,G0,B0).png").exists()
    store = AnnotationStore(small.annotations)
    store.write("a.png", replace(store.read("a.png"), classes=np.zeros((4, 5), np.uint8)), TABLE)
    small.exported(mask_name="original")
    assert sorted(path.name for path in (small.export / "masks").iterdir()) == ["b_mask_(R:204,G:0,B:0)_5.png"]


def test_a_bad_annotation_is_named_and_the_rest_is_exported(small, caplog) -> None:
    (small.annotations / "c.png.json").write_text("{}")
    small.add("d.png", np.full((4, 5), 2, np.uint8))
    Image.new("RGB", (9, 9)).save(small.images / "d.png")
    small.add("e.png", np.full((4, 5), 2, np.uint8))
    (small.images / "e.png").unlink()
    small.add("f.png", np.full((4, 5), 2, np.uint8))
    Image.new("RGB", (5, 4)).save(small.images / "f.png")
    late = (small.annotations / "f.png.json").stat().st_mtime_ns + 10**9
    os.utime(small.images / "f.png", ns=(late, late))
    with caplog.at_level(logging.WARNING, "icas_core"):
        exports = small.exported()
    assert [name for name, _ in exports.left_out] == ["c.png", "d.png"]
    assert "found JSON of another program" in exports.left_out[0][1]
    assert exports.left_out[1][1] == "the picture has 9 × 9 pixels, and had 5 × 4 when it was painted"
    assert exports.pictures == 4
    assert "2 left out (e.g. c.png" in exports.line
    for part in ("'e.png': the picture cannot be read any more (vanished)", "'f.png': the picture was changed"):
        assert part in caplog.text
    coco = json.loads((small.export / "coco.json").read_text())
    assert [image["file_name"] for image in coco["images"]] == ["a.png", "b.png", "e.png", "f.png"]


def test_classes_that_the_table_lost_come_back_and_the_users_join(small) -> None:
    small.store.write_classes(ClassTable((Class(2, "renamed", (7, 7, 7)),)))
    small.exported(classes={"renamed": (8, 8, 8), "new": (9, 9, 9)})
    assert list(read_classes(small.export / "classes.yaml")) == [
        Class(2, "renamed", (7, 7, 7)),
        TABLE.with_id(5),
        Class(6, "new", (9, 9, 9)),
    ]


def test_nothing_painted_is_told(tmp_path) -> None:
    with pytest.raises(IcasError, match="found none; paint some first"):
        Project(tmp_path).exported()


def test_without_pycocotools_one_line_says_what_to_install(small, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    monkeypatch.setitem(sys.modules, "pycocotools.mask", None)
    with pytest.raises(IcasError, match=r"pip install 'pycocotools") as refused:
        small.exported()
    assert "\n" not in str(refused.value)
