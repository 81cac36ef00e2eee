"""The open picture under the hands of a person: what an event does to its painting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from icas_core.annotations.classes import ClassTable
from icas_core.errors import IcasError
from icas_core.painter.actions.replace import carved, resegmented, reset
from icas_core.painter.actions.templates import Found, found_by, with_matches
from icas_core.painter.annotating import Annotating
from icas_core.painter.controller import chosen, key_pressed, pointed, settled
from icas_core.painter.events import Pointer
from icas_core.painter.options import Options
from icas_core.painter.painting import Painting
from icas_core.painter.preparing import Prepared
from icas_core.painter.prompting import Prompting
from icas_core.painter.state import State, committed
from icas_core.painter.work import Work


@dataclass
class Hand:
    """What goes along from picture to picture: the classes, what is painted with, and what there is to tell."""

    classes: ClassTable
    chosen: int
    tool: str = "fill"
    diameter: int = 20
    message: str = ""


class Opened:
    """One picture: looked at as soon as it is read, painted once `begin` gave it its painting.

    changed: called with the state before whenever there is another step to undo or redo.
    """

    def __init__(
        self, prepared: Prepared, options: Options, hand: Hand, work: Work, changed: Callable[[State], object]
    ) -> None:
        self.prepared = prepared
        self.state: State | None = None
        self._options = options
        self._hand = hand
        self._work = work
        self._changed = changed
        self._annotating: Annotating | None = None
        self._level = 0  # of the segments being made
        work.drop()

    @property
    def picture(self) -> np.ndarray | None:
        """The picture's pixels, None until they are read."""
        future = self.prepared.picture
        return future.result() if future.done() and future.exception() is None else None

    @property
    def prompting(self) -> Prompting | None:
        """The prompts of grabcut or Segment Anything, None while painting."""
        return self._annotating.prompting if self._annotating is not None else None

    def begin(self, painting: Painting) -> None:
        """Paint on, from what was painted before."""
        hand = self._hand
        self.state = State(painting, chosen=hand.chosen, tool=hand.tool, diameter=hand.diameter)
        method = self._options.method.name
        if method in ("grabcut", "sam") and not painting.painted:
            self.grabcut() if method == "grabcut" else self.sam()

    def tick(self) -> None:
        """Take what the threads have finished."""
        if not self._work.ready:
            return
        self._hand.message = ""
        if self._annotating is not None:
            self._annotating.idle()
        if failed := self._work.take():
            self._tell(failed)

    def point(self, event: Pointer) -> None:
        """Something the pointer did, in pixels of the picture."""
        if event.kind != "move":
            self._hand.message = ""
        if self._annotating is not None:
            self._annotating.pointed(event)
        elif self.state is not None:
            self._take(pointed(self.state, event))

    def choose(self, class_id: int) -> None:
        """Another class to paint with."""
        if self.state is not None:
            self._take(chosen(self.state, class_id))
        self._hand.chosen = class_id

    def key(self, key: str) -> None:
        """A key that has to do with this picture alone."""
        if self._annotating is not None:
            self._annotating.key(key)
        elif key.isdigit():
            if self._hand.classes.with_id(int(key)) is not None:
                self.choose(int(key))
            else:
                self._tell(f"there is no class {key}")
        elif self.state is not None and key in self._options.refused:
            self._tell(self._options.refused[key])
        elif self.state is not None and key in _LONGER:
            self.settle()
            getattr(self, _LONGER[key])()
        elif self.state is not None:
            self._take(key_pressed(self.state, key))

    def resize_strokes(self, radius: int) -> None:
        """Another size for grabcut's brush."""
        if self._annotating is not None:
            self._annotating.resize(radius)

    def settle(self) -> None:
        """Bring the gesture under way to its end."""
        if self.state is not None:
            self._take(settled(self.state))

    def start_again(self) -> None:
        """Take all paint and cuts away."""
        # Not in a thread: what is clicked next comes after it.
        self._commit(lambda painting: reset(painting, *self.prepared.plain()))

    def coarser(self) -> None:
        """The segments of one level coarser."""
        self._other_level(1)

    def finer(self) -> None:
        """The segments of one level finer."""
        self._other_level(-1)

    def paint_templates(self) -> None:
        """Paint wherever a template is found."""
        options = self._options
        self._begin("templates", self._use_matches, found_by, options.templates, self.picture, options.template_error)

    def grabcut(self) -> None:
        """Annotate by grabcut."""
        self._annotate("grabcut")

    def sam(self) -> None:
        """Annotate by Segment Anything."""
        annotating, options = self._annotate("SAM"), self._options
        if annotating is not None and options.embed is not None and not self._work.what:
            annotating.look(options.embed)

    def _annotate(self, method: str) -> Annotating | None:
        if self.picture is not None:
            self._annotating = Annotating(
                method,
                self.picture,
                self._work,
                predict=self._options.sam,
                use=self._use_masks,
                leave=self._stop_annotating,
                tell=self._tell,
            )
        return self._annotating

    def _stop_annotating(self) -> None:
        self._annotating = None
        self._work.drop()

    def _use_masks(self, labels: np.ndarray) -> None:
        self._annotating = None
        self._commit(lambda painting: carved(painting, labels))
        self._tell("now segments: click to fill")

    def _use_matches(self, found: Found) -> None:
        def paint(painting: Painting) -> Painting:
            painting, self._hand.classes = with_matches(painting, self._hand.classes, found)
            return painting

        try:
            self._commit(paint)
            self._tell(f"{sum(len(matches) for _, matches in found)} places painted")
        except IcasError as error:
            self._tell(str(error))

    def _other_level(self, change: int) -> None:
        if self.state is None or self._work.what not in ("", _SEGMENTS):
            self._tell(f"{self._work.what} is at work")
            return
        # Keys pressed while segments are being made count from those.
        level = self._level = (self._level if self._work.what else self.state.painting.level) + change

        def use(made: tuple[np.ndarray, np.ndarray]) -> None:
            self._commit(lambda painting: resegmented(painting, made[0], level))
            only = self.state is not None and self.state.painting.painted
            self._tell(f"{_SEGMENTS} {level:+d}" + ("; only what is not painted is cut anew" if only else ""))

        self._work.begin(_SEGMENTS, use, self.prepared.labels, level)
        self._tell(f"{_SEGMENTS} {level:+d} …")

    def _begin(self, what: str, then: Callable[[Any], object], job: Callable[..., Any], *arguments: Any) -> None:
        if self._work.what:
            self._tell(f"{self._work.what} is at work")
        else:
            self._work.begin(what, then, job, *arguments)
            self._tell(f"{what} …")

    def _commit(self, change: Callable[[Painting], Painting]) -> None:
        """Take a painting made of the present one as one step."""
        self.settle()
        if self.state is not None:
            self._take(committed(self.state, change(self.state.painting)))

    def _take(self, state: State) -> None:
        """Go on with a state, and tell when it is another step."""
        old, self.state = self.state, state
        self._hand.chosen, self._hand.tool, self._hand.diameter = state.chosen, state.tool, state.diameter
        if old is not None and (state.done is not old.done or state.undone is not old.undone):
            self._changed(old)

    def _tell(self, message: str) -> None:
        self._hand.message = message


_SEGMENTS = "segments"
_LONGER = {"r": "start_again", "[": "finer", "]": "coarser", "t": "paint_templates", "g": "grabcut", "s": "sam"}
