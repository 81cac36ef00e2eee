"""A folder of pictures under the hands of a person: which one is open, and what is kept of it."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from icas_core.annotations.annotation import State as Done
from icas_core.annotations.classes import ClassTable
from icas_core.annotations.masks import mask_stems
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError
from icas_core.painter.events import Pointer
from icas_core.painter.opened import Hand, Opened
from icas_core.painter.options import Options
from icas_core.painter.painting import Painting, changed_box
from icas_core.painter.preparing import Preparing
from icas_core.painter.progress import Progress
from icas_core.painter.prompting import Prompting
from icas_core.painter.saving import Kept, Saver
from icas_core.painter.state import State
from icas_core.painter.work import Work


class Session:
    """The open picture and its neighbours; events come in, states and files come out."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.hand = Hand(options.classes, next((each.id for each in options.classes), 1), message=options.note)
        self.saver = Saver(AnnotationStore(options.annotations), lambda: self.classes, options.mask_form)
        self.preparing = Preparing(options.folder, options.names, options.method, self.saver.read)
        self.progress = Progress(options.names, self.saver.store)
        self.stems = mask_stems(options.names)
        self.running = True
        self._work = Work(self.preparing.work)
        self._quitting = False
        self._finished: Painting | None = None  # what the open picture's masks show
        self._done = False
        self._changed = False
        self._kept_painting: Painting | None = None
        self._step = 1
        self.open(self.progress.first)

    @property
    def name(self) -> str:
        """The open picture."""
        return self.options.names[self.index]

    @property
    def classes(self) -> ClassTable:
        """The classes to paint with."""
        return self.hand.classes

    @property
    def state(self) -> State | None:
        """The open picture's painting, None until it is ready."""
        return self.opened.state

    @property
    def outdated(self) -> bool:
        """Whether the open picture was done and has been changed since."""
        return self._finished is not None and not self._done

    @property
    def picture(self) -> np.ndarray | None:
        """The open picture's pixels, None until they are read."""
        return self.opened.picture

    @property
    def prompting(self) -> Prompting | None:
        """The prompts of grabcut or Segment Anything, None while painting."""
        return self.opened.prompting

    def open(self, index: int) -> None:
        """Show the picture at an index."""
        self.index = index
        self._finished, self._done, self._changed = None, False, False
        self.opened = Opened(self.preparing.at(index), self.options, self.hand, self._work, self._keep_step)

    def tick(self) -> None:
        """Take what the threads have finished."""
        self.saver.retry()
        if self.state is None:
            self._take_ready()
        before = self.classes
        self.opened.tick()
        if self.classes is not before:
            self.saver.keep_classes()

    def point(self, event: Pointer) -> None:
        """Something the pointer did, in pixels of the picture."""
        self.opened.point(event)

    def choose(self, class_id: int) -> None:
        """Another class to paint with."""
        self.opened.choose(class_id)

    def choose_colour(self, colour: tuple[int, int, int]) -> None:
        """Paint with the class of this colour; a new one where there is none."""
        found = self.classes.coloured(colour)
        if found is None:
            try:
                self.hand.classes, found = self.classes.added(colour)
            except IcasError as error:
                self.hand.message = str(error)
                return
            self.saver.keep_classes()
        self.choose(found.id)

    def key(self, key: str) -> None:
        """A key that does not only change how things are shown."""
        self.hand.message = ""
        if key != "q":
            self._quitting = False
        if key in _LEAVING and self.prompting is None:
            getattr(self, _LEAVING[key])()
        else:
            self.opened.key(key)

    def resize_strokes(self, radius: int) -> None:
        """Another size for grabcut's brush."""
        self.opened.resize_strokes(radius)

    def next(self) -> None:
        """Keep this picture and open the next."""
        self._leave()
        self._go(1, "this is the last picture")

    def previous(self) -> None:
        """Keep this picture and open the one before."""
        self._leave()
        self._go(-1, "this is the first picture")

    def finish(self) -> None:
        """Write this picture's masks, mark it as done, and open the next; after the last the first that is not done."""
        self.opened.settle()
        if self.state is None:
            return
        self._mark(self.state.painting, done=True)
        self._finished, self._changed = self.state.painting, False
        self.saver.export(self.name, self._kept(self.state), self.stems[self.name])
        left = self.progress.left
        if not self.progress.last(self.index):
            self._go(1, "")
        elif left:
            self._show(left[0], 1)
            self.hand.message = f"that was the last picture; {len(left)} not done, this is the first of them"
        if not left:
            them = "pictures that can be opened" if self.progress.skipped else f"{self.progress.done} pictures"
            self.hand.message = f"all {them} are done; q quits"

    def quit(self) -> None:
        """Keep all and end; with something unsaved only at the second time."""
        self._leave()
        self.saver.flush()
        if (self.saver.unsaved or self.saver.unwritten) and not self._quitting:
            self._quitting = True
            self.hand.message = "not saved: make room or allow writing; q once more quits and loses it"
            return
        self.running = False

    def close(self) -> str:
        """Write what is left; gives the line that says what is done and what is left."""
        self._leave()
        self.saver.close()
        self.preparing.close()
        line = f"{self.progress.line}; the annotations are in {self.options.annotations}"
        if self.progress.skipped:
            line += f"; {len(self.progress.skipped)} could not be opened"
        if self.saver.unsaved:
            line += f"; NOT SAVED: {', '.join(self.saver.unsaved)} ({self.saver.error})"
        elif self.saver.error:
            line += f"; {self.saver.error}"
        return line

    def _go(self, step: int, at_end: str) -> None:
        if not 0 <= self.index + step < len(self.options.names):
            self.hand.message = at_end
            return
        self._show(self.index + step, step)

    def _show(self, index: int, step: int) -> None:
        self.preparing.forget(self.name)
        self._step = step
        self.open(index)

    def _leave(self) -> None:
        self.opened.settle()
        if self.state is None or not self.progress.begun(self.name):
            return
        kept = self._kept(self.state)
        if self._changed:
            self.saver.write(self.name, kept)
        if not kept.done:
            self.saver.remove_masks(self.name, kept, self.stems[self.name])
            self._finished = None
        self._changed = False

    def _keep_step(self, before: State) -> None:
        if self.state is not None:
            painting, finished = self.state.painting, self._finished
            self._mark(painting, done=finished is not None and changed_box(finished, painting).empty)
            self._changed = True
            self.saver.step(self.name, self._kept_painting or before.painting, self._kept(self.state))
            self._kept_painting = painting

    def _mark(self, painting: Painting, *, done: bool) -> None:
        self._done = done
        finished = Done.DONE if painting.painted else Done.EMPTY
        self.progress.mark(self.name, finished if done else Done.UNFINISHED)

    def _kept(self, state: State) -> Kept:
        segmentation = {"method": self.options.method.name, "level": state.painting.level}
        return Kept(state.painting, self.opened.prepared.digest, self._done, segmentation)

    def _take_ready(self) -> None:
        prepared = self.opened.prepared
        for future in (prepared.picture, prepared.ready):
            if future.done() and future.exception() is not None:
                self._skip(str(future.exception()))
                return
        if prepared.ready.done():
            ready = prepared.ready.result()
            self._know_classes(ready.painting)
            self._kept_painting, self._done = ready.painting, ready.done
            self._finished = ready.painting if ready.done else None
            self.opened.begin(ready.painting)

    def _skip(self, reason: str) -> None:
        """Name a picture that cannot be opened, and go on to the next that can."""
        if self.progress.skip(self.name, reason):
            self.progress.notes.append(f"left out: {reason}")
        self.hand.message = f"left out: {reason}"
        other = self.progress.beside(self.index, self._step)
        if other is None:
            self.running = False
        else:
            self.open(other)

    def _know_classes(self, painting: Painting) -> None:
        """Take in the classes of a picture that the table lacks: a line of classes.yaml may have been deleted."""
        if any(self.classes.with_id(number) is None for number in np.unique(painting.classes).tolist() if number):
            with suppress(IcasError):
                self.hand.classes = self.classes.joined(self.saver.store.classes_of(self.name))


_LEAVING = {"n": "next", "p": "previous", "q": "quit", "space": "finish"}
