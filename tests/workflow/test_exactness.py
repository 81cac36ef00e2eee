"""Clusters do not depend on the batch size: they are the components of the libraries' own pair values."""

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import imagehash
import numpy as np
import pytest
from datasketch import MinHash
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.feature import hog
from skimage.metrics import structural_similarity

from icas_core.images import read_rgb
from icas_core.similarity.minhash import corner_cells
from icas_core.similarity.registry import METHODS, method_of
from icas_core.similarity.sizes import positions
from tests.workflow.runs import Project, add_pictures

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

# Other than the defaults: over 44,850 pairs the library would take minutes, and so small pictures have few descriptors.
PARAMETERS = {"orb": {"features": 80, "least": 20}}
THRESHOLDS = {"orb": 0.2, "embedding": 0.85}
# Any deep model does: the one that needs no training and no network.
CONFIG = {"embedding": {"deep": {"model": "hog"}, "size": [128, 128]}}
# How far ssim, tm and embedding may lie from their libraries' values; the others are equal.
ROUNDING = 1e-5


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _ssim(a: np.ndarray, b: np.ndarray) -> float:
    return structural_similarity(a, b, data_range=255)


def _template(a: np.ndarray, b: np.ndarray) -> float:
    return 1 - cv2.matchTemplate(a, b, cv2.TM_SQDIFF_NORMED).min()


def _hash(picture: np.ndarray, *, hash_size: int, highfreq_factor: int) -> imagehash.ImageHash:
    return imagehash.phash(Image.fromarray(picture), hash_size=hash_size, highfreq_factor=highfreq_factor)


def _equal_bits(a: imagehash.ImageHash, b: imagehash.ImageHash) -> float:
    return 1 - (a - b) / a.hash.size


def _sketch(picture: np.ndarray, *, corners: int, cell: int, permutations: int) -> MinHash:
    sketch = MinHash(num_perm=permutations, seed=1, scheme="affine32")
    for row, column in corner_cells(_grey(picture), corners=corners, cell=cell):
        sketch.update(f"{row},{column}".encode())
    return sketch


def _descriptors(
    picture: np.ndarray,
    *,
    features: int,
    fast_threshold: int,
    edge_threshold: int,
    least: int,
    match: str,
    ratio: float,
) -> tuple[np.ndarray, int, float]:
    detector = cv2.ORB.create(features, fastThreshold=fast_threshold, edgeThreshold=edge_threshold)
    found = detector.detectAndCompute(_grey(picture), None)[1]
    return np.empty((0, 32), np.uint8) if found is None else found, least, ratio


def _lowe(a: tuple[np.ndarray, int, float], b: tuple[np.ndarray, int, float]) -> float:
    (first, least, ratio), (second, _, _) = a, b
    if min(len(first), len(second)) < max(least, 1):
        # Too few to say anything of another picture: only a picture with the very same ones is alike.
        return float(len(first) > 0 and np.array_equal(first, second))
    return (_share_of_good(first, second, ratio) + _share_of_good(second, first, ratio)) / 2


def _share_of_good(a: np.ndarray, b: np.ndarray, ratio: float) -> float:
    good = 0
    for nearest in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(a, b, k=2):
        same = nearest[0].distance == 0
        good += same or (len(nearest) == 2 and nearest[0].distance < ratio * nearest[1].distance)
    return good / len(a)


def _histograms(picture: np.ndarray) -> np.ndarray:
    return hog(picture, pixels_per_cell=(16, 16), cells_per_block=(2, 2), channel_axis=-1)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return a @ b / np.sqrt((a @ a) * (b @ b))


# What each library is given for a picture, and what it says of two of them.
LIBRARIES: dict[str, tuple[Callable[..., Any], Callable[[Any, Any], float]]] = {
    "ssim": (_grey, _ssim),
    "tm": (lambda picture: picture, _template),
    "imagehash": (_hash, _equal_bits),
    "minhash": (_sketch, lambda a, b: a.jaccard(b)),
    "orb": (_descriptors, _lowe),
    "embedding": (_histograms, _cosine),
}


def threshold_clear_of(values: np.ndarray, wanted: float) -> float:
    """The threshold wanted; or, where a value lies a rounding error from it, the middle of the widest gap close by.

    There the kernels may differ from the libraries by a rounding error, and the clusters would be a matter of luck.
    Values equal to the threshold, as shares of bits are, stay what they are.
    """
    distance = np.abs(values - wanted)
    if np.all((distance < 1e-12) | (distance > ROUNDING)):
        return wanted
    near = np.sort([wanted - 0.005, *values[distance < 0.005], wanted + 0.005])
    widest = np.argmax(np.diff(near))
    assert near[widest + 1] - near[widest] > 4 * ROUNDING
    return round(float(near[widest] + near[widest + 1]) / 2, 6)


def components_by_library(folder: Path, names: Sequence[str], name: str) -> tuple[float, set[frozenset[str]]]:
    """A threshold, and the connected components of all pairs whose library value reaches it."""
    method = method_of(name)
    parameters = {**method.parameters, **PARAMETERS.get(name, {})}
    prepare, similarity = LIBRARIES[name]
    prepared = [
        prepare(positions(read_rgb(folder / each), method.default_size, "none", method)[0], **parameters)
        for each in names
    ]
    pairs = np.array(list(combinations(range(len(names)), 2)))
    values = np.array([similarity(prepared[a], prepared[b]) for a, b in pairs], np.float64)
    threshold = threshold_clear_of(values, THRESHOLDS.get(name, method.default_threshold))
    a, b = pairs[values >= threshold - 1e-12].T
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(names), len(names)))
    labels = connected_components(graph, directed=False)[1]
    return threshold, {frozenset(np.array(names)[labels == label].tolist()) for label in set(labels.tolist())}


def config_of(name: str, threshold: float) -> dict[str, Any]:
    """The config keys of a run of this method that compares all pictures."""
    given = {name: PARAMETERS[name]} if name in PARAMETERS else {}
    keys = {"method": name, "merge": "all", "threshold": threshold, **given}
    return {**keys, **CONFIG.get(name, {}), "batch_transfer": "none", "transfer": "symlink"}


@pytest.fixture(scope="module")
def three_hundred(tmp_path_factory) -> tuple[Project, list[str]]:
    """A project of 300 pictures: 70 scenes in four near copies each, scattered over the batches, and 20 others."""
    project = Project(tmp_path_factory.mktemp("exact"))
    names = add_pictures(project.pictures, scenes=70, copies=4, side=100)
    names += add_pictures(project.pictures, scenes=20, copies=1, side=100, start=500)
    return project, sorted(names)


@pytest.mark.parametrize("name", METHODS)
def test_any_batch_size_and_a_forest_give_the_components_of_the_librarys_pair_values(three_hundred, name):
    project, names = three_hundred
    threshold, expected = components_by_library(project.pictures, names, name)
    assert 20 < len(expected) < 280
    runs = [{"batch_size": 100}, {"batch_size": 250, "edges": "forest", "representative": "first"}]
    # One batch: everything in one comparison.
    runs += [{"batch_size": 1000}] if name == "ssim" else []
    # Eight batches in the four blocks that imagehash joins them to.
    runs += [{"batch_size": 40}] if name == "imagehash" else []
    for keys in runs:
        result = Project(project.folder, output=f"{name}_{keys['batch_size']}")
        run = result.run(f"{result.output.name}/clusters.csv", **config_of(name, threshold), **keys)
        assert run.ok, run.err
        assert run.jobs["compare"] == -(-300 // keys["batch_size"])
        assert result.partition() == expected, keys
