from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import structural_similarity
from skimage.transform import resize

from icas_core.errors import IcasError
from icas_core.similarity.features import Features
from icas_core.similarity.forest import Forest
from icas_core.similarity.method import grey
from icas_core.similarity.pairs import paired_similarities, similar_pairs
from icas_core.similarity.registry import METHODS

SSIM = METHODS["ssim"]
THRESHOLDS = (0.3, 0.5, 0.62, 0.69, 0.8, 0.9, 0.95)


def edges(left: np.ndarray, right: np.ndarray, threshold: float, wanted: np.ndarray | None = None):
    wanted = np.ones((len(left), len(right)), np.bool_) if wanted is None else wanted
    rows, columns, similarity, pruned = SSIM.edges_above(
        SSIM.prepare(left), SSIM.prepare(right), threshold, wanted=wanted
    )
    return dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), similarity.tolist(), strict=True)), pruned


def expected(left: np.ndarray, right: np.ndarray, threshold: float):
    similarities = SSIM.similarities(left, right)
    above = np.argwhere(similarities >= np.float32(threshold)).tolist()
    return {(row, column): similarities[row, column].item() for row, column in above}


def crops(side: int) -> np.ndarray:
    """Overlapping parts of photographs, so that similarities of every size occur, and brighter and blurred ones."""
    parts = []
    for photo in (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()):
        whole = grey(np.ascontiguousarray(photo[..., :3]))
        for shift in (0, 2, 5, 12, 60):
            part = whole[20 + shift : 270 + shift, 30 + shift : 280 + shift]
            small = resize(part, (side, side), anti_aliasing=True, preserve_range=True)
            parts += [small, small * 0.8 + 30, 0.5 * small + 0.25 * (np.roll(small, 1, 0) + np.roll(small, 1, 1))]
    return np.clip(np.rint(parts), 0, 255).astype(np.uint8)


def flat(side: int) -> np.ndarray:
    """Constant, black, white, half black, ramp and noise pictures."""
    rng = np.random.default_rng(5)
    pictures = np.zeros((10, side, side), np.uint8)
    pictures[1], pictures[2], pictures[3] = 255, 128, 129
    pictures[4, :, side // 2 :] = 255
    pictures[5] = 255 - pictures[4]
    pictures[6] = np.linspace(0, 255, side).astype(np.uint8)
    pictures[7] = pictures[6].T
    pictures[8:] = rng.integers(0, 256, (2, side, side))
    return pictures


@pytest.mark.parametrize("side", [7, 9, 20, 24, 33, 100])
def test_pruning_loses_no_edge_of_photographs_and_flat_pictures(side):
    pictures = np.concatenate([crops(side), flat(side)])
    for threshold in THRESHOLDS:
        assert edges(pictures, pictures, threshold)[0] == expected(pictures, pictures, threshold)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(7, 26), st.integers(7, 26)).flatmap(
        lambda shape: arrays(np.uint8, (6, *shape), elements=st.sampled_from([0, 1, 100, 101, 140, 254, 255]))
    ),
    st.integers(0, 40),
    st.floats(0.3, 0.95),
)
def test_pruning_loses_no_edge_of_any_pictures(pictures, strength, threshold):
    noise = np.random.default_rng(strength).integers(-strength, strength + 1, pictures.shape)
    near = np.clip(pictures.astype(int) + noise, 0, 255).astype(np.uint8)
    assert edges(pictures, near, threshold)[0] == expected(pictures, near, threshold)


def test_an_edge_exactly_at_the_threshold_stays():
    pictures = crops(20)
    for similarity in np.unique(SSIM.similarities(pictures, pictures))[::40]:
        assert edges(pictures, pictures, float(similarity))[0] == expected(pictures, pictures, float(similarity))


def test_most_unlike_pairs_are_pruned():
    pictures = crops(24)
    _, pruned = edges(pictures, pictures, 0.9)
    assert pruned > 0.8 * (SSIM.similarities(pictures, pictures) < 0.9).sum()


