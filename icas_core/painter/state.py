"""The state of one picture's painting: what is painted, what can be undone, and what the hand is doing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from icas_core.painter.boxes import Box
from icas_core.painter.painting import Painting
from icas_core.painter.steps import backward, forward, step_between
from icas_core.painter.strokes import Point

# More than a person undoes; the oldest steps are forgotten beyond it.
MOST_UNDO_BYTES = 64_000_000


@dataclass(frozen=True, eq=False)
class Sweep:
    """Continuous fill (`filling`) or unfill under way: from `before` on, the pointer last seen at `last`."""

    filling: bool
    before: Painting
    last: Point | None


@dataclass(frozen=True)
class CutChain:
    """Points clicked one after the other; lines between consecutive ones cut.

    cuts: for each point whether the line to it split something.
    """

    points: tuple[Point, ...]
    cuts: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Stroke:
    """A brush stroke under way in a class (0: the eraser): the pixels of `mask` in `box`; where it began and is."""

    class_id: int
    start: Point
    last: Point
    box: Box
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class Click:
    """The last press of a button on a segment, and the state before it: what a double click takes back."""

    button: str
    segment: int
    before: State


@dataclass(frozen=True, eq=False)
class State:
    """One picture's painting at one moment; actions give new states.

    done, undone: the steps that can be taken back, and those taken back, oldest first. chosen: the class that is
    painted with. tool: `fill` or `brush`. diameter: the brush's, in pixels. awaiting: the button whose next press
    belongs to a double click already acted on. note: what there is to tell about the last action.
    """

    painting: Painting
    done: tuple[bytes, ...] = ()
    undone: tuple[bytes, ...] = ()
    chosen: int = 1
    tool: str = "fill"
    diameter: int = 20
    gesture: Sweep | CutChain | Stroke | None = None
    click: Click | None = None
    awaiting: str | None = None
    note: str = ""

    @property
    def mode(self) -> str:
        """What a click does now: fill, continuous fill, continuous unfill, cut or brush."""
        if isinstance(self.gesture, Sweep):
            return "continuous fill" if self.gesture.filling else "continuous unfill"
        return "cut" if isinstance(self.gesture, CutChain) else self.tool

    @property
    def undo_bytes(self) -> int:
        """The memory that undo and redo take."""
        return sum(map(len, self.done)) + sum(map(len, self.undone))


def committed(state: State, painting: Painting, since: Painting | None = None, **changes: Any) -> State:
    """The state after an action that led to `painting`: one step more to undo, or the same if nothing changed.

    since: the painting before the action, where that is not the present one.
    """
    since = since or state.painting
    if painting is since:
        return replace(state, painting=painting, **changes)
    done = (*state.done, step_between(since, painting))
    return replace(state, painting=painting, done=_affordable(done), undone=(), **changes)


def undone(state: State) -> State:
    """The state with the last step taken back."""
    if not state.done:
        return replace(state, note="nothing to undo")
    painting = backward(state.painting, state.done[-1])
    return replace(
        state, painting=painting, done=state.done[:-1], undone=(*state.undone, state.done[-1]), note="undone"
    )


def redone(state: State) -> State:
    """The state with the step that was last taken back done again."""
    if not state.undone:
        return replace(state, note="nothing to redo")
    painting = forward(state.painting, state.undone[-1])
    return replace(
        state, painting=painting, done=(*state.done, state.undone[-1]), undone=state.undone[:-1], note="redone"
    )


def _affordable(steps: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The latest steps that fit into memory."""
    total = sum(map(len, steps))
    forgotten = 0
    while total > MOST_UNDO_BYTES and forgotten < len(steps) - 1:
        total -= len(steps[forgotten])
        forgotten += 1
    return steps[forgotten:]
