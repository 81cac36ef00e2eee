from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from icas_core.errors import IcasError
from icas_core.similarity.combine import combine_edges, combine_values
from icas_core.tables import EDGES


def edges(*rows: tuple[str, str, float]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(EDGES.names, row, strict=True)) for row in rows], schema=EDGES)


SSIM = edges(("a", "b", 0.8), ("a", "c", 0.6), ("b", "c", 0.55))
ORB = edges(("a", "b", 0.1), ("c", "d", 0.55), ("a", "c", 0.2))
THRESHOLDS = {"ssim": 0.6, "orb": 0.1}


def found(table: pa.Table) -> dict[tuple[str, str], float]:
    assert table.schema.equals(EDGES)
    rows = table.to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["image_a"], row["image_b"]))
    return {(row["image_a"], row["image_b"]): pytest.approx(row["similarity"], abs=1e-6) for row in rows}


def test_one_method_keeps_its_similarities_at_or_above_its_threshold():
    assert found(combine_edges({"ssim": SSIM}, THRESHOLDS)) == {("a", "b"): 0.8, ("a", "c"): 0.6}


def test_any_method_may_say_so_and_the_best_margin_counts():
    both = combine_edges({"ssim": SSIM, "orb": ORB}, THRESHOLDS, "+")
    assert found(both) == {("a", "b"): 0.5, ("a", "c"): 1 / 9, ("c", "d"): 0.5}


def test_all_methods_must_say_so_and_the_worst_margin_counts():
    both = combine_edges({"ssim": SSIM, "orb": ORB}, THRESHOLDS, "&")
    assert found(both) == {("a", "b"): 0.0, ("a", "c"): 0.0}


def test_a_threshold_of_one_leaves_equal_pictures():
    same = edges(("a", "b", 1.0), ("a", "c", 0.99))
    assert found(combine_edges({"ssim": same, "orb": ORB}, {"ssim": 1.0, "orb": 0.5}, "+")) == {
        ("a", "b"): 1.0,
        ("c", "d"): 0.1,
    }


@pytest.mark.parametrize("operator", ["+", "&"])
def test_no_edges_combine_to_none(operator):
    none = EDGES.empty_table()
    assert combine_edges({"ssim": none, "orb": none}, THRESHOLDS, operator).num_rows == 0


def test_another_operator_is_refused():
    with pytest.raises(IcasError, match="joined by '|'"):
        combine_edges({"ssim": SSIM}, THRESHOLDS, "|")


@pytest.mark.parametrize("operator", ["+", "&"])
def test_values_of_pairs_follow_the_rule_of_edges(operator):
    values = {"ssim": np.array([0.8, 0.2], np.float32), "orb": np.array([0.1, 0.55], np.float32)}
    combined = combine_values(values, THRESHOLDS, operator)
    best = max if operator == "+" else min
    np.testing.assert_allclose(combined, [best(0.5, 0.0), best(-1.0, 0.5)], atol=1e-6)
