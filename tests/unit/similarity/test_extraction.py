from __future__ import annotations

import logging

import numpy as np
import pytest
from PIL import Image

from icas_core.errors import IcasError
from icas_core.extraction import features_of
from icas_core.similarity.pairs import similar_pairs
from icas_core.similarity.registry import METHODS, method_of

methods = pytest.mark.parametrize("method", METHODS)


@pytest.fixture
def mixed(tmp_path):
    rng = np.random.default_rng(0)
    for name, (width, height) in {"a.png": (90, 60), "b.png": (60, 90), "c.png": (5, 5)}.items():
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    (tmp_path / "empty.jpg").touch()
    return tmp_path


FILES = ["a.png", "b.png", "broken.jpg", "c.png", "empty.jpg", "gone.png"]


@methods
def test_unreadable_pictures_are_rejected_with_a_reason_and_the_rest_goes_on(method, mixed):
    features, rejected = features_of(mixed, FILES, method=method, threads=2)
    assert features.paths == ["a.png", "b.png", "c.png"]
    assert [path for path, _ in rejected] == ["broken.jpg", "empty.jpg", "gone.png"]
    assert all(reason and "\n" not in reason for _, reason in rejected)
    assert len(similar_pairs(features, method=method, threshold=0.99).a) <= 3


@methods
def test_no_picture_at_all_gives_empty_features(method, mixed):
    features, rejected = features_of(mixed, ["broken.jpg"], method=method, variants="mirror")
    assert len(features) == 0
    assert len(rejected) == 1
    assert similar_pairs(features, method=method, threshold=0).counts["possible"] == 0


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.unequal_sizes])
@pytest.mark.parametrize("variants", ["none", "all"])
def test_pictures_of_unequal_sizes_are_compared_at_their_own(method, mixed, variants):
    features, _ = features_of(mixed, FILES[:2], method=method, size="original", variants=variants)
    edges = similar_pairs(features, method=method, threshold=-2)
    assert edges.counts["compared"] == 1
    assert -1 <= edges.similarity[0] <= 1


def test_ssim_at_unequal_sizes_names_the_pictures_and_the_methods_that_take_them(mixed):
    with pytest.raises(IcasError, match=r"a\.png is 90x60 and b\.png is 60x90.*minhash, imagehash, orb, tm"):
        features_of(mixed, FILES[:2], method="ssim", size="original")


def test_ssim_at_its_own_size_works_when_all_are_alike(mixed):
    features, _ = features_of(mixed, ["a.png"], method="ssim", size="original", variants="all")
    assert [stack.shape for stack in features.variants] == [(1, 60, 90)] * 8


def test_sets_of_different_sizes_cannot_be_compared_by_ssim(mixed):
    left, _ = features_of(mixed, ["a.png"], method="ssim", size="original")
    right, _ = features_of(mixed, ["b.png"], method="ssim", size="original")
    with pytest.raises(IcasError, match=r"a\.png is 90x60 and b\.png is 60x90"):
        similar_pairs(left, right, method="ssim", threshold=0.5)


def test_sets_of_different_variants_cannot_be_compared(mixed):
    left, _ = features_of(mixed, ["a.png"], method="ssim")
    right, _ = features_of(mixed, ["b.png"], method="ssim", variants="mirror")
    with pytest.raises(IcasError, match="variants: a.png was extracted with 1 and b.png with 2"):
        similar_pairs(left, right, method="ssim", threshold=0.5)


