from __future__ import annotations

import numpy as np
import pytest

from icas_core.errors import IcasError
from icas_core.similarity.features import Features, concatenate, read_feature_rows, read_features, write_features


def equal_shapes(count: int = 5) -> Features:
    stack = np.arange(count * 6, dtype=np.uint64).reshape(count, 2, 3)
    return Features([f"{row}.png" for row in range(count)], (stack, stack + 100))


def unequal_shapes() -> Features:
    stack = [np.full((rows, 4), rows, np.uint8) for rows in (3, 0, 2)]
    return Features(["a.png", "b c.png", "ü.png"], (stack,))


@pytest.mark.parametrize("features", [equal_shapes(), unequal_shapes(), equal_shapes(0), Features([], ())])
def test_features_survive_being_written(features, tmp_path):
    write_features(features, tmp_path / "f.parquet")
    back = read_features(tmp_path / "f.parquet")
    assert back.paths == features.paths
    assert len(back.variants) == len(features.variants)
    for before, after in zip(features.variants, back.variants, strict=True):
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype


def test_equal_shapes_come_back_as_one_array_without_a_copy(tmp_path):
    write_features(equal_shapes(), tmp_path / "f.parquet")
    stack = read_features(tmp_path / "f.parquet").variants[1]
    assert isinstance(stack, np.ndarray)
    assert not stack.flags.owndata


def test_chosen_paths_come_in_the_order_asked_for(tmp_path):
    write_features(unequal_shapes(), tmp_path / "f.parquet")
    back = read_features(tmp_path / "f.parquet", ["ü.png", "a.png"])
    assert back.paths == ["ü.png", "a.png"]
    assert [len(feature) for feature in back.variants[0]] == [2, 3]


def test_a_few_of_many_pictures_are_read_without_the_others(tmp_path):
    stack = np.random.default_rng(0).integers(0, 256, (200, 64, 64), dtype=np.uint8)
    paths = [f"{row}.png" for row in range(200)]
    write_features(Features(paths, (stack, stack[::-1])), tmp_path / "f.parquet")
    with open(tmp_path / "f.parquet", "r+b") as file:
        # Whoever reads the last row groups, or all, now fails.
        file.seek(700_000)
        file.write(b"\xff" * 100_000)
    back = read_feature_rows(tmp_path / "f.parquet", np.array([7, 3, 7]))
    assert back.paths == ["7.png", "3.png", "7.png"]
    np.testing.assert_array_equal(back.variants[0], stack[[7, 3, 7]])
    np.testing.assert_array_equal(back.variants[1], stack[[192, 196, 192]])
    with pytest.raises(IcasError, match="not a readable table"):
        read_features(tmp_path / "f.parquet")


@pytest.mark.parametrize("damage", [b"\0" * 16, b"\xff", b"icas"])
def test_a_file_damaged_anywhere_is_refused_or_reads_as_before(tmp_path, damage):
    file = tmp_path / "f.parquet"
    noise = np.random.default_rng(1).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    write_features(Features([f"{row}.png" for row in range(40)], (noise,)), file)
    whole = file.read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + damage + whole[place + len(damage) :])
        try:
            back = read_features(file)
        except IcasError as error:
            assert str(file) in str(error)  # noqa: PT017 - not every damage is in what is read
            refused += 1
        else:
            np.testing.assert_array_equal(back.variants[0], noise)
    assert refused > len(whole) / 7 / 2


def test_a_path_that_is_not_there_is_named(tmp_path):
    write_features(equal_shapes(), tmp_path / "f.parquet")
    with pytest.raises(IcasError, match=r"f\.parquet: holds no feature of 'x\.png'"):
        read_features(tmp_path / "f.parquet", ["x.png"])


def test_joined_parts_keep_their_order():
    joined = concatenate([equal_shapes(2), equal_shapes(0), equal_shapes(3)])
    assert joined.paths == ["0.png", "1.png", "0.png", "1.png", "2.png"]
    assert joined.variants[1].shape == (5, 2, 3)


def test_parts_of_different_shapes_join_to_a_list():
    other = Features(["d.png"], (np.ones((1, 5, 4), np.uint8),))
    assert [len(feature) for feature in concatenate([unequal_shapes(), other]).variants[0]] == [3, 0, 2, 5]


def test_parts_of_different_variants_do_not_join():
    with pytest.raises(IcasError, match="1 and 2 variants"):
        concatenate([unequal_shapes(), equal_shapes()])


def test_taken_rows_that_are_all_of_one_shape_are_stacked():
    taken = unequal_shapes().take([0])
    assert isinstance(taken.variants[0], np.ndarray)
