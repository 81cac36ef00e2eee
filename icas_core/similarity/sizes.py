"""Bring a picture to the size, and into the positions, in which it is compared."""

from __future__ import annotations

import numpy as np

from icas_core.errors import IcasError, RejectedPicture
from icas_core.similarity.method import Method, Size

# How many positions of a picture each choice compares: the picture itself, mirrored, all turned and mirrored.
VARIANTS = {"none": 1, "mirror": 2, "all": 8}


def settled_size(size: object, method: Method) -> Size:
    """A size as (width, height), a factor up to 1, or "original"; IcasError on anything else."""
    if size == "default":
        return method.default_size
    if size == "original":
        return "original"
    if isinstance(size, list | tuple) and len(size) == 2 and all(_whole(side) and side > 0 for side in size):
        width, height = int(size[0]), int(size[1])
        if min(width, height) < method.smallest:
            least = f"{method.name} takes {method.smallest}x{method.smallest} pixels and more"
            raise IcasError(f"size: found [{width}, {height}]; {least}")
        return width, height
    if isinstance(size, int | float) and not isinstance(size, bool) and 0 < size <= 1:
        return float(size)
    accepted = "default, original, [width, height] in pixels, or a factor up to 1"
    raise IcasError(f"size: found {list(size) if isinstance(size, tuple) else size!r}; accepted: {accepted}")


def _whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def variant_count(variants: str) -> int:
    """How many positions of a picture are compared; IcasError names the words there are."""
    if variants not in VARIANTS:
        raise IcasError(f"variants: found {variants!r}; accepted: {', '.join(VARIANTS)}")
    return VARIANTS[variants]


def positions(picture: np.ndarray, size: Size, variants: str, method: Method) -> list[np.ndarray]:
    """The picture, and its positions, at the size in which they are compared.

    picture: (h, w, 3) uint8 RGB. First the picture itself; with "mirror" also mirrored left to right; with
    "all" the four turns of the picture and of the mirrored picture. A turned picture is brought to the same
    size as the upright one, unless the size is the picture's own and the method takes unequal sizes.
    Raises RejectedPicture where the result would be smaller than the method takes.
    """
    width, height = _target(picture, size)
    if min(width, height) < method.smallest:
        least = f"{method.name} needs at least {method.smallest}x{method.smallest}"
        raise RejectedPicture(f"{width}x{height} pixels: {least}")
    upright = _resized(picture, width, height)
    if variants == "none":
        return [upright]
    if variants == "mirror":
        return [upright, np.ascontiguousarray(upright[:, ::-1])]
    own = method.unequal_sizes and not isinstance(size, tuple)
    lying = upright if own or width == height else _resized(picture, height, width)
    turned = [np.rot90(lying if turns % 2 else upright, turns) for turns in range(4)]
    return [np.ascontiguousarray(one) for one in (*turned, *(one[:, ::-1] for one in turned))]


def _target(picture: np.ndarray, size: Size) -> tuple[int, int]:
    height, width = picture.shape[:2]
    if isinstance(size, tuple):
        return size
    if isinstance(size, str):
        return width, height
    return max(1, round(width * size)), max(1, round(height * size))


def _resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Averaged over areas by OpenCV where the picture shrinks, linear where both sides grow."""
    if picture.shape[:2] == (height, width):
        return picture
    import cv2

    grows = width >= picture.shape[1] and height >= picture.shape[0]
    how = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=how)
