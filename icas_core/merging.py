"""Merge a folder of batch folders, ours or corrected by hand, into one set of clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from icas_core.clustering.folders import read_folder_of_batches
from icas_core.clustering.merge import merge_clusters, without_merge
from icas_core.clustering.representatives import representatives_of, with_representatives
from icas_core.errors import IcasError
from icas_core.extraction import features_of
from icas_core.logs import progress
from icas_core.similarity.combine import combine_edges
from icas_core.similarity.features import Features
from icas_core.similarity.pairs import similar_pairs
from icas_core.similarity.stored import SimilarityOf
from icas_core.tables import EDGES


@dataclass(frozen=True)
class Comparing:
    """How pictures are compared: what features_of takes for each method, and how the methods join."""

    extract: Mapping[str, Mapping[str, Any]]
    thresholds: Mapping[str, float]
    operator: str
    threads: int

    @property
    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """The parameters of each method."""
        return {method: stage["parameters"] for method, stage in self.extract.items()}


def merge_folders(
    folder: Path | str, how: Comparing, *, representative: str, merge: str
) -> tuple[pa.Table, list[tuple[str, str]]]:
    """Merge the clusters in `folder/<batch>/<cluster>/…` through their representatives.

    Pictures that a person put together stay together. Gives tables.MERGED, its paths below `folder`, and the pictures
    that cannot be read as (path, reason). Raises IcasError where the folder is not one of batch folders.
    """
    batches = read_folder_of_batches(folder)
    paths = [path for table in batches.values() for path in table["path"].to_pylist()]
    features, rejected = _features(folder, paths, how)
    unread = pa.array([path for path, _ in rejected], pa.string())
    similarity_of = SimilarityOf(
        lambda method, _: features[method],
        thresholds=how.thresholds,
        operator=how.operator,
        parameters=how.parameters,
    )
    for name, table in batches.items():
        readable = table.filter(pc.invert(pc.is_in(table["path"], unread)))
        batches[name] = with_representatives(readable, representative=representative, similarity_of=similarity_of)
    if merge == "none":
        return without_merge(batches, similarity_of=similarity_of), rejected
    chosen = [representatives_of(table, merge=merge)["path"].to_pylist() for table in batches.values()]
    edges = (_edges(features, a, b, how) for a, b in combinations(chosen, 2))
    return merge_clusters(batches, edges, representative=representative, similarity_of=similarity_of), rejected


def _features(
    folder: Path | str, paths: list[str], how: Comparing
) -> tuple[dict[str, Features], list[tuple[str, str]]]:
    features: dict[str, Features] = {}
    rejected: dict[str, str] = {}
    for method, stage in how.extract.items():
        with progress(len(paths), f"extract {method}") as bar:
            features[method], refused = features_of(folder, paths, **stage, threads=how.threads, progress=bar)
        rejected.update(refused)
    if len(rejected) == len(paths):
        raise IcasError(f"{folder}: none of its {len(paths)} pictures can be read ({next(iter(rejected.values()))})")
    return features, sorted(rejected.items())


def _edges(features: Mapping[str, Features], left: list[str], right: list[str], how: Comparing) -> pa.Table:
    tables = {}
    for method, threshold in how.thresholds.items():
        row = {path: number for number, path in enumerate(features[method].paths)}
        found = similar_pairs(
            features[method].take([row[path] for path in left]),
            features[method].take([row[path] for path in right]),
            method=method,
            threshold=threshold,
            parameters=how.parameters[method],
            threads=how.threads,
        )
        tables[method] = pa.table(
            [
                pa.array([left[number] for number in found.a], pa.string()),
                pa.array([right[number] for number in found.b], pa.string()),
                pa.array(found.similarity, pa.float32()),
            ],
            schema=EDGES,
        )
    return combine_edges(tables, how.thresholds, how.operator)
