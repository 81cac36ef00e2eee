"""Export every annotation of a folder in all formats."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

from icas_core.annotations.annotation import State
from icas_core.annotations.classes import CLASSES_FILE, Colour, write_classes
from icas_core.annotations.masks import mask_stems
from icas_core.annotations.store import AnnotationStore
from icas_core.annotations.table import folder_classes, left_to_name
from icas_core.errors import IcasError
from icas_core.export.coco import CocoFile, require_pycocotools
from icas_core.export.folder import check_replaceable, write_manifest
from icas_core.export.picture import Export, Exported, export_picture
from icas_core.export.yolo import yolo_table
from icas_core.logs import progress
from icas_core.swapping import building_beside, clear_leftovers, swap_in

# So many pictures' objects wait in memory to be written in order.
_AT_ONCE = 64


@dataclass
class Exports:
    """What came of an export: pictures, objects, those unfinished, and what was left out with its reason."""

    pictures: int = 0
    objects: int = 0
    unfinished: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)

    @property
    def line(self) -> str:
        """All of it in a line."""
        parts = [f"{self.pictures:,} pictures with {self.objects:,} objects exported"]
        if self.unfinished:
            parts.append(f"{self.unfinished:,} of them unfinished")
        if self.left_out:
            parts.append(f"{len(self.left_out):,} left out (e.g. {self.left_out[0][0]}: {self.left_out[0][1]})")
        return ", ".join(parts)


def export_annotations(
    annotations: Path | str,
    *,
    images: Path | str,
    destination: Path | str,
    classes: Mapping[str, Colour],
    mask_name: str,
    overwrite: bool,
    threads: int,
    log: logging.Logger,
) -> Exports:
    """Export all annotations below a folder as masks, index PNGs, COCO, labelme and YOLO, swapped in as a whole.

    classes: the user's names and colours, which join the folder's classes.yaml; what that says of them counts.
    mask_name: `portable` or `original`. A picture whose annotation cannot be read, or that has another size now, is
    logged, counted and left out; one that is gone, or changed and kept its size, is exported and logged. Raises
    IcasError where there is nothing to export, the folder was changed by hand (unless `overwrite`) or cannot be
    written, or a library is missing.
    """
    require_pycocotools()
    store, target = AnnotationStore(annotations), Path(os.path.realpath(destination))
    names = _annotated(store)
    stems, table = mask_stems(names), folder_classes(store, names)
    table = table.updated(left_to_name(store.read_classes(), classes))
    export = Export(store, Path(images), table, stems, mask_name, building_beside(target), target)
    try:
        clear_leftovers(target)
        check_replaceable(target, overwrite)
        return _built(export, names, threads, log)
    except OSError as error:
        raise IcasError(
            f"{destination}: cannot be written ({error.strerror}); what was exported before is untouched: "
            "make room or allow writing, then run again"
        ) from error


def require_exportable(annotations: Path | str, destination: Path | str, overwrite: bool) -> None:
    """IcasError, before anything is run, where there is nothing to export or the folder was changed by hand."""
    _annotated(AnnotationStore(annotations))
    check_replaceable(Path(os.path.realpath(destination)), overwrite)


def _annotated(store: AnnotationStore) -> list[str]:
    names = store.names()
    if not names:
        raise IcasError(f"annotations: {store.folder}: found none; paint some first with 'snakemake segment'")
    return names


def _built(export: Export, names: list[str], threads: int, log: logging.Logger) -> Exports:
    exports = Exports()
    try:
        export.folder.mkdir(parents=True)
        runs = CocoFile(export.folder / "coco.json", export.table)
        polygons = CocoFile(export.folder / "coco_polygons.json", export.table)
        with runs, polygons, progress(len(names), "export_masks") as bar:
            for name, found in _exported(export, names, threads):
                if isinstance(found, IcasError):
                    log.warning("%r: left out: %s", name, found)
                    exports.left_out.append((name, str(found)))
                else:
                    runs.add(found.image, found.with_runs)
                    polygons.add(found.image, found.with_polygons)
                    exports.pictures += 1
                    exports.objects += len(found.with_runs)
                    exports.unfinished += found.state is State.UNFINISHED
                    for remark in found.remarks:
                        log.warning("%r: %s", name, remark)
                bar.advance()
        (export.folder / "yolo").mkdir(exist_ok=True)
        (export.folder / "yolo" / "data.yaml").write_text(yolo_table(export.table), encoding="utf-8")
        write_classes(export.table, export.folder / CLASSES_FILE)
        write_manifest(export.folder)
        swap_in(export.folder, export.target, log)
    except BaseException:
        shutil.rmtree(export.folder, ignore_errors=True)
        raise
    return exports


def _exported(export: Export, names: list[str], threads: int) -> Iterator[tuple[str, Exported | IcasError]]:
    """Each picture in order with what became of it."""

    def one(name: str, number: int) -> Exported | IcasError:
        try:
            return export_picture(export, name, number)
        except IcasError as error:
            return error

    rest, numbers = iter(names), count(1)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        while some := list(islice(rest, _AT_ONCE)):
            yield from zip(some, pool.map(one, some, islice(numbers, len(some))), strict=True)
