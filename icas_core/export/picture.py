"""Export one picture's annotation in all formats."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from icas_core.annotations.annotation import Annotation, State, digest_of
from icas_core.annotations.classes import ClassTable
from icas_core.annotations.instances import instances_of
from icas_core.annotations.masks import mask_files
from icas_core.annotations.pngs import index_png
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError, RejectedPicture
from icas_core.export.coco import objects_of
from icas_core.export.labelme import labelme_json
from icas_core.export.yolo import yolo_lines
from icas_core.images import upright_size


@dataclass(frozen=True)
class Export:
    """One export: the annotations and pictures it takes, the table and names it gives, and its folder.

    folder: where it is built; target: where it will lie, beside it.
    """

    store: AnnotationStore
    images: Path
    table: ClassTable
    stems: dict[str, str]
    mask_name: str
    folder: Path
    target: Path


@dataclass(frozen=True)
class Exported:
    """One picture as COCO tells it, its objects with runs and with polygons, and what a person should know of it."""

    image: dict[str, Any]
    with_runs: list[dict[str, Any]]
    with_polygons: list[dict[str, Any]]
    state: State
    remarks: list[str] = field(default_factory=list)


def export_picture(export: Export, name: str, number: int) -> Exported:
    """Write a picture's masks, index PNG, labelme and YOLO files; number: its id in COCO.

    Raises IcasError where the annotation cannot be read or is not of this picture.
    """
    annotation = export.store.read(name)
    if annotation is None:
        raise IcasError("the annotation is gone")
    remarks = _remarks(export, name, annotation)
    numbers, instances = instances_of(annotation)
    stem, table = export.stems[name], export.table
    files = {
        f"masks/{path}": png for path, png in mask_files(stem, annotation.classes, table, export.mask_name).items()
    }
    files[f"index/{name}.png"] = index_png(annotation.classes, table.palette())
    place = PurePosixPath("labelme", f"{stem}.json")
    beside = Path(os.path.relpath(export.images / name, export.target / place.parent)).as_posix()
    files[str(place)] = json.dumps(labelme_json(numbers, instances, table, beside), ensure_ascii=False).encode()
    files[f"yolo/labels/{stem}.txt"] = "".join(f"{line}\n" for line in yolo_lines(numbers, instances, table)).encode()
    for path, content in files.items():
        (export.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (export.folder / path).write_bytes(content)
    _link(export, name, f"yolo/images/{stem}{PurePosixPath(name).suffix}")
    width, height = annotation.size
    image = {"id": number, "file_name": name, "width": width, "height": height, "state": str(annotation.state)}
    return Exported(image, *objects_of(numbers, instances, number), annotation.state, remarks)


def _remarks(export: Export, name: str, annotation: Annotation) -> list[str]:
    picture = export.images / name
    try:
        width, height = upright_size(picture)
    except RejectedPicture as error:
        return [f"the picture cannot be read any more ({error}); its annotation is exported all the same"]
    if (width, height) != annotation.size:
        was = "{} × {}".format(*annotation.size)
        raise IcasError(f"the picture has {width} × {height} pixels, and had {was} when it was painted")
    # Only a picture that is newer than its annotation is worth the reading.
    newer = picture.stat().st_mtime_ns > export.store.written_at(name)
    if newer and digest_of(picture) != annotation.digest:
        return ["the picture was changed since it was painted; its annotation is exported all the same"]
    return []


def _link(export: Export, name: str, path: str) -> None:
    """YOLO finds labels by their pictures' places: a link to the picture in the place that goes with its label."""
    picture, link = export.images / name, export.folder / path
    if not picture.exists():
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(os.path.relpath(os.path.realpath(picture), (export.target / path).parent))
    except OSError:  # a file system or a system without links
        shutil.copy2(picture, link)
