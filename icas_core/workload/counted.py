"""The numbers of pairs that a run had, beside those that were to be expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from icas_core.tables import OUTLIER, read_notes
from icas_core.workload.expected import Class, Expected, expected_comparisons

COUNTS = ("possible", "pruned", "skipped", "compared")


def expected_of(merged: pa.Table, merge: str) -> Expected:
    """What a result (tables.MERGED) was to take, its clusters being the classes, spread over its batches at random."""
    clusters = merged["cluster"].to_numpy()
    outliers = int((clusters == OUTLIER).sum())
    sizes = np.unique(clusters[clusters != OUTLIER], return_counts=True)[1]
    alone = [Class(outliers, 0.0)] if outliers else []
    batches = sorted(Counter(merged["batch"].to_pylist()).values())
    return expected_comparisons([*alone, *(Class(int(size), 1.0) for size in sizes)], batches, merge=merge)


def read_counts(
    within: Sequence[str], across: Sequence[str], methods: Sequence[str], expected: Expected
) -> dict[str, dict[str, int]]:
    """Add up the counts in the notes of edge files (`…/<method>/<name>.parquet`), by method and stage.

    Gives for `<method> within batches` and, where there is one, `<method> across batches` the pairs expected,
    possible, pruned, skipped and compared.
    """
    stages = {"within batches": (within, expected.least_within), "across batches": (across, expected.possible_across)}
    found = {}
    for method in methods:
        for stage, (files, pairs) in stages.items():
            notes = [read_notes(file)["counts"] for file in files if Path(file).parent.name == method]
            if notes:
                added = {name: sum(note[name] for note in notes) for name in COUNTS}
                found[f"{method} {stage}"] = {"expected": round(pairs), **added}
    return found
