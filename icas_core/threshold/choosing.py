"""What a person has chosen so far: (state, event) → state, and where on the window it lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import floor

import numpy as np

from icas_core.painter.boxes import Box
from icas_core.painter.events import Closed, Event, Key, Pointer, Resized
from icas_core.threshold.curve import Curve

LEAST_SIZE = (720, 520)
THUMBNAIL = 96  # pixels of a side of an example
_STEP = 0.001
_MARGIN, _HEAD, _FOOT, _SIDE_PANEL = 76, 42, 44, 300
_ROW = THUMBNAIL + 46


@dataclass(frozen=True)
class Layout:
    """Where things are in a window of this size (width, height), the curve going from `low` to 1."""

    size: tuple[int, int]
    low: float

    @property
    def plot(self) -> Box:
        """The curve's own rectangle."""
        return Box(_MARGIN, _HEAD, self.size[0] - _SIDE_PANEL, self.size[1] - 2 * _ROW - _FOOT)

    @property
    def rows(self) -> tuple[int, int]:
        """The tops of the two rows of examples: above the threshold, and below."""
        return self.size[1] - 2 * _ROW, self.size[1] - _ROW

    @property
    def examples(self) -> int:
        """How many pairs fit into a row."""
        return max(1, (self.size[0] - 16) // (2 * THUMBNAIL + 28))

    def threshold_at(self, y: float) -> float:
        """The threshold at a row of pixels, in steps of 0.001."""
        plot = self.plot
        share = (plot.bottom - 1 - y) / (plot.height - 1)
        return min(1.0, max(0.0, round(self.low + share * (1 - self.low), 3)))

    def row_of(self, threshold: float) -> int:
        """The row of pixels of a threshold."""
        plot = self.plot
        return round(plot.bottom - 1 - (threshold - self.low) / (1 - self.low) * (plot.height - 1))


@dataclass(frozen=True, eq=False)
class Axis:
    """Numbers of pairs along the bottom, each power of ten equally wide, from `least` to `most`."""

    least: float
    most: float
    left: int
    right: int

    def column(self, pairs: np.ndarray | float) -> np.ndarray:
        """The columns of pixels of these numbers of pairs; none at all are at the left end."""
        least, most = np.log10(self.least), np.log10(self.most)
        share = (np.log10(np.maximum(pairs, self.least)) - least) / max(most - least, 1e-9)
        return np.rint(self.left + share * (self.right - 1 - self.left)).astype(int)

    def ticks(self) -> list[int]:
        """The powers of ten on it."""
        powers = [10**power for power in range(19)]
        return [power for power in powers if self.least <= power <= self.most]


@dataclass(frozen=True, eq=False)
class Choosing:
    """The line that follows the pointer, and how the person ended.

    method, default: what the curve is of, and its own threshold. outcome: `chosen`, `left`, or none yet.
    """

    curve: Curve
    method: str
    default: float
    threshold: float
    size: tuple[int, int] = (1180, 760)
    outcome: str = ""

    @cached_property
    def layout(self) -> Layout:
        """Where things are."""
        low = min(self.curve.lowest, self.default - 0.05, 0.95)
        size = max(self.size[0], LEAST_SIZE[0]), max(self.size[1], LEAST_SIZE[1])
        return Layout(size, max(0.0, floor(low * 100) / 100))

    @cached_property
    def axis(self) -> Axis:
        """The numbers of pairs along the bottom."""
        plot = self.layout.plot
        most = float(self.curve.expected(np.array([self.layout.low]))[0])
        least = float(self.curve.weight.min(initial=1.0)) / 2
        return Axis(least, max(most, 4 * least), plot.left, plot.right)

    def after(self, event: Event) -> Choosing:
        """What an event makes of it."""
        if isinstance(event, Pointer):
            return self._pointed(event)
        if isinstance(event, Key):
            return self._pressed(event.name)
        if isinstance(event, Resized):
            return replace(self, size=(event.width, event.height))
        return replace(self, outcome="left") if isinstance(event, Closed) else self

    def _pointed(self, event: Pointer) -> Choosing:
        plot = self.layout.plot
        inside = plot.left <= event.x < plot.right and plot.top <= event.y < plot.bottom
        clicked = event.kind == "down" and event.button == "left"
        if not inside or not (event.kind == "move" or clicked):
            return self
        threshold = self.layout.threshold_at(event.y)
        if threshold == self.threshold and not clicked:
            return self
        return replace(self, threshold=threshold, outcome="chosen" if clicked else "")

    def _pressed(self, key: str) -> Choosing:
        if key in ("up", "down"):
            moved = self.threshold + (_STEP if key == "up" else -_STEP)
            return replace(self, threshold=round(min(1.0, max(self.layout.low, moved)), 3))
        if key == "d":
            return replace(self, threshold=self.default)
        outcomes = {"enter": "chosen", "escape": "left", "q": "left"}
        return replace(self, outcome=outcomes[key]) if key in outcomes else self