def test_a_picture_smaller_than_the_window_is_rejected_by_ssim_alone(mixed):
    _, rejected = features_of(mixed, ["c.png"], method="ssim", size="original")
    assert rejected == [("c.png", "5x5 pixels: ssim needs at least 7x7")]
    for method in ("imagehash", "minhash", "orb", "tm"):
        assert features_of(mixed, ["c.png"], method=method, size="original")[1] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": [0, 0]}, r"size: found \[0, 0\]; accepted"),
        ({"size": [5, 5]}, r"size: found \[5, 5\]; ssim takes 7x7"),
        ({"size": 1.5}, "size: found 1.5; accepted"),
        ({"size": float("nan")}, "size: found nan; accepted"),
        ({"size": True}, "size: found True; accepted"),
        ({"size": "large"}, "size: found 'large'; accepted"),
        ({"variants": "both"}, "variants: found 'both'; accepted: none, mirror, all"),
        ({"decode": "quick"}, "decode: found 'quick'; accepted: exact, fast"),
        ({"method": "sift"}, "method: found 'sift'; accepted: ssim, minhash"),
        ({"method": "orb", "parameters": {"match": "knn"}}, "orb.match: found 'knn'; accepted: lowe, crosscheck"),
        ({"method": "orb", "parameters": {"features": 2.5}}, "orb.features: found 2.5; accepted: a int above 0"),
        ({"method": "orb", "parameters": {"ratio": float("nan")}}, "orb.ratio: found nan; accepted"),
    ],
)
def test_an_impossible_setting_is_named(mixed, options, message):
    with pytest.raises(IcasError, match=message):
        features_of(mixed, ["a.png"], **{"method": "ssim", **options})


def test_a_factor_scales_each_picture(mixed):
    features, _ = features_of(mixed, FILES[:2], method="tm", size=0.5)
    assert [feature.shape for feature in features.variants[0]] == [(30, 45, 3), (45, 30, 3)]


def test_the_same_size_as_a_list_or_a_tuple(mixed):
    by_list, _ = features_of(mixed, ["a.png"], method="ssim", size=[20, 30])
    by_tuple, _ = features_of(mixed, ["a.png"], method="ssim", size=(20, 30))
    assert by_list.variants[0].shape == (1, 30, 20)
    np.testing.assert_array_equal(by_list.variants[0], by_tuple.variants[0])


@pytest.mark.parametrize("size", ["default", "original", [150, 100]])
@methods
def test_all_eight_positions_find_a_turned_and_mirrored_copy(method, size, folder, tmp_path):
    if method in ("ssim", "embedding") and size == "original":
        size = [100, 100]
    with Image.open(folder / "coffee.png") as coffee:
        coffee.save(tmp_path / "a.png")
        turned = coffee.transpose(Image.Transpose.ROTATE_90)
        turned.save(tmp_path / "b.png")
        turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "c.png")
    found, _ = features_of(tmp_path, ["a.png", "b.png", "c.png"], method=method, size=size, variants="all")
    edges = similar_pairs(found, method=method, threshold=-2)
    least = {"orb": 0.3, "minhash": 0.6}.get(method, 0.9)
    assert edges.similarity.min() > least


def test_a_fast_decode_is_close_to_the_exact_one(folder, tmp_path):
    with Image.open(folder / "astronaut.png") as picture:
        picture.resize((1600, 1600)).save(tmp_path / "large.jpg", quality=95)
    for method in ("ssim", "imagehash"):
        exact, _ = features_of(tmp_path, ["large.jpg"], method=method)
        fast, _ = features_of(tmp_path, ["large.jpg"], method=method, decode="fast")
        edges = similar_pairs(exact, fast, method=method, threshold=-2)
        assert edges.similarity[0] > 0.95


def test_a_picture_without_descriptors_is_named_in_the_log(folder, caplog):
    with caplog.at_level(logging.WARNING):
        features_of(folder, ["black.png", "coffee.png"], method="orb")
    assert ["black.png" in record.getMessage() for record in caplog.records] == [True]


def test_progress_is_told_of_every_picture(mixed):
    class Counter:
        n = 0

        def advance(self, n: int = 1) -> None:
            self.n += n

    told = Counter()
    features_of(mixed, FILES, method="ssim", progress=told, threads=2)
    assert told.n == len(FILES)


def test_every_method_names_its_defaults():
    for name in METHODS:
        method = method_of(name)
        assert 0 < method.default_threshold < 1
        assert method.settled() == dict(method.parameters)
