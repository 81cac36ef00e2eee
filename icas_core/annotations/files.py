"""The files of one picture's annotation: PNGs and a sidecar that become valid together, in one rename."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

import numpy as np

from icas_core.annotations.annotation import ARRAYS, Annotation, State
from icas_core.annotations.classes import ClassTable
from icas_core.annotations.pngs import index_png, map_png, read_index_png, read_map_png
from icas_core.annotations.sidecar import Sidecar, read_sidecar, sidecar_json
from icas_core.errors import IcasError
from icas_core.tables import sync_folder

# Behind the picture's whole name, so that a.jpg and a.png stay apart.
_ENDINGS = {"classes": ".png", "segments": ".segments.png", "instances": ".instances.png"}


class AnnotationFiles:
    """The files beside one another for the picture `name`, its path below the picture folder, with `/`.

    A PNG is first written under a hidden name. There are two for each, taken in turns (the sidecar says which, its
    `slot`), so that what the valid sidecar names is never written over; when the new sidecar has taken its place, the
    PNGs take theirs. A crash at any moment leaves the earlier or the new annotation whole.
    """

    def __init__(self, folder: Path, name: str) -> None:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise IcasError(f"annotations: found the picture {name!r}, expected a path below the picture folder")
        self.name = name
        self.sidecar = folder / path.parent / f"{path.name}.json"
        self.steps = folder / path.parent / f".{path.name}.steps"
        self.pngs = {array: folder / path.parent / f"{path.name}{ending}" for array, ending in _ENDINGS.items()}

    def stamp(self) -> tuple[int, int, int] | None:
        """What changes whenever the sidecar is written; None where there is none."""
        try:
            status = os.stat(self.sidecar)
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def read(self) -> tuple[Annotation, Sidecar] | None:
        """What was last written, None where nothing is; IcasError where it is not, or no longer, what icas wrote."""
        for _ in range(3):
            sidecar = read_sidecar(self.sidecar)
            if sidecar is None:
                return None
            try:
                return self._annotation(sidecar), sidecar
            except IcasError:
                newer = read_sidecar(self.sidecar)
                if newer is not None and newer.generation == sidecar.generation:
                    raise
        raise IcasError(f"{self.sidecar}: is being written by another program; try again when that is done")

    def write(self, annotation: Annotation, classes: ClassTable, *, generation: str, slot: int) -> None:
        """Write all, on disk when this returns. Raises OSError before anything of what was valid is touched."""
        pngs = _encoded(annotation, classes)
        files = {array: hashlib.sha256(png).hexdigest() for array, png in pngs.items()}
        sidecar = sidecar_json(self.name, annotation, classes, files=files, generation=generation, slot=slot)
        contents = {**{self.pngs[array]: png for array, png in pngs.items()}, self.sidecar: sidecar}
        self.sidecar.parent.mkdir(parents=True, exist_ok=True)
        try:
            for path, content in contents.items():
                with open(_hidden(path, slot), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(_hidden(self.sidecar, slot), self.sidecar)
        except BaseException:
            for path in contents:
                with suppress(OSError):
                    _hidden(path, slot).unlink(missing_ok=True)
            raise
        self._settle(pngs, slot)
        sync_folder(self.sidecar.parent)

    def _settle(self, pngs: dict[str, bytes], slot: int) -> None:
        # The annotation is valid already: what fails here is made good by the next reading.
        with suppress(OSError):
            for array, path in self.pngs.items():
                if array in pngs:
                    os.replace(_hidden(path, slot), path)
                else:
                    path.unlink(missing_ok=True)
            self.steps.unlink(missing_ok=True)

    def _annotation(self, sidecar: Sidecar) -> Annotation:
        return Annotation(
            **{array: self._array(array, sidecar) for array in ARRAYS},
            digest=sidecar.digest,
            done=sidecar.state is not State.UNFINISHED,
            segmentation=sidecar.segmentation,
        )

    def _array(self, array: str, sidecar: Sidecar) -> np.ndarray:
        width, height = sidecar.size
        if array not in sidecar.files:
            return np.zeros((height, width), ARRAYS[array])
        png = self._bytes(self.pngs[array], sidecar.files[array], sidecar.slot)
        try:
            values = read_index_png(png) if array == "classes" else read_map_png(png)
            if values.shape != (height, width):
                raise ValueError(f"found {values.shape[1]} × {values.shape[0]} pixels, expected {width} × {height}")
            return values.astype(ARRAYS[array], copy=False)
        except ValueError as error:
            raise IcasError(f"{self.pngs[array]}: {error}") from error

    def _bytes(self, path: Path, digest: str, slot: int) -> bytes:
        for each in (path, _hidden(path, slot)):
            try:
                png = each.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise IcasError(f"{each}: cannot be read ({error.strerror})") from error
            if hashlib.sha256(png).hexdigest() == digest:
                if each != path:
                    with suppress(OSError):  # a folder that may only be read
                        os.replace(each, path)
                return png
        raise IcasError(
            f"{path}: is missing or was changed by another program since icas wrote it; it is left as it is: "
            f"bring it back, or move {self.sidecar.name} and the PNGs beside it away"
        )


def _hidden(path: Path, slot: int) -> Path:
    return path.with_name(f".{path.name}.new{slot}")


def _encoded(annotation: Annotation, classes: ClassTable) -> dict[str, bytes]:
    pngs = {"classes": index_png(annotation.classes, classes.palette()), "segments": map_png(annotation.segments)}
    if annotation.instances.any():
        pngs["instances"] = map_png(annotation.instances)
    return pngs
