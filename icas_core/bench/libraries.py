"""The library call that defines each method's number, for one pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Library:
    """Compare two pictures by the library.

    native(feature, parameters): a feature as the library takes it, made beforehand. call(a, b): the library's work,
    which is what is timed. value(found, a, b, parameters): the similarity, from what the call returned; NaN where
    the library gives no number.
    """

    name: str
    native: Callable[[np.ndarray, dict[str, Any]], Any]
    call: Callable[[Any, Any], Any]
    value: Callable[[Any, Any, Any, dict[str, Any]], float]


def _as_it_is(feature: np.ndarray, _: dict[str, Any]) -> np.ndarray:
    return np.array(feature)


def _structural_similarity(a: np.ndarray, b: np.ndarray) -> float:
    from skimage.metrics import structural_similarity

    return structural_similarity(a, b, data_range=255)


def _match_template(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.matchTemplate(a, b, cv2.TM_SQDIFF_NORMED)


def _template_similarity(found: np.ndarray, a: np.ndarray, b: np.ndarray, _: dict[str, Any]) -> float:
    # Of a black picture the library's quotient is no number, though it writes one.
    return float(1 - found.min()) if a.any() and b.any() else float("nan")


def _image_hash(feature: np.ndarray, parameters: dict[str, Any]) -> Any:
    from imagehash import ImageHash

    side = parameters["hash_size"]
    return ImageHash(np.unpackbits(feature.view(np.uint8), count=side * side).astype(np.bool_).reshape(side, side))


def _min_hash(feature: np.ndarray, _: dict[str, Any]) -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=len(feature), seed=1, scheme="affine32", hashvalues=np.array(feature))


def _both_directions(a: np.ndarray, b: np.ndarray) -> Any:
    import cv2

    if not len(a) or not len(b):
        return (), ()
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    return matcher.knnMatch(a, b, k=2), matcher.knnMatch(b, a, k=2)


def _good_share(found: Any, a: np.ndarray, b: np.ndarray, parameters: dict[str, Any]) -> float:
    if not len(a) or not len(b):
        return 0.0
    return float(np.mean([np.mean([_good(pair, parameters["ratio"]) for pair in way]) for way in found]))


def _good(pair: Any, ratio: float) -> bool:
    return pair[0].distance == 0 or (len(pair) == 2 and pair[0].distance < ratio * pair[1].distance)


LIBRARIES = {
    "ssim": Library(
        "skimage.metrics.structural_similarity", _as_it_is, _structural_similarity, lambda found, *_: float(found)
    ),
    "tm": Library("cv2.matchTemplate", _as_it_is, _match_template, _template_similarity),
    "imagehash": Library(
        "imagehash.ImageHash subtraction",
        _image_hash,
        lambda a, b: a - b,
        lambda found, _a, _b, parameters: 1 - found / parameters["hash_size"] ** 2,
    ),
    "minhash": Library("datasketch.MinHash.jaccard", _min_hash, lambda a, b: a.jaccard(b), lambda found, *_: found),
    "orb": Library("cv2.BFMatcher.knnMatch in both directions", _as_it_is, _both_directions, _good_share),
}
