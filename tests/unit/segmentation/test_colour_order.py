"""Red is red to every segmenter: colours are taken as RGB where that matters, and channels alike where it does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.color import rgb2gray
from skimage.metrics import variation_of_information

from icas_core.segmentation.registry import SEGMENTERS
from icas_core.segmentation.segmenting import segment

WHITE, CYAN, YELLOW = (255, 255, 255), (0, 255, 255), (255, 255, 0)


@pytest.fixture(scope="module")
def blots() -> np.ndarray:
    """(150, 200, 3) uint8 RGB: smooth blots of colour, other ones in each channel, with a little noise."""
    rng = np.random.default_rng(4)
    smooth = cv2.GaussianBlur(rng.normal(size=(150, 200, 3)), (0, 0), 12)
    steps = np.digitize(smooth, np.quantile(smooth, [0.3, 0.6])) * (110, 70, 40)
    return (steps + rng.integers(0, 8, steps.shape)).astype(np.uint8)


@pytest.mark.parametrize("method", ["graph", "felzenszwalb", "superpixel", "edge"])
def test_where_the_channels_count_alike_their_order_changes_nothing(method: str, blots: np.ndarray) -> None:
    parameters = {"denoising": 0.0} if method == "edge" else {}
    swapped = segment(blots[:, :, ::-1], method, parameters)
    assert np.array_equal(swapped, segment(blots, method, parameters))
    assert swapped.max() > 3


def strips(*colours: tuple[int, int, int]) -> np.ndarray:
    """(60, 40 for each colour, 3) uint8: upright strips with a little noise."""
    flat = np.repeat(np.array(colours), 40, axis=0)[None].repeat(60, axis=0)
    return np.clip(flat + np.random.default_rng(0).integers(-5, 6, flat.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("method", ["kmeans", "slickmeans"])
def test_colours_are_near_as_lab_has_them_from_rgb(method: str) -> None:
    # To the eye white is nearer to cyan than to yellow, and swapped channels turn one into the other.
    found = {}
    for order in ((CYAN, WHITE, YELLOW), (YELLOW, WHITE, CYAN)):
        labels = segment(strips(*order), method, {"clusters": 2, "position": 0.0})
        found[order[0]] = labels[30, 20] == labels[30, 60], labels[30, 60] == labels[30, 100]
    assert found == {CYAN: (True, False), YELLOW: (False, True)}


def test_chanvase_sees_the_luminance_of_rgb(blots: np.ndarray) -> None:
    of_luminance = segment(np.rint(255 * rgb2gray(blots)).astype(np.uint8), "chanvase")
    apart = [
        sum(variation_of_information(segment(each, "chanvase"), of_luminance)) for each in (blots, blots[..., ::-1])
    ]
    assert apart[0] < 0.2
    assert apart[1] > 2 * apart[0]


@pytest.mark.parametrize("method", ["quickshift", "consensus"])
def test_swapped_channels_find_the_same_borders_but_for_a_few(method: str, blots: np.ndarray) -> None:
    one, other = segment(blots, method), segment(blots[:, :, ::-1], method)
    chance = segment(np.rot90(blots, 2), method)
    assert sum(variation_of_information(one, other)) < 0.7 * sum(variation_of_information(one, chance))


def test_every_segmenter_without_prompts_is_held_to_its_order() -> None:
    held = {
        "graph",
        "felzenszwalb",
        "edge",
        "kmeans",
        "slickmeans",
        "chanvase",
        "superpixel",
        "quickshift",
        "consensus",
    }
    assert {name for name, each in SEGMENTERS.items() if not each.prompted} - {"sam"} == held
