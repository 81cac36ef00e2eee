import numpy as np
import pyarrow as pa
import pytest

from icas_core.errors import IcasError
from icas_core.similarity import stored
from icas_core.similarity.features import Features, write_features
from icas_core.similarity.pairs import paired_similarities
from icas_core.similarity.registry import method_of
from icas_core.similarity.stored import SimilarityOf, combine_files
from icas_core.tables import EDGES, write_table

THRESHOLDS = {"ssim": 0.6, "tm": 0.9}


@pytest.fixture
def files(tmp_path) -> list[str]:
    """Edge files of ssim, which rejected tiny.png, and of tm, which did not."""
    rows = {"ssim": [("a.png", "b.png", 0.8)], "tm": [("a.png", "tiny.png", 0.95), ("b.png", "c.png", 0.95)]}
    written = []
    for method, pairs in rows.items():
        columns = [pa.array(column, field.type) for column, field in zip(zip(*pairs, strict=True), EDGES, strict=True)]
        write_table(pa.table(columns, schema=EDGES), tmp_path / f"{method}.parquet")
        written.append(str(tmp_path / f"{method}.parquet"))
    return written


def test_pairs_of_a_picture_that_one_of_the_methods_rejected_are_left_out(files):
    edges = combine_files(files, THRESHOLDS, "+", {"a.png", "b.png", "c.png"})
    pairs = zip(edges["image_a"].to_pylist(), edges["image_b"].to_pylist(), strict=True)
    assert list(pairs) == [("a.png", "b.png"), ("b.png", "c.png")]


def test_with_one_method_every_pair_is_kept_so_that_a_pair_of_an_unknown_picture_is_noticed(files):
    edges = combine_files(files[1:], {"tm": 0.9}, "+", {"b.png", "c.png"})
    assert edges.num_rows == 2


BATCHES, EACH = 4, 25
PATHS = [[f"{batch}/{row:02d}.png" for row in range(EACH)] for batch in range(BATCHES)]


def features_of(method: str) -> list[Features]:
    """One method's features of each batch, in two positions of each picture; those of orb differ in length."""
    random = np.random.default_rng(4)
    shapes = {"ssim": (24, 24), "orb": (60, 32)}
    made = []
    for paths in PATHS:
        stack = random.integers(0, 256, (2, EACH, *shapes[method]), dtype=np.uint8)
        if method == "orb":
            stack = [[feature[: random.integers(40, 60)] for feature in position] for position in stack]
        made.append(Features(paths, tuple(stack)))
    return made


def similarity_of(folder, *methods: str) -> SimilarityOf:
    each = {method: features_of(method) for method in methods}
    files = [[str(folder / f"{method}{batch}.parquet") for method in methods] for batch in range(BATCHES)]
    for batch, names in enumerate(files):
        for method, name in zip(methods, names, strict=True):
            write_features(each[method][batch], name)
    parameters = {method: method_of(method).settled({"least": 1} if method == "orb" else {}) for method in methods}
    thresholds = dict.fromkeys(methods, 0.5)
    return SimilarityOf.stored(files, thresholds, operator="+", parameters=parameters)


@pytest.mark.parametrize("together", [2, 7, 1000])
@pytest.mark.parametrize("method", ["ssim", "orb"])
def test_pairs_of_any_batches_have_the_similarities_of_features_in_memory(tmp_path, monkeypatch, method, together):
    compared = similarity_of(tmp_path, method)
    monkeypatch.setattr(stored.StoredFeatures, "together", lambda *_: together)
    left, right = np.random.default_rng(5).integers(0, BATCHES * EACH, (2, 80))
    paths = np.concatenate(PATHS)
    whole = stored.concatenate(features_of(method))
    parameters = method_of(method).settled({"least": 1} if method == "orb" else {})
    expected = paired_similarities(whole, whole, left, right, method=method, parameters=parameters)
    found = compared(paths[left].tolist(), paths[right].tolist())
    np.testing.assert_array_equal(found, expected)


def test_several_methods_give_their_combined_margin(tmp_path):
    one, other = (similarity_of(tmp_path, method)(PATHS[0], PATHS[2]) for method in ("ssim", "orb"))
    both = similarity_of(tmp_path, "ssim", "orb")(PATHS[0], PATHS[2])
    np.testing.assert_array_equal(
        both, stored.combine_values({"ssim": one, "orb": other}, {"ssim": 0.5, "orb": 0.5}, "+")
    )


def test_only_the_pictures_asked_for_are_read_and_only_from_their_batches(tmp_path, monkeypatch):
    compared = similarity_of(tmp_path, "ssim")
    read = []

    def noting(file, rows):
        read.append((file[-13:], rows.tolist()))
        return read_rows(file, rows)

    read_rows = stored.read_feature_rows
    monkeypatch.setattr(stored, "read_feature_rows", noting)
    compared([PATHS[1][3], PATHS[1][3]], [PATHS[3][0], PATHS[1][20]])
    assert read == [("ssim1.parquet", [3, 20]), ("ssim3.parquet", [0])]


def test_the_memory_for_features_bounds_the_pictures_read_at_a_time(tmp_path, monkeypatch):
    similarity_of(tmp_path, "ssim")
    features = stored.StoredFeatures({"ssim": [str(tmp_path / f"ssim{batch}.parquet") for batch in range(BATCHES)]})
    monkeypatch.setattr(stored, "READ_BYTES", 20 * 2 * 24 * 24)
    assert 10 <= features.together("ssim") <= 20


def test_a_picture_of_no_batch_is_named(tmp_path):
    with pytest.raises(IcasError, match=r"holds 'gone\.png'"):
        similarity_of(tmp_path, "ssim")([PATHS[0][0]], ["gone.png"])
