"""What every similarity method must do, whatever it computes."""

from __future__ import annotations

import cv2
import imagehash
import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage.feature import hog
from skimage.metrics import structural_similarity

from icas_core.deep.hog import embed_by_hog
from icas_core.extraction import features_of
from icas_core.similarity.features import Features, read_features, write_features
from icas_core.similarity.forest import Forest
from icas_core.similarity.minhash import corner_cells
from icas_core.similarity.pairs import paired_similarities, similar_pairs
from icas_core.similarity.registry import METHODS
from icas_core.similarity.sizes import positions, settled_size

EVERY = -2.0


def grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    return structural_similarity(grey(a), grey(b), data_range=255)


def imagehash_(a: np.ndarray, b: np.ndarray, *, hash_size: int, highfreq_factor: int) -> float:
    first, second = (imagehash.phash(Image.fromarray(one), hash_size, highfreq_factor) for one in (a, b))
    return 1 - (first - second) / hash_size**2


def minhash(a: np.ndarray, b: np.ndarray, *, corners: int, cell: int, permutations: int) -> float:
    sketches = []
    for picture in (a, b):
        sketch = MinHash(num_perm=permutations, seed=1)
        for row, column in corner_cells(grey(picture), corners=corners, cell=cell):
            sketch.update(f"{row},{column}".encode())
        sketches.append(sketch)
    return sketches[0].jaccard(sketches[1])


def tm(a: np.ndarray, b: np.ndarray) -> float:
    if not a.any() or not b.any():
        return float(np.array_equal(a, b))
    small, large = (a, b) if all(x <= y for x, y in zip(a.shape, b.shape, strict=True)) else (b, a)
    if any(x > y for x, y in zip(small.shape, large.shape, strict=True)):
        return 0.0
    return 1 - float(cv2.matchTemplate(large, small, cv2.TM_SQDIFF_NORMED).min())


def orb(
    a: np.ndarray,
    b: np.ndarray,
    *,
    features: int,
    fast_threshold: int,
    edge_threshold: int,
    least: int,
    match: str,
    ratio: float,
) -> float:
    detector = cv2.ORB_create(features, fastThreshold=fast_threshold, edgeThreshold=edge_threshold)
    first, second = (detector.detectAndCompute(grey(one), None)[1] for one in (a, b))
    if first is None or second is None:
        return 0.0
    if min(len(first), len(second)) < least:
        return float(np.array_equal(first, second))
    if match == "lowe":
        return (lowe(first, second, ratio) + lowe(second, first, ratio)) / 2
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(first, second)
    farthest = max(match.distance for match in matches)
    if farthest == 0:
        return 1.0
    return sum(match.distance < ratio * farthest for match in matches) / len(matches)


def lowe(query: np.ndarray, train: np.ndarray, ratio: float) -> float:
    good = 0
    for nearest in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(query, train, k=2):
        # Twice the same descriptor in one picture must not keep the picture from being like itself.
        same = nearest[0].distance == 0
        good += same or (len(nearest) == 2 and nearest[0].distance < ratio * nearest[1].distance)
    return good / len(query)


def embedding(a: np.ndarray, b: np.ndarray) -> float:
    import torch

    first, second = (torch.from_numpy(hog_of(one)).double() for one in (a, b))
    if not first.any() or not second.any():
        return float(not first.any() and not second.any())
    return float(torch.nn.functional.cosine_similarity(first, second, dim=0))


