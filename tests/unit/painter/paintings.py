"""Small paintings to try actions on."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from icas_core.painter.controller import key_pressed, pointed
from icas_core.painter.events import Pointer
from icas_core.painter.painting import Painting, classes_by_pixel, unpainted
from icas_core.painter.state import State
from icas_core.segmentation.labels import dense


def blocks(height: int = 24, width: int = 32, side: int = 8) -> np.ndarray:
    """Square segments of `side` pixels, from 1 in reading order."""
    rows, columns = np.mgrid[:height, :width] // side
    return (rows * -(-width // side) + columns + 1).astype(np.int32)


def state_of(labels: np.ndarray | None = None) -> State:
    """A state with nothing painted on it."""
    return State(unpainted(blocks() if labels is None else labels))


def press(state: State, button: str, x: int, y: int) -> State:
    """Press and release a button."""
    return pointed(pointed(state, event("down", button, x, y)), event("up", button, x, y))


def double_click(state: State, button: str, x: int, y: int, order: str = "qt") -> State:
    """A double click as the systems tell of it."""
    kinds = {
        "qt": ("down", "up", "double", "down", "up"),
        "windows": ("down", "up", "double", "up"),
        "gtk": ("down", "up", "down", "double", "up"),
    }
    for kind in kinds[order]:
        state = pointed(state, event(kind, button, x, y))
    return state


def move(state: State, *points: tuple[int, int]) -> State:
    """Move the pointer from point to point."""
    for x, y in points:
        state = pointed(state, event("move", "", x, y))
    return state


def drag(state: State, button: str, *points: tuple[int, int]) -> State:
    """Press at the first point, move on to the others, release at the last."""
    state = pointed(state, event("down", button, *points[0]))
    return pointed(move(state, *points[1:]), event("up", button, *points[-1]))


def keys(state: State, *names: str) -> State:
    """Press keys one after the other."""
    for name in names:
        state = key_pressed(state, name)
    return state


def event(kind: str, button: str, x: int, y: int) -> Pointer:
    return Pointer("picture", kind, button, x, y)


def looks(painting: Painting) -> tuple[np.ndarray, np.ndarray]:
    """The segment and the class of every pixel."""
    return painting.segments.whole(), classes_by_pixel(painting)


def same(one: Painting, other: Painting) -> bool:
    """Whether two paintings are equal to the pixel."""
    return (
        all(np.array_equal(a, b) for a, b in zip(looks(one), looks(other), strict=True))
        and np.array_equal(one.classes, other.classes)
        and one.level == other.level
    )


def check_sound(painting: Painting) -> None:
    """Every pixel has a segment, every segment is connected and lies in its box, ids without pixels are unpainted."""
    labels = painting.segments.whole()
    assert labels.dtype == np.int32
    assert labels.min() >= 1
    assert labels.max() <= painting.count
    places = ndimage.find_objects(labels, max_label=painting.count)
    there = [number for number, place in enumerate(places, start=1) if place is not None]
    assert len(np.unique(dense(labels))) == len(there), "a segment is not connected"
    for number in there:
        rows, columns = places[number - 1]
        box = painting.box_of(number)
        assert box.left <= columns.start < columns.stop <= box.right
        assert box.top <= rows.start < rows.stop <= box.bottom
    gone = np.setdiff1d(np.arange(painting.count + 1), there)
    assert not painting.classes[gone].any(), "a segment without pixels has a class"
