"""Short ways to write the tables that the tests of clustering need."""

import numpy as np
import pyarrow as pa

from icas_core.tables import CLUSTERS, EDGES


def edges(*pairs):
    rows = [(min(pair), max(pair), 0.9) for pair in pairs]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[], [], []], schema=EDGES)


def clusters(rows):
    """Rows of {path: cluster}; the first path of each cluster represents it."""
    seen = {-1}
    table = []
    for path, cluster in sorted(rows.items()):
        chosen = cluster not in seen
        table.append((path, cluster, chosen, 1.0 if chosen else float("nan")))
        seen.add(cluster)
    return pa.table([list(column) for column in zip(*table, strict=True)] or [[], [], [], []], schema=CLUSTERS)


def numbers(table):
    return dict(zip(table["path"].to_pylist(), table["cluster"].to_pylist(), strict=True))


def partition(table):
    """The clusters as sets of paths, each outlier a set of its own."""
    sets = {}
    for path, cluster in numbers(table).items():
        sets.setdefault(cluster if cluster != -1 else path, set()).add(path)
    return {frozenset(paths) for paths in sets.values()}


def representatives(table):
    return {
        path
        for path, chosen in zip(table["path"].to_pylist(), table["representative"].to_pylist(), strict=True)
        if chosen
    }


class PlaneSimilarity:
    """Pictures as points (path → position): 1 / (1 + distance); counts the calls and the pairs of each."""

    def __init__(self, positions):
        self.positions = positions
        self.calls = []

    def __call__(self, left, right):
        self.calls.append(len(left))
        a = np.array([self.positions[path] for path in left], dtype=np.float64)
        b = np.array([self.positions[path] for path in right], dtype=np.float64)
        return (1 / (1 + np.abs(a - b))).astype(np.float32)
