"""superpixel: OpenCV's SLIC, SLICO, MSLIC, LSC and SEEDS: many small segments of about one size."""

from __future__ import annotations

import numpy as np

from icas_core.segmentation.labels import dense
from icas_core.segmentation.regions import absorbed
from icas_core.segmentation.segmenter import Segmenter

_VARIANTS = ("seeds", "slic", "slico", "mslic", "lsc")
_STEPS, _SWEEPS, _BINS = 10, 15, 7
_LEAST_SIDE = 4
_LEAST_SHARE = 8
_OFF = 0.1


def segment(
    picture: np.ndarray, *, variant: str, superpixels: int, ruler: float, ratio: float, levels: int, prior: int
) -> np.ndarray:
    """Cut a (h, w, 3) uint8 RGB picture into about so many superpixels.

    variant: seeds (van den Bergh 2012), slic or slico (Achanta 2012), mslic (Liu 2016), lsc (Li and Chen 2015).
    ruler: of slic and mslic, larger makes more compact segments. ratio: the same of lsc. levels: of seeds, how often
    blocks are halved. prior: of seeds, from 0 to 5, larger makes smoother borders.
    Gives (h, w) int32 labels from 1. cv2.ximgproc.
    """
    found = superpixels_of(picture, variant, superpixels, ratio if variant == "lsc" else ruler, levels, prior)
    return absorbed(found, picture, picture.shape[0] * picture.shape[1] // (_LEAST_SHARE * superpixels))


def superpixels_of(
    picture: np.ndarray, variant: str, superpixels: int, compactness: float, levels: int = 3, prior: int = 1
) -> np.ndarray:
    """About so many superpixels as the variant gives them, slivers among them; (h, w) int32 labels from 1."""
    height, width = picture.shape[:2]
    side = max(_LEAST_SIDE, round((height * width / superpixels) ** 0.5))
    # Below two rows of blocks OpenCV's code reads beyond its arrays (it hangs or crashes).
    if min(height, width) < 2 * side:
        return _grid(height, width, side)
    if variant == "seeds":
        return dense(_seeds(picture, side, levels, prior))
    return dense(_iterated(picture, variant, side, compactness))


def _iterated(picture: np.ndarray, variant: str, side: int, compactness: float) -> np.ndarray:
    import cv2

    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (3, 3), 0), cv2.COLOR_RGB2LAB)
    found: cv2.ximgproc.SuperpixelLSC | cv2.ximgproc.SuperpixelSLIC
    if variant == "lsc":
        found = cv2.ximgproc.createSuperpixelLSC(lab, side, compactness)
    else:
        kind = {"slic": cv2.ximgproc.SLIC, "slico": cv2.ximgproc.SLICO, "mslic": cv2.ximgproc.MSLIC}[variant]
        found = cv2.ximgproc.createSuperpixelSLIC(lab, kind, side, compactness)
    found.iterate(_STEPS)
    found.enforceLabelConnectivity(20)
    return found.getLabels()


def _seeds(picture: np.ndarray, side: int, levels: int, prior: int) -> np.ndarray:
    import cv2

    # Blocks are halved so often only as leaves them at least a pixel, and near the size that was asked for.
    while levels > 1 and (2**levels > side or abs(_whole(side, levels) - side) > _OFF * side):
        levels -= 1
    side = _whole(side, levels)
    # Padded to whole blocks SEEDS makes as many superpixels as there are blocks; else it makes any number.
    height, width = picture.shape[:2]
    below, right = -height % side, -width % side
    top, left = below // 2, right // 2
    whole = cv2.copyMakeBorder(picture, top, below - top, left, right - left, cv2.BORDER_REPLICATE)
    blocks = (whole.shape[0] // side) * (whole.shape[1] // side)
    found = cv2.ximgproc.createSuperpixelSEEDS(
        whole.shape[1], whole.shape[0], 3, blocks, levels, prior, _BINS, double_step=True
    )
    found.iterate(whole, _SWEEPS)
    return found.getLabels()[top : top + height, left : left + width]


def _whole(side: int, levels: int) -> int:
    """The side nearest to this one that blocks of so many levels can have."""
    unit = 2 ** (levels - 1)
    return unit * round(side / unit)


def _grid(height: int, width: int, side: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return dense(rows // side * (width // side + 1) + columns // side)


SEGMENTER = Segmenter(
    name="superpixel",
    version=2,
    segment=segment,
    copy_pixels=520_000,
    parameters={"variant": "seeds", "superpixels": 400, "ruler": 10.0, "ratio": 0.05, "levels": 3, "prior": 1},
    choices={"variant": _VARIANTS},
    limits={
        "superpixels": (1, 1_000_000),
        "ruler": (0.0, 1000.0),
        "ratio": (0.0, 1.0),
        "levels": (1, 10),
        "prior": (0, 5),
    },
    coarser={"superpixels": 0.5},
)
