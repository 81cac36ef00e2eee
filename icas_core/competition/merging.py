"""Cluster the whole folder's embeddings: through the batches' means, their first pictures, or all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icas_core.competition.batch import rows_of, say
from icas_core.competition.competing import Outcome, Rules, compete, without_singles
from icas_core.competition.condensing import Means
from icas_core.competition.points import Projection, finite, fit_projection
from icas_core.similarity.features import read_feature_paths, read_feature_rows, read_features
from icas_core.tables import OUTLIER

# So many pictures, of all batches alike, are what candidates are judged by.
JUDGED = 4000


@dataclass(frozen=True)
class Embedded:
    """The embeddings of all batches on disk: the features' file of each batch by its id."""

    files: Mapping[str, str]

    def sample(self, most: int = JUDGED) -> tuple[list[str], np.ndarray]:
        """About `most` pictures at most, evenly from all batches, and their (n, d) finite embeddings."""
        counts = {batch: len(read_feature_paths(file)) for batch, file in self.files.items()}
        share = min(1.0, most / max(1, sum(counts.values())))
        names: list[str] = []
        parts = []
        for batch, file in self.files.items():
            taken = int(np.ceil(counts[batch] * share))
            features = read_feature_rows(file, np.linspace(0, counts[batch] - 1, taken).round().astype(np.int64))
            rows = rows_of(features)
            good = finite(rows)
            names += [path for path, fine in zip(features.paths, good, strict=True) if fine]
            parts.append(rows[good])
        return names, joined(parts)

    def __iter__(self) -> Iterator[tuple[str, list[str], np.ndarray]]:
        """Of one batch after another its id, its pictures and their (n, d) embeddings."""
        for batch, file in self.files.items():
            features = read_features(file)
            yield batch, features.paths, rows_of(features)


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """All rows of several (n, d) arrays, those of none left out."""
    filled = [part for part in parts if len(part)]
    return np.concatenate(filled) if filled else np.empty((0, 0), np.float32)


def cluster_through_means(
    batches: Mapping[str, pa.Table],
    embedded: Embedded,
    means: Mapping[str, Means],
    rules: Rules,
    *,
    components: int,
    keep_outliers: bool,
    progress: Any = None,
) -> tuple[dict[str, int], Outcome]:
    """A label for each picture of all batches, and how each model did: fitted to the batches' means, weighted by size.

    Every picture goes to the cluster nearest to it. keep_outliers: the outliers of `batches` (id → tables.CLUSTERS)
    stay outliers.
    """
    _, judged = embedded.sample()
    rows = joined([each.rows for each in means.values()])
    if not len(rows) or not len(judged):
        return {}, Outcome([], np.empty(0, np.int64), None)
    project = fit_projection(judged, components, seed=rules.seed)
    sizes = np.concatenate([each.sizes for each in means.values()]).astype(np.float64)
    pictures = sum(table.num_rows for table in batches.values())
    outcome = compete(project(rows), rules, sizes=sizes, judged=project(judged), pictures=pictures, progress=progress)
    say(outcome, pictures)
    label_of: dict[str, int] = {}
    for batch, paths, embeddings in embedded:
        labels = _assigned(outcome, project, embeddings)
        out = _outliers(batches[batch]) if keep_outliers else set()
        label_of |= {path: int(x) for path, x in zip(paths, labels, strict=True) if path not in out}
    return dict(
        zip(label_of, without_singles(np.array(list(label_of.values()), np.int64)).tolist(), strict=True)
    ), outcome


def cluster_through_pictures(
    batches: Mapping[str, pa.Table],
    embedded: Embedded,
    represented: Mapping[str, pa.Table],
    rules: Rules,
    *,
    components: int,
    progress: Any = None,
) -> tuple[dict[str, int], Outcome]:
    """A label for each picture: batch clusters go where their picture in `represented` (id → tables.CLUSTERS) goes."""
    chosen = {path for table in represented.values() for path in table["path"].to_pylist()}
    kept = [(path, row) for _, paths, rows in embedded for path, row in zip(paths, rows, strict=True) if path in chosen]
    kept = [(path, row) for path, row in kept if np.isfinite(row).all()]
    rows = np.array([row for _, row in kept], np.float32)
    points = fit_projection(rows, components, seed=rules.seed)(rows) if kept else np.empty((0, 1))
    pictures = sum(table.num_rows for table in batches.values())
    outcome = compete(points, rules, pictures=pictures, progress=progress)
    say(outcome, pictures)
    label_of_chosen = dict(zip((path for path, _ in kept), outcome.labels.tolist(), strict=True))
    return _spread(batches, represented, label_of_chosen), outcome


def _assigned(outcome: Outcome, project: Projection, rows: np.ndarray) -> np.ndarray:
    labels = np.full(len(rows), OUTLIER, np.int64)
    good = finite(rows) if len(rows) else np.zeros(0, bool)
    if outcome.assignment is not None and good.any():
        labels[good] = outcome.assignment(project(rows[good]))
    return labels


def _outliers(table: pa.Table) -> set[str]:
    return set(table.filter(pc.equal(table["cluster"], OUTLIER))["path"].to_pylist())


def _spread(
    batches: Mapping[str, pa.Table], represented: Mapping[str, pa.Table], label_of: Mapping[str, int]
) -> dict[str, int]:
    """The labels of the represented pictures for all of their batch clusters; a cluster that joins none stays one."""
    spread: dict[str, int] = {}
    free = max([OUTLIER, *label_of.values()]) + 1
    for batch, table in batches.items():
        of_cluster: dict[int, int] = {}
        for row in represented[batch].to_pylist():
            label = label_of.get(row["path"], OUTLIER)
            if row["cluster"] == OUTLIER:
                spread[row["path"]] = label
            elif label == OUTLIER:
                of_cluster[row["cluster"]] = free
                free += 1
            else:
                of_cluster[row["cluster"]] = label
        columns = (table[name].to_pylist() for name in ("path", "cluster"))
        spread |= {path: of_cluster[cluster] for path, cluster in zip(*columns, strict=True) if cluster in of_cluster}
    return spread