def hog_of(picture: np.ndarray) -> np.ndarray:
    cell = (picture.shape[0] // 8, picture.shape[1] // 8)
    return hog(picture, orientations=9, pixels_per_cell=cell, cells_per_block=(2, 2), channel_axis=-1)


ORACLES = {"ssim": ssim, "imagehash": imagehash_, "minhash": minhash, "tm": tm, "orb": orb, "embedding": embedding}
TOLERANCE = {"ssim": 1e-5, "tm": 1e-5, "embedding": 1e-6}
# Any deep model does for the contract: the one that needs no torch.
OPTIONS = {"embedding": {"deep": {"model": "hog"}, "size": METHODS["embedding"].default_size}}

methods = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(scope="module")
def extracted(folder, names):
    made = {}

    def extract(method: str, **options) -> Features:
        key = (method, *sorted(options.items()))
        if key not in made:
            made[key] = features_of(folder, names, method=method, **OPTIONS.get(method, {}), **options)[0]
        return made[key]

    return extract


def full(features: Features, method: str, **options) -> np.ndarray:
    edges = similar_pairs(features, features, method=method, threshold=EVERY, **options)
    return edges.similarity.reshape(len(features), len(features))


def feature_of(method: str, picture: np.ndarray) -> np.ndarray:
    if method == "embedding":
        return embed_by_hog(picture[None])[0]
    return METHODS[method].extract(picture, **METHODS[method].parameters)


def many(method: str, count: int = 150) -> Features:
    """Features of noise pictures, each second one near its neighbour."""
    rng = np.random.default_rng(9)
    pictures = rng.integers(0, 256, (count, 24, 24, 3), dtype=np.uint8)
    pictures[1::2] = pictures[::2]
    pictures[1::2, :5] = rng.integers(0, 256, (count // 2, 5, 24, 3), dtype=np.uint8)
    chosen = METHODS[method]
    size = settled_size("default", chosen)
    made = [feature_of(method, positions(one, size, "none", chosen)[0]) for one in pictures]
    stack = np.stack(made) if len({one.shape for one in made}) == 1 else made
    return Features([f"{row:04}.png" for row in range(count)], (stack,))


def components(count: int, a: np.ndarray, b: np.ndarray) -> list[int]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    return connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(count, count)))[1].tolist()


@methods
def test_every_pair_equals_the_library(method, extracted, pictures, names):
    chosen = METHODS[method]
    similarities = full(extracted(method), method)
    size = settled_size("default", chosen)
    at_size = [positions(pictures[name.removesuffix(".png")], size, "none", chosen)[0] for name in names]
    expected = [[ORACLES[method](a, b, **chosen.parameters) for b in at_size] for a in at_size]
    np.testing.assert_allclose(similarities, expected, rtol=0, atol=TOLERANCE.get(method, 1e-7))


@methods
def test_symmetric(method, extracted):
    for variants in ("none", "mirror", "all"):
        similarities = full(extracted(method, variants=variants), method)
        np.testing.assert_allclose(similarities, similarities.T, rtol=0, atol=TOLERANCE.get(method, 0))


@methods
def test_a_picture_against_itself_is_one(method, extracted, names):
    own = np.diag(full(extracted(method), method))
    for name, feature, similarity in zip(names, extracted(method).variants[0], own, strict=True):
        # A picture without descriptors is like no other, and so not like itself.
        expected = 1.0 if feature.shape[0] else 0.0
        assert similarity == pytest.approx(expected, abs=TOLERANCE.get(method, 0)), name


@methods
def test_similarities_are_float32_and_at_most_one(method, extracted):
    similarities = full(extracted(method), method)
    assert similarities.dtype == np.float32
    assert similarities.max() <= 1
    assert similarities.min() >= -1


@methods
def test_the_same_pictures_give_the_same_features_whatever_the_threads(method, folder, names, extracted):
    again, rejected = features_of(folder, names, method=method, threads=3, **OPTIONS.get(method, {}))
    assert rejected == []
    assert again.paths == names
    for first, second in zip(extracted(method).variants[0], again.variants[0], strict=True):
        np.testing.assert_array_equal(first, second)


@methods
def test_features_come_back_from_their_file(method, extracted, tmp_path, names):
    features = extracted(method, variants="mirror")
    write_features(features, tmp_path / "features.parquet")
    back = read_features(tmp_path / "features.parquet")
    np.testing.assert_array_equal(full(back, method), full(features, method))
    some = read_features(tmp_path / "features.parquet", [names[4], names[1]])
    assert some.paths == [names[4], names[1]]
    np.testing.assert_array_equal(full(some, method), full(features.take([4, 1]), method))


@methods
def test_the_best_position_counts(method, extracted, names):
    plain, mirrored = full(extracted(method), method), full(extracted(method, variants="mirror"), method)
    every = full(extracted(method, variants="all"), method)
    assert (mirrored >= plain - 1e-6).all()
    assert (every >= mirrored - 1e-6).all()
    rocket, other = names.index("rocket.png"), names.index("rocket_mirrored.png")
    assert mirrored[rocket, other] > plain[rocket, other] + 0.05


@methods
def test_single_pairs_equal_those_of_the_whole(method, extracted):
    features = extracted(method, variants="mirror")
    whole = full(features, method)
    a, b = np.nonzero(np.ones_like(whole, dtype=bool))
    one_by_one = paired_similarities(features, features, a, b, method=method)
    np.testing.assert_allclose(one_by_one, whole.ravel(), rtol=0, atol=TOLERANCE.get(method, 0) / 10)


@methods
def test_tiles_and_threads_do_not_change_the_result(method, monkeypatch):
    features = many(method)
    once = similar_pairs(features, method=method, threshold=0.1)
    monkeypatch.setattr("icas_core.similarity.pairs.TILE", 37)
    monkeypatch.setattr("icas_core.similarity.tiles._SMALL", 11)
    for threads in (1, 3):
        again = similar_pairs(features, method=method, threshold=0.1, threads=threads)
        np.testing.assert_array_equal(again.a, once.a)
        np.testing.assert_array_equal(again.b, once.b)
        np.testing.assert_allclose(again.similarity, once.similarity, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(again.histogram, once.histogram)
        assert again.counts == once.counts


@methods
def test_two_sets_and_their_parts_give_the_pairs_of_the_whole(method):
    features = many(method, 90)
    whole = similar_pairs(features, method=method, threshold=0.2)
    left, right = features.take(range(40)), features.take(range(40, 90))
    found = {(a, b) for a, b in zip(whole.a, whole.b, strict=True)}
    parts = [
        similar_pairs(left, method=method, threshold=0.2),
        similar_pairs(right, method=method, threshold=0.2).shifted(40, 40),
        similar_pairs(left, right, method=method, threshold=0.2).shifted(0, 40),
    ]
    assert {pair for part in parts for pair in zip(part.a, part.b, strict=True)} == found
    assert sum(part.counts["possible"] for part in parts) == whole.counts["possible"] == 90 * 89 // 2


@methods
def test_a_forest_gives_the_components_of_all_pairs(method, monkeypatch):
    monkeypatch.setattr("icas_core.similarity.pairs.TILE", 16)
    monkeypatch.setattr("icas_core.similarity.pairs._ROUND", 3)
    features = many(method)
    values = full(features, method)
    for threshold in np.quantile(values, [0.5, 0.98, 0.995]):
        every = similar_pairs(features, method=method, threshold=threshold)
        found = [
            similar_pairs(features, method=method, threshold=threshold, forest=Forest(), threads=threads)
            for threads in (1, 2)
        ]
        assert components(150, found[0].a, found[0].b) == components(150, every.a, every.b)
        assert len(found[0].a) == 150 - len(set(components(150, every.a, every.b)))
        np.testing.assert_array_equal(found[0].a, found[1].a)
        np.testing.assert_array_equal(found[0].b, found[1].b)
        assert found[0].counts == found[1].counts


@methods
@settings(max_examples=15, deadline=None)
@given(pair=arrays(np.uint8, (2, 16, 16, 3)))
def test_any_two_pictures_are_as_similar_as_the_library_says(method, pair):
    chosen = METHODS[method]
    a, b = (feature_of(method, one)[None] for one in pair)
    expected = ORACLES[method](pair[0], pair[1], **chosen.parameters)
    tolerance = TOLERANCE.get(method, 1e-7)
    assert chosen.similarities(a, b, **chosen.parameters)[0, 0] == pytest.approx(expected, abs=tolerance)
    assert chosen.similarities(b, a, **chosen.parameters)[0, 0] == pytest.approx(expected, abs=tolerance)
    assert chosen.paired(a, b, **chosen.parameters)[0] == pytest.approx(expected, abs=tolerance)


@methods
def test_an_unknown_parameter_is_named(method):
    from icas_core.errors import IcasError

    with pytest.raises(IcasError, match=rf"{method}\.colour: no such parameter"):
        METHODS[method].settled({"colour": 3})


@settings(max_examples=5)
@given(st.sampled_from(sorted(METHODS)))
def test_a_method_is_found_in_upper_and_lower_case(name):
    from icas_core.similarity.registry import method_of

    assert method_of(name.upper()) is METHODS[name]
