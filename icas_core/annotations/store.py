"""The folder of annotations: read, written whole, and step by step while a person paints."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icas_core.annotations.annotation import Annotation, State
from icas_core.annotations.classes import (
    CLASSES_FILE,
    Class,
    ClassTable,
    default_classes,
    read_classes,
    write_classes,
)
from icas_core.annotations.files import AnnotationFiles
from icas_core.annotations.patch import Patch, patched
from icas_core.annotations.sidecar import read_sidecar
from icas_core.annotations.steps import append_step, read_steps
from icas_core.errors import IcasError
from icas_core.images import is_picture_name


@dataclass
class _Seen:
    """What a store knows of a picture's files since it last read or wrote them; `end`: where its steps end."""

    stamp: tuple[int, int, int] | None
    generation: str
    slot: int
    end: int
    step_missing: bool = False


class AnnotationStore:
    """The annotations below one folder, each under its picture's path below the picture folder, with `/`.

    `sub/a.jpg` gives `sub/a.jpg.png`, the index PNG (class ids, the classes' colours as palette),
    `sub/a.jpg.segments.png`, the segment map, `sub/a.jpg.instances.png` where instances have numbers, and
    `sub/a.jpg.json`, the sidecar; they become valid together, in one rename. Between two writings `append` keeps single
    steps in `sub/.a.jpg.steps`.

    A store refuses, with IcasError, to write over what it has not read or written itself: another program's files,
    files edited by hand, another version, or another store's later work.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._seen: dict[str, _Seen] = {}

    def read(self, name: str) -> Annotation | None:
        """The annotation of a picture with all its steps, None where there is none.

        Raises IcasError where it is older, newer, foreign, edited or damaged; the files are left as they are.
        """
        found = self._load(name)
        self._seen.pop(name, None)
        if found is None:
            return None
        annotation, self._seen[name] = found
        return annotation

    def write(self, name: str, annotation: Annotation, classes: ClassTable) -> None:
        """Write an annotation whole, on disk when this returns; the steps appended before are contained in it.

        classes: gives the palette, and the names in the sidecar. Raises IcasError when it cannot be written (no
        permission, full disk): what was there before is then whole.
        """
        files = self._mine(name)
        seen = self._seen.get(name)
        generation, slot = secrets.token_hex(8), 1 - seen.slot if seen else 0
        try:
            files.write(annotation, classes, generation=generation, slot=slot)
        except OSError as error:
            raise _not_written(files, error) from error
        self._seen[name] = _Seen(files.stamp(), generation, slot, end=0)

    def append(self, name: str, patch: Patch) -> int:
        """Keep one step after the last reading, writing or step of this picture; returns the bytes of steps so far.

        Fast enough for every action; outlives kill -9 at once, a power cut only with the next `write`. Raises IcasError
        when it cannot be kept: all steps before are still there, and the next thing to do is a `write`.
        """
        files = self._mine(name)
        seen = self._seen.get(name)
        if seen is None or seen.step_missing:
            raise IcasError(f"{files.sidecar}: is not saved; it must be written whole before more steps are kept")
        try:
            seen.end = append_step(files.steps, seen.generation, patch, seen.end)
        except OSError as error:
            seen.step_missing = True
            raise _not_written(files, error) from error
        return seen.end

    def state(self, name: str) -> State | None:
        """How far a picture is, None where it has no annotation; IcasError as `read`."""
        files = AnnotationFiles(self.folder, name)
        if files.steps.exists():
            found = self._load(name)
            return found[0].state if found else None
        sidecar = read_sidecar(files.sidecar)
        return sidecar.state if sidecar else None

    def unfinished(self, names: Iterable[str], bad: Callable[[str, IcasError], object] | None = None) -> list[str]:
        """Those pictures that are not done, in order; one that cannot be read is among them, and told to `bad`."""
        found = []
        for name in names:
            try:
                if self.state(name) not in (State.DONE, State.EMPTY):
                    found.append(name)
            except IcasError as error:
                found.append(name)
                if bad is not None:
                    bad(name, error)
        return found

    def names(self) -> list[str]:
        """The pictures that have a sidecar, sorted."""
        paths = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.json"))
        visible = (path for path in paths if not any(part.startswith(".") for part in path.split("/")))
        return sorted(name for path in visible if is_picture_name(name := path.removesuffix(".json")))

    def classes_of(self, name: str) -> tuple[Class, ...]:
        """The classes painted on a picture as the table was when it was written; IcasError as `read`.

        Those that only its steps have are as the folder's table has them.
        """
        files = AnnotationFiles(self.folder, name)
        sidecar = read_sidecar(files.sidecar)
        if sidecar is None or not files.steps.exists():
            return sidecar.classes if sidecar else ()
        found, table = self._load(name), ClassTable(sidecar.classes).joined(self.read_classes())
        painted = set(np.unique(found[0].classes).tolist()) if found else set()
        return tuple(each for each in table.joined(default_classes()) if each.id in painted)

    def written_at(self, name: str) -> int:
        """When the annotation was last written whole, in ns; IcasError where there is none."""
        stamp = AnnotationFiles(self.folder, name).stamp()
        if stamp is None:
            raise IcasError(f"{name}: has no annotation")
        return stamp[1]

    def read_classes(self) -> ClassTable:
        """The folder's class table, empty where there is none; IcasError where it means nothing."""
        return read_classes(self.folder / CLASSES_FILE)

    def write_classes(self, table: ClassTable) -> None:
        """Write the folder's class table; IcasError when it cannot be written."""
        write_classes(table, self.folder / CLASSES_FILE)

    def _load(self, name: str) -> tuple[Annotation, _Seen] | None:
        files = AnnotationFiles(self.folder, name)
        stamp = files.stamp()
        found = files.read()
        if found is None:
            return None
        annotation, sidecar = found
        try:
            patches, end = read_steps(files.steps, sidecar.generation)
            annotation = patched(annotation, *patches)
        except (OSError, ValueError) as error:
            raise IcasError(f"{files.steps}: cannot be read ({error}); it is left as it is") from error
        return annotation, _Seen(stamp, sidecar.generation, sidecar.slot, end)

    def _mine(self, name: str) -> AnnotationFiles:
        """The picture's files, if they are as this store last saw them."""
        files = AnnotationFiles(self.folder, name)
        seen, stamp = self._seen.get(name), files.stamp()
        if stamp is None and seen is not None:
            raise IcasError(f"{files.sidecar}: is gone since it was opened; bring it back, or open the picture again")
        if seen is None or seen.stamp != stamp:
            there = next((path for path in (files.sidecar, *files.pngs.values()) if os.path.lexists(path)), None)
            if there is not None:
                read_sidecar(files.sidecar)  # tells what is wrong with another program's
                raise IcasError(
                    f"{there}: was written by another program or another window; it is left as it is: "
                    "open the picture again, or choose another folder with the key 'annotations'"
                )
        return files


def _not_written(files: AnnotationFiles, error: OSError) -> IcasError:
    return IcasError(
        f"{files.sidecar}: cannot be written ({error.strerror}); what was saved before is untouched: "
        "make room or allow writing, then save again"
    )
