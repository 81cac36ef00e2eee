import pyarrow as pa
import pytest

from icas_core.similarity.stored import combine_files
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
