"""COCO JSON: every object as exact runs (RLE), and in a second file as polygons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from icas_core.annotations.classes import ClassTable
from icas_core.annotations.instances import Instance
from icas_core.errors import IcasError
from icas_core.export.polygons import outline_polygons

INSTALL = "pip install 'pycocotools>=2.0.8', or with this folder: pip install '.[export]'"


def require_pycocotools() -> None:
    """IcasError that says what to install where pycocotools is not there."""
    try:
        import pycocotools.mask  # noqa: F401
    except ImportError:
        raise IcasError(f"export_masks: needs pycocotools, which is not installed here: {INSTALL}") from None


def runs_of(numbers: np.ndarray, count: int) -> list[dict[str, Any]]:
    """Each instance's pixels as COCO's compressed runs, {size: [height, width], counts: text}.

    numbers: (height, width) int32 with the instances 1 to `count`, each of which occurs. The runs go down the columns;
    `pycocotools.mask.decode` gives the pixels back.
    """
    from pycocotools import mask as coco

    height, width = numbers.shape
    flat = numbers.ravel(order="F")
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    ends = np.append(starts[1:], flat.size)
    owners = flat[starts]
    order = np.argsort(owners, kind="stable")
    bounds = np.searchsorted(owners[order], np.arange(1, count + 2))
    found = []
    for first, last in pairwise(bounds):
        runs = order[first:last]
        # Alternately a gap and a run, beginning with a gap.
        borders = np.stack([starts[runs], ends[runs]], axis=1).ravel()
        counts = np.diff(borders, prepend=0, append=flat.size).tolist()
        packed = coco.frPyObjects({"size": [height, width], "counts": counts}, height, width)
        found.append({"size": [height, width], "counts": packed["counts"].decode("ascii")})
    return found


def objects_of(
    numbers: np.ndarray, instances: Iterable[Instance], image_id: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """COCO's annotations of one picture, without ids: with runs, and with polygons (holes cut open, parts apart)."""
    instances = list(instances)
    with_runs, with_polygons = [], []
    for each, runs in zip(instances, runs_of(numbers, len(instances)), strict=True):
        left, top, width, height = each.box
        common = {"image_id": image_id, "category_id": each.class_id, "bbox": list(each.box), "area": each.area}
        inside = numbers[top : top + height, left : left + width] == each.number
        polygons = [polygon.ravel().tolist() for polygon in outline_polygons(inside, at=(left, top))]
        with_runs.append({**common, "iscrowd": 0, "segmentation": runs})
        with_polygons.append({**common, "iscrowd": 0, "segmentation": polygons})
    return with_runs, with_polygons


class CocoFile:
    """A COCO JSON written as it comes, so that no number of pictures fills the memory; to be entered with `with`."""

    def __init__(self, path: Path, classes: ClassTable) -> None:
        self._path, self._classes = path, classes
        self._images: list[dict[str, Any]] = []
        self._count = 0

    def __enter__(self) -> CocoFile:
        self._file = open(self._path, "w", encoding="utf-8")
        self._file.write('{"annotations": [')
        return self

    def add(self, image: Mapping[str, Any], objects: Iterable[Mapping[str, Any]]) -> None:
        """Add a picture (with its id) and its objects, which get theirs here, from 1."""
        self._images.append(dict(image))
        for each in objects:
            self._file.write(",\n" if self._count else "\n")
            self._count += 1
            self._file.write(json.dumps({"id": self._count, **each}, ensure_ascii=False))

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with self._file:
            if kind is None:
                categories = [
                    {"id": each.id, "name": each.name, "supercategory": "", "color": list(each.colour)}
                    for each in self._classes
                ]
                rest = {"images": self._images, "categories": categories, "info": {"description": "exported by icas"}}
                self._file.write("],\n" + json.dumps(rest, ensure_ascii=False)[1:] + "\n")