def test_only_wanted_pairs_are_compared():
    pictures = crops(20)
    wanted = np.random.default_rng(1).random((len(pictures), len(pictures))) < 0.1
    found, pruned = edges(pictures, pictures, 0.5, wanted)
    assert found == {pair: value for pair, value in expected(pictures, pictures, 0.5).items() if wanted[pair]}
    assert pruned <= wanted.sum() - len(found)


@pytest.mark.parametrize("side", [20, 24, 100])
def test_photographs_and_flat_pictures_equal_scikit_image(side):
    pictures = np.concatenate([crops(side)[::3], flat(side)])
    found = SSIM.similarities(pictures, pictures)
    for row, column in np.random.default_rng(0).integers(0, len(pictures), (150, 2)):
        library = structural_similarity(pictures[row], pictures[column], data_range=255)
        assert found[row, column] == pytest.approx(library, abs=1e-6)


def test_a_similarity_is_the_same_number_however_it_is_found():
    pictures = np.concatenate([crops(33), flat(33)])
    whole = SSIM.similarities(pictures, pictures)
    a, b = np.divmod(np.arange(whole.size), len(pictures))
    np.testing.assert_array_equal(whole, whole.T)
    np.testing.assert_array_equal(SSIM.similarities(pictures[5:9], pictures[3:]), whole[5:9, 3:])
    np.testing.assert_array_equal(SSIM.paired(pictures[a], pictures[b]), whole.ravel())
    features = Features([f"{row:03}" for row in range(len(pictures))], (pictures,))
    np.testing.assert_array_equal(paired_similarities(features, features, a, b, method="ssim"), whole.ravel())


def test_several_positions_give_the_edges_of_the_best_one():
    pictures = crops(20)
    pictures = np.concatenate([pictures, pictures[::4, :, ::-1]])
    names = [f"{row:03}" for row in range(len(pictures))]
    features = Features(names, (pictures, np.ascontiguousarray(pictures[:, :, ::-1])))
    best = np.maximum(SSIM.similarities(pictures, pictures), SSIM.similarities(pictures, pictures[:, :, ::-1]))
    for threshold in THRESHOLDS:
        found = similar_pairs(features, method="ssim", threshold=threshold)
        rows, columns = np.nonzero(np.triu(best >= np.float32(threshold), 1))
        np.testing.assert_array_equal(found.a, rows)
        np.testing.assert_array_equal(found.b, columns)
        np.testing.assert_array_equal(found.similarity, best[rows, columns])
        assert found.counts["pruned"] + found.counts["compared"] == found.counts["possible"]


@pytest.mark.parametrize("two_sets", [False, True])
def test_a_forest_of_many_copies_skips_most_pairs_and_keeps_the_components(two_sets, monkeypatch):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    monkeypatch.setattr("icas_core.similarity.pairs.TILE", 32)
    rng = np.random.default_rng(2)
    photos = crops(20)[::15]
    copies = np.clip(photos[rng.integers(0, len(photos), 400)] + rng.integers(-9, 10, (400, 20, 20)), 0, 255)
    features = Features([f"{row:03}" for row in range(400)], (copies.astype(np.uint8),))
    sides = (features.take(range(200)), features.take(range(200, 400))) if two_sets else (features, None)
    every = similar_pairs(*sides, method="ssim", threshold=0.6)
    found = [similar_pairs(*sides, method="ssim", threshold=0.6, forest=Forest(), threads=n) for n in (1, 2)]
    offset = 200 if two_sets else 0
    labels = [
        connected_components(coo_array((np.ones(len(e.a)), (e.a, e.b + offset)), shape=(400, 400)))[1].tolist()
        for e in (every, *found)
    ]
    assert labels[0] == labels[1] == labels[2]
    assert found[0].counts == found[1].counts
    assert sum(found[0].counts[name] for name in ("pruned", "skipped", "compared")) == found[0].counts["possible"]
    assert found[0].counts["skipped"] > 0.5 * len(every.a) > 0


def test_prepared_pictures_of_two_sizes_are_refused():
    left, right = SSIM.prepare(np.zeros((1, 20, 20), np.uint8)), SSIM.prepare(np.zeros((1, 20, 21), np.uint8))
    with pytest.raises(IcasError, match="ssim: compares"):
        SSIM.edges_above(left, right, 0.5, wanted=np.ones((1, 1), np.bool_))
