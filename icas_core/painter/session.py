"""A folder of pictures under the hands of a person: which one is open, what an event does, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from icas_core.annotations.annotation import State as Progress
from icas_core.annotations.classes import ClassTable
from icas_core.annotations.masks import mask_stems
from icas_core.annotations.store import AnnotationStore
from icas_core.errors import IcasError
from icas_core.painter.actions.replace import carved, repainted, resegmented, reset
from icas_core.painter.controller import chosen, key_pressed, pointed, settled
from icas_core.painter.events import Pointer
from icas_core.painter.painting import Painting
from icas_core.painter.preparing import Method, Prepared, Preparing
from icas_core.painter.prompting import Prompting, grabcut_result, grabcut_step, sam_step
from icas_core.painter.saving import Kept, Saver
from icas_core.painter.state import State, committed
from icas_core.painter.template import Template, find_matches, painted
from icas_core.segmentation.prompts import Prompts


@dataclass
class Options:
    """What the session was started with."""

    folder: Path
    names: list[str]
    annotations: Path
    method: Method
    classes: ClassTable
    mask_form: str = "portable"
    templates: Sequence[Template] = ()
    template_error: float | None = None
    # Segment Anything's objects by prompts (none: all it finds), as labels with 0 elsewhere.
    sam: Callable[[np.ndarray, Prompts], np.ndarray] | None = None
    # Makes what Segment Anything needs of a picture before it can answer.
    embed: Callable[[np.ndarray], None] | None = None


class Session:
    """The open picture and its neighbours; events come in, states and files come out."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.classes = options.classes
        self.saver = Saver(AnnotationStore(options.annotations), lambda: self.classes, options.mask_form)
        self.preparing = Preparing(options.folder, options.names, options.method, self.saver.read)
        self.stems = mask_stems(options.names)
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = []
        self.progress = self._read_progress()
        self.running = True
        self.state: State | None = None
        self.prompting: Prompting | None = None
        self.quitting = False
        self._done = False
        self._kept_painting: Painting | None = None
        self._job: tuple[Future[Any], str] | None = None
        self._predict_then = False
        self._hand = (next((each.id for each in self.classes), 1), "fill", 20)
        self.index = 0
        self.message = ""
        self._step = 1
        begun = [i for i, name in enumerate(options.names) if self.progress.get(name) not in _FINISHED]
        self.open(begun[0] if begun else 0)

    @property
    def name(self) -> str:
        """The open picture."""
        return self.options.names[self.index]

    @property
    def picture(self) -> np.ndarray | None:
        """The open picture's pixels, None until they are read."""
        future = self.prepared.picture
        return future.result() if future.done() and future.exception() is None else None

    @property
    def chosen(self) -> int:
        """The id of the class to paint with."""
        return self._hand[0]

    def open(self, index: int) -> None:
        """Show the picture at an index."""
        self.index = index
        self.prepared: Prepared = self.preparing.at(index)
        self.state, self.prompting, self._job = None, None, None

    def tick(self) -> None:
        """Take what the threads have finished."""
        self.saver.retry()
        if self.state is None:
            self._take_ready()
        if self._job is not None and self._job[0].done():
            self._take_job()

    def point(self, event: Pointer) -> None:
        """Something the pointer did, in pixels of the picture."""
        if event.kind != "move":
            self.message = ""
        if self.prompting is not None:
            self.prompting = self.prompting.pointed(event)
        elif self.state is not None:
            self._take(pointed(self.state, event))

    def choose(self, class_id: int) -> None:
        """Another class to paint with."""
        if self.state is not None:
            self._take(chosen(self.state, class_id))
        self._hand = (class_id, *self._hand[1:])

    def choose_colour(self, colour: tuple[int, int, int]) -> None:
        """Paint with the class of this colour; a new one where there is none."""
        found = self.classes.coloured(colour)
        if found is None:
            self.classes, found = self.classes.added(colour)
            self.saver.keep_classes()
        self.choose(found.id)

    def key(self, key: str) -> None:
        """A key that does not only change how things are shown."""
        self.message = ""
        if key != "q":
            self.quitting = False
        if self.prompting is not None:
            self._key_while_prompting(key)
        elif key in _LEAVING:
            getattr(self, _LEAVING[key])()
        elif self.state is not None and key in _LONGER:
            self._take(settled(self.state))
            getattr(self, _LONGER[key])()
        elif key.isdigit():
            if self.classes.with_id(int(key)) is not None:
                self.choose(int(key))
            else:
                self.message = f"there is no class {key}"
        elif self.state is not None:
            self._take(key_pressed(self.state, key))

    def quit(self) -> None:
        """Keep all and end; with something unsaved only at the second time."""
        self._leave()
        self.saver.flush()
        if (self.saver.unsaved or self.saver.unwritten) and not self.quitting:
            self.quitting = True
            self.message = "not saved: make room or allow writing; q once more quits and loses it"
            return
        self.running = False

    def close(self) -> str:
        """Write what is left; gives the line that says what is done and what is left."""
        if self.state is not None:
            self._leave()
        self.saver.close()
        self.preparing.close()
        names = self.options.names
        done = sum(self.progress.get(name) in _FINISHED for name in names)
        begun = sum(self.progress.get(name) is Progress.UNFINISHED for name in names)
        line = f"{done} of {len(names)} pictures done, {begun} begun, {len(names) - done - begun} left"
        line += f"; the annotations are in {self.options.annotations}"
        if self.skipped:
            line += f"; {len(self.skipped)} could not be opened"
        if self.saver.unsaved:
            line += f"; NOT SAVED: {', '.join(self.saver.unsaved)} ({self.saver.error})"
        elif self.saver.error:
            line += f"; {self.saver.error}"
        return line

    def next(self) -> None:
        """Keep this picture and open the next."""
        self._go(1, "this is the last picture")

    def previous(self) -> None:
        """Keep this picture and open the one before."""
        self._go(-1, "this is the first picture")

    def finish(self) -> None:
        """Write this picture's masks, mark it as done, and open the next."""
        if self.state is None:
            return
        self._take(settled(self.state))
        kept = replace(self._kept(), done=True)
        self.progress[self.name] = Progress.DONE if kept.painting.painted else Progress.EMPTY
        self.saver.export(self.name, kept, self.stems[self.name])
        self._done = True
        self._go(1, "all masks written; this is the last picture", write=False)

    def start_again(self) -> None:
        """Take all paint and cuts away."""
        # Not in a thread: what is clicked next comes after it.
        if self.state is not None:
            self._take(committed(self.state, reset(self.state.painting, *self.prepared.plain())))

    def coarser(self) -> None:
        """The segments of one level coarser."""
        self._other_level(1)

    def finer(self) -> None:
        """The segments of one level finer."""
        self._other_level(-1)

    def paint_templates(self) -> None:
        """Paint wherever a template is found."""
        if not self.options.templates:
            self.message = "no templates: name their folders with --templates and --segments"
        elif self.state is not None and self.picture is not None:
            self._work("templates", self._with_templates, self.picture, self.state.painting)

    def grabcut(self) -> None:
        """Annotate by grabcut."""
        self.prompting = Prompting("grabcut", note="drag a rectangle with the middle button, then space; h for help")

    def sam(self) -> None:
        """Annotate by Segment Anything."""
        self._predict_then = False
        embed = self.options.embed if self.options.sam is not None and self._job is None else None
        if embed is not None and self.picture is not None:
            # Not a job that anything waits for: prompts can be given meanwhile.
            self._job = self.preparing.work(embed, self.picture), _LOOK
        self.prompting = Prompting("SAM", note=_LOOKING if embed is not None else _SAM_NOTE)

    def _key_while_prompting(self, key: str) -> None:
        prompting = self.prompting
        if prompting is None or self.picture is None:
            return
        if key == "q":
            self.prompting, self._job = None, None
        elif prompting.busy:
            self.message = f"{prompting.busy} is at work"
        elif key == "z":
            self.prompting = prompting.back()
        elif key == "r":
            self.prompting = prompting.reset()
        elif key in (",", "."):
            self.resize_strokes(prompting.radius + (2 if key == "." else -2))
        elif key == "space":
            self._predict(prompting)
        elif key == "f":
            self._hand_on(prompting)

    def resize_strokes(self, radius: int) -> None:
        """Another size for grabcut's brush."""
        if self.prompting is not None:
            self.prompting = replace(self.prompting, radius=min(max(radius, 1), 100))

    def _predict(self, prompting: Prompting) -> None:
        before = prompting.found[0] if prompting.found else None
        if self._job is not None and self._job[1] == _LOOK:
            self._predict_then = True
            self.prompting = replace(prompting, note=f"{_LOOKING}, then it answers")
        elif prompting.method == "grabcut":
            self._work("grabcut", grabcut_step, self.picture, prompting.prompts, before)
        elif self.options.sam is None:
            self.message = "SAM needs its checkpoint: name it with --checkpoint"
        else:
            self._work("SAM", sam_step, self.options.sam, self.picture, prompting.prompts)

    def _hand_on(self, prompting: Prompting) -> None:
        if prompting.found is None or self.state is None:
            self.message = "nothing found yet: give prompts, then space"
        elif prompting.method == "grabcut":
            self._work("handed", grabcut_result, self.picture, prompting.prompts, prompting.found[0])
        else:
            self._use_masks(prompting.found[1])

    def _use_masks(self, labels: np.ndarray) -> None:
        self.prompting = None
        if self.state is not None:
            self._take(committed(settled(self.state), carved(self.state.painting, labels)))
            self.message = "now segments: click to fill"

    def _with_templates(self, picture: np.ndarray, painting: Painting) -> tuple[Painting, ClassTable, int]:
        labels = painting.segments.whole()
        classes, instances, table = painting.classes[labels], painting.instances[labels], self.classes
        count = 0
        for template in self.options.templates:
            matches = find_matches(picture, template, self.options.template_error)
            classes, instances, table = painted(classes, instances, table, template, matches)
            count += len(matches)
        return (repainted(painting, classes, instances) if count else painting), table, count

    def _other_level(self, change: int) -> None:
        if self.state is not None:
            level = self.state.painting.level + change
            self._work(f"level {level}", self.prepared.labels, level)

    def _work(self, what: str, job: Any, *arguments: Any) -> None:
        if self._job is not None:
            self.message = f"{self._job[1]} is at work"
            return
        self._job = self.preparing.work(job, *arguments), what
        self.message = f"{what} …"
        if self.prompting is not None:
            self.prompting = replace(self.prompting, busy=what, note="")

    def _take_job(self) -> None:
        (future, what), self._job = self._job or (Future(), ""), None
        self.message = ""
        if self.prompting is not None:
            self.prompting = replace(self.prompting, busy="")
        try:
            result = future.result()
        except Exception as error:  # noqa: BLE001 - a method that fails must not end the session
            self.message = f"{what}: {error}"
            return
        if what in ("grabcut", "SAM") and self.prompting is not None:
            self.prompting = self.prompting.with_found(result, f"{what}: f hands it to painting")
        elif what == "handed":
            self._use_masks(result)
        elif what == _LOOK:
            self._looked()
        elif self.state is not None:
            self._take_painting(what, result)

    def _looked(self) -> None:
        """Segment Anything knows the picture now: answer what was asked meanwhile."""
        if self.prompting is None or self.prompting.method != "SAM":
            return
        self.prompting = replace(self.prompting, note=_SAM_NOTE)
        if self._predict_then:
            self._predict_then = False
            self._predict(self.prompting)

    def _take_painting(self, what: str, result: Any) -> None:
        state = settled(self.state) if self.state is not None else None
        if state is None:
            return
        if what == "templates":
            painting, self.classes, count = result
            self.saver.keep_classes()
            self._take(committed(state, painting))
            self.message = f"{count} places painted"
        else:
            level = int(what.split()[1])
            self._take(committed(state, resegmented(state.painting, result[0], level)))

    def _take(self, state: State) -> None:
        """Go on with a state, and keep what it changed."""
        old, self.state = self.state, state
        self._hand = (state.chosen, state.tool, state.diameter)
        if old is not None and (state.done is not old.done or state.undone is not old.undone):
            self._done = False
            self.progress[self.name] = Progress.UNFINISHED
            self.saver.step(self.name, self._kept_painting or old.painting, self._kept())
            self._kept_painting = state.painting

    def _kept(self) -> Kept:
        state = self.state
        if state is None:
            raise IcasError(f"{self.name}: is not open yet")
        segmentation = {"method": self.options.method.name, "level": state.painting.level}
        return Kept(state.painting, self.prepared.digest, self._done, segmentation)

    def _leave(self) -> None:
        if self.state is not None:
            self._take(settled(self.state))
            if self.progress.get(self.name) is not None:
                self.saver.write(self.name, self._kept())

    def _go(self, step: int, at_end: str, *, write: bool = True) -> None:
        if write:
            self._leave()
        if not 0 <= self.index + step < len(self.options.names):
            self.message = at_end
            return
        self.preparing.forget(self.name)
        self._step = step
        self.open(self.index + step)

    def _take_ready(self) -> None:
        for future in (self.prepared.picture, self.prepared.ready):
            if future.done() and future.exception() is not None:
                self._skip(str(future.exception()))
                return
        if not self.prepared.ready.done():
            return
        ready = self.prepared.ready.result()
        self._know_classes(ready.painting)
        chosen_class, tool, diameter = self._hand
        self.state = State(ready.painting, chosen=chosen_class, tool=tool, diameter=diameter)
        self._kept_painting, self._done = ready.painting, ready.done
        if self.options.method.name in ("grabcut", "sam") and not ready.painting.painted:
            self.grabcut() if self.options.method.name == "grabcut" else self.sam()

    def _skip(self, reason: str) -> None:
        """Name a picture that cannot be opened, and go on to the next that can."""
        first = self.name not in self.skipped
        self.skipped[self.name] = reason
        if first:
            self.notes.append(f"left out: {reason}")
        self.message = f"left out: {reason}"
        left = [i for i, name in enumerate(self.options.names) if name not in self.skipped]
        if not left:
            self.running = False
            return
        ahead = [i for i in left if (i - self.index) * self._step > 0]
        self.open(min(ahead, key=lambda i: abs(i - self.index)) if ahead else left[-1 if self._step > 0 else 0])

    def _read_progress(self) -> dict[str, Progress]:
        found = {}
        for name in self.options.names:
            try:
                state = self.saver.store.state(name)
            except IcasError as error:
                self.notes.append(str(error))
                continue
            if state is not None:
                found[name] = state
        return found

    def _know_classes(self, painting: Painting) -> None:
        """Take in the classes of a picture that the table lacks: a line of classes.yaml may have been deleted."""
        if any(self.classes.with_id(number) is None for number in np.unique(painting.classes).tolist() if number):
            with suppress(IcasError):
                self.classes = self.classes.joined(self.saver.store.classes_of(self.name))


_LOOK, _LOOKING = "SAM's look at the picture", "SAM looks at the picture …"
_SAM_NOTE = "ready: middle drag a box, or click points, then space; h for help"
_FINISHED = (Progress.DONE, Progress.EMPTY)
_LEAVING = {"n": "next", "p": "previous", "q": "quit", "space": "finish"}
_LONGER = {"r": "start_again", "[": "finer", "]": "coarser", "t": "paint_templates", "g": "grabcut", "s": "sam"}
