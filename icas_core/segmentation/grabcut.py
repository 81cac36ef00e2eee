"""grabcut: an object cut out by a person's boxes and strokes (Rother, Kolmogorov and Blake 2004; OpenCV's grabCut)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from icas_core.errors import IcasError
from icas_core.segmentation.enlarging import enlarged
from icas_core.segmentation.labels import dense
from icas_core.segmentation.prompts import Mark, Prompts, Stroke
from icas_core.segmentation.reducing import reduced, scale_of
from icas_core.segmentation.segmenter import REFERENCE_PIXELS, Segmenter

# OpenCV's four values; the lowest bit is the foreground.
_BACKGROUND, _FOREGROUND, _MAYBE_BACKGROUND, _MAYBE_FOREGROUND = range(4)
_OF_MARK = {
    Mark.BACKGROUND: _BACKGROUND,
    Mark.FOREGROUND: _FOREGROUND,
    Mark.POSSIBLE_BACKGROUND: _MAYBE_BACKGROUND,
    Mark.POSSIBLE_FOREGROUND: _MAYBE_FOREGROUND,
}
_NOTHING = 255
_SEED = 0


@dataclass(frozen=True, eq=False)
class Cut:
    """What was found so far: OpenCV's four values for each pixel of the copy, uint8 (h, w), and the picture's shape."""

    values: np.ndarray
    shape: tuple[int, int]

    @property
    def foreground(self) -> np.ndarray:
        """The object, bool of the picture's (height, width); its border is as coarse as the copy."""
        import cv2

        found = self.values & 1
        if found.shape != self.shape:
            return cv2.resize(found, self.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(bool)
        return found.astype(bool)


def cut(
    picture: np.ndarray,
    prompts: Prompts,
    before: Cut | None = None,
    *,
    iterations: int = 3,
    smoothing: float = 1.0,
    reduce: float | str | None = None,
) -> Cut:
    """Cut the object out of a (height, width, 3) uint8 RGB picture, or go on from an earlier cut with more strokes.

    Pixels outside every box are background for sure, those inside may be the object; without a box every pixel may be
    background. Strokes lie over that; a foreground or background point counts as a dot. The rest is decided by the
    colours of both. iterations: at most so many, fewer once nothing changes. smoothing: the blur before, in pixels of
    a picture of REFERENCE_PIXELS. reduce: the copy's scale, as for every segmenter; `before` was made at the same.
    The same prompts give the same cut. IcasError for a box outside the picture, or for no prompt at all.
    """
    import cv2

    if not prompts:
        raise IcasError("grabcut: found no prompt; accepted: a box, or strokes on the object and beside it")
    copy = reduced(picture, scale_of(picture.shape, SEGMENTER, reduce))
    known = _known(prompts, copy.shape[:2], picture.shape[:2])
    values = _unmarked(prompts, copy.shape[:2], picture.shape[:2]) if before is None else before.values
    values = np.where(known == _NOTHING, values, known).astype(np.uint8)
    sigma = smoothing * (copy.shape[0] * copy.shape[1] / REFERENCE_PIXELS) ** 0.5
    smooth = cv2.GaussianBlur(copy, (0, 0), sigma) if sigma else np.ascontiguousarray(copy)
    return Cut(_iterated(smooth, values, iterations), picture.shape[:2])


def segments(picture: np.ndarray, prompts: Prompts, found: Cut) -> tuple[np.ndarray, np.ndarray]:
    """The cut at the picture's full resolution, borders along the picture's own edges, sure strokes as they were drawn.

    Gives (height, width) int32 labels, connected segments from 1 without a gap, and the object as a bool mask; every
    segment is inside or outside the object as a whole.
    """
    object_mask = found.foreground
    if found.values.shape != found.shape:
        labels = enlarged(dense(found.values & 1), picture)
        pixels = np.bincount(labels.ravel())
        inside = np.bincount(labels.ravel(), weights=object_mask.ravel())
        object_mask = (2 * inside > pixels)[labels]
    known = _known(prompts, found.shape, found.shape)
    object_mask = np.where(known == _NOTHING, object_mask, known & 1).astype(bool)
    return dense(object_mask.astype(np.int32)), object_mask


def segment(picture: np.ndarray, *, iterations: int, smoothing: float, prompts: Prompts | None = None) -> np.ndarray:
    """The inside and the outside of an object in a (h, w, 3) uint8 RGB picture, as (h, w) int32 labels from 1."""
    found = cut(picture, prompts or Prompts(), iterations=iterations, smoothing=smoothing, reduce=1)
    return dense(found.foreground.astype(np.int32))


def _known(prompts: Prompts, shape: tuple[int, int], of: tuple[int, int]) -> np.ndarray:
    """OpenCV's value for each pixel of a copy of this shape that a stroke or a point lies on, _NOTHING elsewhere."""
    dots = tuple(
        Stroke(Mark.FOREGROUND if point.foreground else Mark.BACKGROUND, ((point.x, point.y),))
        for point in prompts.points
    )
    marks = Prompts(strokes=prompts.strokes + dots).marks(shape, shape[1] / of[1])
    values = np.full(len(Mark) + 1, _NOTHING, np.uint8)
    for mark, value in _OF_MARK.items():
        values[mark] = value
    return values[marks]


def _unmarked(prompts: Prompts, shape: tuple[int, int], of: tuple[int, int]) -> np.ndarray:
    """What the boxes alone say of each pixel of a copy of this shape."""
    if not prompts.boxes:
        return np.full(shape, _MAYBE_BACKGROUND, np.uint8)
    values = np.full(shape, _BACKGROUND, np.uint8)
    down, right = shape[0] / of[0], shape[1] / of[1]
    for box in prompts.boxes:
        left, top, end, bottom = box.within(of)
        rows = slice(int(top * down), max(math.ceil(bottom * down), int(top * down) + 1))
        columns = slice(int(left * right), max(math.ceil(end * right), int(left * right) + 1))
        values[rows, columns] = _MAYBE_FOREGROUND
    return values


def _iterated(picture: np.ndarray, values: np.ndarray, iterations: int) -> np.ndarray:
    """The values after so many of OpenCV's iterations; as they are where there is no object, or nothing beside it."""
    import cv2

    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    mode = cv2.GC_INIT_WITH_MASK
    for _ in range(iterations):
        inside = values & 1
        if not inside.any() or inside.all():
            break
        earlier = values.copy()
        cv2.setRNGSeed(_SEED)
        cv2.grabCut(picture, values, (0, 0, 1, 1), background, foreground, 1, mode)
        mode = cv2.GC_EVAL
        if np.array_equal(earlier, values):
            break
    return values


SEGMENTER = Segmenter(
    name="grabcut",
    version=1,
    segment=segment,
    copy_pixels=REFERENCE_PIXELS,
    parameters={"iterations": 3, "smoothing": 1.0},
    limits={"smoothing": (0.0, 100.0)},
    prompted=True,
)
