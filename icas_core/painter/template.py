"""Template painting: find a small picture in a large one, and paint what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from icas_core.annotations.classes import ClassTable, Colour
from icas_core.errors import IcasError

# A picture that a person painted has few colours; a photograph or a JPEG has thousands.
MOST_COLOURS = 32
MOST_MATCHES = 500
# Two places overlap too much when their boxes share more than this part of a box.
OVERLAP = 0.25
# Below this standard deviation (grey levels) a template looks like any even surface.
_FLAT = 1.0


@dataclass(frozen=True, eq=False)
class Template:
    """What to look for and what to paint there, four arrays of one height and width.

    picture: (h, w, 3) uint8 RGB. attention: (h, w) bool, which of its pixels count. segment: (h, w, 3) uint8 RGB, the
    paint. mask: (h, w) bool, which of its pixels are painted.
    """

    name: str
    picture: np.ndarray
    attention: np.ndarray
    segment: np.ndarray
    mask: np.ndarray

    @property
    def colours(self) -> list[Colour]:
        """The colours that are painted, sorted."""
        found = np.unique(self.segment[self.mask], axis=0)
        return [(int(red), int(green), int(blue)) for red, green, blue in found]


@dataclass(frozen=True)
class Match:
    """A place of a template: its top left pixel, and the root mean squared difference there, 0 (equal) to 1."""

    left: int
    top: int
    error: float


def template_of(
    name: str,
    picture: np.ndarray,
    segment: np.ndarray,
    attention: np.ndarray | None = None,
    mask: np.ndarray | None = None,
) -> Template:
    """A template from its pictures, (h, w, 3) uint8 RGB, of which attention and mask may be missing.

    Of a given attention or mask the pixels that are lighter than half count. A missing attention is all but the black
    that is connected (8 neighbours) to the border; a missing mask is what is not black in the segment. IcasError, which
    begins with the name, where sizes differ, nothing counts or is painted, the template is flat, or the segment has too
    many colours.
    """
    for what, other in (("attention", attention), ("segment", segment), ("mask", mask)):
        if other is not None and other.shape != picture.shape:
            raise IcasError(f"{name}: found the {what} of {_size(other)}, expected the template's {_size(picture)}")
    attended = _border_black_left_out(picture) if attention is None else attention.mean(axis=2) >= 128
    painted = np.asarray(segment.any(axis=2) if mask is None else mask.mean(axis=2) >= 128)
    template = Template(name, picture, attended, segment, painted)
    if not attended.any():
        raise IcasError(f"{name}: found no pixel to look for, expected an attention that is not all black")
    if float(picture[attended].astype(np.float64).std(axis=0).max()) < _FLAT:
        raise IcasError(f"{name}: found a template of one colour, as are many places; expected one with some structure")
    if not painted.any():
        raise IcasError(f"{name}: found nothing to paint, expected a segment or a mask that is not all black")
    if len(template.colours) > MOST_COLOURS:
        raise IcasError(
            f"{name}: found {len(template.colours)} colours in the segment, accepted are {MOST_COLOURS} plain ones "
            "at most (save it as PNG: JPEG blends colours)"
        )
    return template


def find_matches(picture: np.ndarray, template: Template, error: float | None = None) -> list[Match]:
    """The best place of the template in an RGB uint8 picture, or all places whose error is at most `error` (0 to 1).

    The error is the root of the mean squared difference over the attended pixels and the three channels, divided by
    255 (`cv2.matchTemplate`, TM_SQDIFF with a mask, finds the places; the number is then taken exactly). Of places that
    overlap only the best is given. Best first; ties from top to bottom. Raises IcasError where the template is larger
    than the picture, or more than MOST_MATCHES places are below the error.
    """
    height, width = template.attention.shape
    if height > picture.shape[0] or width > picture.shape[1]:
        raise IcasError(
            f"{template.name}: found a template of {_size(template.picture)}, "
            f"expected at most the picture's {_size(picture)}"
        )
    errors = _errors(picture, template)
    if error is None:
        top, left = divmod(int(np.argmin(errors)), errors.shape[1])
        return [_exact(picture, template, left, top)]
    # The transform's rounding is far below this; which places are in is then decided by the exact error.
    places = _apart(errors, height, width, float(error) + 2e-3, template.name)
    matches = [_exact(picture, template, left, top) for left, top in places]
    within = (match for match in matches if match.error <= error)
    return sorted(within, key=lambda match: (match.error, match.top, match.left))


def painted(
    classes: np.ndarray, instances: np.ndarray, table: ClassTable, template: Template, matches: list[Match]
) -> tuple[np.ndarray, np.ndarray, ClassTable]:
    """The classes and instances, as in an Annotation, after painting the template's segment at every match.

    The segment's colours become the classes of that colour, new ones where the table has none. Every match is an object
    of its own: it gets a new instance number. The given arrays stay as they are.
    """
    classes, instances = classes.copy(), instances.copy()
    paint = np.zeros(template.mask.shape, np.uint8)
    for colour in template.colours:
        found = table.coloured(colour)
        if found is None:
            table, found = table.added(colour)
        paint[template.mask & (template.segment == colour).all(axis=2)] = found.id
    height, width = template.mask.shape
    number = int(instances.max(initial=0))
    if number + len(matches) > np.iinfo(instances.dtype).max:
        raise IcasError(f"{template.name}: found {number} numbered objects in this picture, there is no number left")
    # The best match is painted last, over the others.
    for match in reversed(matches):
        number += 1
        where = slice(match.top, match.top + height), slice(match.left, match.left + width)
        classes[where][template.mask] = paint[template.mask]
        instances[where][template.mask] = number
    return classes, instances, table


def _border_black_left_out(picture: np.ndarray) -> np.ndarray:
    black = np.all(picture == 0, axis=2)
    parts = cv2.connectedComponents(np.asarray(black, np.uint8), connectivity=8)[1]
    border = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    return ~np.isin(parts, border[border > 0])


def _errors(picture: np.ndarray, template: Template) -> np.ndarray:
    """The error at every place, (picture height − h + 1, picture width − w + 1) float32, about right."""
    squares = cv2.matchTemplate(picture, template.picture, cv2.TM_SQDIFF, mask=template.attention.astype(np.uint8))
    # The transform leaves small negative numbers where all is equal.
    return np.sqrt(np.maximum(squares, 0) / (3 * np.count_nonzero(template.attention))) / 255


def _exact(picture: np.ndarray, template: Template, left: int, top: int) -> Match:
    height, width = template.attention.shape
    there = picture[top : top + height, left : left + width][template.attention].astype(np.int64)
    mean = float(np.mean((there - template.picture[template.attention]) ** 2))
    return Match(left, top, mean**0.5 / 255)


def _apart(errors: np.ndarray, height: int, width: int, limit: float, name: str) -> list[tuple[int, int]]:
    """Places (left, top) up to the limit, the best first, each that overlaps a better one left out."""
    down, right = np.mgrid[1 - height : height, 1 - width : width]
    shared = (height - np.abs(down)) * (width - np.abs(right)) > OVERLAP * height * width
    free = np.pad(errors <= limit, ((height - 1,) * 2, (width - 1,) * 2))
    rows, columns = np.nonzero(errors <= limit)
    # Rounded, so that the transform's noise does not decide among equals.
    order = np.lexsort((columns, rows, np.round(errors[rows, columns], 4)))
    places: list[tuple[int, int]] = []
    for top, left in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if not free[top + height - 1, left + width - 1]:
            continue
        places.append((left, top))
        if len(places) > MOST_MATCHES:
            raise IcasError(f"{name}: found more than {MOST_MATCHES} places: make template_error smaller")
        free[top : top + 2 * height - 1, left : left + 2 * width - 1] &= ~shared
    return places


def _size(picture: np.ndarray) -> str:
    return f"{picture.shape[1]} × {picture.shape[0]}"
