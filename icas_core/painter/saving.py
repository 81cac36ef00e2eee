"""Keeps what is painted on disk from a thread of its own, so that no action waits for the disk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from icas_core.annotations.annotation import Annotation
from icas_core.annotations.classes import ClassTable
from icas_core.annotations.masks import remove_masks, write_masks
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError
from icas_core.painter.painting import Painting, annotation_of, classes_by_pixel, patch_of

_RETRY = 2.0  # seconds between two attempts to write what could not be written
_MOST_STEP_BYTES = 20_000_000  # then the annotation is written whole


@dataclass(frozen=True, eq=False)
class Kept:
    """All that is kept of one picture."""

    painting: Painting
    digest: str
    done: bool
    segmentation: dict[str, Any]


class Saver:
    """Writes annotations one after the other; what fails stays `unsaved` (of masks: `unwritten`) and is tried again.

    Before an action is taken all but the one before it are on disk, so that a killed program loses one at most.
    """

    def __init__(self, store: AnnotationStore, classes: Callable[[], ClassTable], mask_form: str) -> None:
        self.store = store
        self.unsaved: dict[str, Kept] = {}
        # Pictures whose masks could not be written, with their masks' stem.
        self.unwritten: dict[str, tuple[Kept, str]] = {}
        self._errors: dict[str, str] = {}  # of annotations, masks, classes
        self._classes = classes
        # The folder's table as it was last read or written here, and the session's that is kept in it.
        self._classes_there = store.read_classes()
        self._classes_kept: ClassTable | None = None
        self._mask_form = mask_form
        # The pictures that are on disk, and whether they are done there.
        self._on_disk: dict[str, bool] = {}
        self._thread = ThreadPoolExecutor(1, "saving")
        self._waiting: deque[Future[None]] = deque()
        self._tried = 0.0

    @property
    def error(self) -> str:
        """Why something cannot be written, empty where all can."""
        found = map(self._errors.get, ("annotations", "masks", "classes"))
        return next(filter(None, found), "")

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return any(not future.done() for future in self._waiting)

    def read(self, name: str) -> Annotation | None:
        """The annotation of a picture, after all that is to be written before; raises IcasError."""
        return self._thread.submit(self._read, name).result()

    def step(self, name: str, before: Painting, kept: Kept) -> None:
        """Keep one action."""
        self._submit(self._step, name, before, kept)

    def write(self, name: str, kept: Kept) -> None:
        """Write the annotation whole."""
        self._submit(self._write, name, kept)

    def export(self, name: str, kept: Kept, stem: str) -> None:
        """Write the annotation whole, and the picture's masks."""
        self._submit(self._export, name, kept, stem)

    def remove_masks(self, name: str, kept: Kept, stem: str) -> None:
        """Remove the masks of a picture that is not done: they are not true any more."""
        self._submit(self._write_masks, name, kept, stem)

    def keep_classes(self) -> None:
        """Keep the class table in the folder."""
        self._submit(self._keep_classes)

    def retry(self) -> None:
        """Try again what could not be written, now and then."""
        if self._errors and not self.busy and time.monotonic() - self._tried > _RETRY:
            self._submit(self._write_again)

    def flush(self) -> None:
        """Wait until all is written or has failed."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Write what is left and end."""
        self._submit(self._write_again)
        self.flush()
        self._thread.shutdown()

    def _submit(self, job: Callable[..., None], *arguments: Any) -> None:
        self.flush()
        self._waiting.append(self._thread.submit(job, *arguments))

    def _read(self, name: str) -> Annotation | None:
        found = self.store.read(name)
        if found is not None:
            self._on_disk[name] = found.done
        return found

    def _step(self, name: str, before: Painting, kept: Kept) -> None:
        if name in self.unsaved or name not in self._on_disk:
            self._write(name, kept)
            return
        try:
            patch = patch_of(before, kept.painting)
            if patch is None:
                return
            patch = replace(patch, done=None if kept.done == self._on_disk[name] else kept.done)
            if self.store.append(name, patch) > _MOST_STEP_BYTES:
                self._write(name, kept)
            self._on_disk[name] = kept.done
        except IcasError:
            self._write(name, kept)  # whole, as the store asks for

    def _write(self, name: str, kept: Kept) -> None:
        self._tried = time.monotonic()
        annotation = annotation_of(kept.painting, kept.digest, done=kept.done, segmentation=kept.segmentation)
        try:
            self.store.write(name, annotation, self._classes())
        except (IcasError, OSError) as error:
            self.unsaved[name] = kept
            self._errors["annotations"] = str(error)
            return
        self._on_disk[name] = kept.done
        self.unsaved.pop(name, None)
        if not self.unsaved:
            self._errors.pop("annotations", None)
        self._keep_classes()

    def _export(self, name: str, kept: Kept, stem: str) -> None:
        self._write(name, kept)
        self._write_masks(name, kept, stem)

    def _write_masks(self, name: str, kept: Kept, stem: str) -> None:
        self.unwritten[name] = kept, stem
        if name in self.unsaved and not kept.done:
            return  # what is on disk may still be what the masks show
        try:
            if kept.done:
                write_masks(self.store.folder, stem, classes_by_pixel(kept.painting), self._classes(), self._mask_form)
            else:
                remove_masks(self.store.folder, stem)
        except (IcasError, OSError) as error:
            self._errors["masks"] = f"masks not written: {error}"
            return
        self.unwritten.pop(name)
        if not self.unwritten:
            self._errors.pop("masks", None)

    def _keep_classes(self) -> None:
        table = self._classes()
        if table is self._classes_kept:
            return
        try:
            there = self.store.read_classes()
            # What a person has written there meanwhile stays.
            joined = table if there == self._classes_there else there.joined(table)
            if joined != there:
                self.store.write_classes(joined)
        except IcasError as error:
            self._errors["classes"] = str(error)
            return
        self._classes_there, self._classes_kept = joined, table
        self._errors.pop("classes", None)

    def _write_again(self) -> None:
        self._tried = time.monotonic()
        for name, kept in list(self.unsaved.items()):
            self._write(name, kept)
        for name, (kept, stem) in list(self.unwritten.items()):
            self._write_masks(name, kept, stem)
        if "classes" in self._errors:
            self._keep_classes()
