"""The table of how each clustering model did, `model_scores.csv`."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from icas_core.competition.competing import Outcome, Row
from icas_core.tables import written_atomically

COLUMNS = (
    *("batch", "model", "settings", "clusters", "coverage", "silhouette", "davies_bouldin", "calinski_harabasz"),
    *("rating", "chosen", "refused"),
)
WHOLE = "all"


def table_of(rows: Iterable[Row], batch: str) -> list[dict[str, Any]]:
    """The rows of the table for one competition: over one batch, or over all."""
    return [
        {
            "batch": batch,
            "model": row.candidate.model,
            "settings": str(row.candidate),
            "clusters": row.scores.clusters,
            "coverage": _number(row.scores.coverage),
            "silhouette": _number(row.scores.silhouette),
            "davies_bouldin": _number(row.scores.davies_bouldin),
            "calinski_harabasz": _number(row.scores.calinski_harabasz),
            "rating": _number(row.rating),
            "chosen": int(row.chosen),
            "refused": row.refused,
        }
        for row in rows
    ]


def write_scores(rows: Sequence[Mapping[str, Any]], path: Path | str) -> None:
    """Write the table as CSV; an undefined number is an empty field."""
    with written_atomically(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def read_scores(path: Path | str) -> list[dict[str, str]]:
    """The rows of a table that write_scores wrote, all of them texts."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def join_scores(outcome: Outcome | None, batches: Sequence[str], path: Path | str) -> None:
    """Write the table of the competition over all batches; where there was none, those of the batches in one."""
    rows: list[Mapping[str, Any]] = []
    if outcome is not None:
        rows.extend(table_of(outcome.rows, WHOLE))
    else:
        for file in batches:
            rows.extend(read_scores(file))
    write_scores(rows, path)


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""
