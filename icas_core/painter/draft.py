"""Changes to segments, drawn up before they become a new painting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icas_core.painter.boxes import NOWHERE, Box
from icas_core.painter.painting import Painting
from icas_core.painter.parts import Part


class Draft:
    """New and larger segments for a painting; what is added later lies over what was added before."""

    def __init__(self, painting: Painting) -> None:
        self._painting = painting
        self._changes: list[tuple[Part, int]] = []
        self._added: list[tuple[int, int, Box]] = []  # class, instance and box of each new id
        self._grown: dict[int, Box] = {}
        self._emptied: list[int] = []

    def add(self, part: Part, class_id: int, instance: int = 0) -> int:
        """Make the pixels of a part a new segment; gives its id."""
        self._added.append((class_id, instance, part.box))
        number = self._painting.count + len(self._added)
        self._changes.append((part, number))
        return number

    def add_from(self, segment: int, part: Part) -> int:
        """Make a part of a segment a segment of its own, of the same class and instance; gives its id."""
        return self.add(part, int(self._painting.classes[segment]), int(self._painting.instances[segment]))

    def extend(self, segment: int, part: Part) -> None:
        """Give the pixels of a part to a segment that there is."""
        self._grown[segment] = self.box_of(segment).joined(part.box)
        self._changes.append((part, segment))

    def empty(self, segment: int) -> None:
        """Note that a segment has lost all its pixels."""
        self._emptied.append(segment)

    def box_of(self, segment: int) -> Box:
        """A box around a segment as drawn up so far."""
        return self._grown.get(segment, self._painting.box_of(segment))

    def window(self, box: Box) -> np.ndarray:
        """The segments in a box as drawn up so far; a copy."""
        labels = self._painting.segments.window(box).copy()
        for part, number in self._changes:
            common = part.box.within(box)
            if not common.empty:
                labels[common.slices_in(box)][part.mask[common.slices_in(part.box)]] = number
        return labels

    def painting(self) -> Painting:
        """The painting with what was drawn up; the very same if nothing was."""
        if not self._changes:
            return self._painting
        old = self._painting
        classes, instances, boxes = old.classes.copy(), old.instances.copy(), old.boxes.copy()
        for segment, box in self._grown.items():
            boxes[segment] = box
        classes[self._emptied], instances[self._emptied] = 0, 0
        changed = NOWHERE
        for part, _ in self._changes:
            changed = changed.joined(part.box)
        added = np.array([(class_id, instance, *box) for class_id, instance, box in self._added]).reshape(-1, 6)
        return replace(
            old,
            segments=old.segments.with_window(changed, self.window(changed)),
            classes=np.concatenate([classes, added[:, 0].astype(np.uint8)]),
            instances=np.concatenate([instances, added[:, 1].astype(np.uint16)]),
            boxes=np.concatenate([boxes, added[:, 2:].astype(np.int32)]),
        )
