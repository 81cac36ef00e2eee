"""Join what several methods say into one list of edges, one similarity."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np
import pyarrow as pa

from icas_core.errors import IcasError
from icas_core.tables import EDGES

_BEST = {"+": ("max", np.maximum), "&": ("min", np.minimum)}
_SORTED = [("image_a", "ascending"), ("image_b", "ascending")]


def combine_edges(tables: Mapping[str, pa.Table], thresholds: Mapping[str, float], operator: str = "+") -> pa.Table:
    """The pairs that any ("+") or every ("&") method calls similar, as one table of EDGES, sorted.

    tables: a table of EDGES for each method, of at least the pairs at or above its threshold.
    With one method the similarity stays; with several it is the margin (similarity - threshold) / (1 -
    threshold), which is 0 at the threshold and 1 for equal pictures: the best for "+", the worst for "&".
    """
    best = _checked(operator)[0]
    above = {name: _above(table, thresholds[name]) for name, table in tables.items()}
    if len(above) == 1:
        return next(iter(above.values())).select(EDGES.names).cast(EDGES).sort_by(_SORTED)
    margins = [_with_margins(table, thresholds[name]) for name, table in above.items()]
    groups = (
        pa.concat_tables(margins)
        .group_by(["image_a", "image_b"])
        .aggregate([("similarity", best), ("similarity", "count")])
    )
    if operator == "&":
        groups = groups.filter(pa.array(groups["similarity_count"].to_numpy() == len(margins), pa.bool_()))
    columns = {"image_a": groups["image_a"], "image_b": groups["image_b"], "similarity": groups[f"similarity_{best}"]}
    return pa.table(columns).cast(EDGES).sort_by(_SORTED)


def combine_values(
    values: Mapping[str, np.ndarray], thresholds: Mapping[str, float], operator: str = "+"
) -> np.ndarray:
    """One (n,) float32 similarity of n pairs from each method's: the rule of combine_edges, below the threshold too."""
    best = _checked(operator)[1]
    if len(values) == 1:
        return np.asarray(next(iter(values.values())), np.float32)
    return reduce(best, [margin(similarity, thresholds[name]) for name, similarity in values.items()])


def margin(similarity: np.ndarray, threshold: float) -> np.ndarray:
    """(similarity - threshold) / (1 - threshold) as float32; at a threshold of 1, equal pictures have 1."""
    similarity = np.asarray(similarity, np.float64)
    # The threshold is compared as float32 wherever pairs are found: a pair at it must not have a margin below 0.
    threshold = float(np.float32(threshold))
    if threshold >= 1:
        return np.where(similarity >= 1, 1, similarity - 1).astype(np.float32)
    return ((similarity - threshold) / (1 - threshold)).astype(np.float32)


def _checked(operator: str) -> tuple[str, np.ufunc]:
    if operator not in _BEST:
        raise IcasError(f"method: joined by {operator!r}; accepted: + (any) or & (all)")
    return _BEST[operator]


def _above(table: pa.Table, threshold: float) -> pa.Table:
    kept = table["similarity"].to_numpy() >= np.float32(threshold)
    return table.filter(pa.array(kept, pa.bool_()))


def _with_margins(table: pa.Table, threshold: float) -> pa.Table:
    margins = pa.array(margin(table["similarity"].to_numpy(), threshold), pa.float32())
    table = table.select(EDGES.names)
    return table.set_column(table.schema.get_field_index("similarity"), "similarity", margins)
