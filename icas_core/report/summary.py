"""Count what a run found and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.tables import OUTLIER, read_notes, written_atomically


def read_histograms(edges: Sequence[str], thresholds: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Add up the histograms in the notes of each method's edge files (`…/<method>/<name>.parquet`).

    Gives for each method the histogram {counts: over equal bins of −1..1, threshold}.
    """
    histograms: dict[str, dict[str, Any]] = {}
    for method, threshold in thresholds.items():
        notes = [read_notes(file)["histogram"] for file in edges if Path(file).parent.name == method]
        counts = np.sum(notes, axis=0) if notes else np.zeros(200, np.int64)
        histograms[method] = {"counts": counts.tolist(), "threshold": threshold}
    return histograms


def write_summary(merged: pa.Table, rejected: Sequence[tuple[str, str]], page: Path | str, path: Path | str) -> None:
    """Write the counts of a result as JSON, with the one `line` that ends a run."""
    outliers = pc.sum(pc.equal(merged["cluster"], OUTLIER)).as_py() or 0
    clusters = len(pc.unique(merged["cluster"])) - bool(outliers)
    counts = {
        "found": merged.num_rows + len(rejected),
        "clusters": clusters,
        "clustered": merged.num_rows - outliers,
        "outliers": outliers,
        "rejected": len(rejected),
    }
    line = (
        f"{counts['found']:,} pictures: {counts['clustered']:,} in {clusters:,} clusters, {outliers:,} outliers, "
        f"{len(rejected):,} rejected; see {page}"
    )
    with written_atomically(path, "w", encoding="utf-8") as file:
        json.dump({**counts, "line": line}, file, indent=2)
